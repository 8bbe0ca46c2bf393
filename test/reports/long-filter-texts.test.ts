// A text operator compares its text with every row's: one of 10,000 characters took PostgreSQL 1.6 to 10 s for one point.
import { afterAll, beforeAll, expect, it } from "vitest";
import { at, listAt, startGateway, type TestGateway } from "../support/gateway.ts";
import { restClient, type RestClient } from "../support/rest.ts";

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
