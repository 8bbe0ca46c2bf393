// The operations of the workloads, and their HTTP requests for each side.
import { documentOf, type GraphqlSide } from "./queries/documents.ts";
import type { Query } from "./queries/query.ts";
import { statementOf, valuesOf } from "./queries/statement.ts";
import type { QuoteInput } from "./sides/floor-writes.ts";
import { appId, type Tenant } from "./world.ts";

export const sideNames = ["floor", "gateway", "postgraphile", "plain"] as const;
export type SideName = (typeof sideNames)[number];

/** The end cursor of the previous page for each side. */
export type Cursors = Readonly<Partial<Record<SideName, string>>>;

export type Read = {
  readonly kind: "read";
  readonly query: Query;
  readonly tenant: Tenant;
  readonly asApplication: boolean;
  readonly id?: string;
  readonly after?: Cursors;
  /** Whether its document is a new one each time it is sent. */
  readonly isNew?: boolean;
};
export type Write =
  | { readonly kind: "createQuote"; readonly tenant: Tenant; readonly input: QuoteInput }
  | {
      readonly kind: "updateDeal";
      readonly tenant: Tenant;
      readonly id: string;
      readonly stage: string;
    };
export type Ask = Read | Write;

export type HttpRequest = {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

/** A name with nine digits, which the load generator counts up. */
export const counter = "unique_000000000";

const quoteFields = `id quoteNumber name currency total
  lineItems(first: 10) { nodes { id description quantity unitPrice discount total position } }`;
const writeDocuments = {
  gateway: {
    createQuote: `mutation createQuote($input: CreateQuoteInput!) { createQuote(input: $input) { quote { ${quoteFields} } userErrors { path message } } }`,
    updateDeal:
      "mutation updateDeal($id: ID!, $stage: String!) { updateDeal(id: $id, input: { stage: $stage }) { deal { id name stage value } userErrors { path message } } }",
  },
  postgraphile: {
    // A quote with its lines would take an independent mutation for each record.
    createQuote: null,
    updateDeal:
      "mutation updateDeal($tenant: UUID!, $id: UUID!, $stage: String!) { updateDeal: updateDealByTenantIdAndRowId(input: { tenantId: $tenant, rowId: $id, dealPatch: { stage: $stage } }) { deal { id: rowId name stage value } } }",
  },
  plain: {
    createQuote: `mutation createQuote($tenant: ID!, $input: QuoteInput!) { createQuote(tenantId: $tenant, input: $input) { quote { ${quoteFields} } } }`,
    updateDeal:
      "mutation updateDeal($tenant: ID!, $id: ID!, $stage: String!) { updateDeal(tenantId: $tenant, id: $id, stage: $stage) { deal { id name stage value } } }",
  },
} as const;

/** The request for a side; null if the side does not support the operation. */
export function requestOf(side: SideName, ask: Ask): HttpRequest | null {
  return side === "floor" ? floorRequest(ask) : graphqlRequest(side, ask);
}

function floorRequest(ask: Ask): HttpRequest {
  const post = (name: string, values: readonly string[]): HttpRequest => ({
    path: `/${encodeURIComponent(name)}`,
    headers: {},
    body: JSON.stringify(values),
  });
  const { tenant } = ask;
  if (ask.kind === "createQuote") return post(ask.kind, [tenant.id, JSON.stringify(ask.input)]);
  if (ask.kind === "updateDeal") return post(ask.kind, [tenant.id, ask.id, ask.stage]);
  const app = ask.asApplication ? appId : undefined;
  const [order, row] = ask.after?.floor?.split("|") ?? [];
  const values = valuesOf({
    tenant: tenant.id,
    ...(app === undefined ? {} : { app }),
    ...(ask.id === undefined ? {} : { id: ask.id }),
    ...(order === undefined || row === undefined ? {} : { after: [order, row] }),
  });
  return post(statementOf(ask.query, ask.asApplication).name, values);
}

function graphqlRequest(side: GraphqlSide, ask: Ask): HttpRequest | null {
  const { tenant } = ask;
  const isRead = ask.kind === "read";
  const key = isRead && ask.asApplication ? tenant.appKey : tenant.key;
  const credential: Record<string, string> = side === "gateway" ? { "x-api-key": key } : {};
  const whose = side === "gateway" ? {} : { tenant: tenant.id };
  const post = (query: string, variables: object): HttpRequest => ({
    path: "/graphql",
    headers: { "content-type": "application/json", accept: "application/json", ...credential },
    body: JSON.stringify({ query, variables: { ...whose, ...variables } }),
  });
  if (ask.kind === "read") {
    const text = documentOf(side, ask.query);
    const query = ask.isNew === true ? text.replace("nodes {", `nodes { ${counter}: name`) : text;
    return post(query, { id: ask.id, after: ask.after?.[side] });
  }
  const document = writeDocuments[side][ask.kind];
  if (document === null) return null;
  const { id, stage, input } = { id: undefined, stage: undefined, input: undefined, ...ask };
  return post(document, { id, stage, input });
}
