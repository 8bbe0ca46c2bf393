// A query as a statement like one that is written by hand: it builds the answer's text for one tenant, without deleted
// records.
import { graph, snakeCase, type Entity, type EntityName } from "./graph.ts";
import {
  entityBehind,
  recordEntity,
  usesCursor,
  type Page,
  type Query,
  type Selection,
} from "./query.ts";

export type Statement = {
  readonly name: string;
  readonly text: string;
};

/** The values of a statement, in this order. */
type FloorValues = {
  readonly tenant: string;
  readonly app?: string;
  readonly id?: string;
  readonly after?: readonly [string, string];
};

export const valuesOf = ({ tenant, app, id, after }: FloorValues): readonly string[] =>
  [tenant, app, id, ...(after ?? [])].filter((value) => value !== undefined);

/** The statement of a query; `hasApp` restricts each level to one application's records. */
export function statementOf(query: Query, hasApp = false): Statement {
  const { root, name } = query;
  const parameters = ["tenant", hasApp && "app", "record" in root && "id"];
  if (usesCursor(query)) parameters.push("order", "row");
  const names = parameters.filter((one) => one !== false);
  const parameter = (wanted: string, type: string): string =>
    `$${names.indexOf(wanted) + 1}::${type}`;
  let aliases = 0;

  const visible = (t: string): string =>
    `${t}.tenant_id = ${parameter("tenant", "uuid")} AND ${t}.deleted_at IS NULL` +
    (hasApp ? ` AND ${t}.app_id = ${parameter("app", "text")}` : "");

  const object = (entity: EntityName, t: string, { fields, pages = [] }: Selection): string => {
    const pairs = fields.map((field) => `'${field}', ${printed(graph[entity], t, field)}`);
    for (const one of pages) pairs.push(`'${one.alias ?? one.edge}', ${page(entity, t, one)}`);
    return `json_build_object(${pairs.join(", ")})`;
  };

  const page = (from: EntityName | null, parent: string, one: Page): string => {
    const name = entityBehind(from, one.edge);
    const { table, order } = graph[name];
    aliases += 1;
    const t = `t${aliases}`;
    const key = from === null ? undefined : graph[from].edges[one.edge]?.key;
    const conditions = [visible(t)];
    if (key !== undefined) conditions.push(`${t}.${key} = ${parent}.id`);
    if (one.where) conditions.push(`${t}.${snakeCase(one.where.field)} = '${one.where.value}'`);
    const all = conditions.join(" AND ");
    const than = order.direction === "DESC" ? "<" : ">";
    const after = `(${t}.${order.column}, ${t}.id) ${than} (${parameter("order", "timestamptz")}, ${parameter("row", "uuid")})`;
    const limit = one.first + (one.pageInfo === true ? 1 : 0);
    const rows = `SELECT * FROM ${table} ${t} WHERE ${all}${one.isAfter === true ? ` AND ${after}` : ""}
      ORDER BY ${t}.${order.column} ${order.direction}, ${t}.id ${order.direction} LIMIT ${limit}`;
    const node = object(name, t, one.nodes);
    const total = `'totalCount', (SELECT count(*) FROM ${table} ${t} WHERE ${all}), `;
    const head = one.totalCount === true ? total : "";
    if (one.pageInfo !== true) {
      return `(SELECT json_build_object(${head}'nodes', coalesce(json_agg(${node}), '[]')) FROM (${rows}) ${t})`;
    }
    const cursor = `${t}.${order.column} || '|' || ${t}.id`;
    const numbered = `SELECT row_number() OVER () AS place, count(*) OVER () AS found, ${cursor} AS cursor, ${node} AS node FROM (${rows}) ${t}`;
    const pageInfo = `'pageInfo', json_build_object('hasNextPage', count(*) > ${one.first},
      'endCursor', max(p.cursor) FILTER (WHERE p.place = least(p.found, ${one.first})))`;
    const nodes = `'nodes', coalesce(json_agg(p.node) FILTER (WHERE p.place <= ${one.first}), '[]')`;
    return `(SELECT json_build_object(${head}${pageInfo}, ${nodes}) FROM (${numbered}) p)`;
  };

  const record = (key: "account" | "deal", selection: Selection): string => {
    const entity = recordEntity[key];
    const where = `${visible("t")} AND t.id = ${parameter("id", "uuid")}`;
    return `(SELECT ${object(entity, "t", selection)} FROM ${graph[entity].table} t WHERE ${where})`;
  };

  const [key, value] =
    "page" in root
      ? [root.page.alias ?? root.page.edge, page(null, "", root.page)]
      : [root.record, record(root.record, root.selection)];
  const text = `SELECT '{"data":' || json_build_object('${key}', ${value}) || '}'`;
  return { name: hasApp ? `${name} app` : name, text };
}

function printed({ fields, prefix }: Entity, t: string, field: string): string {
  const column = `${t}.${snakeCase(field)}`;
  switch (fields[field]) {
    case "text":
    case "plain":
      return column;
    case "id":
      return `'${prefix}-' || ${column}`;
    case "decimal":
      return `trim_scale(${column})::text`;
    case "instant":
      return `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
    case "day":
      return `${column}::text`;
    default:
      throw new Error(`no field ${field}`);
  }
}
