import type { Catalog } from "../../model/catalog.ts";
import type { Entity } from "../../model/entity.ts";
import type { Relation } from "../../model/relation.ts";

/** A field's arguments as its resolver gets them. Their values are not checked yet. */
export type Arguments = Readonly<Record<string, unknown>>;

/** The cost of a field itself, in nodes that it could read, and the number of times each field under it is resolved. */
export type Cost = {
  readonly own: number;
  readonly times: number;
  /** The part of its own cost that is for records of a page; the share of missing records is given back. */
  readonly paged?: number;
  /** The number of objects in the lists directly under it, if each has a cost of its own, such as edges and groups. */
  readonly items?: number;
};

/** The facts about a field, beside its arguments, that its cost depends on. */
type CostContext = {
  /** Whether it reads the rows of the whole tenant, and not those of one parent. */
  readonly isRoot: boolean;
  /** The names of the fields that are selected under it. */
  readonly selected: ReadonlySet<string>;
};

/**
 * The scopes and the cost of a field, a type or an input. They are kept in the schema's `extensions`, and read when an
 * operation is planned (operation-plan.ts). Those of a type apply to every field that gives it.
 */
export type Access = {
  /** The entities whose read scope is needed. */
  readonly reads?: readonly string[];
  /** The same, if it depends on arguments. */
  readonly readsBy?: (args: Arguments) => readonly string[];
  /** The written resource, by its name in the table of permissions. */
  readonly writes?: string;
  /** The same, if it depends on arguments. */
  readonly writesBy?: (args: Arguments) => readonly string[];
  readonly cost?: (args: Arguments, context: CostContext) => Cost;
  /** The arguments that `readsBy`, `writesBy` and `cost` read. */
  readonly uses?: readonly string[];
  /** The most items of a list that is not a page. */
  readonly items?: number;
  /** The cost of each value in a filter's field, if the value is expensive to read. */
  readonly pointsPerValue?: number;
  /** Whether its value can be so long that its bytes cost more than the value. */
  readonly isLong?: boolean;
};

/** An access as the `extensions` of a type, field or input field. */
export function access(value: Access): { readonly access: Access } {
  return { access: value };
}

type Extended = { readonly extensions?: Readonly<Record<string, unknown>> | null | undefined };

const none: Access = {};

/** The access of a type, field or input field; empty if none is set. */
export function accessOf({ extensions }: Extended): Access {
  const value = extensions?.["access"];
  return isAccess(value) ? value : none;
}

/** No other code than `access` sets it. */
function isAccess(value: unknown): value is Access {
  return typeof value === "object" && value !== null;
}

/** The entities that a reader of this entity's rows learns of. */
export function readsOf(entity: Entity): readonly string[] {
  return entity.tellsOf ?? [entity.name];
}

/** The entities that some kinds of records are of, as an argument names them. */
export function readsOfTypes(catalog: Catalog, types: unknown): readonly string[] {
  const names: readonly unknown[] = Array.isArray(types) ? types : [types];
  const all = [...catalog.entities, ...catalog.apart];
  return all.filter(({ type }) => names.includes(type)).map(({ name }) => name);
}

/** The access of every field that gives an entity's type, or a list of it; empty if it depends on the edge. */
export function typeAccess(entity: Entity): Access {
  return { reads: entity.tellsOf === null ? [entity.name] : [] };
}

/** The same along an edge. A narrowed edge only leads to rows that describe the source itself. */
export function readsAlong(source: Entity, target: Entity, relation: Relation): readonly string[] {
  const isNarrowed = relation.kind === "many" && relation.only !== null;
  return isNarrowed ? readsOf(source) : readsOf(target);
}

/** A page size for estimates. Invalid sizes are refused elsewhere. */
export function countIn(value: unknown, otherwise: number): number {
  return typeof value === "number" && value > 0 ? value : otherwise;
}
