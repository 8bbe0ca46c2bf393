import type { Entity } from "../../model/entity.ts";
import type { Relation } from "../../model/relation.ts";

/** A field's arguments as its resolver gets them; what they hold is checked later than this is asked. */
export type Arguments = Readonly<Record<string, unknown>>;

/** What a field costs by itself, in nodes that it could read, and how often each field under it is resolved. */
export type Cost = {
  readonly own: number;
  readonly times: number;
  /** The part of its own cost that is for records of a page; the share of missing records is given back. */
  readonly paged?: number;
  /** How many objects the lists right under it have, where each of them costs something by itself, e.g. edges and groups. */
  readonly items?: number;
};

/** What is known of a field beside its arguments when its cost is worked out. */
type CostContext = {
  /** Whether it reads the tenant's rows at large, and not those of one parent. */
  readonly isRoot: boolean;
  /** Names of the fields that are selected under it. */
  readonly selected: ReadonlySet<string>;
};

/**
 * What a field, a type or an input asks of the caller and of the server. Kept in the schema's `extensions`, and read
 * when an operation is planned (operation-plan.ts). A type's goes for every field that gives it.
 */
export type Access = {
  /** The entities whose read scope is needed. */
  readonly reads?: readonly string[];
  /** The same where it depends on arguments. */
  readonly readsBy?: (args: Arguments) => readonly string[];
  /** What is written, by its name in the table of permissions. */
  readonly writes?: string;
  readonly cost?: (args: Arguments, context: CostContext) => Cost;
  /** The arguments that `readsBy` and `cost` look at. */
  readonly uses?: readonly string[];
  /** Of a list that is no page: how many items it has at most. */
  readonly items?: number;
  /** Of a field of a filter: what each value that it is compared with costs, where reading it is work. */
  readonly pointsPerValue?: number;
  /** Whether its value can be so long that its bytes are more work than the value. */
  readonly isLong?: boolean;
};

/** As the `extensions` of a type, field or input field. */
export function access(value: Access): { readonly access: Access } {
  return { access: value };
}

type Extended = { readonly extensions?: Readonly<Record<string, unknown>> | null | undefined };

const none: Access = {};

/** What was said of it; nothing when nothing was. */
export function accessOf({ extensions }: Extended): Access {
  const value = extensions?.["access"];
  return isAccess(value) ? value : none;
}

/** Only `access` above puts it there. */
function isAccess(value: unknown): value is Access {
  return typeof value === "object" && value !== null;
}

/** The entities that somebody learns of by reading rows of this one. */
export function readsOf(entity: Entity): readonly string[] {
  return entity.tellsOf ?? [entity.name];
}

/** What holds for every field that gives an entity's type, or a list of them: nothing where it depends on the edge. */
export function typeAccess(entity: Entity): Access {
  return { reads: entity.tellsOf === null ? [entity.name] : [] };
}

/** The same along an edge: one that is narrowed leads to nothing but what tells of the source itself. */
export function readsAlong(source: Entity, target: Entity, relation: Relation): readonly string[] {
  const isNarrowed = relation.kind === "many" && relation.only !== null;
  return isNarrowed ? readsOf(source) : readsOf(target);
}

/** A size for estimates; one that no page has is refused elsewhere. */
export function countIn(value: unknown, otherwise: number): number {
  return typeof value === "number" && value > 0 ? value : otherwise;
}
