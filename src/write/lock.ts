/**
 * How a row is locked. `reference`: it may be changed but not deleted meanwhile, which is what a row that refers to
 * it needs. `update`: nobody else changes it. `exclusive`: nobody refers to it anew either.
 */
export type Lock = "reference" | "update" | "exclusive";

/** What a statement says to lock the rows that it reads. */
export const lockSql: Readonly<Record<Lock, string>> = {
  reference: "FOR KEY SHARE",
  update: "FOR NO KEY UPDATE",
  exclusive: "FOR UPDATE",
};

/** Which rows a read sees. */
export type Liveness = "live" | "deleted" | "all";

/** A record that is to be locked, by the name of its entity. */
export type Wanted = { readonly entity: string; readonly id: string; readonly lock: Lock };
