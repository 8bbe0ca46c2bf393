import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Made, TenantFixtures } from "../support/samples/fixtures.ts";
import { at, listAt, type TestGateway } from "../support/gateway/gateway.ts";
import {
  expectWritten,
  idOf,
  mutationText,
  outcomeIn,
  singleMutations,
} from "../support/writes/mutation.ts";
import { startTenant } from "../support/gateway/one-tenant.ts";

type Variables = Readonly<Record<string, unknown>>;

let gateway: TestGateway;
let tenant: TenantFixtures;
let key: string;

beforeAll(async () => {
  ({ gateway, tenant, key } = await startTenant("north-harbor"));
});
afterAll(() => gateway.close());

/** Carries out a mutation; gives its payload, and how many statements it took. */
async function send(name: string, variables: Variables, headers: Record<string, string> = {}) {
  gateway.statements.clear();
  const response = await fetch(`${gateway.url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-api-key": key, ...headers },
    body: JSON.stringify({ query: mutationText(name, { also: others[name] ?? "" }), variables }),
  });
  const payload = at(await response.json(), "data", name);
  return { payload, statements: gateway.statements.all().length };
}

/** The other records that some payloads hold. */
const others: Readonly<Record<string, string>> = {
  createCustomer: "contact { id }",
  mergeAccounts: "merged { id } contactsMerged { into { id } from { id } }",
  mergeContacts: "merged { id }",
};

describe("a mutation of one record", () => {
  it("costs these statements, BEGIN, COMMIT and the read of the answer among them", async () => {
    const costs: Record<string, number> = {};
    const write = async (name: string, variables: Variables): Promise<unknown> => {
      const { payload, statements } = await send(name, variables);
      costs[name] = statements;
      return idOf(expectWritten(outcomeIn(name, payload)));
    };

    const account_id = await write("createAccount", {
      input: { name: "Harbor", email: "desk@harbor.example" },
    });
    await write("updateAccount", { id: account_id, input: { industry: "Shipping" } });
    await write("upsertAccount", { input: { email: "desk@harbor.example", industry: "Ports" } });
    const company = { account_type: "business", company_name: "Ferry", phone: "1" };
    await write("createCustomer", { input: { ...company, email: "desk@ferry.example" } });

    const doe = { account_id, email: "doe@harbor.example" };
    const contact_id = await write("createContact", { input: { ...doe, last_name: "Doe" } });
    await write("updateContact", { id: contact_id, input: { job_title: "Buyer" } });
    await write("upsertContact", { input: { ...doe, city: "Kiel" } });

    const cranes = { account_id, name: "Cranes", contact_ids: [contact_id] };
    const deal_id = await write("createDeal", { input: cranes });
    await write("updateDeal", { id: deal_id, input: { stage: "qualified" } });
    await write("upsertDeal", { input: { account_id, deal_number: "D-1" } });
    await write("moveDeal", { id: deal_id, stage: "proposal" });
    const named = { id: deal_id, contactIds: [(await tenant.contact(null)).id] };
    await write("addDealContacts", named);
    await write("removeDealContacts", named);
    await write("addTags", { id: deal_id, tags: ["vip"] });
    await write("removeTags", { id: deal_id, tags: ["vip"] });

    const task = { account_id, contact_id, type: "task" };
    const activity = await write("createActivity", { input: task });
    await write("updateTask", { id: activity, input: { subject: "Call back" } });
    await write("completeActivity", { id: activity });

    const offer = { account_id, deal_id, line_items: [{ unit_price: "5" }, { unit_price: "6" }] };
    const quote_id = await write("createQuote", { input: offer });
    await write("updateQuote", { id: quote_id, input: { name: "First offer" } });
    for (const verb of ["acceptQuote", "rejectQuote"]) {
      const { id } = await tenant.quote(await tenant.account(), null);
      await write("sendQuote", { id });
      await write(verb, { id });
    }
    await write("upsertQuote", { input: { account_id, quote_number: "Q-1" } });
    await write("upsertLineItem", { input: { quote_id, external_id: "L-1" } });

    const line = await write("createLineItem", { input: { quote_id, unit_price: "10" } });
    await write("updateLineItem", { id: line, input: { quantity: "2" } });

    for (const [type, id] of [
      ["LineItem", line],
      ["Quote", quote_id],
      ["Deal", deal_id],
      ["Contact", contact_id],
      ["Account", account_id],
    ] as const) {
      await write(`delete${type}`, { id });
      await write(`restore${type}`, { id });
    }
    const twin = await tenant.contact(null);
    await write("mergeContacts", { into: contact_id, from: twin.id });
    const other = await tenant.account();
    await write("mergeAccounts", { into: account_id, from: other.id });
    await write("createDepartment", { input: { name: "Sales" } });
    const apiKey = await write("createApiKey", { input: { name: "Import", scopes: ["read:*"] } });
    await write("rotateApiKey", { id: apiKey });
    await write("revokeApiKey", { id: apiKey });

    expect(costs).toEqual({
      acceptQuote: 7,
      addDealContacts: 15,
      addTags: 7,
      completeActivity: 7,
      createAccount: 7,
      createActivity: 11,
      createApiKey: 6,
      createContact: 8,
      createCustomer: 11,
      createDeal: 12,
      createDepartment: 6,
      createLineItem: 10,
      createQuote: 11,
      deleteAccount: 20,
      deleteContact: 7,
      deleteDeal: 13,
      deleteLineItem: 12,
      deleteQuote: 8,
      mergeAccounts: 20,
      mergeContacts: 18,
      moveDeal: 9,
      rejectQuote: 7,
      removeDealContacts: 13,
      removeTags: 7,
      restoreAccount: 24,
      restoreContact: 14,
      restoreDeal: 21,
      restoreLineItem: 13,
      restoreQuote: 14,
      revokeApiKey: 7,
      rotateApiKey: 8,
      sendQuote: 8,
      updateAccount: 8,
      updateContact: 7,
      updateDeal: 9,
      updateLineItem: 11,
      updateQuote: 7,
      updateTask: 7,
      upsertAccount: 10,
      upsertContact: 10,
      upsertDeal: 12,
      upsertLineItem: 12,
      upsertQuote: 11,
    });
    expect(Object.keys(costs).toSorted()).toEqual(singleMutations.toSorted());
  });

  it("costs seven more under an idempotency key, and one when it comes again", async () => {
    const headers = { "idempotency-key": "one-of-a-kind" };
    const costs: number[] = [];
    for (const sent of [{}, headers, headers]) {
      const { payload, statements } = await send("createAccount", { input: { name: "A" } }, sent);
      expect(idOf(expectWritten(outcomeIn("createAccount", payload)))).toMatch(/^acc-/);
      costs.push(statements);
    }
    expect(costs).toEqual([6, 6 + 7, 1]);
  });
});

/** `count` times what `make` gives. */
const times = <Item>(count: number, make: (index: number) => Item): Item[] =>
  Array.from({ length: count }, (_, index) => make(index));

let serial = 0;
const email = (): string => `person-${(serial += 1)}@harbor.example`;
const idsOf = (made: readonly Made[]) => made.map(({ id }) => ({ id }));

/** New accounts, each with a contact, a deal and a quote of its own: rows that have nothing in common. */
async function owners(count: number) {
  const accounts = await tenant.makeMany(
    "account",
    times(count, () => ({ name: "Owner" })),
  );
  const owned = (name: string, values: (index: number) => Variables) =>
    tenant.makeMany(
      name,
      accounts.map(({ uuid }, index) => ({ accountId: uuid, ...values(index) })),
    );
  const contacts = await owned("contact", () => ({ email: email() }));
  const numbers = accounts.map(({ uuid }) => uuid);
  const deals = await owned("deal", (index) => ({ dealNumber: numbers[index], currency: "USD" }));
  const quotes = await owned("quote", (index) => ({
    dealId: deals[index]?.uuid,
    quoteNumber: numbers[index],
    currency: "USD",
  }));
  return times(count, (index) => ({
    account: accounts[index]?.id,
    contact: contacts[index]?.id,
    deal: deals[index]?.id,
    quote: quotes[index]?.id,
  }));
}

/** The inputs of a batch, one for each owner. */
type Inputs = (owner: Awaited<ReturnType<typeof owners>>[number], index: number) => Variables;

const batches: readonly (readonly [string, number, Inputs])[] = [
  ["createAccounts", 10, ({ account }) => ({ email: email(), parent_account_id: account })],
  [
    "createContacts",
    12,
    ({ account, contact }) => ({
      account_id: account,
      email: email(),
      reports_to_contact_id: contact,
      is_primary: true,
    }),
  ],
  [
    "createDeals",
    12,
    ({ account, contact }) => ({ account_id: account, contact_ids: [contact], stage: "won" }),
  ],
  [
    "createActivities",
    12,
    ({ account, contact, deal }) => ({ account_id: account, contact_id: contact, deal_id: deal }),
  ],
  [
    "createQuotes",
    12,
    ({ account, deal }, index) => ({
      account_id: account,
      deal_id: deal,
      is_primary: true,
      line_items: times((index % 10) + 1, () => ({ unit_price: "1" })),
    }),
  ],
  ["createLineItems", 10, ({ quote }) => ({ quote_id: quote, unit_price: "5" })],
  [
    "updateDeals",
    14,
    ({ deal, contact }) => ({ id: deal, stage: "qualified", primary_contact_id: contact }),
  ],
  ["deleteContacts", 7, ({ contact }) => ({ id: contact })],
];

/** Carries out a batch, all of which must be written; gives how many statements it took. */
async function sendBatch(name: string, inputs: readonly Variables[]): Promise<number> {
  const { payload, statements } = await send(name, { inputs });
  const errors = listAt(payload, "results").map((result) => at(result, "userErrors"));
  expect(errors).toEqual(inputs.map(() => []));
  return statements;
}

describe("a batch", () => {
  it.each(batches)("%s costs %i statements at 1, 10 and 100 rows", async (name, cost, inputs) => {
    for (const count of [1, 10, 100]) {
      const statements = await sendBatch(name, (await owners(count)).map(inputs));
      expect({ count, statements }).toEqual({ count, statements: cost });
    }
  });

  it("deletes and restores accounts in the same number of statements, whatever hangs on them", async () => {
    for (const [count, children] of [
      [1, 1],
      [1, 20],
      [20, 1],
      // Not many more: from 5,000 change events on there is one more INSERT.
      [20, 20],
    ] as const) {
      const inputs = await accountsWith(count, children);
      const deleted = await sendBatch("deleteAccounts", inputs);
      const restored = await sendBatch("restoreAccounts", inputs);
      expect({ count, children, deleted, restored }).toEqual({
        count,
        children,
        deleted: 20,
        restored: 24,
      });
    }
  });
});

/** Accounts that each contain so many contacts, activities, deals with a quote, and quotes without a deal. */
async function accountsWith(count: number, children: number) {
  const accounts = await tenant.makeMany(
    "account",
    times(count, () => ({ name: "Parent" })),
  );
  const owned = accounts.flatMap(({ uuid }) => times(children, () => ({ accountId: uuid })));
  const contacts = await tenant.makeMany(
    "contact",
    owned.map((row) => ({ ...row, email: email() })),
  );
  const deals = await tenant.makeMany(
    "deal",
    owned.map((row) => ({ ...row, dealNumber: email(), currency: "USD" })),
  );
  const quotes = await tenant.makeMany(
    "quote",
    owned.flatMap((row, index) =>
      [deals[index]?.uuid, null].map((dealId) => ({
        ...row,
        dealId,
        quoteNumber: email(),
        currency: "USD",
      })),
    ),
  );
  await tenant.makeMany(
    "lineItem",
    quotes.flatMap(({ uuid }) => times(2, () => ({ quoteId: uuid, currency: "USD" }))),
  );
  await tenant.makeMany(
    "activity",
    owned.map((row, index) => ({ ...row, contactId: contacts[index]?.uuid, type: "call" })),
  );
  return idsOf(accounts);
}
