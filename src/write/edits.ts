import type { Values } from "../model/record.ts";
import type { WriteContext } from "./context.ts";
import type { WriteResult } from "./draft.ts";
import type { EntityWrites } from "./entity-writes.ts";
import { parseInput, type Edit, type ParsedInput, type Way } from "./input.ts";
import { changeRecords, updateRecords } from "./verbs.ts";
import { only } from "./write-rows.ts";

/** A record to change, and the version of it that was read. */
type Named = { readonly id: string; readonly version?: number | null | undefined };

/**
 * Changes one record by a verb of its own, such as a move to another stage. Nothing is written if the record is so
 * already: its version stays, and there is no event.
 */
export async function moveRecord(
  context: WriteContext,
  writes: EntityWrites,
  { id, version }: Named,
  values: Values,
): Promise<WriteResult> {
  const input = { ...values, ...versionOf(version) };
  return only(await updateRecords(skipping(context), writes, [{ id, input }]));
}

/**
 * Adds items to a list of a record, or takes them away: texts of a field, or links. The record is locked first, so of
 * two callers that change the same list at once, none undoes what the other did.
 */
export async function editList(
  context: WriteContext,
  writes: EntityWrites,
  { id, version }: Named,
  { rest, items, way }: { readonly rest: string; readonly items: unknown; way: Way },
): Promise<WriteResult> {
  const parsed = parseInput(writes.inputs.update, { [rest]: items, ...versionOf(version) });
  const field = writes.inputs.update.fields[rest]?.field ?? null;
  const input =
    field === null
      ? { ...parsed, linking: way }
      : { ...parsed, ...itemsEdited(parsed, { field, rest, way }) };
  return only(await changeRecords(skipping(context), writes, [{ id, input }]));
}

/** The items of an input as an edit of the list, in place of the list itself. */
function itemsEdited(
  { values }: ParsedInput,
  { field, rest, way }: Pick<Edit, "field" | "rest"> & { readonly way: Way },
): Pick<ParsedInput, "values" | "asSent" | "edits"> {
  const { [field]: items, ...others } = values;
  const named = listOf(items);
  const change = (before: unknown): readonly unknown[] =>
    way === "add"
      ? [...new Set([...listOf(before), ...named])]
      : listOf(before).filter((item) => !named.includes(item));
  return {
    values: others,
    asSent: [],
    edits: [{ field, rest, change, isRemoval: way === "remove" }],
  };
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

const versionOf = (version: Named["version"]): Values => (version == null ? {} : { version });

const skipping = (context: WriteContext): WriteContext => ({ ...context, skipsUnchanged: true });
