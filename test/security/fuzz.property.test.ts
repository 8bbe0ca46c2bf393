import { readFile } from "node:fs/promises";
import fc from "fast-check";
import { buildSchema } from "graphql";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Random } from "../../src/seed/random.ts";
import { runOptions } from "../support/samples/arbitraries.ts";
import { casesOf, isLong, runSeed } from "../support/run/run-length.ts";
import {
  agent,
  complaintsAbout,
  isExecuted,
  sendFuzz,
  told,
  type FuzzRequest,
} from "../support/fuzz/client.ts";
import { garbledBytes } from "../support/fuzz/hostile-values.ts";
import { RequestMaker, type Make } from "../support/fuzz/requests.ts";
import { serveGateway, type ServedGateway } from "../support/fuzz/served-gateway.ts";
import { Slowness } from "../support/fuzz/slowness.ts";
import { startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { sendBytes } from "../support/gateway/raw-http.ts";
import { completeTenant } from "../support/samples/two-tenants.ts";

/** Makes the database and the keys; the gateway that is tried runs in a process of its own. */
let maker: TestGateway;
let served: ServedGateway;
let slowness: Slowness;
let requests: RequestMaker;
/** What production hides must hold as well as what it does not. */
const environment = runSeed % 2 === 0 ? "production" : "test";
const count = { sent: 0, executed: 0 };

beforeAll(async () => {
  maker = await startGateway({ logLevel: "silent" });
  const { tenant, records } = await completeTenant(maker.fixtures, "north-harbor");
  const other = await completeTenant(maker.fixtures, "blue-ridge");
  const keys = [await maker.keyFor(tenant.slug), await maker.keyFor(tenant.slug, ["read:*"])];
  // Its quota is not what is tried here.
  await maker.fixtures.client.query("UPDATE api_keys SET requests_per_minute = 1000000");
  const schema = buildSchema(
    await readFile(new URL("../../schema.graphql", import.meta.url), "utf8"),
  );
  const own = Object.entries(records).flatMap(([name, made]) => (name === "apiKey" ? [] : made));
  const foreign = Object.values(other.records).flat();
  const ids = [...own, ...own, ...foreign].map(({ id }) => id);
  requests = new RequestMaker({
    schema,
    ids: [
      ...ids,
      "acc-0190aaaa-0000-7000-8000-000000000000",
      "0190aaaa-0000-7000-8000-000000000000",
      "x",
      "",
    ],
    keys,
  });
  served = await serveGateway(maker.databaseUrl, environment);
  slowness = new Slowness(served);
});
afterAll(async () => {
  agent.destroy();
  await served.stop();
  await maker.close();
});

/** So many are on their way at once, and make one case of fast-check's. */
const together = 25;

const cases = casesOf(120);

/** What is wrong with the answer; null when it is as it must be. */
async function complaint(request: FuzzRequest): Promise<string | null> {
  count.sent += 1;
  const answer = await sendFuzz(served.url, request).catch((error: unknown) => String(error));
  if (typeof answer === "string") return told(request, [answer], "");
  const complaints = complaintsAbout(request, answer);
  if (!isExecuted(answer)) {
    return told(request, [...complaints, await slowness.complaint(request, answer)], answer.text);
  }
  count.executed += 1;
  return told(request, complaints, answer.text);
}

/** What holds of every answer holds for so many requests, made of as many numbers. */
function expectHeld(make: Make, runs: number): Promise<void> {
  const numbers = fc.integer({ min: 0, max: 2 ** 31 });
  const property = fc.asyncProperty(
    fc.array(numbers, { minLength: 1, maxLength: together, size: "max" }),
    async (seeds) => {
      const complaints = await Promise.all(seeds.map((seed) => complaint(make(seed))));
      const [first] = complaints.filter((text) => text !== null);
      if (first !== undefined) throw new Error(first);
    },
  );
  return Promise.resolve(fc.assert(property, { ...runOptions, numRuns: runs }));
}

/** Puts small documents into every cache of documents, so that two looks at the heap differ by nothing else. */
async function settle(mark: string): Promise<number> {
  const key = await maker.keyFor("north-harbor");
  await maker.fixtures.client.query("UPDATE api_keys SET requests_per_minute = 1000000");
  const headers = [
    ["Host", "localhost"],
    ["X-Api-Key", key],
    ["Content-Type", "application/json"],
  ] as const;
  for (let batch = 0; batch < 1_100; batch += together) {
    const queries = Array.from({ length: together }, (_, index) => `${mark}${batch + index}`);
    await Promise.all(
      queries
        .flatMap((name) => [`{ ${name}: __typename }`, `{ ${name}`])
        .map((query) =>
          sendFuzz(served.url, {
            method: "POST",
            path: "/graphql",
            headers,
            body: JSON.stringify({ query }),
          }),
        ),
    );
  }
  return served.heap();
}

describe(`whatever comes (CRM_TEST_SEED=${runSeed})`, () => {
  let before = 0;

  it("warms up", async () => {
    // Warm up everything that is made on first use and kept.
    for (const path of ["/openapi.json", "/docs", "/graphql", "/metrics"]) {
      const headers = [
        ["Host", "localhost"],
        ["Accept", "text/html"],
      ] as const;
      await sendFuzz(served.url, { method: "GET", path, headers, body: null });
    }
    for (const make of [requests.body, requests.around]) {
      await expectHeld((seed) => make(-seed), casesOf(20));
    }
    // Fill the caches of documents (plans, statements, shapes) before the heap is measured.
    for (const make of [requests.document, requests.variables]) {
      await expectHeld((seed) => make(-seed), casesOf(110, 3));
    }
    if (isLong) before = await settle("warm");
    expect(count.executed).toBeGreaterThan(0);
  });

  it("documents of the schema, whole and garbled", () => expectHeld(requests.document, cases));
  it("variables by their types, and others", () => expectHeld(requests.variables, cases));
  it("bodies", () => expectHeld(requests.body, cases));
  it("methods, paths, headers", () => expectHeld(requests.around, cases));

  it("bytes that are hardly HTTP", async () => {
    const random = new Random(`bytes ${runSeed}`);
    for (let round = 0; round < casesOf(20); round += 1) {
      const texts = Array.from({ length: 20 }, () => {
        const { method, path, headers, body } = requests.around(random.between(0, 2 ** 31));
        const head = [
          `${method} ${path} HTTP/1.1`,
          ...headers.map(([name, value]) => `${name}: ${value}`),
        ];
        const whole = Buffer.from(`${head.join("\r\n")}\r\n\r\n${String(body ?? "")}`);
        return garbledBytes(random, whole).toString("latin1");
      });
      const answers = await Promise.all(
        texts.map((text) => sendBytes(served.url, text).catch((error: unknown) => String(error))),
      );
      count.sent += texts.length;
      for (const [index, answer] of answers.entries()) {
        const statuses = [...answer.matchAll(/^HTTP\/1\.1 (\d{3})/gm)].map(([, status]) =>
          Number(status),
        );
        expect(
          statuses.every((status) => status < 500),
          `${texts[index]?.slice(0, 2_000)}\n→ ${answer.slice(0, 2_000)}`,
        ).toBe(true);
      }
    }
  });

  it("more of them, until a quarter came through to the database: this is no test of the JSON parser", async () => {
    for (let seed = 1; count.executed <= count.sent / 4; seed += 1) {
      expect(await complaint(requests.variables(seed))).toBeNull();
    }
  });

  it("leaves the gateway alive, with nothing in its log, and its heap as it was", async () => {
    // Looked at in long runs: filling the caches first takes thousands of requests.
    const growth = isLong ? (await settle("after")) / before : 1;
    expect(growth, `${before} bytes before`).toBeLessThan(1.2);
    expect(served.isAlive()).toBe(true);
    expect(served.log()).toBe("");
    const { status } = await sendFuzz(served.url, {
      method: "GET",
      path: "/readyz",
      headers: [["Host", "a"]],
      body: null,
    });
    expect(status).toBe(200);
    expect(count.sent).toBeGreaterThanOrEqual(isLong ? 5_000 : 200);
    console.log(
      `fuzz: CRM_TEST_SEED=${runSeed} (${environment}), ${count.sent} requests, ${count.executed} executed, ${slowness.count} asked again for their time, heap × ${growth.toFixed(2)}`,
    );
  });
});
