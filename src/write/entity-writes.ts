import type { Entity } from "../model/entity.ts";
import type { Draft } from "./draft.ts";
import type { EntityInputs } from "./input-definition.ts";
import type { Values } from "./input.ts";
import type { Judge } from "./judge.ts";
import type { Seen } from "./lock-rows.ts";
import type { MergeRules } from "./merge/values.ts";
import type { Problem } from "./problem.ts";
import type { References } from "./references.ts";
import type { Stored } from "./stored.ts";
import type { Liveness, Lock, WriteUnit } from "./unit.ts";

/** Records of each entity that a deletion took, or a restore brought back. */
export type Taken = ReadonlyMap<Entity, readonly string[]>;

/** How records of an entity are written: its inputs and its rules. All verbs are derived from this. */
export type EntityWrites = {
  readonly entity: Entity;
  readonly inputs: EntityInputs;
  /** What fields hold when nothing is said, where null cannot stand. */
  readonly defaults: Values;
  /** What an upsert can find a record by, most telling first. */
  readonly upsertKeys?: UpsertKeys;
  /** A number for people that new records get, e.g. `DEAL-2026-00417`. */
  readonly numbered?: { readonly field: string; readonly kind: string; readonly prefix: string };
  /** Fills in what decides to whom a record belongs, before the records that it refers to are locked. */
  readonly attach?: (unit: WriteUnit, drafts: readonly Draft[]) => Promise<void>;
  /** The lock that a record needs on what a field of it refers to; `reference` unless said otherwise. */
  readonly lockFor?: (draft: Draft, field: string) => Lock;
  /** A field that names a parent of the same kind: no circles, and no chain longer than that. */
  readonly hierarchy?: { readonly key: string; readonly maxDepth: number | null };
  /** Whether a change touches what other records rely on when they refer to this one. */
  readonly isExclusive?: (record: Stored, sent: Values) => boolean;
  /** What is locked before the record itself, beside what it refers to anew. Asked only if `locksFirst`. */
  readonly ownersOf?: (record: Stored, sent: Values) => readonly Owner[];
  readonly locksFirst?: (sent: Values) => boolean;
  /** Other records of the kind that change along with these: they are locked in one statement, by id. */
  readonly besides?: (unit: WriteUnit, seen: readonly Seen[]) => Promise<readonly string[]>;
  /** Locks what a deletion or a return of these records changes beside them and comes before them in the catalog. */
  readonly beforeRemoval?: (
    unit: WriteUnit,
    ids: readonly string[],
    liveness: Liveness,
  ) => Promise<void>;
  /** The entity's rules: each fills in values or adds problems. */
  readonly rules: (
    unit: WriteUnit,
    drafts: readonly Draft[],
    references: References,
  ) => Promise<void>;
  /** A rule on how the rows of a call stand to each other, beside unique values and the hierarchy; restored ones too. */
  readonly together?: (
    unit: WriteUnit,
    drafts: readonly Draft[],
    references: References,
  ) => Promise<Judge | null>;
  /** What must be written before the records, e.g. what frees a place for them. */
  readonly prepare?: (unit: WriteUnit, drafts: readonly Draft[]) => Promise<void>;
  /** What is written along with the records: links, children, derived fields of others. */
  readonly finish?: (
    unit: WriteUnit,
    drafts: readonly Draft[],
    references: References,
  ) => Promise<void>;
  /** Why a record is neither deleted nor brought back by itself; null when it may be. */
  readonly staysAsItIs?: (record: Stored, references: References) => Problem | null;
  /** What restored records hold beside being live, by id. */
  readonly restored?: (
    unit: WriteUnit,
    records: readonly Stored[],
  ) => Promise<ReadonlyMap<string, Values>>;
  /** The same for what a deletion took or a restore brings back; `roots` are the records that were named. */
  readonly afterDelete?: (unit: WriteUnit, taken: Taken, roots: readonly Stored[]) => Promise<void>;
  readonly afterRestore?: (
    unit: WriteUnit,
    taken: Taken,
    roots: readonly Stored[],
  ) => Promise<void>;
  /** How two records become one, where they can be merged. */
  readonly merging?: MergeRules;
  /** What records contain that is merged along where it would be the same below one owner: its `unique` says so. */
  readonly mergesAlong?: readonly EntityWrites[];
};

/** Values by which an upsert finds its record: argument → field, and what it is unique within. */
export type UpsertKeys = Readonly<
  Record<string, { readonly field: string; readonly within: string | null }>
>;

export type Owner = { readonly entity: string; readonly id: string; readonly lock: Lock };
