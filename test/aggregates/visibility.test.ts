import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { catalog } from "../../src/modules/catalog.ts";
import { at, listAt, startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { completeTenant } from "../support/samples/two-tenants.ts";

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

const money = "count sum { value { currency amount } }";

describe("another tenant's rows", () => {
  it("are in no aggregate, whatever the entity and the edge", async () => {
    const ours = await completeTenant(gateway.fixtures, "ours");
    const theirs = await completeTenant(gateway.fixtures, "theirs");
    const [ourKey, theirKey] = [await gateway.keyFor("ours"), await gateway.keyFor("theirs")];
    const listed = catalog.entities.filter(
      ({ name }) => name !== "tenant" && name !== "stageChange",
    );
    const fields = listed.map(
      ({ plural, fields: { createdAt } }) =>
        `${plural}Aggregate(groupBy: [{ field: ${createdAt === undefined ? "occurredAt" : "createdAt"}, by: year, timeZone: "UTC" }]) { count groups { count } }`,
    );
    const query = `{ ${fields.join(" ")} tenant { dealsAggregate { ${money} } } }`;
    const ourData = await gateway.data(ourKey, query);
    // Twins: the same answers, each of its own rows.
    expect(await gateway.data(theirKey, query)).toEqual(ourData);
    for (const { name, plural } of listed) {
      const own = (ours.records[name] ?? []).length + (name === "apiKey" ? 1 : 0);
      expect(at(ourData, `${plural}Aggregate`, "count"), name).toBe(own);
      expect(at(ourData, `${plural}Aggregate`, "groups", 0, "count"), name).toBe(own);
    }
    expect(at(ourData, "tenant", "dealsAggregate")).toEqual({
      count: 1,
      sum: { value: [{ currency: "USD", amount: "1000.5" }] },
    });
    const foreign = theirs.records["account"]?.[1]?.id ?? "";
    const asked = await gateway.data(
      ourKey,
      `query ($id: ID!) { dealsAggregate(where: { accountId: { eq: $id } }) { ${money} }
         behind: dealsAggregate(where: { account: { id: { eq: $id } } }) { count } }`,
      { id: foreign },
    );
    expect(asked).toEqual({
      dealsAggregate: { count: 0, sum: { value: [] } },
      behind: { count: 0 },
    });
  });

  it("stay out of 100 aggregates that two tenants ask for at once", async () => {
    const query =
      "{ accounts { nodes { dealsAggregate(groupBy: [{ field: accountId }]) { groups { key { accountId } count } } } } pipeline { stage count } }";
    const [ourKey, theirKey] = [await gateway.keyFor("ours"), await gateway.keyFor("theirs")];
    const [ours, theirs] = await Promise.all(
      [ourKey, theirKey].map((key) => gateway.data(key, query)),
    );
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, index) =>
        gateway.data(index % 2 === 0 ? ourKey : theirKey, query),
      ),
    );
    expect(ours).not.toEqual(theirs);
    for (const [index, answer] of answers.entries())
      expect(answer).toEqual(index % 2 === 0 ? ours : theirs);
  });
});

describe("a credential that was issued for an application", () => {
  it("aggregates only that application's rows", async () => {
    const tenant = await gateway.fixtures.tenant("apps");
    const account = await tenant.account({ appId: "app-1" });
    await tenant.deal(account, { appId: "app-1", value: "1", expectedCloseDate: "2026-05-05" });
    await tenant.deal(account, { appId: "app-2", value: "10" });
    await tenant.deal(account, { value: "100" });
    const key = await gateway.keyFor(tenant.slug);
    await gateway.fixtures.client.query(
      "UPDATE api_keys SET app_id = 'app-1' WHERE tenant_id = $1",
      [tenant.uuid],
    );
    const amounts = "amounts { currency count value weightedValue }";
    const data = await gateway.data(
      key,
      `{ dealsAggregate(groupBy: [{ field: appId }]) { ${money} groupCount groups { key { appId } count } }
         accounts { nodes { dealsAggregate { ${money} } } }
         pipeline { stage count ${amounts} } forecast { month count ${amounts} } }`,
    );
    const figures = { count: 1, sum: { value: [{ currency: "USD", amount: "1" }] } };
    const own = [{ currency: "USD", count: 1, value: "1", weightedValue: "0" }];
    expect(data).toEqual({
      dealsAggregate: {
        ...figures,
        groupCount: 1,
        groups: [{ key: { appId: "app-1" }, count: 1 }],
      },
      accounts: { nodes: [{ dealsAggregate: figures }] },
      pipeline: [{ stage: "lead", count: 1, amounts: own }],
      forecast: [{ month: "2026-05-01", count: 1, amounts: own }],
    });
  });
});

describe("deleted rows", () => {
  it("count only when they are asked for", async () => {
    const tenant = await gateway.fixtures.tenant("deleted");
    const account = await tenant.account();
    const deletedAt = "2026-06-01T00:00:00Z";
    await tenant.deal(account, { value: "1" });
    await tenant.deal(account, { value: "10", stage: "qualified", deletedAt });
    const key = await gateway.keyFor(tenant.slug);
    const data = await gateway.data(
      key,
      `{ dealsAggregate { ${money} } all: dealsAggregate(includeDeleted: true, groupBy: [{ field: stage }]) { ${money} groups { key { stage } } }
         accounts { nodes { dealsAggregate { count } all: dealsAggregate(includeDeleted: true) { count } } }
         pipeline { stage count } forecast { month count } }`,
    );
    expect(data).toEqual({
      dealsAggregate: { count: 1, sum: { value: [{ currency: "USD", amount: "1" }] } },
      all: {
        count: 2,
        sum: { value: [{ currency: "USD", amount: "11" }] },
        groups: [{ key: { stage: "lead" } }, { key: { stage: "qualified" } }],
      },
      accounts: { nodes: [{ dealsAggregate: { count: 1 }, all: { count: 2 } }] },
      pipeline: [{ stage: "lead", count: 1 }],
      forecast: [{ month: null, count: 1 }],
    });
  });
});

