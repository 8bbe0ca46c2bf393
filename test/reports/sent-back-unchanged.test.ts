import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Made, TenantFixtures } from "../support/samples/fixtures.ts";
import { startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { restClient } from "../support/rest/client.ts";
import { problemsOf } from "../support/writes/mutation.ts";
import { Writes } from "../support/writes/writes.ts";

let gateway: TestGateway;
let tenant: TenantFixtures;
let account: Made;
let write: Writes;

beforeAll(async () => {
  gateway = await startGateway();
  tenant = await gateway.fixtures.tenant("sent-back");
  account = await tenant.account();
  write = new Writes(gateway, await gateway.keyFor(tenant.slug));
});
afterAll(() => gateway.close());

type Values = Readonly<Record<string, unknown>>;
const longEmail = `${"x".repeat(65)}@example.com`;
/** Stored before a rule became stricter: what is made, its table, the field and its value, and one that stays refused. */
const olderValues: readonly [
  string,
  string,
  (values: Values) => Promise<Made>,
  string,
  unknown,
  unknown,
][] = [
  ["Deal", "deals", (values) => tenant.deal(account, values), "currency", "HRK", "ANG"],
  [
    "Contact",
    "contacts",
    (values) => tenant.contact(account, values),
    "email",
    longEmail,
    `x${longEmail}`,
  ],
  [
    "Account",
    "accounts",
    (values) => tenant.account(values),
    "website",
    "ftp://x.example",
    "ftp://y.example",
  ],
  [
    "Account",
    "accounts",
    (values) => tenant.account(values),
    "domain",
    "www.sent-back.example",
    "a b",
  ],
  [
    "Deal",
    "deals",
    (values) => tenant.deal(account, values),
    "tags",
    ["t".repeat(70)],
    ["u".repeat(70)],
  ],
];

describe.each(olderValues)("%s: of %s", (type, plural, make, field, value, other) => {
  it(`an unchanged ${field} is not judged, over REST and GraphQL`, async () => {
    const { id } = await make({ [field]: value });
    const rest = restClient(gateway, { "x-api-key": write.key });
    const path = `/api/v1/crm/${plural}/${id}`;
    const name = type === "Contact" ? "last_name" : "name";
    const sent = await rest.patch(path, { [name]: "n", [field]: value });
    expect(sent).toMatchObject({ status: 200, body: { [name]: "n", [field]: value } });
    const { body } = await rest.get(path);
    expect((await rest.patch(path, Object(body))).status).toBe(200);
    expect(problemsOf(await write.update(type, id, { [name]: "m", [field]: value }))).toEqual([]);
    // Any other value is.
    const refused = await rest.patch(path, { [field]: other });
    expect(refused.status).toBe(400);
    expect(JSON.stringify(refused.body)).toContain(`"path":"${field}`);
    expect(problemsOf(await write.update(type, id, { [field]: other }))[0]).toContain(field);
  });
});

it("a record found by an upsert is not judged for a value that it keeps", async () => {
  const email = `old${gateway.fixtures.next()}@example.com`;
  await tenant.account({ email, website: "ftp://x.example" });
  const upsert = (website: string) =>
    gateway.data(
      write.key,
      `mutation ($input: UpsertAccountInput!) { upsertAccount(input: $input) { created userErrors { message } } }`,
      { input: { email, website, name: "n" } },
    );
  expect(await upsert("ftp://x.example")).toMatchObject({
    upsertAccount: { created: false, userErrors: [] },
  });
  expect(await upsert("ftp://y.example")).toMatchObject({ upsertAccount: { userErrors: [{}] } });
});

it("a message about a part of an address names it once", async () => {
  const rest = restClient(gateway, { "x-api-key": write.key });
  const { body } = await rest.patch(`/api/v1/crm/accounts/${account.id}`, {
    addresses: [{}, {}, { line1: 5 }, { town: "x" }],
  });
  expect(body).toMatchObject({
    issues: [
      { path: "addresses.2.line1", message: "addresses.2.line1 must be text" },
      {
        path: "addresses.3.town",
        message: "addresses.3.town is not a field of this input; remove it.",
      },
    ],
  });
});
