import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { emailKey } from "../../src/model/kinds/email.ts";
import type { Made, TenantFixtures } from "../support/samples/fixtures.ts";
import { at, listAt, startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { idOf, problemsOf } from "../support/writes/mutation.ts";
import { uuidOf } from "../support/samples/one-of-each.ts";
import { Writes } from "../support/writes/writes.ts";

let gateway: TestGateway;
let tenant: TenantFixtures;
let account: Made;
let write: Writes;

beforeAll(async () => {
  gateway = await startGateway({ logLevel: "silent" });
  tenant = await gateway.fixtures.tenant("errors");
  account = await tenant.account();
  write = new Writes(gateway, await gateway.keyFor(tenant.slug));
});
afterAll(() => gateway.close());

/** Everything that a write can leave behind. */
async function everything(): Promise<unknown> {
  const { rows } = await gateway.fixtures.client.query(
    `SELECT (SELECT count(*) FROM accounts) AS accounts, (SELECT count(*) FROM deals) AS deals,
       (SELECT count(*) FROM quotes) AS quotes, (SELECT count(*) FROM line_items) AS line_items,
       (SELECT count(*) FROM change_events) AS events, (SELECT sum(version) FROM deals) AS versions`,
  );
  return rows;
}

describe("what a caller got wrong comes back as data", () => {
  it("with message, code, path and a type of its own; nothing is written", async () => {
    const before = await everything();
    const outcome = await write.create("Deal", { account_id: account.id, probability: 101 });
    expect(outcome.payload).toEqual({
      deal: null,
      userErrors: [
        {
          __typename: "ValidationError",
          code: "BAD_USER_INPUT",
          path: ["probability"],
          message: "probability must be from 0 to 100",
        },
      ],
    });
    expect(await everything()).toEqual(before);
  });

  it("path is the input path in REST names, with the places in lists", async () => {
    const quote = await write.create("Quote", {
      account_id: account.id,
      validity_date: "soon",
      line_items: [{}, { unit_price: 1 }, { quantity: "x", unit_price: "1.00001" }],
    });
    expect(problemsOf(quote).toSorted()).toEqual([
      "BAD_USER_INPUT line_items.2.quantity",
      "BAD_USER_INPUT line_items.2.unit_price",
      "BAD_USER_INPUT validity_date",
    ]);
    const owner = await write.create("Account", {
      addresses: [{ city: "Bern" }, { city: "x".repeat(1_001) }],
      tags: ["fine", "t".repeat(65)],
    });
    expect(problemsOf(owner).toSorted()).toEqual([
      "BAD_USER_INPUT addresses.1.city",
      "BAD_USER_INPUT tags.1",
    ]);
  });

  it("an id with a wrong prefix names the field", async () => {
    const contact = await tenant.contact(account);
    const deal = await write.create("Deal", { account_id: contact.id });
    expect(problemsOf(deal)).toEqual(["BAD_USER_INPUT account_id"]);
    const update = await write.update("Deal", account.id, { name: "x" });
    expect(problemsOf(update)).toEqual(["BAD_USER_INPUT id"]);
  });
});

describe("all problems of an input are reported at once", () => {
  it("of values, of rules and of what it names", async () => {
    const outcome = await write.create("Deal", {
      account_id: `acc-${crypto.randomUUID()}`,
      currency: "dollars",
      value: "1.23456",
      probability: -1,
      stage: "closed_lost",
      expected_close_date: "31.12.2026",
      contact_ids: [`con-${crypto.randomUUID()}`],
      tags: [""],
      custom_fields: [],
    });
    expect(problemsOf(outcome).toSorted()).toEqual([
      "BAD_USER_INPUT currency",
      "BAD_USER_INPUT custom_fields",
      "BAD_USER_INPUT expected_close_date",
      "BAD_USER_INPUT loss_category",
      "BAD_USER_INPUT loss_reason",
      "BAD_USER_INPUT probability",
      "BAD_USER_INPUT tags",
      "BAD_USER_INPUT value",
      "NOT_FOUND account_id",
      "NOT_FOUND contact_ids.0",
    ]);
  });

  it("a duplicate too", async () => {
    const email = "all@errors.example";
    const existing = idOf(await write.created("Account", { email }));
    const outcome = await write.create("Account", { email, employee_count: -1 });
    expect(problemsOf(outcome).toSorted()).toEqual([
      "BAD_USER_INPUT employee_count",
      "DUPLICATE email",
    ]);
    expect(outcome.userErrors).toContainEqual(expect.objectContaining({ existingId: existing }));
  });

  it("a conflict too", async () => {
    const id = idOf(await write.created("Deal", { account_id: account.id }));
    const outcome = await write.update("Deal", id, { version: 4, probability: 500, value: "x" });
    expect(problemsOf(outcome).toSorted()).toEqual([
      "BAD_USER_INPUT probability",
      "BAD_USER_INPUT value",
      "CONFLICT version",
    ]);
  });

  it.each([
    ["that is not there", () => `deal-${crypto.randomUUID()}`, "NOT_FOUND id"],
    ["whose id cannot be read", () => "deal-7", "BAD_USER_INPUT id"],
  ])("a change of a record %s too", async (_which, id, problem) => {
    const outcome = await write.update("Deal", id(), { probability: 500 });
    expect(problemsOf(outcome).toSorted()).toEqual(
      ["BAD_USER_INPUT probability", problem].toSorted(),
    );
  });

  it("each row of a call has its own", async () => {
    const taken = idOf(await write.created("Deal", { account_id: account.id, deal_number: "D-1" }));
    const before = await everything();
    const data = await gateway.data(
      write.key,
      `mutation ($inputs: [CreateDealInput!]!) { createDeals(inputs: $inputs) {
        written results { index deal { id } userErrors { code path ... on DuplicateError { existingId } } }
      } }`,
      {
        inputs: [
          { account_id: account.id },
          { account_id: account.id, probability: 500, value: "x" },
          { account_id: account.id, deal_number: "D-1" },
        ],
      },
    );
    expect(at(data, "createDeals")).toEqual({
      written: 0,
      results: [
        { index: 0, deal: null, userErrors: [] },
        {
          index: 1,
          deal: null,
          userErrors: expect.arrayContaining([
            { code: "BAD_USER_INPUT", path: ["probability"] },
            { code: "BAD_USER_INPUT", path: ["value"] },
          ]),
        },
        {
          index: 2,
          deal: null,
          userErrors: [{ code: "DUPLICATE", path: ["deal_number"], existingId: taken }],
        },
      ],
    });
    expect(await everything()).toEqual(before);
  });

  it("and nothing that follows from another problem", async () => {
    const deal = await tenant.deal(account);
    for (const type of ["Quote", "Activity"]) {
      const outcome = await write.create(type, { account_id: "acc-7", deal_id: deal.id });
      expect(problemsOf(outcome)).toEqual(["BAD_USER_INPUT account_id"]);
    }
    const quote = await write.create("Quote", {
      account_id: account.id,
      currency: "euros",
      line_items: [{ currency: "EUR" }],
    });
    expect(problemsOf(quote)).toEqual(["BAD_USER_INPUT currency"]);
  });
});

describe("DuplicateError.existingId", () => {
  const cases = [
    ["Account", { email: "Taken@errors.example" }, { email: "tAKEN@errors.example" }, "email"],
    ["Contact", { email: "Taken@errors.example" }, { email: "tAKEN@errors.example" }, "email"],
    ["Deal", { deal_number: "DEAL-1" }, { deal_number: "DEAL-1" }, "deal_number"],
    ["Quote", { quote_number: "Q-1" }, { quote_number: "Q-1" }, "quote_number"],
  ] as const;

  it.each(cases)("is the live %s that has the value", async (type, first, second, field) => {
    const owner = type === "Account" ? {} : { account_id: account.id };
    const existing = idOf(await write.created(type, { ...owner, ...first }));
    const other = idOf(await write.created(type, owner));
    const deleted = idOf(await write.created(type, owner));
    const value = Object.values(second)[0] ?? "";
    const keys = field === "email" ? `, email_key = '${emailKey(value)}'` : "";
    await gateway.fixtures.client.query(
      `UPDATE ${type.toLowerCase()}s SET ${field} = $1${keys}, deleted_at = now() WHERE id = $2`,
      [value, uuidOf(deleted)],
    );
    for (const outcome of [
      await write.create(type, { ...owner, ...second }),
      await write.update(type, other, second),
      await write.restore(type, deleted),
    ]) {
      expect(outcome.record).toBeNull();
      expect(outcome.userErrors).toEqual([
        {
          __typename: "DuplicateError",
          code: "DUPLICATE",
          path: [field],
          message: expect.stringContaining("taken"),
          existingId: existing,
          existing: { id: existing },
        },
      ]);
    }
  });

  it("is also told when the value was taken a moment ago", async () => {
    const email = "race@errors.example";
    const outcomes = await Promise.all(
      Array.from({ length: 8 }, () => write.create("Account", { email })),
    );
    const winner = outcomes.find(({ record }) => record !== null);
    const id = idOf(winner?.record);
    for (const outcome of outcomes.filter((one) => one !== winner)) {
      expect(outcome.userErrors).toMatchObject([{ code: "DUPLICATE", existingId: id }]);
    }
  });
});

it("ConflictError.current is the record as it is now, and nothing is written", async () => {
  const id = idOf(await write.created("Deal", { account_id: account.id, name: "First" }));
  await write.updated("Deal", id, { name: "Second" });
  const query = `mutation ($id: ID!, $input: UpdateDealInput!) { updateDeal(id: $id, input: $input) {
    deal { id }
    userErrors { __typename code path ... on ConflictError { current { id ... on Deal { name version account { id } } } } }
  } }`;
  const input = { name: "Lost", version: 1 };
  expect(await gateway.data(write.key, query, { id, input })).toEqual({
    updateDeal: {
      deal: null,
      userErrors: [
        {
          __typename: "ConflictError",
          code: "CONFLICT",
          path: ["version"],
          current: { id, name: "Second", version: 2, account: { id: account.id } },
        },
      ],
    },
  });
  expect(await write.read("Deal", id, "name version")).toEqual({ name: "Second", version: 2 });
});

describe("what is wrong with the request itself is a top-level error", () => {
  const mutation =
    "mutation ($input: CreateDealInput!) { createDeal(input: $input) { deal { id } } }";

  it("an unknown field, which it names", async () => {
    const input = { account_id: account.id, nickname: "x" };
    const { data, errors = [] } = await gateway.ask(write.key, mutation, { input });
    expect(data).toBeUndefined();
    expect(errors).toHaveLength(1);
    expect(errors[0]?.extensions.code).toBe("BAD_USER_INPUT");
    expect(errors[0]?.message).toContain("nickname");
  });

  it("more rows than a call may have", async () => {
    const inputs = Array.from({ length: 1_001 }, () => ({ account_id: account.id }));
    const query =
      "mutation ($inputs: [CreateDealInput!]!) { createDeals(inputs: $inputs) { written } }";
    const { errors = [] } = await gateway.ask(write.key, query, { inputs });
    expect(errors.map(({ extensions }) => extensions.code)).toEqual(["BAD_USER_INPUT"]);
  });

  it("a credential that does not work", async () => {
    const { errors = [] } = await gateway.ask("crm_live_nothing", mutation, { input: {} });
    expect(errors.map(({ extensions }) => extensions.code)).toEqual(["UNAUTHENTICATED"]);
  });

  it("an unexpected failure is INTERNAL with a request id, and tells nothing else", async () => {
    const { client } = gateway.fixtures;
    await client.query("ALTER TABLE deals RENAME COLUMN closure_notes TO gone");
    try {
      const input = { account_id: account.id };
      const { errors = [] } = await gateway.ask(write.key, mutation, { input });
      expect(errors).toHaveLength(1);
      expect(errors[0]?.extensions).toMatchObject({
        code: "INTERNAL",
        requestId: expect.stringMatching(/.+/),
      });
      expect(JSON.stringify(errors)).not.toMatch(/closure_notes|relation|select|insert|deals/i);
    } finally {
      await client.query("ALTER TABLE deals RENAME COLUMN gone TO closure_notes");
    }
  });

  it("no message names a table, a constraint or SQL", async () => {
    const messages: unknown[] = [];
    const strange = ["'; DROP TABLE deals; --", "\u0000", "\ud800", "💥".repeat(600)];
    for (const text of strange) {
      for (const input of [{ deal_number: text }, { stage: text }, { owner_id: text }]) {
        const outcome = await write.create("Deal", { account_id: account.id, ...input });
        messages.push(...outcome.userErrors.map((error) => at(error, "message")));
      }
    }
    expect(messages.length).toBeGreaterThan(5);
    expect(JSON.stringify(messages)).not.toMatch(
      /violates|constraint|syntax error|_key|_pkey|_idx/i,
    );
    const read = await gateway.data(write.key, "{ deals { nodes { id } } }");
    expect(listAt(read, "deals", "nodes").length).toBeGreaterThan(0);
  });
});
