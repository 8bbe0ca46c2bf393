import type { Catalog } from "../model/catalog.ts";
import type { Reader } from "../query/reader.ts";
import type { Row } from "../query/row.ts";
import { fieldChanges, linkedRecords, type FieldChange } from "./field-changes.ts";

type Sight = {
  readonly catalog: Catalog;
  readonly reader: Reader;
  /** Whose rights count; with an application it sees links to its own records alone, as it does everywhere. */
  readonly actor: { readonly appId: string | null };
};

/** The changes of an event as a caller may see them. */
export function seenChanges(row: Row, sight: Sight): FieldChange[] | Promise<FieldChange[]> {
  return sight.actor.appId === null ? fieldChanges(sight.catalog, row) : ofApplication(row, sight);
}

async function ofApplication(row: Row, { catalog, reader }: Sight): Promise<FieldChange[]> {
  const linked = linkedRecords(catalog, row);
  const sights = await Promise.all(linked.map(({ entity, id }) => reader.sees(entity, id)));
  const seen = new Set(linked.filter((_, index) => sights[index]).map(({ id }) => id));
  return fieldChanges(catalog, row, (_entity, id) => typeof id === "string" && seen.has(id));
}
