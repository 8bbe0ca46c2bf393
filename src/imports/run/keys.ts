import { hash } from "node:crypto";
import type { Entity } from "../../model/entity.ts";
import { readId } from "../../lib/id.ts";
import { restName } from "../../write/input.ts";
import type { EntityWrites } from "../../write/entity-writes.ts";
import { mapped, plainCell } from "../read/read-row.ts";
import type { FileRow, Manner, Mapping, Target } from "../read/types.ts";

/** A value by which an import finds records. */
export type ImportKey = { readonly field: string; readonly within: string | null };

/** Further values that name a record of its kind to people, where nothing unique is known. */
const namedBy = ["name"];

/** What rows of an entity can be found by, beside their ids: by REST name. */
export function importKeys({
  entity,
  upsertKeys = {},
}: EntityWrites): Readonly<Record<string, ImportKey>> {
  const names = namedBy.filter((field) => entity.fields[field] !== undefined);
  return {
    ...Object.fromEntries(names.map((field) => [restName(field), { field, within: null }])),
    ...upsertKeys,
  };
}

/** Tells what a row is found by: its key, and what that is unique within; null where it says none. */
export function keyReader(
  writes: EntityWrites,
  mapping: Mapping,
  manner: Manner,
  key: string,
): (row: FileRow) => bigint | null {
  const { entity } = writes;
  const rule = importKeys(writes)[key];
  const own = columnsOf(mapping, (target) => "field" in target && target.field === key);
  const within = rule?.within == null ? null : restName(rule.within);
  const owners = columnsOf(
    mapping,
    (target) =>
      ("reference" in target && target.reference === within) ||
      ("field" in target && target.field === within),
  );
  const compared = comparedAs(entity, rule);
  return (row) => {
    const said = (column: string) => textOf(plainCell(row, column, mapping, manner));
    const text = own.map(said).find((one) => one !== "");
    if (text === undefined) return null;
    const value = mapped(manner.values[key], text);
    const parts = [compared(value), ...owners.map((column) => said(column).toLowerCase())];
    return hash("sha1", JSON.stringify(parts), "buffer").readBigInt64BE();
  };
}

function comparedAs(entity: Entity, rule: ImportKey | undefined): (text: string) => string {
  const kind = rule === undefined ? null : entity.fields[rule.field]?.kind;
  return (text) => kind?.comparedAs(text) ?? readId(entity.prefix, text) ?? text;
}

const columnsOf = ({ columns }: Mapping, wanted: (target: Target) => boolean): string[] =>
  columns.flatMap(({ column, target }) => (target !== null && wanted(target) ? [column] : []));

const textOf = (cell: unknown): string =>
  cell === null ? "" : typeof cell === "string" ? cell : JSON.stringify(cell);
