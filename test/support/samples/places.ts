import type { Made, TenantFixtures, Values } from "./fixtures.ts";
import { at, type TestGateway } from "../gateway/gateway.ts";

/** An entity with an edge to itself in both directions, so that one record can be seen from all sides. */
export type Kind = {
  readonly name: "account" | "contact";
  readonly list: string;
  readonly type: string;
  readonly key: string;
  readonly toOne: string;
  readonly toMany: string;
};

export const accounts: Kind = {
  name: "account",
  list: "accounts",
  type: "Account",
  key: "parentAccountId",
  toOne: "parent",
  toMany: "subsidiaries",
};
export const contacts: Kind = {
  name: "contact",
  list: "contacts",
  type: "Contact",
  key: "reportsToContactId",
  toOne: "reportsTo",
  toMany: "directReports",
};

/** A record with these values that has a record above and one below it. */
export async function makeBetween(
  tenant: TenantFixtures,
  kind: Kind,
  values: Values,
): Promise<{ record: Made; above: Made; below: Made }> {
  const above = await tenant.make(kind.name, {});
  const record = await tenant.make(kind.name, { ...values, [kind.key]: above.uuid });
  const below = await tenant.make(kind.name, { [kind.key]: record.uuid });
  return { record, above, below };
}

/** What a field of the record between is, seen by id, in a list, as a node, and over an edge of either kind. */
export async function seenFrom(
  gateway: TestGateway,
  key: string,
  kind: Kind,
  ids: { record: Made; above: Made; below: Made },
  selection: string,
): Promise<Readonly<Record<string, unknown>>> {
  const { name, list, type, toOne, toMany } = kind;
  const data = await gateway.data(
    key,
    `query ($id: ID!, $above: ID!, $below: ID!) {
      byId: ${name}(id: $id) { value: ${selection} }
      list: ${list}(where: { id: { eq: $id } }) { nodes { value: ${selection} } }
      node: node(id: $id) { ... on ${type} { value: ${selection} } }
      toOne: ${name}(id: $below) { ${toOne} { value: ${selection} } }
      toMany: ${name}(id: $above) { ${toMany} { nodes { value: ${selection} } } }
    }`,
    { id: ids.record.id, above: ids.above.id, below: ids.below.id },
  );
  return {
    byId: at(data, "byId", "value"),
    list: at(data, "list", "nodes", 0, "value"),
    node: at(data, "node", "value"),
    toOne: at(data, "toOne", toOne, "value"),
    toMany: at(data, "toMany", toMany, "nodes", 0, "value"),
  };
}

/** The same value in every place of {@link seenFrom}. */
export function everywhere(value: unknown): Readonly<Record<string, unknown>> {
  return { byId: value, list: value, node: value, toOne: value, toMany: value };
}

/** The ids of all pages of one record each, walked by cursors from an end. */
export async function walk(
  gateway: TestGateway,
  key: string,
  kind: Kind,
  field: string,
  backward: boolean,
): Promise<unknown[]> {
  const [size, cursor, more, end] = backward
    ? (["last", "before", "hasPreviousPage", "startCursor"] as const)
    : (["first", "after", "hasNextPage", "endCursor"] as const);
  const query = `query ($cursor: String) {
    page: ${kind.list}(${size}: 1, ${cursor}: $cursor, orderBy: [{ ${field}: asc }]) {
      nodes { id } pageInfo { ${more} ${end} }
    }
  }`;
  const ids: unknown[] = [];
  let next: unknown = null;
  do {
    const data = await gateway.data(key, query, { cursor: next });
    ids.push(at(data, "page", "nodes", 0, "id"));
    next = at(data, "page", "pageInfo", more) === true ? at(data, "page", "pageInfo", end) : null;
  } while (next !== null);
  return backward ? ids.toReversed() : ids;
}
