import fc from "fast-check";
import type { Entity } from "../../../src/model/entity.ts";
import type { OrderTerm } from "../../../src/model/order.ts";
import { formatId } from "../../../src/lib/id.ts";
import { catalog } from "../../../src/modules/catalog.ts";
import { filterOf, type FilterSource } from "../filters/arbitraries.ts";
import { listAt, type TestGateway } from "../gateway/gateway.ts";
import { at } from "../gateway/gateway.ts";
import { orderOf } from "../samples/arbitraries.ts";
import { idsIn, type RandomWorld } from "../samples/random-rows.ts";

/** Values for random operations by the name of their GraphQL type. */
export type Pools = {
  readonly where: ReadonlyMap<string, readonly unknown[]>;
  readonly orders: ReadonlyMap<string, readonly unknown[]>;
  /** Cursors of rows by entity and order ({@link cursorKey}). */
  readonly cursors: ReadonlyMap<string, readonly string[]>;
  /** Ids with prefixes, of live and deleted records and of other tenants; `Node` has those that `node` finds. */
  readonly ids: ReadonlyMap<string, readonly string[]>;
  readonly numbers: ReadonlyMap<string, readonly string[]>;
  readonly searches: readonly string[];
};

export const cursorKey = (type: string, order: unknown): string =>
  `${type} ${JSON.stringify(order)}`;

const asInput = ({ field, direction }: OrderTerm) => ({ [field]: direction });

/** Draws filters and orders, and reads the cursors of every order with a key that sees all rows. */
export async function fillPools(
  gateway: TestGateway,
  key: string,
  world: RandomWorld,
  tenantId: string,
  seed: number,
): Promise<Pools> {
  const source: FilterSource = {
    catalog,
    ids: (entity) => (entity.name === "tenant" ? [tenantId] : idsIn(world, entity.name)),
    leftOut: () => false,
  };
  const named = catalog.entities.filter(({ name }) => name !== "tenant");
  const ids = new Map(
    named.map(({ name, type, prefix }) => [
      type,
      idsIn(world, name).map((id) => formatId(prefix, id)),
    ]),
  );
  ids.set("Tenant", [formatId("ten", tenantId)]);
  const where = new Map(
    named.map((entity) => [
      entity.type,
      fc.sample(fc.oneof(filterOf(entity, source, 2, 2), filterOf(entity, source, 0, 0)), {
        seed,
        numRuns: 150,
      }),
    ]),
  );
  const orders = new Map(named.map((entity) => [entity.type, ordersOf(entity, seed)]));
  const cursors = new Map<string, readonly string[]>();
  for (const entity of named) {
    for (const order of orders.get(entity.type) ?? []) {
      cursors.set(cursorKey(entity.type, order), await cursorsOf(gateway, key, entity, order));
    }
  }
  const numbers = new Map(
    (["deal", "quote"] as const).map((name) => [
      catalog.entity(name).type,
      (world.get(name) ?? []).map((row) => String(row[`${name}Number`])),
    ]),
  );
  return { where, orders, cursors, ids, numbers, searches };
}

const searches = ["a", "b a", "ana exampel", "%", "σ", "日", "100%", "straße", "a\\b", '"', ""];

/** The default orders of lists, and some more. */
function ordersOf(entity: Entity, seed: number): readonly unknown[] {
  const usual = catalog.entities.flatMap(({ relations }) =>
    Object.values(relations).flatMap((relation) =>
      relation.kind !== "one" && relation.to === entity.name && relation.defaultOrder !== null
        ? [relation.defaultOrder]
        : [],
    ),
  );
  const drawn = fc.sample(orderOf(entity), { seed, numRuns: 8 });
  const all = [entity.defaultOrder, ...usual, ...drawn].map((terms) => terms.map(asInput));
  return [...new Map(all.map((order) => [JSON.stringify(order), order])).values()];
}

async function cursorsOf(
  gateway: TestGateway,
  key: string,
  entity: Entity,
  order: unknown,
): Promise<readonly string[]> {
  // Stage changes have no query of their own, and are read from deals.
  if (entity.name === "stageChange") {
    const data = await gateway.data(
      key,
      "query ($order: [StageChangeOrder!]) { deals(first: 100) { nodes { list: stageHistory(orderBy: $order) { edges { cursor } } } } }",
      { order },
    );
    return listAt(data, "deals", "nodes").flatMap(cursorsIn);
  }
  const deleted = entity.softDelete ? ", includeDeleted: true" : "";
  const data = await gateway.data(
    key,
    `query ($order: [${entity.type}Order!]) { list: ${entity.plural}(first: 100, orderBy: $order${deleted}) { edges { cursor } } }`,
    { order },
  );
  return cursorsIn(data);
}

const cursorsIn = (value: unknown): string[] =>
  listAt(value, "list", "edges").map((edge) => String(at(edge, "cursor")));
