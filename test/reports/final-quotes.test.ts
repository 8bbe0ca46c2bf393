import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Made, TenantFixtures } from "../support/samples/fixtures.ts";
import { at, listAt, startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { idOf, problemsOf } from "../support/writes/mutation.ts";
import { Writes } from "../support/writes/writes.ts";

let gateway: TestGateway;
let tenant: TenantFixtures;
let account: Made;
let write: Writes;

beforeAll(async () => {
  gateway = await startGateway();
  tenant = await gateway.fixtures.tenant("final-quotes");
  account = await tenant.account();
  write = new Writes(gateway, await gateway.keyFor(tenant.slug));
});
afterAll(() => gateway.close());

type Values = Readonly<Record<string, unknown>>;
const whole =
  "id quoteNumber name ownerId currency status dateIssued validityDate contractDuration isPrimary total dealId lineItems { nodes { id description total } }";
const lines = [{ description: "Dredging", unit_price: 10 }];
const make = (values: Values) =>
  write.created(
    "Quote",
    { account_id: account.id, name: "Q", line_items: lines, ...values },
    whole,
  );
const linesOf = (quote: unknown) => listAt(quote, "lineItems", "nodes");

const finals: readonly [string, Values][] = [
  ["accepted", { status: "accepted" }],
  ["rejected", { status: "rejected" }],
  ["expired", { status: "expired" }],
  ["expired", { status: "sent", validity_date: "2026-01-31" }],
  ["expired", { status: "draft", validity_date: "2026-01-31" }],
];

describe.each(finals)("of a quote that is %s (%j)", (status, values) => {
  it("tags, custom fields and notes change", async () => {
    const id = idOf(await make(values));
    const input = { tags: ["a"], custom_fields: { a: 1 }, notes: "Called" };
    const changed = await write.updated("Quote", id, input, "status tags customFields notes");
    expect(changed).toEqual({ status, tags: ["a"], customFields: { a: 1 }, notes: "Called" });
  });

  it("nothing else does", async () => {
    const quote = await make(values);
    const deal = await tenant.deal(account);
    const other = await tenant.account();
    const changes: Values = {
      account_id: other.id,
      deal_id: deal.id,
      name: "Other",
      quote_number: `Q-${gateway.fixtures.next()}`,
      owner_id: "usr-1",
      currency: "JPY",
      date_issued: "2025-01-01",
      validity_date: "2025-02-01",
      contract_duration: "1 year",
      is_primary: true,
      line_items: [],
      source: "elsewhere",
    };
    for (const [name, value] of Object.entries(changes)) {
      const told = problemsOf(await write.update("Quote", idOf(quote), { [name]: value }));
      expect(told, name).toContain(`BAD_USER_INPUT ${name}`);
    }
    const upserted = await write.upsert("Quote", {
      quote_number: at(quote, "quoteNumber"),
      name: "Other",
      line_items: [{ unit_price: 5 }],
    });
    expect(problemsOf(upserted)).toEqual(["BAD_USER_INPUT name", "BAD_USER_INPUT line_items"]);
    expect(await write.read("Quote", idOf(quote), whole)).toEqual(quote);
  });

  it("no line does, is made, goes or comes back", async () => {
    const live = await make({ status: "draft" });
    const [line] = linesOf(live);
    const gone = idOf(await write.created("LineItem", { quote_id: idOf(live), unit_price: 3 }));
    await write.delete("LineItem", gone);
    const { status: end, validity_date = null } = values;
    await gateway.fixtures.client.query(
      "UPDATE quotes SET status = $2, validity_date = $3 WHERE id = $1",
      [idOf(live).slice("qte-".length), end, validity_date],
    );
    const before = await write.read("Quote", idOf(live), whole);
    expect(at(before, "status")).toBe(status);
    const refused = [
      await write.create("LineItem", { quote_id: idOf(live), unit_price: 1 }),
      await write.update("LineItem", idOf(line), { unit_price: 1 }),
      await write.update("LineItem", idOf(line), { description: "x" }),
      await write.delete("LineItem", idOf(line)),
      await write.restore("LineItem", gone),
    ];
    for (const outcome of refused) {
      expect(problemsOf(outcome)).toEqual(["BAD_USER_INPUT quote_id"]);
    }
    expect(await write.read("Quote", idOf(live), whole)).toEqual(before);
    // As it was read.
    await write.updated("LineItem", idOf(line), { description: "Dredging" });
  });

  it("what was read can be sent back, and the whole goes and comes back", async () => {
    const quote = await make(values);
    const back = {
      name: "Q",
      status,
      total: "10",
      validity_date: at(quote, "validityDate"),
      line_items: [{ id: idOf(linesOf(quote)[0]), description: "Dredging", unit_price: "10.0" }],
    };
    await write.updated("Quote", idOf(quote), back);
    await write.delete("Quote", idOf(quote));
    await write.restore("Quote", idOf(quote));
    expect(await write.read("Quote", idOf(quote), whole)).toEqual(quote);
  });
});

it("a draft that expired before it was sent is open again with another date", async () => {
  const id = idOf(await make({ validity_date: "2026-01-31" }));
  expect(problemsOf(await write.update("Quote", id, { validity_date: "2026-02-01" }))).toEqual([
    "BAD_USER_INPUT validity_date",
  ]);
  const opened = { validity_date: "2999-01-01", name: "Again" };
  expect(await write.updated("Quote", id, opened, "status name")).toEqual({
    status: "draft",
    name: "Again",
  });
});

describe("a draft that expired before it was sent", () => {
  it.each([
    [{ status: "draft" }, "draft"],
    [{ status: "expired" }, "draft"],
    [{ status: "sent" }, "sent"],
  ])("is open again with %j and another date", async (sent, status) => {
    const id = idOf(await make({ validity_date: "2026-01-31" }));
    const opened = { validity_date: "2999-01-01", ...sent };
    const quote = await write.updated("Quote", id, opened, "status dateIssued");
    expect(at(quote, "status")).toBe(status);
    expect(at(quote, "dateIssued") === null).toBe(status === "draft");
  });

  it("does not become what follows no draft, nor a draft without another date", async () => {
    const id = idOf(await make({ validity_date: "2026-01-31" }));
    for (const sent of [
      { status: "accepted", validity_date: "2999-01-01" },
      { status: "draft" },
      { status: "sent" },
    ]) {
      expect(problemsOf(await write.update("Quote", id, sent))).toEqual(["BAD_USER_INPUT status"]);
    }
  });
});

it("an open quote takes the status that a past date will give it", async () => {
  const id = idOf(await make({ status: "draft" }));
  const past = { status: "expired", validity_date: "2026-01-31" };
  expect(await write.updated("Quote", id, past, "status")).toEqual({ status: "expired" });
});

it("a final quote moves along when its account is merged", async () => {
  const [into, from] = [await tenant.account(), await tenant.account()];
  const id = idOf(await make({ account_id: from.id, status: "accepted" }));
  const data = await gateway.data(
    write.key,
    "mutation ($into: ID!, $from: ID!) { mergeAccounts(into: $into, from: $from) { userErrors { message } } }",
    { into: into.id, from: from.id },
  );
  expect(listAt(data, "mergeAccounts", "userErrors")).toEqual([]);
  expect(await write.read("Quote", id, "accountId status")).toEqual({
    accountId: into.id,
    status: "accepted",
  });
});

it("expiry goes by the tenant's day", async () => {
  // Its day is not that of UTC, and ends in an hour at the earliest.
  const zone = new Date().getUTCHours() < 11 ? "Etc/GMT+12" : "Pacific/Kiritimati";
  const own = await gateway.fixtures.tenant("zone", { time_zone: zone });
  const { client } = gateway.fixtures;
  const { rows } = await client.query<{ today: string; yesterday: string }>(
    `SELECT d::text AS today, (d - 1)::text AS yesterday FROM (SELECT (now() AT TIME ZONE '${zone}')::date AS d) t`,
  );
  const calls = new Writes(gateway, await gateway.keyFor(own.slug));
  const home = await own.account();
  const statusOn = async (validity_date: string | undefined) => {
    const input = { account_id: home.id, status: "sent", validity_date };
    return at(await calls.created("Quote", input, "status"), "status");
  };
  expect(await statusOn(rows[0]?.today)).toBe("sent");
  expect(await statusOn(rows[0]?.yesterday)).toBe("expired");
  const list = await gateway.data(
    calls.key,
    `{ quotes(where: { status: { eq: expired } }) { totalCount }
       quotesAggregate(groupBy: [{ field: status }]) { groups { key { status } count } } }`,
  );
  expect(at(list, "quotes", "totalCount")).toBe(1);
  expect(listAt(list, "quotesAggregate", "groups")).toEqual([
    { key: { status: "sent" }, count: 1 },
    { key: { status: "expired" }, count: 1 },
  ]);
});
