import { readFile } from "node:fs/promises";
import { buildSchema, parse, validate } from "graphql";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Random } from "../../src/seed/random.ts";
import { hostileTexts } from "../support/fuzz/hostile-values.ts";
import { inputPlaces } from "../support/fuzz/places.ts";
import { expectBadInput } from "../support/gateway/expectations.ts";
import { startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { isLong, runSeed } from "../support/run/run-length.ts";

let gateway: TestGateway;
let key: string;

beforeAll(async () => {
  gateway = await startGateway({ logLevel: "silent" });
  const { slug } = await gateway.fixtures.tenant("north-harbor");
  key = await gateway.keyFor(slug);
  // Its quota is not what is tried here.
  await gateway.fixtures.client.query("UPDATE api_keys SET requests_per_minute = 1000000");
});
afterAll(() => gateway.close());

it(`every place of the schema takes a value or refuses it (CRM_TEST_SEED=${runSeed})`, async () => {
  const text = await readFile(new URL("../../schema.graphql", import.meta.url), "utf8");
  const schema = buildSchema(text);
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
    if (/"INTERNAL"|"UNAVAILABLE"/.test(answer) || response.status >= 500)
      failed.push(`${query} v: ${v} → ${answer.slice(0, 300)}`);
  };
  const random = new Random(`unusable places ${runSeed}`);
  const valuesOf = (): readonly string[] => (isLong ? hostileTexts : [random.pick(hostileTexts)]);
  const cases = places.flatMap(({ query }) => valuesOf().map((value) => ({ query, value })));
  for (let start = 0; start < cases.length; start += 20) {
    await Promise.all(cases.slice(start, start + 20).map(({ query, value }) => ask(query, value)));
  }
  expect(failed).toEqual([]);
});

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