describe("nothing", () => {
  it("is told as no records, null and empty lists", async () => {
    const tenant = await gateway.fixtures.tenant("empty");
    const key = await gateway.keyFor(tenant.slug);
    const figures =
      "count sum { value { amount } probability } avg { value { amount } probability } min { value { amount } probability createdAt expectedCloseDate } max { createdAt }";
    const empty = {
      count: 0,
      sum: { value: [], probability: null },
      avg: { value: [], probability: null },
      min: { value: [], probability: null, createdAt: null, expectedCloseDate: null },
      max: { createdAt: null },
    };
    const query = `{ dealsAggregate(groupBy: [{ field: stage }]) { ${figures} groupCount groups { ${figures} } }
      plain: dealsAggregate { ${figures} groupCount groups { count } } pipeline { stage } forecast { month }
      accounts { nodes { dealsAggregate(groupBy: [{ field: stage }]) { ${figures} groupCount groups { count } } } } }`;
    const none = { ...empty, groupCount: 0, groups: [] };
    const without = { dealsAggregate: none, plain: none, pipeline: [], forecast: [] };
    expect(await gateway.data(key, query)).toEqual({ ...without, accounts: { nodes: [] } });
    await tenant.account();
    expect(await gateway.data(key, query)).toEqual({
      ...without,
      accounts: { nodes: [{ dealsAggregate: none }] },
    });
  });
});

describe("groups are made by what is read", () => {
  it("quotes by the status that they show, also in filters beside it", async () => {
    const tenant = await gateway.fixtures.tenant("quotes");
    const account = await tenant.account();
    for (const [status, validityDate] of [
      ["sent", "2020-01-01"],
      ["draft", "2020-01-01"],
      ["sent", "2999-01-01"],
      ["accepted", "2020-01-01"],
      ["expired", null],
    ])
      await tenant.quote(account, null, { status, validityDate });
    const key = await gateway.keyFor(tenant.slug);
    const data = await gateway.data(
      key,
      `{ quotesAggregate(groupBy: [{ field: status }]) { groups { key { status } count } }
         expired: quotesAggregate(where: { status: { eq: expired } }, groupBy: [{ field: status }]) { count groups { key { status } count } } }`,
    );
    expect(data).toEqual({
      quotesAggregate: {
        // In the order in which the enum has them.
        groups: [
          { key: { status: "sent" }, count: 1 },
          { key: { status: "accepted" }, count: 1 },
          { key: { status: "expired" }, count: 3 },
        ],
      },
      expired: { count: 3, groups: [{ key: { status: "expired" }, count: 3 }] },
    });
  });

  it("references by public ids, emails without case, yes and no, and null", async () => {
    const tenant = await gateway.fixtures.tenant("contacts");
    const [first, second] = [await tenant.account(), await tenant.account()];
    await tenant.contact(first, { email: "Ana@Example.com", optedIn: true });
    await tenant.contact(second, { email: "ana@example.com" });
    await tenant.contact(null, { email: null });
    const key = await gateway.keyFor(tenant.slug);
    const data = await gateway.data(
      key,
      `{ byAccount: contactsAggregate(groupBy: [{ field: accountId }]) { groups { key { accountId email } count } }
         byEmail: contactsAggregate(groupBy: [{ field: email }]) { groups { key { email } count } }
         byConsent: contactsAggregate(groupBy: [{ field: optedIn }]) { groups { key { optedIn } count } }
         found: contactsAggregate(search: "example.com") { count } }`,
    );
    const accounts = listAt(data, "byAccount", "groups").map((group) =>
      at(group, "key", "accountId"),
    );
    expect(accounts).toEqual([...[first.id, second.id].toSorted(), null]);
    expect(at(data, "byAccount", "groups", 0, "key", "email")).toBeNull();
    expect(at(data, "byEmail", "groups")).toEqual([
      { key: { email: "ana@example.com" }, count: 2 },
      { key: { email: null }, count: 1 },
    ]);
    expect(at(data, "byConsent", "groups")).toEqual([
      { key: { optedIn: false }, count: 2 },
      { key: { optedIn: true }, count: 1 },
    ]);
    expect(at(data, "found", "count")).toBe(2);
  });

  it("texts as they are: case, accents, empty ones, SQL and markup", async () => {
    const tenant = await gateway.fixtures.tenant("texts");
    const account = await tenant.account();
    const stages = ["a", "A", "á", "", "' OR 1=1 --", "=1+1", "<b>", "日本", "a"];
    for (const stage of stages) await tenant.deal(account, { stage });
    const key = await gateway.keyFor(tenant.slug);
    const data = await gateway.data(
      key,
      "{ dealsAggregate(groupBy: [{ field: stage }]) { groups { key { stage } count } } pipeline { stage count } }",
    );
    const expected = [...new Set(stages)].map((stage) => ({ stage, count: stage === "a" ? 2 : 1 }));
    const found = listAt(data, "dealsAggregate", "groups").map((group) => ({
      stage: at(group, "key", "stage"),
      count: at(group, "count"),
    }));
    expect(found).toHaveLength(8);
    expect(found).toEqual(expect.arrayContaining(expected));
    expect(listAt(data, "pipeline")).toEqual(found);
  });
});
