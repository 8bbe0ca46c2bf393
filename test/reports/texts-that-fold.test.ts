// U+FDFA is compared as 18 letters, and what nobody sees as none: 200 of the first took 32 s, and the other found all.
import { afterAll, beforeAll, expect, it } from "vitest";
import { comparedLength } from "../../src/lib/text.ts";
import { at, listAt, startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { restClient, type RestClient } from "../support/rest/client.ts";

let gateway: TestGateway;
let key: string;
let rest: RestClient;
const long = "\ufdfa".repeat(12);
const unseen = ["\u200b", "\u0301", "\u00ad\u2060"];

beforeAll(async () => {
  gateway = await startGateway();
  const tenant = await gateway.fixtures.tenant("north");
  key = await gateway.keyFor(tenant.slug);
  rest = restClient(gateway, { "x-api-key": key });
  await tenant.account({
    name: "Straße",
    description: `${"\ufdfa".repeat(1_990)} last word`,
  });
});
afterAll(() => gateway.close());

const code = { code: "BAD_USER_INPUT" };
const refusals: readonly [query: string, path: readonly string[]][] = [
  ["query ($t: String!) { search(query: $t) { totalCount } }", ["query"]],
  ["query ($t: String!) { accounts(search: $t) { totalCount } }", ["search"]],
  ["query ($t: String!) { accountsAggregate(search: $t) { count } }", ["search"]],
  ...["contains", "startsWith", "endsWith"].map((operator): [string, string[]] => [
    `query ($t: String!) { accounts(where: { name: { ${operator}: $t } }) { totalCount } }`,
    ["where", "name", operator],
  ]),
  [
    'query ($t: String!) { accounts(where: { customFields: { path: ["a"], contains: $t } }) { totalCount } }',
    ["where", "customFields", "contains"],
  ],
];

it.each(refusals)(
  "%s refuses texts that are long or nothing when compared",
  async (query, path) => {
    for (const t of [long, ...unseen]) {
      gateway.statements.clear();
      const { errors } = await gateway.ask(key, query, { t });
      expect(errors?.[0]?.extensions).toMatchObject({
        ...code,
        inputPath: path,
      });
      expect(gateway.statements.all()).toEqual([]);
    }
  },
);

it.each(["q", "name[contains]", "name[starts_with]", "name[ends_with]"])(
  "%s over REST too",
  async (parameter) => {
    for (const text of [long, ...unseen]) {
      const { status, body } = await rest.get(
        `/api/v1/crm/accounts?${parameter}=${encodeURIComponent(text)}`,
      );
      expect([status, listAt(body, "issues").map((issue) => at(issue, "path"))]).toEqual([
        400,
        [parameter],
      ]);
    }
  },
);

it("looks for what can be seen beside it", async () => {
  const search = "query ($t: String!) { accounts(search: $t) { totalCount } }";
  const count = { data: { accounts: { totalCount: 1 } } };
  expect(await gateway.ask(key, search, { t: "\u200b strasse" })).toEqual(count);
});

it("counts characters as search_fold makes them", async () => {
  const texts = ["a\u0301", "ß", "ÆœÞ", "\ufdfa", "한국", "\u200b", "がぎ", "ﬃ", "Ⅷ", "İ", "שָׁ"];
  const { rows } = await gateway.database.asOwner((client) =>
    client.query("SELECT char_length(search_fold(t)) AS n FROM unnest($1::text[]) t", [texts]),
  );
  expect(rows.map((row) => at(row, "n"))).toEqual(texts.map(comparedLength));
});

it("keeps at most 6,000 characters of prose for searches, and filters find the others", async () => {
  const { rows } = await gateway.database.asOwner((client) =>
    client.query("SELECT max(char_length(search_text)) AS n FROM accounts"),
  );
  expect(Number(at(rows[0], "n"))).toBeLessThan(6_100);
  const filter =
    'query { accounts(where: { description: { contains: "last word" } }) { totalCount } }';
  expect(await gateway.ask(key, filter)).toEqual({
    data: { accounts: { totalCount: 1 } },
  });
});
