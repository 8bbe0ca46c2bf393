import { readFile } from "node:fs/promises";
import { buildSchema, OperationTypeNode, parse, validate, type GraphQLSchema } from "graphql";
import { afterAll, beforeAll, expect, it } from "vitest";
import { cursorAt } from "../../src/changes/position.ts";
import { Random } from "../../src/seed/random.ts";
import { patience } from "../support/database/waiting.ts";
import { hostileTexts } from "../support/fuzz/hostile-values.ts";
import { inputPlaces, type InputPlace } from "../support/fuzz/places.ts";
import { expectBadInput } from "../support/gateway/expectations.ts";
import { at, startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { openSocket } from "../support/live/web-socket.ts";
import { isLong, runSeed, someOf } from "../support/run/run-length.ts";

let gateway: TestGateway;
let key: string;
let schema: GraphQLSchema;

const atOnce = 20;
/** One record of each kind that belongs to an account, and is followed. */
const everyRecord = `mutation ($id: ID!) {
  createContact(input: { account_id: $id, last_name: "Berg" }) { userErrors { message } }
  createDeal(input: { account_id: $id, value: 1 }) { userErrors { message } }
  createActivity(input: { account_id: $id }) { userErrors { message } }
  createQuote(input: { account_id: $id, line_items: [{ unit_price: 1 }] }) { userErrors { message } }
}`;

beforeAll(async () => {
  schema = buildSchema(await readFile(new URL("../../schema.graphql", import.meta.url), "utf8"));
  gateway = await startGateway({ logLevel: "silent" });
  const { slug } = await gateway.fixtures.tenant("north-harbor");
  key = await gateway.keyFor(slug);
  // Its quota is not what is tried here.
  await gateway.fixtures.client.query("UPDATE api_keys SET requests_per_minute = 1000000");
});
afterAll(() => gateway.close());

const isOurFault = (answer: string): boolean => /"INTERNAL"|"UNAVAILABLE"/.test(answer);

/** A tenth of the places with one value each; in the long form all with some. */
const casesOf = (places: readonly InputPlace[], random: Random) =>
  someOf(places).flatMap(({ query }) =>
    random.some(isLong ? 8 : 1, hostileTexts).map((value) => ({ query, value })),
  );

it(`every place of the schema takes a value or refuses it (CRM_TEST_SEED=${runSeed})`, async () => {
  const places = inputPlaces(schema);
  expect(places.flatMap(({ query }) => validate(schema, parse(query)).map(String))).toEqual([]);
  const failed: string[] = [];
  const ask = async (query: string, v: string): Promise<void> => {
    const response = await fetch(`${gateway.url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-api-key": key },
      body: `{"query":${JSON.stringify(query)},"variables":{"v":${v}}}`,
    });
    const answer = await response.text();
    if (isOurFault(answer) || response.status >= 500)
      failed.push(`${query} v: ${v} → ${answer.slice(0, 300)}`);
  };
  const random = new Random(`unusable places ${runSeed}`);
  const cases = casesOf(places, random);
  for (let from = 0; from < cases.length; from += atOnce) {
    const some = cases.slice(from, from + atOnce);
    await Promise.all(some.map(({ query, value }) => ask(query, value)));
  }
  expect(failed).toEqual([]);
});

it(`every place of a subscription takes a value or refuses it, over both transports (CRM_TEST_SEED=${runSeed})`, async () => {
  const start = JSON.stringify(cursorAt("0"));
  const places = inputPlaces(schema, [OperationTypeNode.SUBSCRIPTION], { after: start });
  expect(places.flatMap(({ query }) => validate(schema, parse(query)).map(String))).toEqual([]);
  // The events that filters are judged for.
  const account = await gateway.data(
    key,
    `mutation { createAccount(input: {}) { account { id } } }`,
  );
  const made = await gateway.data(key, everyRecord, {
    id: at(account, "createAccount", "account", "id"),
  });
  expect(JSON.stringify(made)).not.toContain("message");
  const failed: string[] = [];
  const random = new Random(`unusable subscriptions ${runSeed}`);
  const cases = casesOf(places, random);
  const last = `subscription { changes(after: ${start}) { cursor } }`;
  const check = (query: string, v: string, answer: string): void => {
    if (isOurFault(answer)) failed.push(`${query} v: ${v} → ${answer.slice(0, 300)}`);
  };
  for (let from = 0; from < cases.length; from += atOnce) {
    const some = cases.slice(from, from + atOnce);
    const streams = await Promise.all(
      some.map(({ query, value }) =>
        openStream(`{"query":${JSON.stringify(query)},"variables":{"v":${value}}}`),
      ),
    );
    // What was opened before it has been judged by then.
    const end = await openStream(JSON.stringify({ query: last }));
    await expect.poll(end.text, patience).toContain("event: next");
    for (const [place, stream] of [...streams, end].entries()) {
      check(some[place]?.query ?? last, some[place]?.value ?? "", stream.text());
      stream.close();
    }
    const socket = openSocket(`${gateway.url.replace("http", "ws")}/graphql`, { "x-api-key": key });
    await socket.opened;
    socket.send({ type: "connection_init" });
    await socket.next(1);
    for (const [place, { query, value }] of some.entries()) {
      const payload = `{"query":${JSON.stringify(query)},"variables":{"v":${value}}}`;
      socket.send(`{"type":"subscribe","id":"${place}","payload":${payload}}`);
    }
    socket.send({ type: "subscribe", id: "last", payload: { query: last } });
    const isLast = (message: unknown) => Object(message)["id"] === "last";
    await expect.poll(() => socket.messages.some(isLast), patience).toBe(true);
    for (const message of socket.messages) {
      const { query = last, value = "" } = some[Number(Object(message)["id"])] ?? {};
      check(query, value, JSON.stringify(message));
    }
    socket.socket.close();
    await socket.closed;
  }
  expect(failed).toEqual([]);
});

/** A stream of server-sent events that was opened or refused, and what has come of it. */
async function openStream(body: string) {
  const ending = new AbortController();
  const response = await fetch(`${gateway.url}/graphql`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "text/event-stream",
      "x-api-key": key,
    },
    body,
    signal: ending.signal,
  });
  let text = response.status >= 500 ? `"INTERNAL" ${response.status}` : "";
  const decoder = new TextDecoder();
  const read = async (): Promise<void> => {
    for await (const bytes of response.body ?? []) text += decoder.decode(bytes, { stream: true });
  };
  void read().catch(() => undefined);
  return { text: () => text, close: () => ending.abort() };
}

it("an argument that a scalar cannot read is refused by its name, also where it stands in no input", async () => {
  const replay = `mutation ($time: DateTime) { replayWebhook(id: "whk-0190aaaa-0000-7000-8000-000000000000", time: $time) { webhook { id } userErrors { code path message } } }`;
  for (const time of ["yesterday", "2026-02-30T00:00:00Z", "2026-03-18", -1]) {
    expect(await gateway.data(key, replay, { time })).toEqual({
      replayWebhook: {
        webhook: null,
        userErrors: [
          {
            code: "BAD_USER_INPUT",
            path: ["time"],
            message: expect.stringMatching(/^time must be (an instant|text)/),
          },
        ],
      },
    });
    expectBadInput(
      await gateway.ask(key, "query ($day: Date) { forecast(from: $day) { count } }", {
        day: time === "2026-03-18" ? "2026-3-18" : time,
      }),
      /^from: /,
    );
  }
});
