import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Made, TenantFixtures } from "../support/samples/fixtures.ts";
import { at, listAt, startGateway, type TestGateway } from "../support/gateway/gateway.ts";

let gateway: TestGateway;
let tenant: TenantFixtures;
let key: string;

beforeAll(async () => {
  gateway = await startGateway();
  tenant = await gateway.fixtures.tenant("north-harbor", {
    name: "North Harbor Facilities",
    time_zone: "America/New_York",
  });
  key = await gateway.keyFor(tenant.slug, ["read:*"]);
});
afterAll(() => gateway.close());

const deleted = { deletedAt: "2026-02-03T04:05:06Z", deletedBy: "usr-1" };

describe("viewer and tenant", () => {
  it("say who calls, for which tenant, with which scopes", async () => {
    const data = await gateway.data(
      key,
      "{ viewer { actor { kind id appId } scopes tenant { id slug } } tenant { name timeZone defaultCurrency } }",
    );
    expect(data).toEqual({
      viewer: {
        actor: { kind: "apiKey", id: expect.stringMatching(/^key-/), appId: null },
        scopes: ["read:*"],
        tenant: { id: tenant.id, slug: "north-harbor" },
      },
      tenant: {
        name: "North Harbor Facilities",
        timeZone: "America/New_York",
        defaultCurrency: "USD",
      },
    });
  });
});

describe("a display name", () => {
  it("is the account's name, else its legal name, domain, email or id", async () => {
    const made = [
      await tenant.account({ name: "Name", legalName: "Legal" }),
      await tenant.account({ name: null, legalName: "Legal", domain: "d.example" }),
      await tenant.account({ name: null, domain: "d.example", email: "x@d.example" }),
      await tenant.account({ name: null, email: "y@d.example" }),
      await tenant.account({ name: null }),
    ];
    const data = await gateway.data(
      key,
      "query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Account { displayName } } }",
      {
        ids: made.map(({ id }) => id),
      },
    );
    const names = listAt(data, "nodes").map((node) => at(node, "displayName"));
    expect(names).toEqual(["Name", "Legal", "d.example", "y@d.example", made[4]?.id]);
  });

  it("is the contact's own, else first and last name, email, phone or id", async () => {
    const bare = await tenant.contact(null, { lastName: null });
    const made = [
      await tenant.contact(null, {
        firstName: "Nora",
        lastName: "Harbor",
        customDisplayName: "The Boss",
      }),
      await tenant.contact(null, { firstName: "Nora", lastName: "Harbor" }),
      await tenant.contact(null, { firstName: null, lastName: "Harbor" }),
      await tenant.contact(null, { lastName: null, email: "z@d.example", phone: "+1" }),
      await tenant.contact(null, { lastName: null, phone: "+1 404" }),
      bare,
    ];
    const data = await gateway.data(
      key,
      "query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Contact { displayName } } }",
      {
        ids: made.map(({ id }) => id),
      },
    );
    const names = listAt(data, "nodes").map((node) => at(node, "displayName"));
    expect(names).toEqual(["The Boss", "Nora Harbor", "Harbor", "z@d.example", "+1 404", bare.id]);
  });
});

describe("soft-deleted records", () => {
  let account: Made;
  let deal: Made;
  let quote: Made;

  beforeAll(async () => {
    account = await tenant.account({ name: "Gone Harbor", ...deleted });
    deal = await tenant.deal(account, { name: "Gone deal", ...deleted });
    quote = await tenant.quote(account, deal, { name: "Gone quote" });
  });

  it("are absent by every path unless asked for", async () => {
    const data = await gateway.data(
      key,
      `query ($account: ID!, $deal: ID!, $quote: ID!) {
        account(id: $account) { id } node(id: $deal) { id }
        accounts(where: { id: { eq: $account } }) { totalCount nodes { id } }
        search(query: "gone harbor", types: [Account]) { totalCount }
        quote(id: $quote) { account { id } deal { id } accountId }
        quotes(where: { account: { name: { eq: "Gone Harbor" } } }) { totalCount }
        withDeleted: accounts(where: { id: { eq: $account } }, includeDeleted: true) {
          totalCount nodes { isDeleted deletedAt deletedBy deals { totalCount } all: deals(includeDeleted: true) { totalCount } }
        }
        asked: quote(id: $quote) { account(includeDeleted: true) { id } }
      }`,
      { account: account.id, deal: deal.id, quote: quote.id },
    );
    expect(data).toEqual({
      account: null,
      node: null,
      accounts: { totalCount: 0, nodes: [] },
      search: { totalCount: 0 },
      quote: { account: null, deal: null, accountId: account.id },
      quotes: { totalCount: 0 },
      withDeleted: {
        totalCount: 1,
        nodes: [
          {
            isDeleted: true,
            deletedAt: "2026-02-03T04:05:06.000Z",
            deletedBy: "usr-1",
            deals: { totalCount: 0 },
            all: { totalCount: 1 },
          },
        ],
      },
      asked: { account: { id: account.id } },
    });
  });
});

