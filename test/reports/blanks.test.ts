import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Operation } from "../../src/rest/face.ts";
import { operations } from "../../src/rest/operations.ts";
import type { Made, TenantFixtures } from "../support/samples/fixtures.ts";
import { at, listAt, startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { restClient, type RestClient } from "../support/rest/client.ts";
import { idOf, type Outcome, problemsOf } from "../support/writes/mutation.ts";
import { Writes } from "../support/writes/writes.ts";

let gateway: TestGateway;
let tenant: TenantFixtures;
let account: Made;
let write: Writes;
let rest: RestClient;
/** What new records need, beside which everything else is blank. */
const needed: Record<string, unknown> = { phone: "+1 404 555 0128", last_name: "Harbor" };

beforeAll(async () => {
  gateway = await startGateway();
  tenant = await gateway.fixtures.tenant("blanks");
  account = await tenant.account();
  const quote = await tenant.quote(account, null);
  const key = await gateway.keyFor(tenant.slug);
  write = new Writes(gateway, key);
  rest = restClient(gateway, { "x-api-key": key, "x-organization-id": tenant.id });
  Object.assign(needed, { account_id: account.id, quote_id: quote.id, account_type: "business" });
});
afterAll(() => gateway.close());

type Values = Readonly<Record<string, unknown>>;
const sorted = (outcome: Outcome): string[] => problemsOf(outcome).toSorted();
const created = operations.filter(({ verb }) => verb === "create");
const named = (found: readonly Operation[]) =>
  found.map((operation): [string, Operation] => [operation.id, operation]);

/** What is needed though no field by itself is. */
const oneOfSeveral: Readonly<Record<string, string>> = {
  createActivity: "account_id",
  createCustomer: "last_name",
};

/** What a new record of a resource needs. */
function baseOf({ id, resource }: Operation): Values {
  const email = `blank${gateway.fixtures.next()}@mail.example`;
  const all: Values = { ...needed, email };
  const names = Object.entries(resource.create.input.fields).flatMap(([name, { required }]) =>
    required || name === oneOfSeveral[id] ? [name] : [],
  );
  return Object.fromEntries(names.map((name) => [name, all[name]]));
}

async function make(operation: Operation, body: Values = {}): Promise<Values> {
  const sent = { ...baseOf(operation), ...body };
  const answer = await rest.post(operation.resource.path, sent);
  expect(answer.status, answer.text).toBe(201);
  const record = operation.face.isEnveloped ? at(answer.body, "data") : answer.body;
  if (typeof record !== "object" || record === null) throw new Error("no record");
  return { ...record };
}

/** What two records say that nobody wrote into them. */
const apart =
  /^(id|email|display_name|audit_log|deal_number|quote_number|position|\w+_at|activity_date)$/;
const plain = (record: Values): Values =>
  Object.fromEntries(Object.entries(record).filter(([name]) => !apart.test(name)));

const blanks = ["", " \t\u00a0", null];

describe("on create", () => {
  it.each(named(created))("%s: blank fields are not given", async (_, operation) => {
    const { fields } = operation.resource.create.input;
    const others = Object.keys(fields).filter(
      (name) => fields[name]?.required === false && name !== oneOfSeveral[operation.id],
    );
    const expected = plain(await make(operation));
    for (const blank of blanks) {
      const body = Object.fromEntries(others.map((name) => [name, blank]));
      expect(plain(await make(operation, body))).toEqual(expected);
    }
  });

  it.each(named(created))("%s: a blank field that is needed is missing", async (_, operation) => {
    const { input } = operation.resource.create;
    const names = Object.keys(input.fields).filter((name) => input.fields[name]?.required);
    for (const blank of blanks) {
      const body = Object.fromEntries(names.map((name) => [name, blank]));
      const { body: answer } = await rest.post(operation.resource.path, body);
      const issues = names.length === 0 ? [] : listAt(answer, "issues");
      const told = issues.filter((issue) => names.includes(String(at(issue, "path"))));
      expect(told.map((issue) => at(issue, "message"))).toEqual(
        names.map((name) => `${name} is needed.`),
      );
    }
  });
});

describe("on update", () => {
  const updates = operations.filter(({ verb }) => verb === "update");
  const fieldsOf = ({ resource }: Operation) => Object.entries(resource.change?.input.fields ?? {});
  const creationOf = ({ resource }: Operation): Operation => {
    const found = created.find((one) => one.resource === resource);
    if (found === undefined) throw new Error("is not created");
    return found;
  };

  it.each(named(updates))("%s: what is never null is kept", async (_, operation) => {
    const before = await make(creationOf(operation));
    const path = `${operation.resource.path}/${String(before["id"])}`;
    const names = fieldsOf(operation).flatMap(([name, one]) => (one.nullable ? [] : [name]));
    expect(names).toEqual(expect.arrayContaining(["source", "source_type"]));
    for (const blank of blanks) {
      const answer = await rest.patch(path, Object.fromEntries(names.map((n) => [n, blank])));
      const issues = listAt(answer.body, "issues");
      expect(issues.map((issue) => at(issue, "path"))).toEqual(names);
      for (const issue of issues) {
        expect(at(issue, "message")).toMatch(/^\w+ cannot be null or blank; leave it out/);
      }
    }
    expect((await rest.get(path)).body).toEqual(before);
  });

  it.each(named(updates))("%s: what can be null is cleared", async (_, operation) => {
    const names = fieldsOf(operation).flatMap(([name, { nullable, ignored }]) =>
      nullable && !ignored && name !== "version" && !name.endsWith("_patch") ? [name] : [],
    );
    const record = await make(creationOf(operation));
    const path = `${operation.resource.path}/${String(record["id"])}`;
    for (const blank of blanks) {
      const answer = await rest.patch(path, Object.fromEntries(names.map((n) => [n, blank])));
      expect(answer.status, answer.text).toBe(200);
      // A contact's name is computed while it is blank.
      const shown = names.filter((name) => name !== "display_name");
      for (const name of shown) expect([name, at(answer.body, name)]).toEqual([name, null]);
    }
  });

  const yen = { currency: "JPY", value: 250_000, stage: "closed_won" };
  const state = "currency value stage source sourceType version";
  const kept = { ...yen, value: "250000", source: "edm", sourceType: "api" };
  const blank = { currency: " ", stage: "", source: "" };
  const problems = ["currency", "source", "stage"].map((name) => `BAD_USER_INPUT ${name}`);
  const deal = () => write.created("Deal", { account_id: account.id, ...yen }, "id dealNumber");

  it("a won deal in yen stays one, over GraphQL: one record, many, an upsert", async () => {
    const made = await deal();
    const id = idOf(made);
    const deal_number = at(made, "dealNumber");
    expect(sorted(await write.update("Deal", id, blank))).toEqual(problems);
    const upserted = await write.upsert("Deal", { deal_number, ...blank, source_type: null });
    expect(sorted(upserted)).toEqual([...problems, "BAD_USER_INPUT source_type"].toSorted());
    const batch = await gateway.data(
      write.key,
      `mutation ($inputs: [UpdateDealInput!]!) { updateDeals(inputs: $inputs, onError: continue) {
        results { userErrors { path } } } }`,
      { inputs: [{ id, ...blank }] },
    );
    expect(listAt(at(batch, "updateDeals", "results", 0), "userErrors")).toHaveLength(3);
    expect(await write.read("Deal", id, state)).toEqual({ ...kept, version: 1 });
  });

  it("an upsert that creates takes blanks as not given", async () => {
    const deal_number = `D-${gateway.fixtures.next()}`;
    const input = { account_id: account.id, deal_number, value: "", ...blank };
    const made = await write.upsert("Deal", input, {}, state);
    expect(problemsOf(made)).toEqual([]);
    expect(made.record).toMatchObject({ stage: "lead", currency: "USD", value: null });
  });

  it("lines that a quote has keep their numbers, new ones take the defaults", async () => {
    const empty = { quantity: "", unit_price: " ", discount: null };
    const lines = "id version lineItems { nodes { id quantity unitPrice discount } }";
    const line_items = [{ quantity: 2, unit_price: 10, discount: 3 }];
    const quote = await write.created("Quote", { account_id: account.id, line_items }, lines);
    const [line] = listAt(quote, "lineItems", "nodes");
    const refused = await write.update("Quote", idOf(quote), {
      line_items: [{ id: idOf(line), ...empty }, empty],
    });
    expect(sorted(refused)).toEqual(
      ["discount", "quantity", "unit_price"].map((name) => `BAD_USER_INPUT line_items.0.${name}`),
    );
    const all = await write.update("Quote", idOf(quote), { line_items: null });
    expect(problemsOf(all)).toEqual(["BAD_USER_INPUT line_items"]);
    expect(await write.read("Quote", idOf(quote), lines)).toEqual(quote);
    const changed = await write.updated("Quote", idOf(quote), { line_items: [empty] }, lines);
    expect(listAt(changed, "lineItems", "nodes")).toMatchObject([
      { quantity: "1", unitPrice: "0", discount: "0" },
    ]);
  });

  it("a blank that GraphQL makes a list of empties nothing", async () => {
    const id = idOf(await write.created("Deal", { account_id: account.id, tags: ["a"] }));
    const outcome = await write.update("Deal", id, { tags: "" });
    expect(problemsOf(outcome)).toEqual(["BAD_USER_INPUT tags"]);
    expect(await write.updated("Deal", id, { tags: [] }, "tags")).toEqual({ tags: [] });
  });

  it("blank literals of a document are read like variables", async () => {
    const id = idOf(
      await write.created("Account", { email: `l${gateway.fixtures.next()}@mail.example` }),
    );
    const data = await gateway.data(
      write.key,
      `mutation { updateAccount(id: "${id}", input: { email: "", annual_revenue: " ", first_contacted_at: "" }) {
        account { email annualRevenue firstContactedAt } userErrors { path } } }`,
    );
    expect(at(data, "updateAccount", "account")).toEqual({
      email: null,
      annualRevenue: null,
      firstContactedAt: null,
    });
    const filter = `{ accounts(where: { createdAt: { gt: "" } }) { nodes { id } } }`;
    const { errors = [] } = await gateway.ask(write.key, filter);
    expect(errors.map(({ extensions }) => extensions.code)).toEqual(["BAD_USER_INPUT"]);
  });
});
