import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { at, startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { completeTenant, type Graph } from "../support/samples/two-tenants.ts";
import { expectWritten, idOf, problemsOf } from "../support/writes/mutation.ts";
import { Writes } from "../support/writes/writes.ts";

let gateway: TestGateway;
let graph: Graph;
let write: Writes;

beforeAll(async () => {
  gateway = await startGateway();
  graph = await completeTenant(gateway.fixtures, "scopes");
  write = new Writes(gateway, await gateway.keyFor("scopes"));
});
afterAll(() => gateway.close());

const createDepartment = (input: Readonly<Record<string, unknown>>, calls = write) =>
  calls.create("Department", input, "id name tenantId version createdAt");

describe("createDepartment", () => {
  it("makes a department of the tenant, with its event", async () => {
    const record = expectWritten(await createDepartment({ name: " Field service " }));
    expect(record).toMatchObject({ name: "Field service", tenantId: graph.tenant.id, version: 1 });
    expect(idOf(record)).toMatch(/^dep-[0-9a-f-]{36}$/);
    const { departments } = await gateway.data(write.key, "{ departments { nodes { id } } }");
    expect(JSON.stringify(departments)).toContain(idOf(record));
    const { rows } = await gateway.fixtures.client.query(
      "SELECT entity_type, operation, changes FROM change_events WHERE entity_id = $1",
      [idOf(record).slice("dep-".length)],
    );
    expect(rows).toMatchObject([
      {
        entity_type: "Department",
        operation: "created",
        changes: { name: [null, "Field service"] },
      },
    ]);
  });

  it("needs a name", async () => {
    expect(problemsOf(await createDepartment({ name: "  " }))).toEqual(["BAD_USER_INPUT name"]);
  });
});

type Mutation = readonly [field: string, scope: string, call: () => string];
const first = (entity: string) => graph.records[entity]?.[0]?.id ?? "";
const second = (entity: string) => graph.records[entity]?.[1]?.id ?? "";

const entities = [
  ["Account", "accounts", () => 'name: "x"'],
  ["Contact", "contacts", () => 'last_name: "x"'],
  ["Deal", "deals", () => `account_id: "${first("account")}"`],
  ["Quote", "quotes", () => `account_id: "${first("account")}"`],
  ["LineItem", "line_items", () => `quote_id: "${first("quote")}"`],
] as const;
const nameOf = (type: string) => `${type.charAt(0).toLowerCase()}${type.slice(1)}`;

const keyedLine = () => `external_id: "X", quote_id: "${first("quote")}"`;
const upserts: readonly Mutation[] = [
  ["upsertAccount", "accounts", () => 'upsertAccount(input: { email: "x@y.example" })'],
  ["upsertContact", "contacts", () => 'upsertContact(input: { email: "x@y.example" })'],
  [
    "upsertDeal",
    "deals",
    () => `upsertDeal(input: { deal_number: "X", account_id: "${first("account")}" })`,
  ],
  [
    "upsertQuote",
    "quotes",
    () => `upsertQuote(input: { quote_number: "X", account_id: "${first("account")}" })`,
  ],
  ["upsertLineItem", "line_items", () => `upsertLineItem(input: { ${keyedLine()} })`],
  ["upsertLineItems", "line_items", () => `upsertLineItems(inputs: [{ ${keyedLine()} }])`],
  ["upsertAccounts", "accounts", () => 'upsertAccounts(inputs: [{ email: "x@y.example" }])'],
  ["upsertContacts", "contacts", () => 'upsertContacts(inputs: [{ email: "x@y.example" }])'],
  [
    "upsertDeals",
    "deals",
    () => `upsertDeals(inputs: [{ deal_number: "X", account_id: "${first("account")}" }])`,
  ],
  [
    "upsertQuotes",
    "quotes",
    () => `upsertQuotes(inputs: [{ quote_number: "X", account_id: "${first("account")}" }])`,
  ],
];

const webhook = "whk-01900000-0000-7000-8000-000000000000";
const webhookVerbs = ["delete", "pause", "resume", "test"].map((verb): Mutation => [
  `${verb}Webhook`,
  "webhooks",
  () => `${verb}Webhook(id: "${webhook}")`,
]);

const noImport = "imp-01900000-0000-7000-8000-000000000000";

/** Every mutation field, the scope that it needs, and a call that would write something. */
const mutations: readonly Mutation[] = [
  ...entities.flatMap(([type, subject, input]): Mutation[] => [
    [`create${type}`, subject, () => `create${type}(input: { ${input()} })`],
    [`create${type}s`, subject, () => `create${type}s(inputs: [{ ${input()} }])`],
    [
      `update${type}`,
      subject,
      () => `update${type}(id: "${first(nameOf(type))}", input: { source: "x" })`,
    ],
    [
      `update${type}s`,
      subject,
      () => `update${type}s(inputs: [{ id: "${first(nameOf(type))}", source: "x" }])`,
    ],
    ...["delete", "restore"].flatMap((verb): Mutation[] => [
      [`${verb}${type}`, subject, () => `${verb}${type}(id: "${first(nameOf(type))}")`],
      [
        `${verb}${type}s`,
        subject,
        () => `${verb}${type}s(inputs: [{ id: "${first(nameOf(type))}" }])`,
      ],
    ]),
  ]),
  [
    "createActivity",
    "activities",
    () => `createActivity(input: { account_id: "${first("account")}" })`,
  ],
  [
    "createActivities",
    "activities",
    () => `createActivities(inputs: [{ account_id: "${first("account")}" }])`,
  ],
  ["completeActivity", "activities", () => `completeActivity(id: "${first("activity")}")`],
  [
    "updateTask",
    "activities",
    () => `updateTask(id: "${first("activity")}", input: { subject: "x" })`,
  ],
  ["moveDeal", "deals", () => `moveDeal(id: "${first("deal")}", stage: "x")`],
  ...["add", "remove"].flatMap((way): Mutation[] => [
    [
      `${way}DealContacts`,
      "deals",
      () => `${way}DealContacts(id: "${first("deal")}", contactIds: ["${first("contact")}"])`,
    ],
    // Of other kinds of records another one.
    [`${way}Tags`, "quotes", () => `${way}Tags(id: "${first("quote")}", tags: ["x"])`],
  ]),
  ...["send", "accept", "reject"].map((verb): Mutation => [
    `${verb}Quote`,
    "quotes",
    () => `${verb}Quote(id: "${first("quote")}")`,
  ]),
  ...upserts,
  [
    "createCustomer",
    "customers",
    () =>
      'createCustomer(input: { account_type: business, display_name: "x", email: "x@y.example", phone: "1" })',
  ],
  [
    "mergeAccounts",
    "accounts",
    () => `mergeAccounts(into: "${first("account")}", from: "${second("account")}")`,
  ],
  [
    "mergeContacts",
    "contacts",
    () => `mergeContacts(into: "${first("contact")}", from: "${second("contact")}")`,
  ],
  ["createDepartment", "tenant", () => 'createDepartment(input: { name: "x" })'],
  [
    "setPicklist",
    "tenant",
    () => 'setPicklist(input: { list: dealTypes, values: [{ value: "x" }] })',
  ],
  ["resetPicklist", "tenant", () => "resetPicklist(list: dealTypes)"],
  ["createApiKey", "keys", () => 'createApiKey(input: { name: "x", scopes: ["read:*"] })'],
  ["revokeApiKey", "keys", () => `revokeApiKey(id: "${first("apiKey")}")`],
  ["rotateApiKey", "keys", () => `rotateApiKey(id: "${first("apiKey")}")`],
  [
    "createWebhook",
    "webhooks",
    () => 'createWebhook(input: { url: "https://receiver.example/hook" })',
  ],
  [
    "updateWebhook",
    "webhooks",
    () => `updateWebhook(id: "${webhook}", input: { description: "x" })`,
  ],
  ...webhookVerbs,
  ["rotateWebhookSecret", "webhooks", () => `rotateWebhookSecret(id: "${webhook}")`],
  ["redeliver", "webhooks", () => 'redeliver(id: "whd-01900000-0000-7000-8000-000000000000")'],
  ["replayWebhook", "webhooks", () => `replayWebhook(id: "${webhook}", cursor: "x")`],
  ["cancelImport", "imports", () => `cancelImport(id: "${noImport}")`],
  ["startImport", "imports", () => `startImport(id: "${noImport}", unmapped: ignore)`],
];

const subjects = [
  "accounts",
  "contacts",
  "deals",
  "activities",
  "quotes",
  "line_items",
  "customers",
  "tenant",
  "keys",
  "webhooks",
  "imports",
];

/** Everything that a write leaves behind. */
async function everything(): Promise<unknown> {
  const tables = [
    "accounts",
    "contacts",
    "deals",
    "activities",
    "quotes",
    "line_items",
    "departments",
    "api_keys",
  ];
  const counts = [
    ...tables,
    "webhooks",
    "imports",
    "picklists",
    "change_events",
    "number_sequences",
  ].map((table) => `(SELECT count(*) FROM ${table})`);
  const versions = tables.map((table) => `(SELECT sum(version) FROM ${table})`);
  const { rows } = await gateway.fixtures.client.query(
    `SELECT ${[...counts, ...versions].join(" || ' ' || ")} AS sums`,
  );
  return rows;
}

describe("a missing write scope is FORBIDDEN with missingScopes, and nothing is written", () => {
  it("the list below names every mutation field", async () => {
    const data = await gateway.data(write.key, "{ __schema { mutationType { fields { name } } } }");
    const fields = at(data, "__schema", "mutationType", "fields");
    const names = Array.isArray(fields) ? fields.map((field) => String(at(field, "name"))) : [];
    expect(names.toSorted()).toEqual(mutations.map(([field]) => field).toSorted());
  });

  it.each(mutations)("%s needs write:%s", async (_field, subject, call) => {
    const others = subjects.filter((one) => one !== subject).map((one) => `write:${one}`);
    const key = await gateway.keyFor("scopes", ["read:*", ...others]);
    const before = await everything();
    const { data, errors = [] } = await gateway.ask(key, `mutation { ${call()} { __typename } }`);
    expect(data).toBeUndefined();
    expect(errors).toMatchObject([
      { extensions: { code: "FORBIDDEN", missingScopes: [`write:${subject}`] } },
    ]);
    expect(await everything()).toEqual(before);
  });

  it.each(["write:tenant", "write:*", "*"])("%s is enough for write:tenant", async (scope) => {
    const key = await gateway.keyFor("scopes", [scope, "read:tenant"]);
    const outcome = await createDepartment({ name: scope }, new Writes(gateway, key));
    expect(problemsOf(outcome)).toEqual([]);
  });

  it("read:* is not", async () => {
    const key = await gateway.keyFor("scopes", ["read:*"]);
    const { errors = [] } = await gateway.ask(
      key,
      'mutation { createDepartment(input: { name: "x" }) { department { id } } }',
    );
    expect(errors[0]?.extensions).toMatchObject({ missingScopes: ["write:tenant"] });
  });
});

describe("who may write a kind of record and not read it", () => {
  it("is told that a value is taken or a version is old, and not of which record", async () => {
    const email = "taken@scopes.example";
    await write.created("Account", { email });
    const blind = await gateway.keyFor("scopes", ["write:accounts"]);
    const problems = `userErrors { code path ... on DuplicateError { existingId existing { id } }
      ... on ConflictError { current { id } } }`;
    const taken = await gateway.data(
      blind,
      `mutation { createAccount(input: { email: "${email}" }) { ${problems} } }`,
    );
    expect(at(taken, "createAccount", "userErrors")).toEqual([
      { code: "DUPLICATE", path: ["email"], existingId: null, existing: null },
    ]);
    const [account] = graph.records["account"] ?? [];
    const old = await gateway.data(
      blind,
      `mutation { updateAccount(id: "${account?.id}", input: { name: "x", version: 99 }) { ${problems} } }`,
    );
    expect(at(old, "updateAccount", "userErrors")).toEqual([
      { code: "CONFLICT", path: ["version"], current: null },
    ]);
  });
});
