// The part of the graph that the workloads read, for all sides.

/** The format of a field in an answer. */
type Kind = "text" | "plain" | "decimal" | "instant" | "day" | "id";

export type EntityName = "accounts" | "contacts" | "deals" | "quotes" | "lineItems" | "activities";
type EdgeFacts = { readonly to: EntityName; readonly key: string };
export type Entity = {
  readonly table: string;
  /** The prefix of ids from the gateway and the floor. */
  readonly prefix: string;
  /** Lists are ordered by this column and then by id, both in this direction. */
  readonly order: { readonly column: string; readonly direction: "ASC" | "DESC" };
  readonly fields: Readonly<Record<string, Kind>>;
  readonly edges: Readonly<Record<string, EdgeFacts>>;
};

const newest = { column: "created_at", direction: "DESC" } as const;
const stamps = { createdAt: "instant", updatedAt: "instant", version: "plain" } as const;

export const graph: Readonly<Record<EntityName, Entity>> = {
  accounts: {
    table: "accounts",
    prefix: "acc",
    order: { column: "display_name", direction: "ASC" },
    fields: {
      id: "id",
      name: "text",
      displayName: "text",
      industry: "text",
      domain: "text",
      annualRevenue: "decimal",
      employeeCount: "plain",
      ownerId: "text",
      ...stamps,
    },
    edges: {
      deals: { to: "deals", key: "account_id" },
      contacts: { to: "contacts", key: "account_id" },
      activities: { to: "activities", key: "account_id" },
    },
  },
  contacts: {
    table: "contacts",
    prefix: "con",
    order: newest,
    fields: {
      id: "id",
      displayName: "text",
      firstName: "text",
      lastName: "text",
      email: "text",
      jobTitle: "text",
      isPrimary: "plain",
      ...stamps,
    },
    edges: {},
  },
  deals: {
    table: "deals",
    prefix: "deal",
    order: newest,
    fields: {
      id: "id",
      name: "text",
      dealNumber: "text",
      stage: "text",
      value: "decimal",
      currency: "text",
      probability: "decimal",
      ownerId: "text",
      expectedCloseDate: "day",
      ...stamps,
    },
    edges: { quotes: { to: "quotes", key: "deal_id" } },
  },
  quotes: {
    table: "quotes",
    prefix: "qte",
    order: newest,
    fields: {
      id: "id",
      name: "text",
      quoteNumber: "text",
      currency: "text",
      isPrimary: "plain",
      total: "decimal",
      validityDate: "day",
      ...stamps,
    },
    edges: { lineItems: { to: "lineItems", key: "quote_id" } },
  },
  lineItems: {
    table: "line_items",
    prefix: "lin",
    order: { column: "position", direction: "ASC" },
    fields: {
      id: "id",
      description: "text",
      quantity: "decimal",
      unitPrice: "decimal",
      discount: "decimal",
      total: "decimal",
      position: "plain",
    },
    edges: {},
  },
  activities: {
    table: "activities",
    prefix: "act",
    order: { column: "occurred_at", direction: "DESC" },
    fields: {
      id: "id",
      type: "text",
      subject: "text",
      occurredAt: "instant",
      direction: "text",
      outcome: "text",
      dueDate: "instant",
    },
    edges: {},
  },
};

export const snakeCase = (name: string): string =>
  name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
