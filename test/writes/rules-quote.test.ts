import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Made, TenantFixtures } from "../support/samples/fixtures.ts";
import { at, listAt, startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { idOf, problemsOf } from "../support/writes/mutation.ts";
import { noon } from "../support/samples/noon.ts";
import { uuidOf } from "../support/samples/one-of-each.ts";
import { Writes } from "../support/writes/writes.ts";

let gateway: TestGateway;
let tenant: TenantFixtures;
let account: Made;
let write: Writes;
const { timeZone: time_zone, today } = noon();

beforeAll(async () => {
  gateway = await startGateway();
  tenant = await gateway.fixtures.tenant("quotes", { default_currency: "CHF", time_zone });
  account = await tenant.account();
  write = new Writes(gateway, await gateway.keyFor(tenant.slug));
});
afterAll(() => gateway.close());

type Values = Readonly<Record<string, unknown>>;
const make = (values: Values = {}, selection?: string) =>
  write.created("Quote", { account_id: account.id, ...values }, selection);
const attempt = (values: Values = {}) =>
  write.create("Quote", { account_id: account.id, ...values });
const change = (id: string, values: Values, selection?: string) =>
  write.updated("Quote", id, values, selection);

describe("account_id and deal_id", () => {
  it("account_id is needed on create", async () => {
    const query =
      "mutation ($input: CreateQuoteInput!) { createQuote(input: $input) { quote { id } } }";
    const { errors = [] } = await gateway.ask(write.key, query, { input: { name: "no account" } });
    expect(errors.map(({ extensions }) => extensions.code)).toEqual(["BAD_USER_INPUT"]);
    expect(errors[0]?.message).toContain("account_id");
    const cleared = await write.update("Quote", idOf(await make()), { account_id: null });
    expect(problemsOf(cleared)).toEqual(["BAD_USER_INPUT account_id"]);
  });

  it("deal_id names a deal of the same account, walked both ways", async () => {
    const deal = await tenant.deal(account);
    const selection = "id account { quotes { nodes { id } } } deal { id quotes { nodes { id } } }";
    const quote = await make({ deal_id: deal.id }, selection);
    expect(at(quote, "deal")).toEqual({ id: deal.id, quotes: { nodes: [{ id: idOf(quote) }] } });
    expect(listAt(quote, "account", "quotes", "nodes").map(idOf)).toContain(idOf(quote));
  });

  it("deal_id of another account is an error, also when either moves", async () => {
    const other = await tenant.account();
    const [own, stranger] = [await tenant.deal(account), await tenant.deal(other)];
    const problem = ["BAD_USER_INPUT deal_id"];
    expect(problemsOf(await attempt({ deal_id: stranger.id }))).toEqual(problem);
    const id = idOf(await make({ deal_id: own.id }));
    expect(problemsOf(await write.update("Quote", id, { deal_id: stranger.id }))).toEqual(problem);
    expect(problemsOf(await write.update("Quote", id, { account_id: other.id }))).toEqual(problem);
    const both = { account_id: other.id, deal_id: stranger.id };
    expect(problemsOf(await write.update("Quote", id, both))).toEqual([]);
    const moved = await write.update("Deal", stranger.id, { account_id: account.id });
    expect(problemsOf(moved)).toEqual(["BAD_USER_INPUT account_id"]);
  });
});

describe("quote_number", () => {
  it("is Q-<year>-<number>, counted per tenant and year", async () => {
    const calls = await Promise.all(
      ["counts", "counts-too"].map(async (slug) => {
        const owner = await (await gateway.fixtures.tenant(slug, { time_zone })).account();
        const own = new Writes(gateway, await gateway.keyFor(slug));
        const input = { account_id: owner.id };
        const first = at(await own.created("Quote", input, "quoteNumber"), "quoteNumber");
        return [first, at(await own.created("Quote", input, "quoteNumber"), "quoteNumber")];
      }),
    );
    const [first, second] = ["00001", "00002"].map((number) => `Q-${today.slice(0, 4)}-${number}`);
    expect(calls).toEqual([
      [first, second],
      [first, second],
    ]);
  });

  it("given on input is kept if free, and a duplicate of a live quote's otherwise", async () => {
    const selection = "id quoteNumber";
    const quote = await make({ quote_number: "Q-1999-892" }, selection);
    expect(at(quote, "quoteNumber")).toBe("Q-1999-892");
    const again = await attempt({ quote_number: "Q-1999-892" });
    expect(problemsOf(again)).toEqual(["DUPLICATE quote_number"]);
    expect(again.userErrors[0]).toMatchObject({ existingId: idOf(quote) });
    await write.delete("Quote", idOf(quote));
    expect(problemsOf(await attempt({ quote_number: "Q-1999-892" }))).toEqual([]);
  });
});

it("currency is the tenant's unless given, and an ISO 4217 code", async () => {
  expect(await make({}, "currency")).toEqual({ currency: "CHF" });
  expect(await make({ currency: "EUR" }, "currency")).toEqual({ currency: "EUR" });
  expect(problemsOf(await attempt({ currency: "euros" }))).toEqual(["BAD_USER_INPUT currency"]);
});

it("its other fields are kept as given", async () => {
  const input = {
    name: "Cleaning",
    owner_id: "usr-1",
    contract_duration: "12 months",
    notes: "Net 30",
    tags: ["key"],
    custom_fields: { a: 1 },
  };
  const selection = "name ownerId contractDuration notes tags customFields";
  expect(await make(input, selection)).toEqual({
    name: "Cleaning",
    ownerId: "usr-1",
    contractDuration: "12 months",
    notes: "Net 30",
    tags: ["key"],
    customFields: { a: 1 },
  });
});

describe("status", () => {
  const statuses = ["draft", "sent", "accepted", "rejected", "expired"];
  const allowed: Readonly<Record<string, readonly string[]>> = {
    draft: ["sent"],
    sent: ["draft", "accepted", "rejected", "expired"],
  };
  const steps = statuses.flatMap((from) =>
    statuses.filter((to) => to !== from).map((to) => ({ from, to })),
  );

  it("is draft unless given", async () => {
    expect(await make({}, "status dateIssued")).toEqual({ status: "draft", dateIssued: null });
  });

  it.each(steps)("life of a quote: $from → $to", async ({ from, to }) => {
    const { id } = await tenant.quote(account, null, { status: from });
    const outcome = await write.update("Quote", id, { status: to, notes: "Moved" });
    const isAllowed = (allowed[from] ?? []).includes(to);
    expect(problemsOf(outcome)).toEqual(isAllowed ? [] : ["BAD_USER_INPUT status"]);
    const expected = isAllowed ? { status: to, notes: "Moved" } : { status: from, notes: null };
    expect(await write.read("Quote", id, "status notes")).toEqual(expected);
  });

  it.each(statuses)("%s may be sent back as it was read", async (status) => {
    const { id } = await tenant.quote(account, null, { status });
    expect(await change(id, { status, notes: "Same" }, "status notes")).toEqual({
      status,
      notes: "Same",
    });
  });

  it.each(["draft", "sent"])(
    "%s past its validity date reads as expired, which is final",
    async (status) => {
      const past = { status, validityDate: "2026-01-31" };
      const { id } = await tenant.quote(account, null, past);
      expect(await write.read("Quote", id, "status")).toEqual({ status: "expired" });
      for (const to of statuses.filter((one) => one !== "expired")) {
        const outcome = await write.update("Quote", id, { status: to });
        expect(problemsOf(outcome)).toEqual(["BAD_USER_INPUT status"]);
      }
      const { rows } = await gateway.fixtures.client.query(
        "SELECT status FROM quotes WHERE id = $1",
        [uuidOf(id)],
      );
      expect(rows).toEqual([{ status }]);
    },
  );

  it("sent past its validity date is not brought back by a later validity date", async () => {
    const past = { status: "sent", validityDate: "2026-01-31" };
    const { id } = await tenant.quote(account, null, past);
    const outcome = await write.update("Quote", id, { validity_date: "2999-01-01" });
    expect(problemsOf(outcome)).toEqual(["BAD_USER_INPUT validity_date"]);
    expect(await write.read("Quote", id, "status")).toEqual({ status: "expired" });
  });

  it.each(["accepted", "rejected"])("%s does not expire", async (status) => {
    const { id } = await tenant.quote(account, null, { status, validityDate: "2026-01-31" });
    expect(await write.read("Quote", id, "status")).toEqual({ status });
  });

  it("on its validity date a quote still holds", async () => {
    const { id } = await tenant.quote(account, null, { status: "sent", validityDate: today });
    expect(await write.read("Quote", id, "status")).toEqual({ status: "sent" });
  });
});

describe("date_issued", () => {
  it("is set when first sent, and not again", async () => {
    const id = idOf(await make());
    expect(await change(id, { status: "sent" }, "dateIssued")).toEqual({ dateIssued: today });
    await gateway.fixtures.client.query(
      "UPDATE quotes SET date_issued = '2026-01-02' WHERE id = $1",
      [uuidOf(id)],
    );
    const drafted = await change(id, { status: "draft" }, "dateIssued");
    expect(drafted).toEqual({ dateIssued: "2026-01-02" });
    const sentAgain = await change(id, { status: "sent" }, "dateIssued");
    expect(sentAgain).toEqual({ dateIssued: "2026-01-02" });
  });

  it("is set for a quote that is created as sent, and kept when given", async () => {
    expect(await make({ status: "sent" }, "dateIssued")).toEqual({ dateIssued: today });
    const given = { status: "sent", date_issued: "2026-02-03" };
    expect(await make(given, "dateIssued")).toEqual({ dateIssued: "2026-02-03" });
  });
});

describe("is_primary", () => {
  const state = "isPrimary version";

  it("holds for one live quote per deal: the last that was made so", async () => {
    const [deal, other] = [await tenant.deal(account), await tenant.deal(account)];
    const [first, second, elsewhere] = [
      idOf(await make({ deal_id: deal.id, is_primary: true })),
      idOf(await make({ deal_id: deal.id })),
      idOf(await make({ deal_id: other.id, is_primary: true })),
    ];
    await change(second, { is_primary: true });
    expect(await write.read("Quote", first, state)).toEqual({ isPrimary: false, version: 2 });
    expect(await write.read("Quote", second, state)).toEqual({ isPrimary: true, version: 2 });
    expect(await write.read("Quote", elsewhere, state)).toEqual({ isPrimary: true, version: 1 });
    const { rows } = await gateway.fixtures.client.query(
      "SELECT changes FROM change_events WHERE entity_id = $1 AND version = 2",
      [uuidOf(first)],
    );
    expect(rows).toEqual([{ changes: { is_primary: [true, false] } }]);
  });

  it("goes along to another deal, whose primary quote yields", async () => {
    const [from, to] = [await tenant.deal(account), await tenant.deal(account)];
    const moving = idOf(await make({ deal_id: from.id, is_primary: true }));
    const staying = idOf(await make({ deal_id: to.id, is_primary: true }));
    await change(moving, { deal_id: to.id });
    expect(await write.read("Quote", moving, state)).toEqual({ isPrimary: true, version: 2 });
    expect(await write.read("Quote", staying, state)).toEqual({ isPrimary: false, version: 2 });
  });

  it("is given up by a deleted quote, which comes back without it when another took it", async () => {
    const deal = await tenant.deal(account);
    const first = idOf(await make({ deal_id: deal.id, is_primary: true }));
    await write.delete("Quote", first);
    const second = idOf(await make({ deal_id: deal.id, is_primary: true }));
    expect(problemsOf(await write.restore("Quote", first))).toEqual([]);
    expect(await write.read("Quote", first, "isPrimary")).toEqual({ isPrimary: false });
    expect(await write.read("Quote", second, state)).toEqual({ isPrimary: true, version: 1 });
  });
});

describe("sendQuote, acceptQuote and rejectQuote", () => {
  const move = (verb: string, id: string, version?: number) =>
    write.mutate(
      `${verb}Quote`,
      { id, ...(version === undefined ? {} : { version }) },
      "status dateIssued version",
    );

  it("move a quote through its life, and write nothing if it is so already", async () => {
    const id = idOf(await make());
    expect(problemsOf(await move("accept", id))).toEqual(["BAD_USER_INPUT status"]);
    const sent = { status: "sent", dateIssued: today, version: 2 };
    expect((await move("send", id, 1)).record).toEqual(sent);
    expect((await move("send", id)).record).toEqual(sent);
    expect(problemsOf(await move("reject", id, 1))).toEqual(["CONFLICT version"]);
    const accepted = { status: "accepted", dateIssued: today, version: 3 };
    expect((await move("accept", id, 2)).record).toEqual(accepted);
    expect((await move("accept", id)).record).toEqual(accepted);
    for (const verb of ["reject", "send"]) {
      expect(problemsOf(await move(verb, id))).toEqual(["BAD_USER_INPUT status"]);
    }
  });

  it("refuse quotes that expired", async () => {
    const id = idOf(await make({ validity_date: "2020-01-01" }));
    const { userErrors } = await move("send", id);
    expect(userErrors.map(({ message }) => message)).toEqual([
      expect.stringContaining("it is expired"),
    ]);
  });
});
