import type pg from "pg";
import { expect } from "vitest";
import { catalog } from "../../../src/modules/catalog.ts";
import type { Queryable } from "../../../src/db/fenced-pool.ts";
import type { Entity } from "../../../src/model/entity.ts";
import type { OrderTerm } from "../../../src/model/order.ts";
import type { ManyRelation } from "../../../src/model/relation.ts";
import { Reader } from "../../../src/query/reader.ts";
import { searchWords } from "../../../src/query/search.ts";
import { snakeCase } from "../../../src/lib/text.ts";
import { at, listAt, type TestGateway } from "../gateway/gateway.ts";

/** A list of a tenant, or the lists that hang on records of `source` over `relation`. */
export type List = {
  readonly name: string;
  readonly source: string | null;
  readonly relation: string | null;
};
/** What of a list is asked for. */
export type Asked = List & {
  readonly order: readonly OrderTerm[] | null;
  readonly search: string | null;
  /** Only these ids: makes lists of any length, empty ones too. */
  readonly among: readonly string[] | null;
  readonly includeDeleted: boolean;
};
export type Cut = {
  readonly size: number;
  readonly backward: boolean;
  readonly after: string | null;
  readonly before: string | null;
};
export type GotPage = {
  readonly ids: readonly string[];
  readonly cursors: readonly string[];
  readonly total: number | null;
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
};
/** Fetches a page for each parent, all in one request; a list of the tenant has the one parent "". */
export type Fetch = (
  asked: Asked,
  parents: readonly string[],
  cut: Cut,
) => Promise<ReadonlyMap<string, GotPage>>;

/** Every list there is: of the tenant, and over every to-many edge. */
export const lists: readonly List[] = catalog.entities.flatMap((entity) => [
  ...(entity.name === "tenant" ? [] : [{ name: entity.name, source: null, relation: null }]),
  ...Object.entries(entity.relations)
    .filter(([, relation]) => relation.kind !== "one")
    .map(([name, relation]) => ({ name: relation.to, source: entity.name, relation: name })),
]);

function relationOf({ source, relation }: List): { source: Entity; relation: ManyRelation } | null {
  if (source === null || relation === null) return null;
  const entity = catalog.entity(source);
  const found = entity.relations[relation];
  if (found === undefined || found.kind === "one")
    throw new Error(`${source}.${relation} is not a list`);
  return { source: entity, relation: found };
}

/** The order a list has when nothing is asked. */
export function defaultOrder(list: List): readonly OrderTerm[] {
  return relationOf(list)?.relation.defaultOrder ?? catalog.entity(list.name).defaultOrder;
}

/** Straight through the read engine. */
export function engineFetch(db: Queryable, tenantId: string): Fetch {
  return async (asked, parents, { size, backward, after, before }) => {
    const reader = new Reader({ db, catalog, viewer: { tenantId, appId: null } });
    const request = {
      entity: catalog.entity(asked.name),
      parent: relationOf(asked),
      fields: [],
      where: asked.among === null ? null : { id: { in: asked.among } },
      order: asked.order,
      words: searchWords(asked.search),
      includeDeleted: asked.includeDeleted,
      limit: size,
      backward,
      after,
      before,
      want: { rows: true, cursors: true, total: true, outside: true },
    };
    const pages = parents.map(async (parent): Promise<[string, GotPage]> => {
      const page = await (asked.source === null
        ? reader.list(request)
        : reader.children("list", () => request, parent));
      return [parent, { ...page, ids: page.rows.map(({ id }) => String(id)) }];
    });
    return new Map(await Promise.all(pages));
  };
}

/** As a client does. */
export function httpFetch(gateway: TestGateway, key: string): Fetch {
  return async (asked, parents, cut) => {
    const data = await gateway.data(key, operation(asked, cut.backward ? "last" : "first"), {
      size: cut.size,
      after: cut.after,
      before: cut.before,
      where: asked.among === null ? null : { id: { in: asked.among } },
      orderBy: asked.order?.map(({ field, direction }) => ({ [field]: direction })) ?? null,
      search: asked.search,
      includeDeleted: asked.includeDeleted,
      parents,
    });
    if (asked.source === null) return new Map([["", pageFrom(at(data, "list"))]]);
    const nodes =
      asked.source === "tenant" ? [at(data, "tenant")] : listAt(data, "parents", "nodes");
    return new Map(nodes.map((node) => [bare(at(node, "id")), pageFrom(at(node, "list"))]));
  };
}

