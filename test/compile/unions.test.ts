import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { captureLog } from "../support/gateway/captured-log.ts";
import {
  at,
  listAt,
  recordAt,
  startGateway,
  type TestGateway,
} from "../support/gateway/gateway.ts";
import { withoutExtensions } from "../support/gateway/without-extensions.ts";
import { completeTenant, type Graph } from "../support/samples/two-tenants.ts";
import { startSecond } from "../support/writes/races.ts";

type Values = Readonly<Record<string, unknown>>;

const log = captureLog();
let gateway: TestGateway;
let interpreter: Awaited<ReturnType<typeof startSecond>>;
let ours: Graph;
let theirs: Graph;
let key: string;
let boundKey: string;

beforeAll(async () => {
  gateway = await startGateway({ logLevel: "info", logTo: log.stream });
  interpreter = await startSecond(gateway.databaseUrl, "error", {}, false);
  const { fixtures, keyFor } = gateway;
  ours = await completeTenant(fixtures, "north-harbor");
  theirs = await completeTenant(fixtures, "blue-ridge");
  key = await keyFor("north-harbor");
  boundKey = await keyFor("north-harbor");
  await addChanges();
  await fixtures.client.query("UPDATE api_keys SET app_id = 'app-1' WHERE id = $1", [
    boundKey.split("_")[2],
  ]);
});
afterAll(async () => {
  await interpreter.close();
  await gateway.close();
});

/** Events with all kinds of changes in the log, and with values that only a restore could write. */
async function addChanges(): Promise<void> {
  const { tenant, records } = ours;
  const [account, contact] = [records["account"]?.[1]?.uuid, records["contact"]?.[1]?.uuid];
  const deal = await tenant.deal({ id: "", uuid: account ?? "" }, { appId: "app-1", name: "Ω'\\" });
  const own = await tenant.contact(null, { appId: "app-1", lastName: "日本 Harbor" });
  const gone = await tenant.contact(null, {
    appId: "app-1",
    deletedAt: "2026-02-03T04:05:06.000Z",
    deletedBy: "usr-1",
  });
  const foreign = theirs.records["contact"]?.[0]?.uuid;
  const changes = [
    {
      contact_ids: [[], [contact, own.uuid, gone.uuid, foreign]],
      account_id: [null, account],
      name: ['"\u2028\\', "Ω 日本 👩‍👩‍👧"],
      value: ["1.50", null],
      tags: [["a"], ["a", "ü", null]],
      custom_fields: [{ z: 1, a: [true, { "é'": null }] }, { big: 1e300 }],
    },
    { contact_ids: [[contact], [contact, foreign]], merged_from: [null, [deal.uuid, contact]] },
    {
      name: ["same", "same"],
      no_such_field: [1, 2],
      stage: "no pair",
      value: [],
      currency: [null],
    },
    {
      custom_fields: [
        { a: 1, b: [1] },
        { b: [1], a: 1 },
      ],
      id: [deal.uuid, null],
      account_id: [7, {}],
    },
    [1, 2],
    {},
  ];
  const of = [
    { recordType: "Deal", recordId: deal.uuid },
    { recordType: "Contact", recordId: gone.uuid },
    { recordType: "LineItem", recordId: records["lineItem"]?.[0]?.uuid },
    { recordType: "ApiKey", recordId: records["apiKey"]?.[0]?.uuid },
    { recordType: "Account", recordId: theirs.records["account"]?.[0]?.uuid },
  ];
  const events = of.flatMap((record) => changes.map((one) => ({ record, one })));
  for (const [index, { record, one }] of events.entries()) {
    await tenant.make("changeEvent", {
      ...record,
      position: index + 2,
      operation: "updated",
      version: index + 2,
      appId: index % 2 === 0 ? "app-1" : null,
      changes: JSON.stringify(one),
    });
  }
}

const idOf = (graph: Graph, entity: string, index = 0): string =>
  graph.records[entity]?.[index]?.id ?? "";