describe("a quote", () => {
  it("that was open on its last day reads as expired from the next day on, in filters too", async () => {
    const account = await tenant.account();
    const statuses = ["draft", "sent", "accepted", "rejected"];
    for (const status of statuses)
      await tenant.quote(account, null, { status, validityDate: "2020-01-01", name: status });
    await tenant.quote(account, null, {
      status: "sent",
      validityDate: "2999-01-01",
      name: "valid",
    });
    const data = await gateway.data(
      key,
      `query ($id: ID!) {
        all: quotes(where: { accountId: { eq: $id } }, orderBy: [{ name: asc }]) { nodes { name status } }
        expired: quotes(where: { accountId: { eq: $id }, status: { eq: expired } }) { totalCount }
        sent: quotes(where: { accountId: { eq: $id }, status: { eq: sent } }) { nodes { name } }
      }`,
      { id: account.id },
    );
    expect(data).toEqual({
      all: {
        nodes: [
          { name: "accepted", status: "accepted" },
          { name: "draft", status: "expired" },
          { name: "rejected", status: "rejected" },
          { name: "sent", status: "expired" },
          { name: "valid", status: "sent" },
        ],
      },
      expired: { totalCount: 2 },
      sent: { nodes: [{ name: "valid" }] },
    });
  });

  it("lists its line items in their order, and is found by its number", async () => {
    const account = await tenant.account();
    const quote = await tenant.quote(account, null, { quoteNumber: "Q-2026-00892" });
    for (const position of [2, 0, 1])
      await tenant.lineItem(quote, { position, description: `line ${position}` });
    const data = await gateway.data(
      key,
      '{ quote(number: "Q-2026-00892") { lineItems { nodes { description } } } }',
    );
    expect(
      listAt(data, "quote", "lineItems", "nodes").map((node) => at(node, "description")),
    ).toEqual(["line 0", "line 1", "line 2"]);
  });
});

describe("search", () => {
  it("finds words whole, in part and misspelt, best match first, over all kinds of records", async () => {
    const account = await tenant.account({
      name: "Zephyr Marine Logistics",
      domain: "zephyr-marine.example",
    });
    await tenant.account({ name: "Zephyr Bakery" });
    await tenant.contact(account, {
      firstName: "Zoë",
      lastName: "Zephyr",
      phone: "+1-404-555-0128",
    });
    await tenant.deal(account, { name: "Zephyr fleet renewal" });
    const find = (query: string) =>
      gateway.data(
        key,
        "query ($query: String!) { search(query: $query) { totalCount edges { node { __typename } } } accounts(search: $query) { nodes { name } } }",
        { query },
      );
    const names = (data: unknown) =>
      listAt(data, "accounts", "nodes").map((node) => at(node, "name"));

    expect(names(await find("zeph mari"))).toEqual(["Zephyr Marine Logistics"]);
    expect(names(await find("zefyr marine"))).toEqual(["Zephyr Marine Logistics"]);
    expect(at(await find("zephyr"), "search", "totalCount")).toBe(4);
    expect(at(await find("4045550128"), "search", "totalCount")).toBe(1);
    expect(at(await find("%"), "search", "totalCount")).toBe(0);
  });

  it("is paged by cursor without repeating a hit", async () => {
    const account = await tenant.account();
    await tenant.makeMany(
      "activity",
      Array.from({ length: 30 }, (_, index) => ({
        accountId: account.uuid,
        type: "note",
        subject: index % 3 === 0 ? "quixotic" : `quixotic ${index}`,
      })),
    );
    const seen: unknown[] = [];
    let after: unknown = null;
    do {
      const data = await gateway.data(
        key,
        'query ($after: String) { search(query: "quixotic", first: 7, after: $after) { pageInfo { hasNextPage endCursor } edges { node { ... on Activity { id } } } } }',
        { after },
      );
      seen.push(...listAt(data, "search", "edges").map((edge) => at(edge, "node", "id")));
      after =
        at(data, "search", "pageInfo", "hasNextPage") === true
          ? at(data, "search", "pageInfo", "endCursor")
          : null;
    } while (after !== null);
    expect(seen).toHaveLength(30);
    expect(new Set(seen).size).toBe(30);
  });
});