function operation(asked: Asked, size: "first" | "last"): string {
  const entity = catalog.entity(asked.name);
  const variables = [
    "$size: Int!, $after: String, $before: String",
    `$where: ${entity.type}Filter`,
    `$orderBy: [${entity.type}Order!]`,
  ];
  const passed = [
    `${size}: $size`,
    ...["after", "before", "where", "orderBy"].map((argument) => `${argument}: $${argument}`),
  ];
  if (entity.searchable) {
    variables.push("$search: String");
    passed.push("search: $search");
  }
  if (entity.softDelete) {
    variables.push("$includeDeleted: Boolean");
    passed.push("includeDeleted: $includeDeleted");
  }
  const list = `list: ${asked.relation ?? entity.plural}(${passed.join(", ")}) {
    totalCount edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }`;
  let selection = list;
  if (asked.source === "tenant") selection = `tenant { id ${list} }`;
  else if (asked.source !== null) {
    const source = catalog.entity(asked.source);
    const deleted = source.softDelete ? ", includeDeleted: true" : "";
    selection = `parents: ${source.plural}(first: 100, where: { id: { in: $parents } }${deleted}) { nodes { id ${list} } }`;
    variables.push("$parents: [ID!]");
  }
  return `query (${variables.join(", ")}) { ${selection} }`;
}

function pageFrom(connection: unknown): GotPage {
  const edges = listAt(connection, "edges");
  const cursors = edges.map((edge) => String(at(edge, "cursor")));
  const info = at(connection, "pageInfo");
  expect(at(info, "startCursor")).toBe(cursors[0] ?? null);
  expect(at(info, "endCursor")).toBe(cursors.at(-1) ?? null);
  return {
    ids: edges.map((edge) => bare(at(edge, "node", "id"))),
    cursors,
    total: Number(at(connection, "totalCount")),
    hasNextPage: at(info, "hasNextPage") === true,
    hasPreviousPage: at(info, "hasPreviousPage") === true,
  };
}

const bare = (id: unknown): string => String(id).slice(-36);

