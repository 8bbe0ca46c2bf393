import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Made, TenantFixtures } from "../support/samples/fixtures.ts";
import { at, type TestGateway } from "../support/gateway/gateway.ts";
import { RowWriter } from "../support/writes/row-writer.ts";
import { rowsOf } from "../support/writes/writes.ts";
import { startTenant } from "../support/gateway/one-tenant.ts";

let gateway: TestGateway;
let tenant: TenantFixtures;
let key: string;
let write: Record<"account" | "contact" | "deal" | "quote" | "lineItem", RowWriter>;

beforeAll(async () => {
  ({ gateway, tenant, key } = await startTenant("ours"));
  write = {
    account: new RowWriter(gateway, key, "accounts"),
    contact: new RowWriter(gateway, key, "contacts"),
    deal: new RowWriter(gateway, key, "deals"),
    quote: new RowWriter(gateway, key, "quotes"),
    lineItem: new RowWriter(gateway, key, "lineItems"),
  };
});
afterAll(() => gateway.close());

/** What a column holds of records, in their order. */
async function stored(table: string, column: string, records: readonly Made[]): Promise<unknown[]> {
  const rows = await rowsOf(
    gateway,
    `SELECT id, ${column} AS value FROM ${table} WHERE id = ANY ($1)`,
    records.map(({ uuid }) => uuid),
  );
  const values = new Map(rows.map(({ id, value }) => [id, value]));
  return records.map(({ uuid }) => values.get(uuid));
}

const problemsIn = (outcomes: readonly { readonly problems: readonly string[] }[]): unknown[] =>
  outcomes.map(({ problems }) => problems.join());

/** Kinds of records with a unique value: where it is stored, and how three records with other values are made. */
const kinds = {
  account: {
    table: "accounts",
    field: "email",
    make: (text: string) => tenant.account({ email: `${text}@unique.example` }),
    value: (text: string) => `${text}@unique.example`,
  },
  contact: {
    table: "contacts",
    field: "email",
    make: (text: string) => tenant.contact(null, { email: `${text}@unique.example` }),
    value: (text: string) => `${text}@unique.example`,
  },
  deal: {
    table: "deals",
    field: "deal_number",
    make: async (text: string) => tenant.deal(await tenant.account(), { dealNumber: text }),
    value: (text: string) => text,
  },
  quote: {
    table: "quotes",
    field: "quote_number",
    make: async (text: string) => tenant.quote(await tenant.account(), null, { quoteNumber: text }),
    value: (text: string) => text,
  },
} as const;

describe.each(["account", "contact", "deal", "quote"] as const)("unique values of %ss", (kind) => {
  const { table, field, make, value } = kinds[kind];

  /** Three records that hold `a…`, `b…` and `c…`, and a change of one of them. */
  const three = async () => {
    const tag = gateway.fixtures.next();
    const records = [await make(`a${tag}`), await make(`b${tag}`), await make(`c${tag}`)];
    const text = (letter: string) => value(`${letter}${tag}`);
    const row = (place: number, letter: string) => ({
      id: records[place]?.id,
      [field]: text(letter),
    });
    return { records, row, text };
  };

  it("are swapped, rotated and handed over within one call, in whatever order", async () => {
    const swapped = await three();
    await write[kind].update([swapped.row(0, "b"), swapped.row(1, "a")]);
    expect(await stored(table, field, swapped.records)).toEqual(["b", "a", "c"].map(swapped.text));

    const rotated = await three();
    await write[kind].update([rotated.row(0, "b"), rotated.row(1, "c"), rotated.row(2, "a")]);
    expect(await stored(table, field, rotated.records)).toEqual(["b", "c", "a"].map(rotated.text));

    const handed = await three();
    await write[kind].update([handed.row(0, "b"), handed.row(1, "d")]);
    expect(await stored(table, field, handed.records)).toEqual(["b", "d", "c"].map(handed.text));
    const [{ versions } = {}] = await rowsOf(
      gateway,
      `SELECT array_agg(version ORDER BY id) AS versions FROM ${table} WHERE id = ANY ($1)`,
      handed.records.map(({ uuid }) => uuid),
    );
    expect(versions).toEqual([2, 2, 1]);
  });

  it("go by row order where others go on", async () => {
    const { records, row, text } = await three();
    const outcomes = await write[kind].update([row(0, "b"), row(1, "d"), row(2, "b")], "continue");
    expect(problemsIn(outcomes)).toEqual([`DUPLICATE ${field}`, "", ""]);
    expect(await stored(table, field, records)).toEqual(["a", "d", "b"].map(text));
  });

  it("that a refused row would have freed stay taken", async () => {
    const { records, row, text } = await three();
    const taken = { ...row(1, "d"), version: 7 };
    const outcomes = await write[kind].update([taken, row(0, "b")], "continue");
    expect(problemsIn(outcomes)).toEqual(["CONFLICT version", `DUPLICATE ${field}`]);
    expect(await stored(table, field, records)).toEqual(["a", "b", "c"].map(text));
  });

  it("that two rows want, or that one keeps, are refused", async () => {
    const { row } = await three();
    const both = await write[kind].update([row(0, "d"), row(1, "d")]);
    expect(problemsIn(both)).toEqual(["", `DUPLICATE ${field}`]);
    const [, kept] = [row(0, "b"), { id: row(1, "b").id, tags: ["kept"] }];
    const outcomes = await write[kind].update([row(0, "b"), kept]);
    expect(problemsIn(outcomes)).toEqual([`DUPLICATE ${field}`, ""]);
  });
});

