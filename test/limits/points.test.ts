import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { createYoga, type Plugin } from "graphql-yoga";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadConfig } from "../../src/config.ts";
import { useAuthentication } from "../../src/graphql/plugins/use-authentication.ts";
import { useExtensions } from "../../src/graphql/plugins/use-extensions.ts";
import {
  chargePoints,
  rateLimitExtension,
  useQuotas,
} from "../../src/graphql/plugins/use-quotas.ts";
import { useToldErrors } from "../../src/graphql/plugins/use-told-errors.ts";
import { Quotas } from "../../src/limits/quotas.ts";
import { schema } from "../../src/schema.ts";
import { at, startGateway, type TestGateway } from "../support/gateway.ts";
import { post } from "../support/limits.ts";

let gateway: TestGateway;
let server: Server;
let quotas: Quotas;
let url: string;
let slug: string;

/** Operations that cost what they are named after: `query Costs_40 { __typename }`. */
const useCosts = (): Plugin => ({
  async onExecute({ args }) {
    const [, cost = "0"] = /^Costs_(\d+)$/.exec(args.operationName ?? "") ?? [];
    await chargePoints(args.contextValue.request, Number(cost));
  },
});

beforeAll(async () => {
  gateway = await startGateway({ logLevel: "silent" });
  slug = (await gateway.fixtures.tenant("north-harbor")).slug;
  const { pool } = gateway.database;
  quotas = new Quotas(loadConfig({ POINTS_PER_MINUTE: "100" }).limits, pool);
  const logger = pino({ level: "silent" });
  const yoga = createYoga({
    schema,
    maskedErrors: false,
    logging: false,
    plugins: [
      useAuthentication(pool, logger, () => "request"),
      useQuotas(quotas),
      useCosts(),
      useToldErrors(logger, () => "request"),
      useExtensions([rateLimitExtension]),
    ],
  });
  server = createServer((request, response) => void yoga(request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
});
afterAll(async () => {
  quotas.close();
  server.closeAllConnections();
  server.close();
  await gateway.close();
});

const ask = (key: string, cost: number) =>
  post(url, key, {
    body: JSON.stringify({
      query: `query Costs_${cost} { __typename }`,
      operationName: `Costs_${cost}`,
    }),
  });

describe("points of cost", () => {
  it("are taken before an operation runs, and every answer says how many are left", async () => {
    const key = await gateway.keyFor(slug);
    const answers = [await ask(key, 40), await ask(key, 0), await ask(key, 60)];
    const left = answers.map(({ answer }) =>
      at(answer, "extensions", "rateLimit", "points", "remaining"),
    );
    expect(left).toEqual([60, 60, 0]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
  });

  it("that are not left refuse the operation, say when to come again, and stay for a cheaper one", async () => {
    const key = await gateway.keyFor(slug);
    await ask(key, 70);
    const { status, retryAfter, answer } = await ask(key, 31);
    expect(status).toBe(429);
    expect(Number(retryAfter)).toBeGreaterThan(0);
    expect(answer).not.toHaveProperty("data");
    expect(at(answer, "errors", 0)).toEqual({
      message: `API key minute points limit exceeded: the operation costs 31, 30 of 100 points are left; try again in ${retryAfter} s.`,
      extensions: {
        code: "RATE_LIMITED",
        limit: 100,
        remaining: 30,
        window: "minute",
        retryAfter: Number(retryAfter),
      },
    });
    expect((await ask(key, 30)).status).toBe(200);
  });

  it("that no minute has are no reason to come again", async () => {
    const { retryAfter, answer } = await ask(await gateway.keyFor(slug), 101);
    expect(retryAfter).toBeNull();
    expect(at(answer, "errors", 0, "extensions")).toEqual({
      code: "QUERY_TOO_COMPLEX",
      points: 101,
      limit: 100,
    });
  });

  it("of one key are not another's", async () => {
    const [spent, fresh] = [await gateway.keyFor(slug), await gateway.keyFor(slug)];
    await ask(spent, 100);
    expect((await ask(spent, 1)).status).toBe(429);
    expect((await ask(fresh, 100)).status).toBe(200);
  });
});