/** The whole of each parent's list in order, by plain SQL on the owner's connection, where no fence and no engine is. */
export async function wholeLists(
  client: pg.Client,
  tenantId: string,
  asked: Asked,
  parents: readonly string[],
): Promise<Map<string, string[]>> {
  const entity = catalog.entity(asked.name);
  const found = relationOf(asked);
  const values: unknown[] = [tenantId];
  const place = (value: unknown): string => `$${values.push(value)}`;
  const conditions = ["t.tenant_id = $1"];
  let parent = "''";
  let from = `${entity.table} t`;
  if (found !== null) {
    const { relation } = found;
    if (relation.kind === "through") {
      parent = `j.${relation.source}`;
      from += ` JOIN ${relation.table} j ON j.tenant_id = t.tenant_id AND j.${relation.target} = t.id`;
    } else {
      const key = entity.fields[relation.key];
      parent = `t.${key === undefined ? snakeCase(relation.key) : key.column}`;
      if (relation.only !== null) {
        const { field, value } = relation.only;
        const only = entity.fields[field];
        conditions.push(`t.${only === undefined ? field : only.column} = ${place(value)}`);
      }
    }
    conditions.push(`${parent} = ANY (${place(parents)}::uuid[])`);
  }
  if (entity.softDelete && !asked.includeDeleted) conditions.push("t.deleted_at IS NULL");
  if (asked.among !== null) conditions.push(`t.id = ANY (${place(asked.among)}::uuid[])`);
  let order = orderSql(entity, asked.order ?? defaultOrder(asked));
  if (asked.search !== null) {
    const phrase = `search_fold(${place(asked.search)})`;
    const words = place(asked.search.split(" "));
    const each = (holds: string) =>
      `(SELECT bool_and(${holds}) FROM unnest(${words}::text[]) v(v), search_fold(v) w(w))`;
    // Shorter ones have too few trigrams to be like anything.
    const similar = `length(${phrase}) >= 4 AND word_similarity(${phrase}, t.search_text) >= 0.5`;
    conditions.push(`(${each("strpos(t.search_text, w) > 0")} OR ${similar})`);
    const names = "string_to_array(split_part(t.search_text, E'\\f', 1), E'\\n')";
    const share = (text: string) =>
      `0.19 * least(1, length(${phrase})::real / greatest(1, length(${text})))`;
    const begins = `(SELECT line FROM unnest(${names}) WITH ORDINALITY l(line, place) WHERE place > 1 AND starts_with(line, ${phrase}) ORDER BY place LIMIT 1)`;
    const spaced = (text: string) => `regexp_replace(${text}, E'[\\n./,@(&"''-]', ' ', 'g')`;
    const name = `(${names})[2]`;
    const all = `array_to_string(${names}, E'\\n')`;
    const score = `(CASE WHEN ${phrase} = ANY ((${names})[2:]) THEN 5.19
      WHEN ${begins} IS NOT NULL THEN 4 + ${share(begins)}
      WHEN ${each(`strpos(${spaced(all)}, ' ' || ${spaced("w")}) > 0`)} THEN 3 + ${share(name)}
      WHEN ${each(`strpos(${all}, w) > 0`)} THEN 2 + ${share(name)}
      WHEN ${each("strpos(t.search_text, w) > 0")} THEN 1 + 0.19 * (strpos(t.search_text, ${phrase}) > 0)::int
      ELSE 0.19 * word_similarity(${phrase}, t.search_text) END)`;
    if (asked.order === null) order = `(${score} / 6)::real DESC, t.id DESC`;
  }
  const { rows } = await client.query<{ parent: string; id: string }>(
    `SELECT ${parent} AS parent, t.id FROM ${from} WHERE ${conditions.join(" AND ")} ORDER BY ${order}`,
    values,
  );
  const whole = new Map<string, string[]>(parents.map((id) => [id, []]));
  for (const row of rows) whole.get(row.parent)?.push(row.id);
  return whole;
}

/** Nulls stand last ascending and first descending unless said otherwise; ties go by id, as the first term runs. */
function orderSql(entity: Entity, order: readonly OrderTerm[]): string {
  const terms = order.map(({ field, direction }) => {
    const descending = direction.startsWith("desc");
    const first =
      direction.endsWith("nulls_first") || (descending && !direction.endsWith("nulls_last"));
    const definition = entity.fields[field];
    if (definition === undefined) throw new Error(`${entity.name} has no field ${field}`);
    const column = definition.expression === null ? `t.${definition.column}` : statusToday;
    return `${column} ${descending ? "DESC" : "ASC"} NULLS ${first ? "FIRST" : "LAST"}`;
  });
  return [
    ...terms,
    `t.id ${order[0]?.direction.startsWith("desc") === true ? "DESC" : "ASC"}`,
  ].join(", ");
}

/** The only field that is read by an expression: a quote's status. */
const statusToday = `CASE WHEN t.status IN ('draft', 'sent') AND t.validity_date < (now() AT TIME ZONE 'UTC')::date
  THEN 'expired' ELSE t.status END`;

/** What a page of a whole list must be: `rank` says where a row stands in the order of all. */
export function pageOf(whole: readonly string[], rank: (id: string) => number, cut: RankedCut) {
  const { size, backward, after, before } = cut;
  const between = whole.filter((id) => rank(id) > after && rank(id) < before);
  const isLater = whole.some((id) => rank(id) >= before);
  const isEarlier = whole.some((id) => rank(id) <= after);
  const isCut = between.length > size;
  return {
    ids: backward ? between.slice(-size) : between.slice(0, size),
    total: whole.length,
    hasNextPage: isLater || (!backward && isCut),
    hasPreviousPage: isEarlier || (backward && isCut),
  };
}
export type RankedCut = {
  readonly size: number;
  readonly backward: boolean;
  readonly after: number;
  readonly before: number;
};
