import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { catalog } from "../../src/modules/catalog.ts";
import { runSeed } from "../support/run/run-length.ts";
import { eventsOf } from "../support/changes/events.ts";
import type { TenantFixtures } from "../support/samples/fixtures.ts";
import { at, listAt, startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { expectWritten } from "../support/writes/mutation.ts";
import { boundKey, Writes } from "../support/writes/writes.ts";
import { uuidOf } from "../support/samples/one-of-each.ts";
import { restClient, type RestClient } from "../support/rest/client.ts";
import type { Kind } from "../support/rest/inputs.ts";
import { pathOf, sendWorld, type Sent } from "../support/rest/world.ts";
import { rowsIn, type Rows } from "../support/samples/rows-in.ts";

let gateway: TestGateway;
let tenant: TenantFixtures;
let rest: RestClient;
let otherKey: string;
let thirdKey: string;
let records: readonly Sent[];
let gone: readonly string[];

beforeAll(async () => {
  gateway = await startGateway();
  tenant = await gateway.fixtures.tenant("north");
  const key = await gateway.keyFor("north");
  rest = restClient(gateway, { "x-api-key": key });
  [otherKey, thirdKey] = [await gateway.keyFor("north"), await gateway.keyFor("north")];
  const world = await sendWorld(rest, runSeed, 10);
  const [, into, from] = world.around.accounts;
  await merge(key, into, from);
  gone = await goneContacts();
  for (const id of gone) await rest.delete(`${pathOf("contact")}/${id}`);
  records = world.records.filter(({ id }) => id !== from && !gone.includes(id));
});
afterAll(() => gateway.close());

async function merge(key: string, into: unknown, from: unknown): Promise<void> {
  const data = await gateway.data(
    key,
    "mutation ($into: ID!, $from: ID!) { mergeAccounts(into: $into, from: $from) { userErrors { message } } }",
    { into, from },
  );
  expect(listAt(data, "mergeAccounts", "userErrors")).toEqual([]);
}

/** People who are the primary contacts of deals: deleted, they leave their deals with a link to nobody who is shown. */
async function goneContacts(): Promise<string[]> {
  const { rows } = await gateway.fixtures.client.query<{ id: string }>(
    "SELECT DISTINCT 'con-' || primary_contact_id AS id FROM deals WHERE primary_contact_id IS NOT NULL ORDER BY 1 LIMIT 3",
  );
  return rows.map(({ id }) => id);
}

const stored = (): Promise<Rows> => rowsIn(gateway.fixtures.client, tenant.uuid);
const stamps = (id: string): string[] => [`${uuidOf(id)}: updated_at, updated_by, version`];
const changed = (): Sent[] => records.filter(({ kind }) => kind !== "activity");

describe(`a record sent back as it was read (CRM_TEST_SEED=${runSeed})`, () => {
  it("as PATCH changes nothing but its version and stamps, of itself and all others", async () => {
    const other = restClient(gateway, { "x-api-key": otherKey });
    for (const { path, id } of changed()) {
      const read = await rest.get(path);
      const before = await stored();
      const patched = await other.patch(path, read.text);
      expect([patched.status, patched.text]).toEqual([200, expect.anything()]);
      expect(before.changesTo(await stored())).toEqual(stamps(id));
      const event = (await eventsOf(gateway, id)).at(-1);
      expect(event).toMatchObject({ operation: "updated", changes: {} });
      expect(withoutStamps(patched.body)).toEqual(withoutStamps(read.body));
    }
  });

  it("as PATCH without its version, as an application that does not see all that hangs on it", async () => {
    const key = await boundKey(gateway, otherKey, { app_id: "app-1" });
    const application = restClient(gateway, { "x-api-key": key });
    await gateway.fixtures.client.query(
      "UPDATE deals SET app_id = 'app-1'; UPDATE quotes SET app_id = 'app-1'; UPDATE line_items SET app_id = 'app-1' WHERE position = 0",
    );
    for (const { path, id } of changed().filter(
      ({ kind }) => kind === "deal" || kind === "quote",
    )) {
      const read = await application.get(path);
      const before = await stored();
      const patched = await application.patch(
        path,
        read.text.replace(/"version":\d+/, '"version":null'),
      );
      expect([patched.status, patched.text]).toEqual([200, expect.anything()]);
      expect(before.changesTo(await stored())).toEqual(stamps(id));
    }
    await gateway.fixtures.client.query(
      "UPDATE deals SET app_id = NULL; UPDATE quotes SET app_id = NULL; UPDATE line_items SET app_id = NULL",
    );
  });

  it("as the input of a GraphQL mutation changes nothing but its version and stamps", async () => {
    for (const { kind, path, id } of changed()) {
      // What GraphQL's JSON would round is sent as text there.
      const { text } = await rest.get(path);
      const input: unknown = JSON.parse(text.replaceAll(/:(\d[\d.]{15,})/g, ':"$1"'));
      const before = await stored();
      const { type } = catalog.entity(kind);
      expectWritten(await new Writes(gateway, thirdKey).mutate(`update${type}`, { id, input }));
      expect(before.changesTo(await stored())).toEqual(stamps(id));
    }
  });

  it("as POST is refused while its unique value is taken, by its name", async () => {
    const tried = new Set<Kind>();
    for (const { kind, path } of records) {
      const read = await rest.get(path);
      const field = uniqueKeys[kind] ?? "";
      if ((Reflect.get(Object(read.body), field) ?? null) === null) continue;
      if (namesGone(read.text)) continue;
      const refused = await rest.post(pathOf(kind), read.text);
      expect([refused.status, refused.body]).toMatchObject([409, { field }]);
      tried.add(kind);
    }
    expect(tried).toEqual(new Set(Object.keys(uniqueKeys)));
  });

  it("as POST is refused when it names somebody who is gone", async () => {
    for (const { kind, path } of records) {
      const read = await rest.get(path);
      if (!namesGone(read.text)) continue;
      const refused = await rest.post(pathOf(kind), read.text);
      expect([refused.status, refused.text]).toEqual([
        400,
        expect.stringContaining("There is no such Contact."),
      ]);
    }
  });

  it("as POST makes its equal once its unique value is free", async () => {
    // What hangs on others first, and those that came later.
    for (const { kind, path } of records.toReversed()) {
      const read = await rest.get(path);
      if (namesGone(read.text)) continue;
      if (kind !== "activity") await rest.delete(path);
      const posted = await rest.post(pathOf(kind), read.text);
      expect([posted.status, posted.text]).toEqual([201, expect.anything()]);
      expect(asCopy(posted.body)).toEqual(asCopy(read.body));
    }
  });
});

const uniqueKeys: Partial<Record<Kind, string>> = {
  account: "email",
  contact: "email",
  deal: "deal_number",
  quote: "quote_number",
};

/** Whether a record names people who were deleted since: no copy of it can. */
const namesGone = (text: string): boolean => gone.some((id) => text.includes(id));

/** What every write moves. */
function withoutStamps(record: unknown): Record<string, unknown> {
  const { version: _v, updated_at: _a, updated_by: _b, ...others } = Object(record);
  return others;
}

/** A record without what no copy of it has: ids, stamps, and what is derived from other records. */
function asCopy(record: unknown): Record<string, unknown> {
  const {
    id,
    created_at: _c,
    created_by: _d,
    last_activity_at: _l,
    last_interaction_at: _i,
    audit_log: _h,
    quote_ids: _q,
    ...others
  } = withoutStamps(record);
  const lines: unknown = others["line_items"];
  return {
    ...others,
    ...(others["display_name"] === id ? { display_name: "its id" } : {}),
    ...(Array.isArray(lines) ? { line_items: lines.map((line) => ({ ...line, id: null })) } : {}),
  };
}

describe("a customer sent back as it was read", () => {
  it("to the integration API is accepted once its email is free, and is the same", async () => {
    const path = "/api/v1/integration/customers";
    const sent = {
      last_name: "Roe",
      email: "Roe@example.com",
      phone_1: "0404 / 555",
      phone_1_label: "Work",
      birthday: "1990-02-28",
      company: "Roe & Sons, Ltd.",
    };
    const made = await rest.post(path, sent);
    const read = await rest.get(`${path}/${String(at(made.body, "id"))}`);
    expect(await rest.post(path, read.text)).toMatchObject({
      status: 409,
      body: { field: "email" },
    });
    const contact = `${pathOf("contact")}/${String(at(made.body, "id"))}`;
    const asContact = await rest.get(contact);
    expect(await rest.patch(contact, asContact.text)).toMatchObject({ status: 200 });
    await rest.delete(contact);
    const again = await rest.post(path, read.text);
    expect(again.status).toBe(201);
    expect(asCopy(again.body)).toEqual(asCopy(read.body));
  });

  it("to the customers API is accepted once its email is free, and is the same", async () => {
    const path = "/api/public/v1/customers";
    const organization = { "x-organization-id": tenant.id };
    const sent = { account_type: "business", email: "a@b.example", phone: "0404 / 555" };
    const made = await rest.post(path, { ...sent, company_name: "Bay" }, organization);
    expect(made.status).toBe(201);
    const id = String(at(made.body, "data", "id"));
    const read = at((await rest.get(`${path}/${id}`, organization)).body, "data");
    expect(await rest.post(path, read, organization)).toMatchObject({ status: 409 });
    await rest.delete(`${pathOf("account")}/${id}`);
    const again = await rest.post(path, read, organization);
    expect(again.status).toBe(201);
    expect(asCopy(at(again.body, "data"))).toEqual(asCopy(read));
  });
});
