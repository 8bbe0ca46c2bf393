import type { Import } from "../../db/generated/prisma/client.ts";
import { readMapping } from "../../imports/run/kept.ts";
import { referenceName } from "../../imports/read/target.ts";
import type { Target } from "../../imports/read/types.ts";

/** A column of a file, and where it goes. */
export type ShownColumn = {
  readonly column: string;
  /** `email`, `account.name`, `custom_fields.region`; null for nowhere. */
  readonly field: string | null;
  readonly guessed: boolean;
  readonly note: string | null;
};

/** The columns of an import's file; none until its header was read. */
export function columnsOf({ mapping }: Pick<Import, "mapping">): readonly ShownColumn[] {
  // Before its header is read there is none.
  if (Array.isArray(mapping)) return [];
  return readMapping(mapping).columns.map(({ column, target, guessed, hints, note }) => ({
    column,
    field: fieldOf(target),
    guessed,
    note: note ?? reasonOf(target) ?? (hints.length > 0 ? `Perhaps ${hints.join(" or ")}.` : null),
  }));
}

/** A target as `map` takes it. */
function fieldOf(target: Target | null): string | null {
  if (target === null || "ignored" in target) return null;
  if ("field" in target) return target.field;
  if ("reference" in target) return `${referenceName(target.reference)}.${target.by}`;
  if ("address" in target) return `addresses.${target.address}.${target.part}`;
  return `custom_fields.${target.customField}`;
}

const reasonOf = (target: Target | null): string | null =>
  target !== null && "ignored" in target ? target.ignored : null;

/** The columns for which it is not said where they go: the import waits for that. */
export function openColumns({ mapping }: Pick<Import, "mapping">): readonly string[] {
  if (Array.isArray(mapping)) return [];
  return readMapping(mapping).columns.flatMap(({ column, target }) =>
    target === null ? [column] : [],
  );
}
