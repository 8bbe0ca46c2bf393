import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { at, listAt, startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { crane, everyVerb, newAccount, nora } from "../support/compile/every-verb.ts";
import {
  batchOf,
  contactFields,
  dealFields,
  mutation,
  textsOf,
  wrong,
} from "../support/compile/mutation-texts.ts";
import { sideOf, type Side, type Values } from "../support/compile/sides.ts";
import { startSecond } from "../support/writes/races.ts";
import { metricOf } from "../support/gateway/metrics.ts";

let gateway: TestGateway;
let interpreter: Awaited<ReturnType<typeof startSecond>>;
let compiled: Side;
let interpreted: Side;

beforeAll(async () => {
  gateway = await startGateway({
    compiled: true,
    logLevel: "silent",
    env: { METRICS_PORT: "0" },
  });
  interpreter = await startSecond(gateway.databaseUrl, "silent", {}, false);
  compiled = await sideOf(gateway, gateway.url, "north-harbor");
  interpreted = await sideOf(gateway, interpreter.url, "blue-ridge");
});
afterAll(async () => {
  await interpreter.close();
  await gateway.close();
});

/** Sends a script to both sides. Their answers must be equal, with members in the same order. */
async function expectAlike(script: (side: Side) => Promise<void>): Promise<readonly string[]> {
  for (const side of [compiled, interpreted]) {
    side.answers.length = 0;
    side.texts.length = 0;
    side.names.clear();
    await script(side);
  }
  expect(compiled.answers).toEqual(interpreted.answers);
  return compiled.answers;
}

describe("both lanes give the same answers", () => {
  it("to all verbs of contacts", async () => {
    const change = { job_title: "Buyer", custom_fields: { big: 12_345, text: "é" } };
    const fields = contactFields;
    const answers = await expectAlike((side) =>
      everyVerb(side, ["Contact", "Contacts"], fields, nora, change),
    );
    expect(answers.join()).toMatch(/DuplicateError.*ConflictError/s);
  });

  it("to all verbs of deals", async () => {
    const change = { stage: "qualified", name: "Crane, new" };
    await expectAlike((side) => everyVerb(side, ["Deal", "Deals"], dealFields, crane, change));
  });

  it("to edges of what was made, which are those of the lists", async () => {
    const edge = "{ cursor node { id } }";
    const customerText = mutation(
      "createCustomer",
      { input: "CreateCustomerInput!" },
      `accountEdge ${edge} contactEdge ${edge} ${wrong}`,
    );
    const activitiesText = mutation(
      "createActivities",
      { inputs: "[CreateActivityInput!]!" },
      `results { activityEdge ${edge} } `,
    );
    await expectAlike(async (side) => {
      const { send } = side;
      const customer = {
        account_type: "business",
        email: "edge@edges.example",
        phone: "+49 30 901820",
        company_name: "Edge & Co",
      };
      const made = at(await send(customerText, { input: customer }), "createCustomer");
      const account = at(made, "accountEdge", "node", "id");
      const lists = await send(
        `{ accounts(first: 1) { edges ${edge} } contacts(first: 1) { edges ${edge} } }`,
        {},
      );
      expect(listAt(lists, "accounts", "edges")).toEqual([at(made, "accountEdge")]);
      expect(listAt(lists, "contacts", "edges")).toEqual([at(made, "contactEdge")]);
      // Activities have an order of their own.
      const inputs = [30, 10, 20].map((day) => ({
        account_id: account,
        type: "note",
        occurred_at: `2025-11-${day}T10:00:00Z`,
      }));
      const results = listAt(
        await send(activitiesText, { inputs }),
        "createActivities",
        "results",
      ).map((result) => at(result, "activityEdge"));
      const [first, third, second] = results;
      const pages = `query ($id: ID!, $after: String) { account(id: $id) {
        all: activities { edges ${edge} } rest: activities(after: $after) { edges ${edge} } } }`;
      const listed = await send(pages, { id: account, after: at(first, "cursor") });
      expect(listAt(listed, "account", "all", "edges")).toEqual([first, second, third]);
      expect(listAt(listed, "account", "rest", "edges")).toEqual([second, third]);
    });
  });

  it("to merges and dry runs of merges", async () => {
    await expectAlike(async (side) => {
      const { send } = side;
      const merged = (entity: string, also: string) =>
        `${entity} { id version isDeleted } merged { id isDeleted mergedInto { id } }
         fields { field into from result winner } moved { type field count } dryRun ${also} ${wrong}`;
      const args = { into: "ID!", from: "ID!", dryRun: "Boolean", fromVersion: "Int" };
      const contacts = mutation("mergeContacts", args, merged("contact", ""));
      const pairs =
        "contactsMerged { __typename into { id lastName } from { id } fields { field winner } }";
      const accounts = mutation("mergeAccounts", args, merged("account", pairs));
      const [into, from] = [await newAccount(side, "Into"), await newAccount(side, "From")];
      const create = textsOf("Contact", "Contacts", "id").create;
      const ids: unknown[] = [];
      for (const [account, serial] of [
        [into, 1],
        [into, 2],
        [from, 51],
      ] as const) {
        const input = { ...nora(account, serial), email: `m${serial}@${account}.example` };
        ids.push(at(await send(create, { input }), "createContact", "contact", "id"));
      }
      for (const extra of [{ dryRun: true }, { fromVersion: 7 }, {}, {}]) {
        await send(contacts, { into: ids[0], from: ids[1], ...extra });
        await send(accounts, { into, from, ...extra });
      }
    });
  });

  it("to verbs that only one entity has", async () => {
    await expectAlike(async (side) => {
      const { send } = side;
      const customer = mutation(
        "createCustomer",
        { input: "CreateCustomerInput!" },
        `account { id name contacts { totalCount } } contact { id lastName } ${wrong}`,
      );
      const company = { account_type: "business", company_name: "Ferry", phone: "1" };
      for (const email of ["a@ferry.example", "b@ferry.example", "a@ferry.example", "nonsense"]) {
        await send(customer, { input: { ...company, email } });
      }
      const account = await newAccount(side, "Quoted");
      const quote = mutation(
        "createQuote",
        { input: "CreateQuoteInput!" },
        `quote { id total lineItems { totalCount nodes { id unitPrice quantity total } } } ${wrong}`,
      );
      const line_items = [{ unit_price: "5.25" }, { unit_price: "1234567890.125", quantity: 3 }];
      let offer: unknown = null;
      for (const items of [line_items, [], [{ unit_price: "x" }]]) {
        const made = await send(quote, { input: { account_id: account, line_items: items } });
        offer ??= at(made, "createQuote", "quote", "id");
      }
      for (const verb of ["accept", "send", "send", "reject"]) {
        const text = mutation(`${verb}Quote`, { id: "ID!" }, `quote { status version } ${wrong}`);
        await send(text, { id: offer });
      }
      const newDeal = textsOf("Deal", "Deals", "id").create;
      const deal = at(
        await send(newDeal, { input: crane(account, 70) }),
        "createDeal",
        "deal",
        "id",
      );
      const contact = at(
        await send(textsOf("Contact", "Contacts", "id").create, { input: nora(account, 70) }),
        "createContact",
        "contact",
        "id",
      );
      const shown =
        "__typename id ... on Deal { name tags version account { id } } ... on Quote { total tags }";
      for (const way of ["add", "remove"]) {
        const tags = mutation(
          `${way}Tags`,
          { id: "ID!", tags: "[String!]!", version: "Int" },
          `record { ${shown} } ${wrong}`,
        );
        for (const id of [deal, offer, contact, account, "nonsense"]) {
          await send(tags, { id, tags: ["b", "a"] });
          await send(tags, { id, tags: ["b", "x".repeat(65)], version: 1 });
        }
        const contacts = mutation(
          `${way}DealContacts`,
          { id: "ID!", contactIds: "[ID!]!" },
          `deal { ${dealFields} } ${wrong}`,
        );
        for (const id of [deal, contact])
          await send(contacts, { id, contactIds: [contact, contact] });
      }
      const move = mutation(
        "moveDeal",
        { id: "ID!", stage: "String!" },
        `deal { ${dealFields} } ${wrong}`,
      );
      for (const stage of ["qualified", "qualified", "closed_lost"])
        await send(move, { id: deal, stage });
    });
  });

  it("to several fields, each of which is read before the next one runs", async () => {
    const answers = await expectAlike(async (side) => {
      const { send } = side;
      const account = await newAccount(side, "Several");
      const create = textsOf("Deal", "Deals", "id").create;
      const made = await send(create, { input: crane(account, 60) });
      const id = at(made, "createDeal", "deal", "id");
      const several = `mutation ($id: ID!, $first: UpdateDealInput!, $second: UpdateDealInput!) { __typename
        a: updateDeal(id: $id, input: $first) { deal { version name } ...Wrong }
        b: updateDeal(id: $id, input: $second) { deal { version name } ...Wrong }
        c: updateDeal(id: $id, input: { name: "last" }) { deal { version name } }
      } fragment Wrong on UpdateDealPayload { ${wrong} }`;
      for (const second of [{ name: "two" }, { name: "three", version: 1 }, { name: "four" }]) {
        await send(several, { id, first: { name: "one" }, second });
        await send(several, { id, first: { name: "one", version: 1 }, second });
      }
    });
    expect(answers.at(-2)).toContain('"a":{"deal":{"version":');
  });

  it("to directives, fragments and aliases", async () => {
    await expectAlike(async (side) => {
      const account = await newAccount(side, "Directed");
      const query = `mutation M($input: CreateContactInput!, $long: Boolean!, $first: Int = 2) {
        made: createContact(input: $input) { ...P @include(if: $long) ...Q }
      } fragment P on CreateContactPayload { contact { ...C email } userErrors { code } }
      fragment Q on CreateContactPayload { __typename contact { id ...C } }
      fragment C on Contact { lastName account { contacts(first: $first) { nodes { lastName } } } }`;
      for (const [serial, long, first] of [
        [71, true, 1],
        [72, false, 1],
        [73, true, undefined],
        [71, false, 1],
      ] as const) {
        await side.send(query, { input: nora(account, serial), long, first });
      }
    });
  });

  it("to pages that are wrong in a later call of the same shape", async () => {
    const answers = await expectAlike(async (side) => {
      const account_id = await newAccount(side, "Paged");
      const payload =
        "{ contact { account { contacts(first: $first, after: $after) { edges { cursor } } } } }";
      const declared = "mutation ($input: CreateContactInput!, $first: Int, $after: String)";
      const one = `${declared} { createContact(input: $input) ${payload} }`;
      const two = `${declared} { a: createContact(input: $input) ${payload} createContact(input: { account_id: "${account_id}", last_name: "Last" }) { contact { lastName } } }`;
      const cursor = (order: string) =>
        Buffer.from(JSON.stringify([order, "2026-01-01", account_id.slice(4)])).toString(
          "base64url",
        );
      const [own, foreign] = ["contact", "deal"].map((entity) =>
        cursor(`${entity}: createdAt desc,id desc`),
      );
      let serial = 900;
      for (const query of [one, two]) {
        for (const [first, after] of [
          [1, own],
          [1, own],
          [0, own],
          [101, own],
          [1, foreign],
          [1, own],
        ] as const) {
          await side.send(query, { input: nora(account_id, (serial += 1)), first, after });
        }
      }
    });
    expect(answers.join()).toMatch(/another list or order.*"createContact":\{"contact"/s);
  });

  it("to a caller without the scope, and to repeated idempotency keys", async () => {
    await expectAlike(async (side) => {
      const { send, texts } = side;
      const account = await newAccount(side, "Again");
      const { create } = textsOf("Contact", "Contacts", contactFields);
      await send(create, { input: nora(account, 80) }, { key: "reader" });
      for (const serial of [81, 82, 81]) {
        const from = texts.length;
        const idempotencyKey = `again ${serial} ${account}`;
        await send(create, { input: nora(account, serial) }, { idempotencyKey });
        await send(create, { input: nora(account, serial) }, { idempotencyKey });
        const [first, second] = texts.slice(from).map((one) => one.split('"extensions"')[0]);
        expect(second).toBe(first);
        await send(create, { input: nora(account, serial + 10) }, { idempotencyKey });
      }
    });
  });

  it("and compiled statements show the written records", async () => {
    const count = await metricOf(gateway, 'crm_operations_total{lane="compiled",type="mutation"}');
    expect(compiled.good).toBeGreaterThan(40);
    expect(count).toBeGreaterThanOrEqual(compiled.good);
  });
});

describe("the statements of a mutation", () => {
  const batch = mutation(
    "createContacts",
    { inputs: "[CreateContactInput!]!" },
    batchOf(`contact { ${contactFields} }`),
  );
  const single = mutation(
    "createContact",
    { input: "CreateContactInput!" },
    `contact { ${contactFields} } ${wrong}`,
  );

  it("are its verb's and one more for any selection, for one record and for 100", async () => {
    const account = await newAccount(compiled, "Counted");
    let serial = 1_000;
    const count = async (query: string, variables: () => Values): Promise<number> => {
      gateway.statements.clear();
      await compiled.send(query, variables());
      return gateway.statements.all().length;
    };
    const input = (): Values => ({ input: nora(account, (serial += 1)) });
    const hundred = (): Values => ({
      inputs: Array.from({ length: 100 }, () => nora(account, (serial += 1))),
    });
    const verbOnly = [
      await count(
        "mutation ($input: CreateContactInput!) { createContact(input: $input) { userErrors { code } } }",
        input,
      ),
      await count(
        "mutation ($inputs: [CreateContactInput!]!) { createContacts(inputs: $inputs) { written } }",
        hundred,
      ),
    ];
    for (const way of ["as a new document", "as one that came before"]) {
      const all = [await count(single, input), await count(batch, hundred)];
      expect({ way, all }).toEqual({ way, all: verbOnly.map((statements) => statements + 1) });
      const [last] = compiled.texts.slice(-1);
      expect(listAt(JSON.parse(last ?? ""), "data", "createContacts", "results")).toHaveLength(100);
    }
  });

  it("run once, also when resolvers print the payload", async () => {
    const create = mutation("createContact", { input: "CreateContactInput!" }, "contact { id }");
    const update = `mutation ($id: ID!, $input: UpdateContactInput!, $after: String) {
      updateContact(id: $id, input: $input) { ${wrong} contact { version account {
        contacts(first: 1, after: $after, orderBy: [{ createdAt: asc }]) { pageInfo { endCursor } } } } } }`;
    const answers = await expectAlike(async (side) => {
      const account_id = await newAccount(side, "Once");
      const made = await side.send(create, { input: { ...nora(account_id, 1), account_id } });
      const id = at(made, "createContact", "contact", "id");
      const input = { job_title: "Buyer" };
      const first = await side.send(update, { id, input });
      const contacts = ["updateContact", "contact", "account", "contacts"];
      const cursor = String(at(first, ...contacts, "pageInfo", "endCursor"));
      const [order] = JSON.parse(Buffer.from(cursor, "base64url").toString());
      // PostgreSQL cannot read this cursor's time.
      const after = Buffer.from(JSON.stringify([order, "noon", "noon"])).toString("base64url");
      for (const variables of [{ after }, { input: { version: 1 } }, {}]) {
        gateway.statements.clear();
        await side.send(update, { id, input, ...variables });
        if (side === interpreted) continue;
        const begun = gateway.statements.all().filter(({ text }) => text.startsWith("BEGIN"));
        expect(begun).toHaveLength(1);
      }
    });
    expect(answers.slice(-3, -1).join()).toMatch(/not a cursor.*ConflictError/s);
    expect(answers.at(-1)).toContain('"version":4');
  });
});
