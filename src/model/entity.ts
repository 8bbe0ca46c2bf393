import type { Field } from "./field.ts";
import type { OrderTerm } from "./order.ts";
import type { Relation } from "./relation.ts";
import type { Rules } from "./rules.ts";

/** What an entity is. Everything that reads it (filters, orders, pages, loaders, GraphQL types) is derived from this. */
export type Entity = {
  /** `lineItem`: the field for one; also the name of the Prisma delegate. */
  readonly name: string;
  /** `lineItems`: the field for many. */
  readonly plural: string;
  /** `LineItem`: the GraphQL type. */
  readonly type: string;
  readonly table: string;
  /** Of its public ids: `lin-<uuid>`. */
  readonly prefix: string;
  readonly description: string;
  /** The column that the tenant fence compares. */
  readonly tenantColumn: string;
  readonly softDelete: boolean;
  /** Can be fetched by its id alone (`node`); what is only a part of another record cannot. */
  readonly isNode: boolean;
  /** Has a `search_text` column. */
  readonly searchable: boolean;
  /** Among records that match a search alike, those of a greater rank come first: 0 to 4. */
  readonly searchRank: number;
  readonly defaultOrder: readonly OrderTerm[];
  /** Fields that lists can be ordered by without reading all rows: an index leads from the tenant to them, then the id. */
  readonly ordered: readonly string[];
  /** Other unique values by which one record can be asked for: argument → field. */
  readonly naturalKeys: Readonly<Record<string, string>>;
  /** What is unique among a tenant's live records; null never collides, but in `within` it counts as a value. */
  readonly unique: readonly { readonly field: string; readonly within: string | null }[];
  readonly fields: Readonly<Record<string, Field>>;
  /** Columns that are the gateway's own business: written with the record, and no part of what callers see. */
  readonly internal: Readonly<Record<string, Field>>;
  readonly relations: Readonly<Record<string, Relation>>;
  /** What holds between its records, and between them and what they refer to. */
  readonly rules: Rules;
  /** For what only tells of other records: the entities of those. Who reads it learns of them. */
  readonly tellsOf: readonly string[] | null;
};

type EntityInput = Omit<
  Entity,
  | "tenantColumn"
  | "softDelete"
  | "isNode"
  | "searchable"
  | "searchRank"
  | "defaultOrder"
  | "ordered"
  | "naturalKeys"
  | "unique"
  | "internal"
  | "rules"
  | "tellsOf"
> &
  Partial<Entity>;

/** Declares an entity; what is left out takes the usual value (soft delete, searchable, newest first). */
export function defineEntity(input: EntityInput): Entity {
  return {
    tenantColumn: "tenant_id",
    softDelete: true,
    isNode: true,
    searchable: true,
    searchRank: 0,
    defaultOrder: [{ field: "createdAt", direction: "desc" }],
    ordered: ["createdAt"],
    naturalKeys: {},
    unique: [],
    internal: {},
    rules: {},
    tellsOf: null,
    ...input,
  };
}

/** Whether all rows must be read to have them in an order; its first term decides, since few rows are alike in that. */
export function sortsAll({ ordered, defaultOrder }: Entity, order: readonly string[]): boolean {
  const [first] = order;
  const served = ["id", defaultOrder[0]?.field, ...ordered];
  return first !== undefined && !served.includes(first);
}