it("contacts with one email change places between two accounts", async () => {
  const [here, there] = [await tenant.account(), await tenant.account()];
  const one = await tenant.contact(here, { email: "same@places.example" });
  const other = await tenant.contact(there, { email: "same@places.example" });
  const outcomes = await write.contact.update([
    { id: one.id, account_id: there.id },
    { id: other.id, account_id: here.id },
  ]);
  expect(problemsIn(outcomes)).toEqual(["", ""]);
  expect(await stored("contacts", "account_id", [one, other])).toEqual([there.uuid, here.uuid]);
});

describe("a manager and a report who go to another account in one call", () => {
  const team = async () => {
    const [here, there] = [await tenant.account(), await tenant.account()];
    const manager = await tenant.contact(here);
    const report = await tenant.contact(here, { reportsToContactId: manager.uuid });
    const moves = (follows: boolean) => [
      { id: report.id, account_id: there.id, reports_to_contact_id: manager.id },
      ...(follows ? [{ id: manager.id, account_id: there.id }] : []),
    ];
    return { manager, report, moves };
  };

  it("stay what they are to each other", async () => {
    const { manager, report, moves } = await team();
    expect(problemsIn(await write.contact.update(moves(true)))).toEqual(["", ""]);
    const [there] = await stored("contacts", "reports_to_contact_id", [report]);
    expect(there).toBe(manager.uuid);
  });

  it("cannot where the manager stays, or has not gone yet", async () => {
    const { moves } = await team();
    const stays = await write.contact.update(moves(false));
    expect(problemsIn(stays)).toEqual(["BAD_USER_INPUT reports_to_contact_id"]);
    const outcomes = await write.contact.update(moves(true), "continue");
    expect(problemsIn(outcomes)).toEqual(["BAD_USER_INPUT reports_to_contact_id", ""]);
  });

  it("a manager who leaves in a later row is none", async () => {
    const { manager, report } = await team();
    const elsewhere = await tenant.account();
    const outcomes = await write.contact.update([
      { id: report.id, reports_to_contact_id: manager.id },
      { id: manager.id, account_id: elsewhere.id },
    ]);
    expect(problemsIn(outcomes)).toEqual(["BAD_USER_INPUT reports_to_contact_id", ""]);
  });
});

describe("a hierarchy that is rebuilt in one call", () => {
  it("may pass a circle between its rows, and may not end in one", async () => {
    const top = await tenant.account();
    const below = await tenant.account({ parentAccountId: top.uuid });
    const swap = [
      { id: top.id, parent_account_id: below.id },
      { id: below.id, parent_account_id: null },
    ];
    const inOrder = await write.account.update(swap, "continue");
    expect(problemsIn(inOrder)).toEqual(["BAD_USER_INPUT parent_account_id", ""]);
    await write.account.update([{ id: below.id, parent_account_id: top.id }]);
    expect(problemsIn(await write.account.update(swap))).toEqual(["", ""]);
    const other = await tenant.account();
    const circle = await write.account.update([
      { id: below.id, parent_account_id: other.id },
      { id: other.id, parent_account_id: top.id },
    ]);
    expect(problemsIn(circle)).toEqual(["", "BAD_USER_INPUT parent_account_id"]);
  });

  it("is as deep as it is afterwards", async () => {
    const chain: Made[] = [];
    for (let level = 0; level < 50; level += 1) {
      chain.push(await tenant.account({ parentAccountId: chain.at(-1)?.uuid ?? null }));
    }
    const [first, middle, last] = [chain[0], chain[25], chain[49]];
    const roof = await tenant.account();
    // The lower half hangs below the top, so that there is room above it and below its end.
    const rows = [
      { id: first?.id, parent_account_id: roof.id },
      { id: middle?.id, parent_account_id: first?.id },
    ];
    expect(problemsIn(await write.account.update(rows))).toEqual(["", ""]);
    const back = [
      { id: middle?.id, parent_account_id: chain[24]?.id },
      { id: first?.id, parent_account_id: null },
    ];
    const inOrder = await write.account.update(back, "continue");
    expect(problemsIn(inOrder)).toEqual(["BAD_USER_INPUT parent_account_id", ""]);
    expect(problemsIn(await write.account.update(back))).toEqual(["", ""]);
    const deeper = [{ id: roof.id, parent_account_id: last?.id }];
    expect(problemsIn(await write.account.update(deeper))).toEqual([
      "BAD_USER_INPUT parent_account_id",
    ]);
  });
});

