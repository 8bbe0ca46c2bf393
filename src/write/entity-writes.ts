import type { FieldName, Stored, Values } from "../model/record.ts";
import type { ModelName } from "../model/datamodel.ts";
import type { Entity } from "../model/entity.ts";
import type { Draft } from "./draft.ts";
import type { EntityInputs } from "./input-definition.ts";
import type { Liveness } from "./lock.ts";
import type { Problem } from "./problem.ts";
import type { References } from "./references.ts";
import type { Judge } from "./rules/judge.ts";
import type { Links } from "./rules/links.ts";
import type { WriteUnit } from "./unit.ts";

/**
 * How records of an entity are written: its inputs, what they hold at first, and its rules beyond those that the
 * model declares (src/model/rules.ts). All verbs are derived from this.
 */
export type EntityWrites<Model extends ModelName = ModelName> = {
  readonly entity: Entity<Model>;
  readonly inputs: EntityInputs;
  /** What fields hold when nothing is said, where null cannot stand and schema.prisma has no default. */
  readonly defaults?: Values;
  /** What an upsert can find a record by, most telling first. */
  readonly upsertKeys?: UpsertKeys<FieldName<Model>>;
  /** A number for people that new records get, e.g. `DEAL-2026-00417`. */
  readonly numbered?: {
    readonly field: FieldName<Model>;
    readonly kind: string;
    readonly prefix: string;
  };
  /**
   * References and links whose records change with each write, e.g. a quote's total with its lines: they are locked
   * for an update, and before the record itself.
   */
  readonly changesAlong?: readonly string[];
  readonly rules?: WriteRules<Draft<Model>>;
  readonly removal?: RemovalRules<Stored<Model>, Values<Model>>;
  readonly merging?: MergeRules<FieldName<Model>, Stored<Model>, Values<Model>>;
};

/** Values by which an upsert finds its record: argument → field, and what it is unique within. */
export type UpsertKeys<Field extends string = string> = Readonly<
  Record<string, { readonly field: Field; readonly within: Field | null }>
>;

/** The key that other systems give a record. */
export const externalKey = { external_id: { field: "externalId", within: null } } as const;

/**
 * What is special about creating and changing records, in the order in which it is called. These are methods, so that
 * the rules of deals are rules of any entity: the engine hands each entity's rules only records of that entity.
 */
type WriteRules<Row = Draft> = {
  /** Fills in what decides to whom a record belongs, before the records that it refers to are locked. */
  attach?(unit: WriteUnit, drafts: readonly Row[]): Promise<void>;
  /** Fills in values and adds problems. */
  check?(unit: WriteUnit, drafts: readonly Row[], references: References): Promise<void> | void;
  /** How the rows of a call stand to each other, beside the declared rules; of restored ones, too. */
  judge?(
    unit: WriteUnit,
    drafts: readonly Row[],
    references: References,
  ): Promise<Judge<Row> | null>;
  /** Whether something that is written along differs, though the record itself stays as it is. */
  changesMore?(draft: Row): boolean;
  /** What is written along with the records: children, derived fields of others. */
  after?(
    unit: WriteUnit,
    drafts: readonly Row[],
    along: { readonly references: References; readonly links: Links },
  ): Promise<void> | void;
};

/** What is special about deleting records and bringing them back, in the order in which it is called. */
type RemovalRules<Before = Stored, Changed = Values> = {
  /** Locks what changes beside the records and comes before them in the catalog. */
  lock?(unit: WriteUnit, ids: readonly string[], liveness: Liveness): Promise<void>;
  /** Why a record is neither deleted nor brought back by itself; null when it may be. */
  refuse?(record: Before, references: References): Problem | null;
  /** What restored records hold beside being live, by id. */
  restored?(unit: WriteUnit, records: readonly Before[]): Promise<ReadonlyMap<string, Changed>>;
  /** What is written along with it; `roots` are the records that were named, as they were. */
  after?(unit: WriteUnit, taken: Taken, roots: readonly Before[]): Promise<void>;
};

/** Contents of each entity that a deletion took, or a restore brought back. */
export type Taken = ReadonlyMap<Entity, readonly string[]>;

/** How two records become one; what is not named follows the field's kind. */
export type MergeRules<Field extends string = string, Before = Stored, Changed = Values> = {
  /**
   * `survivor`: what the other had is never taken over. `earliest` and `latest`: of both. Otherwise the survivor's
   * value, or the other's where it has none; lists and JSON objects hold what either has, the survivor's first.
   */
  readonly fields?: { readonly [Name in Field]?: "survivor" | "earliest" | "latest" };
  /** Fields that mean something together only: they are taken over when the survivor has none of them. */
  readonly together?: readonly (readonly Field[])[];
  /** Internal fields that callers write under another name: `display_name`. */
  readonly shown?: Readonly<Record<string, string>>;
  /** What only the entity can put together. */
  settle?(into: Before, from: Before, values: Changed): Changed;
  /** What records contain that is merged along where it would be the same below one owner: its `unique` says so. */
  readonly along?: readonly EntityWrites[];
};