describe("edges", () => {
  it("of many to many are walked from both ends", async () => {
    const account = await tenant.account();
    const contact = await tenant.contact(account, { lastName: "Stakeholder" });
    const deal = await tenant.deal(account, { primaryContactId: contact.uuid });
    await tenant.stakeholder(deal, contact);
    const activity = await tenant.activity(account, { contactId: contact.uuid, dealId: deal.uuid });
    await tenant.participant(activity, contact);
    const data = await gateway.data(
      key,
      `query ($deal: ID!, $contact: ID!) {
        deal(id: $deal) { contacts { nodes { id } } primaryContact { id } activities { nodes { contacts { nodes { id } } contact { id } deal { id } } } }
        contact(id: $contact) { deals { nodes { id } } primaryDeals { nodes { id } } activities { nodes { id } } account { contacts { totalCount } } }
        deals(where: { contacts: { some: { lastName: { eq: "Stakeholder" } } } }) { totalCount }
      }`,
      { deal: deal.id, contact: contact.id },
    );
    expect(data).toEqual({
      deal: {
        contacts: { nodes: [{ id: contact.id }] },
        primaryContact: { id: contact.id },
        activities: {
          nodes: [
            {
              contacts: { nodes: [{ id: contact.id }] },
              contact: { id: contact.id },
              deal: { id: deal.id },
            },
          ],
        },
      },
      contact: {
        deals: { nodes: [{ id: deal.id }] },
        primaryDeals: { nodes: [{ id: deal.id }] },
        activities: { nodes: [{ id: activity.id }] },
        account: { contacts: { totalCount: 1 } },
      },
      deals: { totalCount: 1 },
    });
  });

  it("under one alias mean the arguments of their own type in a list of mixed records", async () => {
    const account = await tenant.account({ name: "Mixed" });
    const deal = await tenant.deal(account, { name: "Mixed" });
    for (const subject of ["a", "b", "c"])
      await tenant.activity(account, { dealId: deal.uuid, subject });
    const data = await gateway.data(
      key,
      `query ($ids: [ID!]!) { nodes(ids: $ids) {
        ... on Account { list: activities(first: 1) { nodes { subject } } }
        ... on Deal { list: activities(first: 2) { nodes { subject } } }
      } }`,
      { ids: [account.id, deal.id] },
    );
    expect(listAt(data, "nodes").map((node) => listAt(node, "list", "nodes").length)).toEqual([
      1, 2,
    ]);
  });

  it("keep their arguments where fragments on different types use one name further up", async () => {
    const account = await tenant.account({ name: "Fragment" });
    await tenant.contact(account, { firstName: "Ned" });
    await tenant.contact(account, { firstName: "Nora" });
    const deal = await tenant.deal(account);
    const quote = await tenant.quote(account, null);
    const data = await gateway.data(
      key,
      `query ($ids: [ID!]!) { nodes(ids: $ids) {
        ... on Deal { x: account { n: contacts(first: 1) { totalCount nodes { firstName } } } }
        ... on Quote { x: account { n: contacts(first: 1, where: { firstName: { eq: "Ned" } }) { totalCount nodes { lastName } } } }
      } }`,
      { ids: [deal.id, quote.id] },
    );
    expect(listAt(data, "nodes").map((node) => at(node, "x", "n", "totalCount"))).toEqual([2, 1]);
    expect(at(data, "nodes", 0, "x", "n", "nodes", 0, "firstName")).toBe("Nora");
  });
});
