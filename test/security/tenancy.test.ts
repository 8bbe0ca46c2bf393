import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { v7 as uuidv7 } from "uuid";
import { catalog } from "../../src/modules/catalog.ts";
import type { Entity } from "../../src/model/entity.ts";
import { at, listAt, startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { completeTenant, type Graph } from "../support/samples/two-tenants.ts";

let gateway: TestGateway;
let ours: Graph;
let theirs: Graph;
let ourKey: string;
let theirKey: string;

beforeAll(async () => {
  gateway = await startGateway({ env: { MAX_COST: "999999999" } });
  ours = await completeTenant(gateway.fixtures, "ours");
  theirs = await completeTenant(gateway.fixtures, "theirs");
  ourKey = await gateway.keyFor("ours");
  theirKey = await gateway.keyFor("theirs");
});
afterAll(() => gateway.close());

const listed = catalog.entities.filter(({ name }) => name !== "tenant" && name !== "stageChange");

/** Every edge of an entity, two levels deep, with what identifies the records at its ends. */
function wholeSelection(entity: Entity, depth: number): string {
  const edges = Object.entries(entity.relations).map(([name, relation]) => {
    const target = catalog.entity(relation.to);
    const inner = depth === 0 ? "id" : wholeSelection(target, depth - 1);
    const all = target.softDelete ? "(includeDeleted: true)" : "";
    return relation.kind === "one"
      ? `${name}${all} { ${inner} }`
      : `${name}${all} { totalCount nodes { ${inner} } }`;
  });
  const tenantId = entity.fields["tenantId"] === undefined ? "" : "tenantId";
  return `__typename id ${tenantId} ${edges.join(" ")}`;
}

/** Every id in an answer. */
function idsIn(value: unknown): string[] {
  if (typeof value === "string") return /^[a-z]+-[0-9a-f]{8}-/.test(value) ? [value] : [];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(idsIn) : [];
}

async function theirIds(): Promise<Set<string>> {
  const ids = new Set(
    [...Object.values(theirs.records).flat(), ...theirs.merged].map(({ id }) => id),
  );
  const { rows } = await gateway.fixtures.client.query<{ id: string }>(
    "SELECT id FROM api_keys WHERE tenant_id = $1",
    [theirs.tenant.uuid],
  );
  for (const { id } of rows) ids.add(`key-${id}`);
  return ids;
}

describe("a tenant's graph", () => {
  it.each(listed.map((entity) => [entity.plural, entity] as const))(
    "of %s holds no row of another tenant",
    async (plural, entity) => {
      const foreign = await theirIds();
      const data = await gateway.data(
        ourKey,
        `{ ${plural} { totalCount nodes { ${wholeSelection(entity, 1)} } } }`,
      );
      const ids = idsIn(data);
      expect(ids.length).toBeGreaterThan(0);
      expect(ids.filter((id) => foreign.has(id))).toEqual([]);
      const own = ours.records[entity.name] ?? [];
      const expected = entity.name === "apiKey" ? own.length + 1 : own.length;
      expect(at(data, plural, "totalCount")).toBe(expected);
    },
  );

  it("is found by search without another tenant's equal rows", async () => {
    const foreign = await theirIds();
    const data = await gateway.data(
      ourKey,
      '{ search(query: "harbor", first: 100) { totalCount edges { node { ... on Node { id } } } } accounts(search: "harb") { nodes { id } } }',
    );
    expect(idsIn(data).filter((id) => foreign.has(id))).toEqual([]);
    expect(listAt(data, "search", "edges")).toHaveLength(8);
    expect(at(data, "search", "totalCount")).toBe(8);
  });
});

describe("another tenant's record", () => {
  const withId = async (query: string, id: string) => ({
    ...(await gateway.ask(ourKey, query, { id })),
  });

  it.each(listed.map((entity) => [entity.name, entity] as const))(
    "%s answers like one that does not exist",
    async (name, entity) => {
      const foreign = (theirs.records[name] ?? [])[0]?.id ?? "";
      const unknown = `${entity.prefix}-${uuidv7()}`;
      const operations = [
        `query ($id: ID!) { ${name}(id: $id) { id } }`,
        "query ($id: ID!) { node(id: $id) { id } }",
        "query ($id: ID!) { nodes(ids: [$id]) { id } }",
        `query ($id: ID!) { ${entity.plural}(where: { id: { eq: $id } }) { totalCount nodes { id } pageInfo { hasNextPage endCursor } } }`,
        `query ($id: ID!) { ${entity.plural}(where: { not: { id: { ne: $id } } }) { totalCount nodes { id } } }`,
      ];
      for (const operation of operations) {
        expect(await withId(operation, foreign)).toEqual(await withId(operation, unknown));
        const found = await gateway.data(theirKey, operation, { id: foreign });
        expect(idsIn(found)).toContain(foreign);
      }
    },
  );

  it("matches nothing in a filter on an edge or a reference", async () => {
    for (const entity of listed) {
      for (const [name, relation] of Object.entries(entity.relations)) {
        const target = catalog.entity(relation.to);
        const foreign = (theirs.records[target.name] ?? [])[0]?.id ?? "";
        const condition =
          relation.kind === "one" ? `{ id: { eq: $id } }` : `{ some: { id: { eq: $id } } }`;
        const query = `query ($id: ID!) { ${entity.plural}(where: { ${name}: ${condition} }) { totalCount nodes { id } } }`;
        const data = await gateway.data(ourKey, query, { id: foreign });
        expect(at(data, entity.plural, "totalCount"), `${entity.name}.${name}`).toBe(0);
      }
    }
  });

  it("is not told by its number, by a cursor or by a natural key", async () => {
    const page = await gateway.data(theirKey, "{ accounts(first: 1) { pageInfo { endCursor } } }");
    const after = at(page, "accounts", "pageInfo", "endCursor");
    const data = await gateway.data(
      ourKey,
      'query ($after: String) { accounts(after: $after) { nodes { id } } deal(number: "DEAL-2026-00001") { id } quote(number: "Q-2026-00001") { id } }',
      { after },
    );
    const foreign = await theirIds();
    expect(idsIn(data).filter((id) => foreign.has(id))).toEqual([]);
    expect(at(data, "deal", "id")).toBe(ours.records["deal"]?.[0]?.id);
  });
});

describe("interleaved requests of two tenants", () => {
  it("each get their own answers, also for one id in one tick", async () => {
    const foreign = await theirIds();
    const id = ours.records["account"]?.[0]?.id ?? "";
    const query =
      "query ($id: ID!) { account(id: $id) { id deals { nodes { id } } } accounts { nodes { id contacts { nodes { id } } parent { id } } } }";
    const answers = await Promise.all(
      Array.from({ length: 200 }, async (_, index) => {
        const isOurs = index % 2 === 0;
        return { isOurs, data: await gateway.data(isOurs ? ourKey : theirKey, query, { id }) };
      }),
    );
    for (const { isOurs, data } of answers) {
      expect(at(data, "account") === null).toBe(!isOurs);
      const ids = idsIn(data);
      expect(ids.length).toBeGreaterThan(3);
      expect(ids.every((found) => foreign.has(found) !== isOurs)).toBe(true);
    }
  });
});