async function send(url: string, sender: string, query: string, variables: Values) {
  const response = await fetch(`${url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-api-key": sender },
    body: JSON.stringify({ query, variables }),
  });
  const answer: Values = JSON.parse(withoutExtensions(await response.text()));
  return { answer, requestId: response.headers.get("x-request-id") };
}

/** The data of a query. It must be compiled to one statement, and equal the interpreter's answer. */
async function compiled(query: string, variables: Values = {}, sender = key): Promise<unknown> {
  const expected = await send(interpreter.url, sender, query, variables);
  const first = await send(gateway.url, sender, query, variables);
  gateway.statements.clear();
  const again = await send(gateway.url, sender, query, variables);
  expect(gateway.statements.all()).toHaveLength(1);
  for (const { answer, requestId } of [first, again]) {
    expect(JSON.stringify(answer)).toBe(JSON.stringify(expected.answer));
    expect(await log.of(requestId)).toMatchObject([{ lane: "compiled" }]);
  }
  return at(again.answer, "data");
}

/** The message of a refused query. It must equal the interpreter's. */
async function refused(query: string, variables: Values = {}): Promise<unknown> {
  const expected = await send(interpreter.url, key, query, variables);
  for (let times = 0; times < 2; times += 1) {
    const { answer } = await send(gateway.url, key, query, variables);
    expect(answer).toEqual(expected.answer);
  }
  return at(expected.answer, "errors", 0, "message");
}

describe("a record by a natural key", () => {
  it("is found by its number", async () => {
    const query = "query ($number: String!) { deal(number: $number) { id stage name } }";
    const found = await compiled(query, { number: "DEAL-2026-00001" });
    expect(at(found, "deal", "id")).toBe(idOf(ours, "deal"));
    expect(await compiled(query, { number: "Ω’\"'\\" })).toEqual({ deal: null });
    const quote = await compiled('{ q: quote(number: "Q-2026-00001") { deal { dealNumber } } }');
    expect(quote).toEqual({ q: { deal: { dealNumber: "DEAL-2026-00001" } } });
  });

  it("is refused with both keys or none", async () => {
    expect(await refused("{ deal { id } }")).toBe("deal: give id or number.");
    const id = idOf(ours, "deal");
    expect(await refused(`{ deal(id: "${id}", number: "1") { id } }`)).toMatch(/not both/);
    expect(await refused(String.raw`{ deal(number: "\u0000") { id } }`)).toMatch(
      /half of a surrogate/,
    );
  });
});

const fields = `fragment About on Node {
  __typename
  key: id
  ... on Account { name deals(first: 2) { totalCount nodes { name account { __typename id } } } }
  ... on Deal { name value account { name } }
  ... on ChangeEvent { recordId record { __typename id ... on Deal { name isDeleted } } }
  ... on Tenant { slug }
}`;

describe("node and nodes", () => {
  it("give records of any entity, and null for records that the caller does not see", async () => {
    const query = `query ($id: ID!) { node(id: $id) { ...About ... on Quote { name } } } ${fields}`;
    for (const name of Object.keys(ours.records).filter((one) => one !== "stageChange")) {
      const found = await compiled(query, { id: idOf(ours, name) });
      expect(at(found, "node", "key")).toBe(idOf(ours, name));
    }
    const hidden = [theirs.records["deal"]?.[0], theirs.tenant, ...ours.merged];
    for (const record of hidden) {
      expect(await compiled(query, { id: record?.id })).toEqual({ node: null });
    }
    const literal = `{ node(id: "${idOf(ours, "contact").toUpperCase().replace("CON", "con")}") { id } }`;
    expect(await compiled(literal)).toEqual({ node: { id: idOf(ours, "contact") } });
  });

  it("refuse a text that is not the id of a record", async () => {
    const query = "query ($id: ID!) { node(id: $id) { id } }";
    const ids = ["", "x", idOf(ours, "deal").slice(4), `sta-${idOf(ours, "deal").slice(4)}`];
    for (const id of ids) expect(await refused(query, { id })).toMatch(/an id with its prefix/);
    const many = Array.from({ length: 101 }, () => idOf(ours, "deal"));
    const list = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }";
    expect(await refused(list, { ids: many })).toMatch(/at most 100/);
    await compiled(list, { ids: many.slice(1) });
    expect(await refused(list, { ids: [...many.slice(2), "dea-x"] })).toMatch(/prefix/);
  });

  it("give records in the order of the ids, each as often as it is named", async () => {
    const query = `query ($ids: [ID!]!) { nodes(ids: $ids) { ...About } } ${fields}`;
    const ids = [
      idOf(ours, "deal"),
      idOf(ours, "account", 1),
      idOf(theirs, "account"),
      idOf(ours, "changeEvent"),
      idOf(ours, "deal"),
      ours.merged[0]?.id ?? "",
      idOf(ours, "tenant"),
    ];
    const nodes = listAt(await compiled(query, { ids }), "nodes");
    const keys = nodes.map((node) => (node === null ? null : at(node, "key")));
    expect(keys).toEqual(ids.map((id, place) => (place === 2 || place === 5 ? null : id)));
    expect(await compiled(query, { ids: [] })).toEqual({ nodes: [] });
    await compiled(query, { ids }, boundKey);
    await compiled(`{ nodes(ids: "${ids[1]}") { ... on Contact { email } __typename } }`);
  });
});

describe("changes", () => {
  const told = `fragment Told on ChangeEvent {
    recordId recordType
    changes { __typename at: field old new }
    record { __typename id ... on Deal { name account { name } } ... on Contact { isDeleted } }
  }`;
  const all = `query ($types: [RecordType!], $where: ChangeEventFilter) {
    changes(first: 100, types: $types, where: $where) { totalCount nodes { ...Told } }
  } ${told}`;

  it("show changes field by field, with the current record", async () => {
    const events = listAt(await compiled(all), "changes", "nodes");
    expect(events).toHaveLength(31);
    const [deal, contact] = [idOf(ours, "deal"), idOf(ours, "contact", 1)];
    expect(events[0]).toMatchObject({
      recordId: deal,
      changes: [{ at: "name", old: null, new: "Harbor deal" }],
      record: { __typename: "Deal", id: deal, name: "Harbor deal" },
    });
    const links = recordAt(
      listAt(events[1], "changes").find((one) => at(one, "at") === "contact_ids"),
    );
    expect(links).toMatchObject({ __typename: "FieldChange", old: [] });
    expect(listAt(links, "new")[0]).toBe(contact);
    const shown = events.filter((event) => listAt(event, "changes").length > 0);
    expect(shown.length).toBeGreaterThan(15);
  });

  it("hide links to other applications' records", async () => {
    const events = listAt(await compiled(all, {}, boundKey), "changes", "nodes");
    expect(events).toHaveLength(15);
    const links = listAt(events[0], "changes").find((one) => at(one, "at") === "contact_ids");
    expect(listAt(links, "new")).toHaveLength(2);
  });

  it("are narrowed to some kinds of records beside any filter", async () => {
    const some = await compiled(all, {
      types: ["Contact", "ApiKey"],
      where: { version: { gt: 9 } },
    });
    const kinds = listAt(some, "changes", "nodes").map((event) => at(event, "recordType"));
    expect(new Set(kinds)).toEqual(new Set(["Contact", "ApiKey"]));
    await compiled(all, { types: [], where: { and: [{ version: { gt: 1 } }] } });
  });

  it("are the history of each record", async () => {
    const query = `{ deals { nodes { history(last: 2) { totalCount edges { cursor node { ...Told } } } } } } ${told}`;
    const [newest] = listAt(await compiled(query), "deals", "nodes");
    expect(at(newest, "history", "totalCount")).toBe(6);
  });
});

describe("search", () => {
  const query = `query ($query: String!, $types: [SearchType!], $first: Int, $after: String) {
    search(query: $query, types: $types, first: $first, after: $after) {
      __typename
      totalCount
      pageInfo { __typename hasNextPage hasPreviousPage startCursor endCursor }
      edges { cursor score node { __typename ... on Node { id } ... on Deal { name account { id } } } }
      nodes { ... on Account { name } ... on Contact { lastName } }
    }
  }`;

  it("finds records of all kinds, page by page", async () => {
    let after: unknown = null;
    const found: unknown[] = [];
    for (let pages = 0; pages < 20; pages += 1) {
      const page = recordAt(await compiled(query, { query: "harbor", first: 2, after }), "search");
      found.push(...listAt(page, "edges").map((edge) => at(edge, "node", "id")));
      if (at(page, "pageInfo", "hasNextPage") !== true) break;
      after = at(page, "pageInfo", "endCursor");
    }
    expect(found).toContain(idOf(ours, "deal"));
    expect(found.length).toBeGreaterThan(8);
    expect(new Set(found).size).toBe(found.length);
  });

  it("finds nothing without a match, and only records that an application may see", async () => {
    const nothing = await compiled(query, { query: "Ω%\\'", types: ["Account"] });
    expect(nothing).toMatchObject({ search: { totalCount: 0, edges: [] } });
    const seen = await compiled(query, { query: "harbor" }, boundKey);
    expect(seen).toMatchObject({ search: { totalCount: 1, nodes: [{ lastName: "日本 Harbor" }] } });
    await compiled('{ search(query: "harbor") { totalCount } }');
  });

  it("refuses a query without words, a cursor of another list, and a made-up one", async () => {
    expect(await refused(query, { query: " " })).toMatch(/^query: /);
    const cursor = (...parts: unknown[]) =>
      Buffer.from(JSON.stringify(parts)).toString("base64url");
    const wrong = [
      ["deal: id desc", "1"],
      ["search: score desc,id desc", "much", "x"],
    ];
    for (const parts of wrong) {
      expect(await refused(query, { query: "harbor", after: cursor(...parts) })).toMatch(
        /^after: /,
      );
    }
  });
});

describe("values without a list or an edge", () => {
  it("are an account's addresses", async () => {
    const addresses = [{ kind: "billing", city: 'Київ"', line1: 7 }, { country: "日本" }, {}];
    const { id } = await ours.tenant.account({ addresses: JSON.stringify(addresses) });
    const query = `{
      account(id: "${id}") { addresses { __typename where: city kind line1 country } }
      accounts { nodes { addresses { city } } }
    }`;
    const found = listAt(await compiled(query), "account", "addresses");
    expect(found).toHaveLength(3);
    expect(found[0]).toMatchObject({ where: 'Київ"', line1: null });
  });

  it("are the caller and its tenant", async () => {
    const query =
      "{ viewer { __typename actor { kind id appId } scopes tenant { slug deals { totalCount } } } }";
    expect(await compiled(query)).toMatchObject({
      viewer: { actor: { kind: "apiKey", appId: null }, tenant: { slug: "north-harbor" } },
    });
    expect(await compiled(query, {}, boundKey)).toMatchObject({
      viewer: { actor: { appId: "app-1" }, tenant: { deals: { totalCount: 1 } } },
    });
    expect(await compiled("{ a: __typename }")).toEqual({ a: "Query" });
  });
});