it("a total has room for the lines that there are afterwards", async () => {
  const quote = await tenant.quote(await tenant.account(), null);
  const line = (unit_price: string) => ({ quote_id: quote.id, unit_price });
  const [big, small] = await write.lineItem.create([line("999999999999998"), line("1")]);
  const outcomes = await write.lineItem.update([
    { id: small?.id, unit_price: "999999999999998" },
    { id: big?.id, unit_price: "1" },
  ]);
  expect(problemsIn(outcomes)).toEqual(["", ""]);
  expect(await stored("quotes", "total::text", [quote])).toEqual(["999999999999999.0000"]);
});

describe("records that come back in one call", () => {
  it("a row that is refused takes nothing from the next", async () => {
    const [gone, lives] = [await tenant.account(), await tenant.account()];
    const first = await write.deal.made({ account_id: gone.id, deal_number: "TWICE-1" });
    await write.deal.delete(first);
    const second = await write.deal.made({ account_id: lives.id, deal_number: "TWICE-1" });
    await write.deal.delete(second);
    await write.account.delete(gone.id);
    const outcomes = await write.deal.remove("restore", [first, second], "continue");
    expect(problemsIn(outcomes)).toEqual(["BAD_USER_INPUT account_id", ""]);
  });

  it("contents go by the order of the rows, and count only if they come back", async () => {
    const account = await tenant.account();
    const deals: string[] = [];
    for (const _ of [1, 2, 3]) {
      const deal = await write.deal.made({ account_id: account.id });
      await write.quote.made({ account_id: account.id, deal_id: deal, quote_number: "Q-CONTENT" });
      await write.deal.delete(deal);
      deals.push(deal);
    }
    const [one = "", two = "", three = ""] = deals;
    const taken = await write.deal.made({
      account_id: account.id,
      deal_number: (await numberOf(three)) ?? "",
    });
    const outcomes = await write.deal.remove("restore", [three, two, one], "continue");
    expect(problemsIn(outcomes)).toEqual([
      "DUPLICATE deal_number",
      "",
      "DUPLICATE quotes.quote_number",
    ]);
    expect(taken).not.toBeNull();
  });

  it("of lines whose quote has room for one of them, the first comes back", async () => {
    const quote = await tenant.quote(await tenant.account(), null);
    const gone = { deletedAt: "2026-11-01T00:00:00Z", total: "999999999999999" };
    const lines = [await tenant.lineItem(quote, gone), await tenant.lineItem(quote, gone)];
    const ids = lines.map(({ id }) => id);
    const outcomes = await write.lineItem.remove("restore", ids, "continue");
    expect(problemsIn(outcomes)).toEqual(["", "BAD_USER_INPUT quantity"]);
  });
});

async function numberOf(id: string): Promise<string | null> {
  const [row] = await rowsOf(
    gateway,
    "SELECT deal_number FROM deals WHERE id = $1::uuid",
    id.slice("deal-".length),
  );
  return row === undefined ? null : String(row["deal_number"]);
}

it("an upsert that brings a record back with another value does not ask for the old one", async () => {
  const account = { domain: "came-back.example", email: "old@came-back.example" };
  const gone = await write.account.made(account);
  await write.account.delete(gone);
  await write.account.made({ email: account.email });
  const data = await gateway.data(
    key,
    `mutation($input: UpsertAccountInput!) { upsertAccount(input: $input, by: domain, restore: true) {
      created account { id email } userErrors { code path } } }`,
    { input: { domain: account.domain, email: "new@came-back.example" } },
  );
  expect(at(data, "upsertAccount")).toEqual({
    created: false,
    account: { id: gone, email: "new@came-back.example" },
    userErrors: [],
  });
});

it("callers who hand emails around at once leave each with one contact, and no error", async () => {
  const emails = ["a", "b", "c"];
  const made: Made[] = [];
  for (const text of emails) {
    made.push(await tenant.contact(null, { email: `${text}@racers.example` }));
  }
  const race = async (turn: number): Promise<void> => {
    const texts = emails.map((_, index) => emails[(index + turn) % 3] ?? "");
    const rows = made.map(({ id }, index) => ({ id, email: `${texts[index]}@racers.example` }));
    const onError = turn % 2 === 0 ? "abort" : "continue";
    const outcomes = await Promise.all([
      write.contact.update(rows, onError),
      write.contact.create([{ email: `${emails[turn % 3]}@racers.example` }], onError),
      write.contact.update([...rows].toReversed().slice(turn % 3), onError),
    ]);
    for (const { problems } of outcomes.flat()) {
      expect(problems.filter((problem) => problem !== "DUPLICATE email")).toEqual([]);
    }
  };
  await Promise.all(Array.from({ length: 6 }, (_, turn) => race(turn)));
  const rows = await rowsOf(
    gateway,
    "SELECT email_key, count(*)::int AS count FROM contacts WHERE email_key LIKE '%@racers.example' AND deleted_at IS NULL GROUP BY 1 HAVING count(*) > 1",
  );
  expect(rows).toEqual([]);
});
