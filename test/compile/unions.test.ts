import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { captureLog } from "../support/gateway/captured-log.ts";
import { at, listAt, startGateway, type TestGateway } from "../support/gateway/gateway.ts";
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
  await fixtures.client.query("UPDATE api_keys SET app_id = 'app-1' WHERE id = $1", [
    boundKey.split("_")[2],
  ]);
});
afterAll(async () => {
  await interpreter.close();
  await gateway.close();
});

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

/** The data of a query that one statement answers, as its resolvers do. */
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

/** The refusal of a query, which is the resolvers' own. */
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

  it("is refused as ever where both keys or none are given", async () => {
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
  it("give records of any entity, and null for what the caller does not see", async () => {
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

  it("refuse as ever what is no id of a record", async () => {
    const query = "query ($id: ID!) { node(id: $id) { id } }";
    const ids = ["", "x", idOf(ours, "deal").slice(4), `sta-${idOf(ours, "deal").slice(4)}`];
    for (const id of ids) expect(await refused(query, { id })).toMatch(/an id with its prefix/);
    const many = Array.from({ length: 101 }, () => idOf(ours, "deal"));
    const list = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }";
    expect(await refused(list, { ids: many })).toMatch(/at most 100/);
    await compiled(list, { ids: many.slice(1) });
    expect(await refused(list, { ids: [...many.slice(2), "dea-x"] })).toMatch(/prefix/);
  });

  it("give several in the order of their ids, each as often as it is named", async () => {
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
