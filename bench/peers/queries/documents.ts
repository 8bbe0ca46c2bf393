// The documents of the three GraphQL sides. Aliases give all answers the same keys.
import { graph, type EntityName } from "./graph.ts";
import {
  entityBehind,
  recordEntity,
  usesCursor,
  type Page,
  type Query,
  type Selection,
} from "./query.ts";

/** The parts of a document that differ by side. */
type Dialect = {
  readonly field: (name: string) => string;
  readonly edge: (from: EntityName | null, page: Page) => string;
  readonly record: (record: "account" | "deal") => string;
  readonly variables: readonly string[];
};

const join = (parts: readonly (string | false | undefined)[]): string =>
  parts.filter((part) => typeof part === "string").join(", ");

const named = (alias: string | undefined, name: string): string =>
  alias === undefined || alias === name ? name : `${alias}: ${name}`;

/** A literal; the type of an activity is an enum value. */
const literal = ({ field, value }: NonNullable<Page["where"]>): string =>
  field === "type" ? value : JSON.stringify(value);

const gateway: Dialect = {
  field: (name) => name,
  edge: (_from, { edge, alias, first, where, isAfter }) => {
    const filter = where && `where: { ${where.field}: { eq: ${literal(where)} } }`;
    // All other lists have their default order.
    const order = edge === "accounts" && "orderBy: [{ displayName: asc }]";
    const page = join([`first: ${first}`, isAfter && "after: $after", order, filter]);
    return `${named(alias, edge)}(${page})`;
  },
  record: (record) => `${record}(id: $id)`,
  variables: ["$id: ID!"],
};

/** The amber preset's names. A condition excludes deleted records. The order is given, since the default is by key. */
const postgraphile: Dialect = {
  field: (name) => (name === "id" ? "id: rowId" : name),
  edge: (from, { edge, alias, first, where, isAfter }) => {
    const { order } = graph[entityBehind(from, edge)];
    const condition = join([
      from === null && "tenantId: $tenant",
      "deletedAt: null",
      where && `${where.field}: ${literal(where)}`,
    ]);
    const orderBy = `${order.column.toUpperCase()}_${order.direction}, ROW_ID_${order.direction}`;
    const page = join([`first: ${first}`, isAfter && "after: $after"]);
    const key = from === null ? null : graph[from].edges[edge]?.key;
    const by = key == null ? "" : `ByTenantIdAnd${pascalCase(key)}`;
    const field = from === null ? `all${pascalCase(edge)}` : `${edge}${by}`;
    return `${alias ?? edge}: ${field}(${page}, condition: { ${condition} }, orderBy: [${orderBy}])`;
  },
  record: (record) => `${record}: ${record}ByTenantIdAndRowId(tenantId: $tenant, rowId: $id)`,
  variables: ["$tenant: UUID!", "$id: UUID!"],
};

const plain: Dialect = {
  field: (name) => name,
  edge: (from, { edge, alias, first, where, isAfter }) => {
    const page = join([
      from === null && "tenantId: $tenant",
      `first: ${first}`,
      isAfter && "after: $after",
      where && `${where.field}: ${literal(where)}`,
    ]);
    return `${named(alias, edge)}(${page})`;
  },
  record: (record) => `${record}(tenantId: $tenant, id: $id)`,
  variables: ["$tenant: ID!", "$id: ID!"],
};

const dialects = { gateway, postgraphile, plain };
export type GraphqlSide = keyof typeof dialects;

/** The document of a query for one of the sides. */
export function documentOf(side: GraphqlSide, query: Query): string {
  const dialect = dialects[side];
  const page = (from: EntityName | null, one: Page): string => {
    const inside = [
      one.totalCount === true && "totalCount",
      one.pageInfo === true && "pageInfo { hasNextPage endCursor }",
      `nodes { ${selection(entityBehind(from, one.edge), one.nodes)} }`,
    ];
    return `${dialect.edge(from, one)} { ${inside.filter((part) => part !== false).join(" ")} }`;
  };
  const selection = (entity: EntityName, { fields, pages = [] }: Selection): string =>
    [...fields.map(dialect.field), ...pages.map((one) => page(entity, one))].join(" ");
  const body =
    "page" in query.root
      ? page(null, query.root.page)
      : `${dialect.record(query.root.record)} { ${selection(recordEntity[query.root.record], query.root.selection)} }`;
  const isRecord = "record" in query.root;
  const variables = [
    ...dialect.variables.filter((variable) => isRecord || !variable.startsWith("$id")),
    ...(usesCursor(query) ? [side === "postgraphile" ? "$after: Cursor" : "$after: String"] : []),
  ];
  const head = variables.length === 0 ? "" : `(${variables.join(", ")})`;
  return `query ${query.name}${head} { ${body} }`;
}

function pascalCase(name: string): string {
  return `_${name}`.replaceAll(/_([a-z])/g, (_match, letter: string) => letter.toUpperCase());
}
