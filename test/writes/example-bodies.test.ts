import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Made, TenantFixtures } from "../support/samples/fixtures.ts";
import { at, startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { expectWritten, idOf } from "../support/writes/mutation.ts";
import { Writes } from "../support/writes/writes.ts";

let gateway: TestGateway;
let tenant: TenantFixtures;
let account: Made;
let quote: Made;
let write: Writes;

beforeAll(async () => {
  gateway = await startGateway();
  tenant = await gateway.fixtures.tenant("examples");
  account = await tenant.account();
  quote = await tenant.quote(account, null);
  write = new Writes(gateway, await gateway.keyFor(tenant.slug));
});
afterAll(() => gateway.close());

it("the integration API's customer is taken by createContact as it is", async () => {
  const body = {
    last_name: "Doe",
    first_name: "John",
    phone_1_label: "Mobile",
    phone_1: "+49 12345678",
  };
  const selection = "firstName lastName displayName phone phone1Label email accountId isPrimary";
  expect(await write.created("Contact", body, selection)).toEqual({
    firstName: "John",
    lastName: "Doe",
    displayName: "John Doe",
    phone: "+49 12345678",
    phone1Label: "Mobile",
    email: null,
    accountId: null,
    isPrimary: false,
  });
});

it("the integration API's answer is taken by createContact as it was read", async () => {
  const body = {
    id: "019cbd7f-679e-705d-b742-3c0d785c8c30",
    company: null,
    website: null,
    title: null,
    first_name: "John",
    last_name: "Doe",
    phone_1: "+49 12345678",
    phone_2: null,
    phone_3: null,
    phone_1_label: "Mobile",
    phone_2_label: null,
    phone_3_label: null,
    email: null,
    postcode: null,
    address: null,
    address_addition: null,
    city: null,
    country: null,
    state: null,
    lead_origin: null,
    birthday: null,
    tenant_id: "2d6e54c6-a284-392c-b658-10af4d5989bb",
    note: null,
    created_at: "2026-03-05T10:16:09.000000Z",
    updated_at: "2026-03-05T10:16:09.000000Z",
  };
  const made = await write.created("Contact", body, "id tenantId phone lastName");
  expect(made).toMatchObject({ tenantId: tenant.id, phone: "+49 12345678", lastName: "Doe" });
  expect(idOf(made)).not.toContain(body.id);
});

describe("the customers API's customer", () => {
  const body = {
    account_type: "business",
    display_name: "North Harbor Facilities",
    company_name: "North Harbor Facilities",
    first_name: "Nora",
    last_name: "Harbor",
    email: "ops@northerborfacilities.com",
    phone: "+1-404-555-0128",
  };
  const selection =
    "id accountType displayName name legalName email phone tenantId contacts { totalCount }";
  const contact =
    "contact { accountId firstName lastName company email phone isPrimary displayName }";
  const create = (calls: Writes) =>
    calls.mutate("createCustomer", { input: body }, selection, contact);

  it("is taken by createCustomer as it is: an account with its primary contact", async () => {
    const outcome = await create(write);
    const made = expectWritten(outcome);
    expect(made).toEqual({
      id: idOf(made),
      accountType: "business",
      displayName: "North Harbor Facilities",
      name: "North Harbor Facilities",
      legalName: "North Harbor Facilities",
      email: "ops@northerborfacilities.com",
      phone: "+1-404-555-0128",
      tenantId: tenant.id,
      contacts: { totalCount: 1 },
    });
    expect(at(outcome.payload, "contact")).toEqual({
      accountId: idOf(made),
      firstName: "Nora",
      lastName: "Harbor",
      company: "North Harbor Facilities",
      email: "ops@northerborfacilities.com",
      phone: "+1-404-555-0128",
      isPrimary: true,
      displayName: "Nora Harbor",
    });
  });

  it("a second time is a duplicate of the first, and nothing is written", async () => {
    const { slug } = await gateway.fixtures.tenant("examples-twice");
    const calls = new Writes(gateway, await gateway.keyFor(slug));
    const first = expectWritten(await create(calls));
    expect(await create(calls)).toMatchObject({
      record: null,
      payload: { contact: null },
      userErrors: [{ code: "DUPLICATE", path: ["email"], existingId: idOf(first) }],
    });
    const counts = "{ accounts { totalCount } contacts { totalCount } }";
    expect(await gateway.data(calls.key, counts)).toEqual({
      accounts: { totalCount: 1 },
      contacts: { totalCount: 1 },
    });
  });
});

describe("the CRM API's sample", () => {
  const sample = {
    id: "rec_01HXEXAMPLE",
    tenant_id: "example tenant_id",
    created_at: "2026-01-01T00:00:00Z",
    updated_at: "2026-01-01T00:00:00Z",
    app_id: "example app_id",
    created_by: "rec_01HXEXAMPLE",
  };
  const stamps = "id tenantId appId createdAt createdBy updatedAt version";

  it.each([
    ["Account", () => ({})],
    ["Contact", () => ({})],
    ["Deal", () => ({ account_id: account.id })],
    ["Activity", () => ({ account_id: account.id })],
    ["Quote", () => ({ account_id: account.id })],
    ["LineItem", () => ({ quote_id: quote.id })],
  ])("is taken by create%s, and what the gateway keeps is its own", async (type, needed) => {
    const made = await write.created(type, { ...sample, ...needed() }, stamps);
    expect(made).toMatchObject({ tenantId: tenant.id, appId: null, version: 1 });
    expect(idOf(made)).toMatch(/^(acc|con|deal|act|qte|lin)-[0-9a-f-]{36}$/);
    expect(at(made, "createdBy")).toBe(`key-${write.key.split("_")[2]}`);
    const age = Date.now() - Date.parse(String(at(made, "createdAt")));
    expect(age).toBeLessThan(60_000);
    expect(at(made, "updatedAt")).toBe(at(made, "createdAt"));
  });
});
