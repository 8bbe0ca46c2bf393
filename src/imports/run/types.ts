import type { Actor } from "../../auth/actor.ts";
import type { Import } from "../../db/generated/prisma/client.ts";
import type { EntityWrites } from "../../write/entity-writes.ts";
import type { OnError } from "../../write/rules/judge.ts";
import type { FileOptions, Manner } from "../read/types.ts";

/** What is done with rows whose record is there, or is not there. */
export type ImportMode = "create" | "upsert" | "update";

/** What is done with columns that go nowhere: the import waits until it is said, or they are left out, or kept. */
export type Unmapped = "wait" | "ignore" | "custom_fields";

/** What is asked for, beside the file. */
export type ImportOptions = {
  /** The name of the entity in the catalog: `contact`. */
  readonly entity: string;
  readonly mode: ImportMode;
  /** What a row's record is found by: `id`, or a REST name that the entity can be found by. Null for `create`. */
  readonly key: string | null;
  readonly onError: OnError;
  /** Whether everything is done and nothing is written. */
  readonly dryRun: boolean;
  readonly unmapped: Unmapped;
  /** Column → what it goes to: `email`, `account.name`. */
  readonly map: Readonly<Record<string, string>>;
  readonly file: FileOptions;
  readonly manner: Manner;
  /** Entities whose records are created where a row names one that is not there: `account`. */
  readonly createMissing: readonly string[];
};

/** An upload. */
export type NewImport = {
  readonly options: ImportOptions;
  readonly fileName: string | null;
  /** Whether the same file with the same options is imported once more. */
  readonly force: boolean;
  /** Under which it is imported once, however often it is sent, and no other file is. */
  readonly idempotencyKey?: string | null;
  /** Whether it waits for `start` though all of its columns go somewhere. */
  readonly waits?: boolean;
};

/** What became of an upload: the import that it made, or the one that the same file made before. */
export type Staged = { readonly import: Import; readonly isNew: boolean };

/** How fast an import is, as of now. */
export type Progress = {
  /** Of the last half minute, waits included; 0 before the first rows. */
  readonly rowsPerSecond: number;
  /** Until all rows are done; null while it cannot be told, 0 when it has ended. */
  readonly secondsLeft: number | null;
};

/** An import as a watcher sees it. */
export type ImportProgress = { readonly import: Import; readonly progress: Progress };

/** What an import does with the entity's rows. */
export type ImportWrites = ReadonlyMap<string, EntityWrites>;

/** Has an import's next rows written soon, or at a time. */
export type Enqueue = (
  of: { readonly tenantId: string; readonly id: string },
  runAt?: Date,
) => Promise<void>;

/** Tells when something of a tenant was committed, until the function that is returned is called. */
export type Watch = { readonly watch: (tenantId: string, wake: () => void) => () => void };

/** The rights that an import's credential has now; null if it does not work any more. */
export type ActorOf = (of: Pick<Import, "tenantId" | "actor">) => Promise<Actor | null>;

/** Most imports of a tenant that have not ended. */
export const mostOpenImports = 20;
/** Days that an import is kept after its end, with its errors and refused rows. */
export const keptDays = 30;
/** Minutes after which an upload that stands still is deleted. */
export const uploadMinutes = 15;
/** Days that an import waits for its columns to be mapped. */
export const waitingDays = 7;

/** The ids of imports begin so: `imp-<uuid>`. */
export const importPrefix = "imp";
