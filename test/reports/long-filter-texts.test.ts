// A text operator compares its text with every row's: one of 10,000 characters took PostgreSQL 1.6 to 10 s for one point.
import { afterAll, beforeAll, expect, it } from "vitest";
import { at, listAt, startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { restClient, type RestClient } from "../support/rest/client.ts";

let gateway: TestGateway;
let key: string;
let rest: RestClient;

beforeAll(async () => {
  gateway = await startGateway();
  const tenant = await gateway.fixtures.tenant("north");
  key = await gateway.keyFor(tenant.slug);
  rest = restClient(gateway, { "x-api-key": key });
  await tenant.account({ name: "a".repeat(200), customFields: { note: "b".repeat(200) } });
});
afterAll(() => gateway.close());

const ask = (where: object) =>
  gateway.ask(key, "query ($where: ContactFilter) { contacts(where: $where) { totalCount } }", {
    where,
  });

const operators = ["contains", "startsWith", "endsWith"] as const;

it.each([
  ...operators.map((operator) => ["name", operator] as const),
  ...operators.map((operator) => ["customFields", operator] as const),
  ["email", "contains"],
  ["description", "contains"],
] as const)("%s %s takes 200 characters and no more, over an edge too", async (field, operator) => {
  const filter = (length: number) =>
    field === "customFields"
      ? { [field]: [{ path: ["note"], [operator]: "b".repeat(length) }] }
      : { [field]: { [operator]: "a".repeat(length) } };
  expect((await ask({ account: filter(200) })).errors).toBeUndefined();
  gateway.statements.clear();
  const [error] = (await ask({ account: filter(201) })).errors ?? [];
  expect(error?.extensions).toMatchObject({
    code: "BAD_USER_INPUT",
    inputPath: ["where", "account", field, operator],
  });
  expect(error?.message).toBe(
    `where.account.${field}.${operator}: has at most 200 characters; look for less of the text.`,
  );
  expect(gateway.statements.all()).toEqual([]);
});

it.each(["contains", "starts_with", "ends_with"])("name[%s] over REST too", async (operator) => {
  const find = (length: number) =>
    rest.get(`/api/v1/crm/accounts?name[${operator}]=${"a".repeat(length)}`);
  expect(listAt((await find(200)).body, "data")).toHaveLength(1);
  const { status, body } = await find(201);
  expect([
    status,
    listAt(body, "issues").map((issue) => [at(issue, "path"), at(issue, "message")]),
  ]).toEqual([
    400,
    [[`name[${operator}]`, "has at most 200 characters; look for less of the text."]],
  ]);
});

/** So many conditions of 200 characters, and one of the rest. */
const texts = (characters: number) => [
  ...Array.from({ length: Math.floor(characters / 200) }, (_, index) =>
    `${index}`.padEnd(200, "c"),
  ),
  ...(characters % 200 === 0 ? [] : ["c".repeat(characters % 200)]),
];

it("a filter looks for 2,000 characters in all and no more", async () => {
  const filter = (characters: number) => ({
    or: texts(characters).map((contains, index) =>
      index === 0
        ? { not: { account: { customFields: [{ path: ["note"], contains }] } } }
        : { email: { contains } },
    ),
  });
  expect((await ask(filter(2_000))).errors).toBeUndefined();
  gateway.statements.clear();
  const [error] = (await ask(filter(2_001))).errors ?? [];
  expect(error?.extensions).toMatchObject({ code: "QUERY_TOO_COMPLEX", inputPath: ["where"] });
  expect(error?.message).toBe(
    "where: a filter has at most 2,000 characters to look for in texts, all together; ask for less at once.",
  );
  expect(gateway.statements.all()).toEqual([]);
});

it("2,000 characters in all over REST too", async () => {
  const keys = ["name", "display_name", "domain", "email", "phone", "industry"];
  const path = (characters: number) => {
    const given = texts(characters).map((text, index) => {
      const comparison = index < keys.length ? "contains" : "ends_with";
      return `${keys[index % keys.length]}[${comparison}]=${text}`;
    });
    return `/api/v1/crm/accounts?${given.join("&")}`;
  };
  expect((await rest.get(path(2_000))).status).toBe(200);
  const { status, body } = await rest.get(path(2_001));
  expect([status, at(body, "issues", 0, "path"), at(body, "issues", 0, "message")]).toEqual([
    400,
    "phone[ends_with]",
    "is too much: a list has at most 2,000 characters to look for in texts, all together; look for less.",
  ]);
});
