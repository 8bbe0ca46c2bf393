import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { at, startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { restClient, type RestClient } from "../support/rest/client.ts";

let gateway: TestGateway;
let key: string;
let rest: RestClient;

beforeAll(async () => {
  gateway = await startGateway();
  const { id } = await gateway.fixtures.tenant("north");
  key = await gateway.keyFor("north");
  rest = restClient(gateway, { "x-api-key": key, "x-organization-id": id });
});
afterAll(() => gateway.close());

const crm = "/api/v1/crm";
const customers = "/api/public/v1/customers";
const integration = "/v1/customers";

const update = (type: "Account" | "Contact", id: string, input: object) => {
  const field = `update${type}`;
  return gateway.data(
    key,
    `mutation ($id: ID!, $input: Update${type}Input!) {
      ${field}(id: $id, input: $input) {
        userErrors { code } ${type.toLowerCase()} { version displayName phone }
      }
    }`,
    { id, input },
  );
};

describe("one customer, on every face at once", () => {
  it("is an account, changed over the CRM API and GraphQL, with one version", async () => {
    const made = await rest.post(customers, {
      account_type: "business",
      company_name: "North",
      email: "one@north.example",
      phone: "call Nora",
    });
    const id = `acc-${String(at(made.body, "data", "id"))}`;
    expect(made.headers.get("etag")).toBe('"1"');
    const account = await rest.get(`${crm}/accounts/${id}`);
    expect(account.body).toMatchObject({ id, name: "North", phone: "call Nora", version: 1 });

    const patched = await rest.patch(
      `${crm}/accounts/${id}`,
      { name: "South", phone: null },
      { "if-match": made.headers.get("etag") ?? "" },
    );
    expect(patched.body).toMatchObject({ version: 2, phone: null });
    expect(at(await update("Account", id, { name: "East", version: 2 }), "updateAccount")).toEqual({
      userErrors: [],
      account: { version: 3, displayName: "East", phone: null },
    });

    const seen = await rest.get(`${customers}/${id}`);
    expect(seen.body).toMatchObject({ data: { display_name: "East", phone: null } });
    expect(seen.headers.get("etag")).toBe('"3"');
    const listed = await rest.get(`${customers}?display_name=East`);
    expect(at(listed.body, "data", 0)).toEqual(at(seen.body, "data"));

    const late = await rest.patch(`${crm}/accounts/${id}`, { name: "Late" }, { "if-match": '"2"' });
    expect([late.status, at(late.body, "current", "name")]).toEqual([412, "East"]);
    expect(at(await update("Account", id, { name: "Late", version: 2 }), "updateAccount")).toEqual({
      userErrors: [{ code: "CONFLICT" }],
      account: null,
    });

    expect((await rest.delete(`${crm}/accounts/${id}`)).status).toBe(200);
    expect((await rest.get(`${customers}/${id}`)).status).toBe(404);
    expect(await gateway.data(key, "query ($id: ID!) { account(id: $id) { id } }", { id })).toEqual(
      {
        account: null,
      },
    );
  });

  it("is a contact, changed over the CRM API and GraphQL, with one version", async () => {
    const made = await rest.post(integration, { last_name: "Doe", phone_1: "030 / 12" });
    const id = `con-${String(at(made.body, "id"))}`;
    const contact = await rest.get(`${crm}/contacts/${id}`);
    expect(contact.body).toMatchObject({ id, display_name: "Doe", phone: "030 / 12", version: 1 });
    const input = { first_name: "John", version: 1 };
    expect(at(await update("Contact", id, input), "updateContact", "contact")).toEqual({
      version: 2,
      displayName: "John Doe",
      phone: "030 / 12",
    });
    const patched = await rest.patch(`${crm}/contacts/${id}`, { job_title: "Pilot", version: 2 });
    expect([patched.status, patched.headers.get("etag")]).toEqual([200, '"3"']);
    const seen = await rest.get(`${integration}/${id}`);
    expect(seen.body).toMatchObject({ first_name: "John", last_name: "Doe", phone_1: "030 / 12" });
    expect(seen.headers.get("etag")).toBe('"3"');
    expect(at(seen.body, "updated_at")).not.toBe(at(made.body, "updated_at"));
  });

  it("made on the customers API has a contact that the integration API gives", async () => {
    await rest.post(customers, {
      account_type: "individual",
      first_name: "Nora",
      last_name: "Harbor",
      email: "nora@harbor.example",
      phone: "+1-404-555-0128",
    });
    const people = await rest.get(`${integration}?last_name=Harbor`);
    expect(at(people.body, "data", 0)).toMatchObject({
      first_name: "Nora",
      email: "nora@harbor.example",
      phone_1: "+1-404-555-0128",
    });
  });

  it("that GraphQL makes has its email taken for the customers API", async () => {
    await gateway.data(
      key,
      'mutation { createAccount(input: { name: "G", email: "g@north.example" }) { account { id } } }',
    );
    const body = { account_type: "business", display_name: "G", phone: "1" };
    const answer = await rest.post(customers, { ...body, email: "G@north.example" });
    expect([answer.status, at(answer.body, "field")]).toEqual([409, "email"]);
  });

  it("has one change log, whoever wrote", async () => {
    const made = await rest.post(`${crm}/accounts`, { name: "Logged" });
    const id = String(at(made.body, "id"));
    await update("Account", id, { name: "Again" });
    await rest.patch(`${crm}/accounts/${id}`, { name: "Once more" });
    const history = await gateway.data(
      key,
      `query ($id: ID!) { account(id: $id) {
        history { nodes { operation version } }
      } }`,
      { id },
    );
    expect(at(history, "account", "history", "nodes")).toEqual([
      { operation: "updated", version: 3 },
      { operation: "updated", version: 2 },
      { operation: "created", version: 1 },
    ]);
  });
});
