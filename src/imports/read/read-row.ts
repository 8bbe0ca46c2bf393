import { ExactNumber } from "../../lib/exact-number.ts";
import { withoutGuard } from "../../lib/formula.ts";
import { isRecord } from "../../lib/json.ts";
import { asComplaint, type Complaint } from "../../lib/messages.ts";
import type { Reading } from "../../lib/reading.ts";
import type { Field } from "../../model/field.ts";
import type { TextManner } from "../../model/kind.ts";
import { listOfText } from "../../model/kinds/text-list.ts";
import { fieldOfInput } from "./field-of-input.ts";
import {
  ownCell,
  strayCells,
  type CellComplaint,
  type ColumnMapping,
  type FileRow,
  type Imported,
  type Manner,
  type Mapping,
  type ReadRow,
  type RowReference,
  type Target,
} from "./types.ts";

/** What a row is read into. */
type Draft = {
  readonly input: Record<string, unknown>;
  readonly references: RowReference[];
  readonly complaints: CellComplaint[];
};

/** Reads the cells of a row as its columns are mapped: each by the kind of its field. */
export function readRow(
  imported: Imported,
  mapping: Mapping,
  manner: Manner,
  fileRow: FileRow,
): ReadRow {
  const row: Draft = { input: {}, references: [], complaints: [] };
  for (const column of mapping.columns) {
    if (column.target === null || "ignored" in column.target) continue;
    const cell = plainCell(fileRow, column.column, mapping, manner);
    readCell(imported, column, column.target, manner, cell, row);
  }
  for (const [name, text] of Object.entries(manner.defaults)) {
    const isNamed = row.references.some(({ field }) => field === name);
    if (isNamed || row.input[name] != null) continue;
    const reading = readText(imported, name, text, manner, null);
    if ("value" in reading) row.input[name] = reading.value;
    else complain(row, null, name, reading.complaint);
  }
  const stray = ownCell(fileRow, strayCells);
  if (Array.isArray(stray)) {
    const count = Object.keys(fileRow.cells).length - 1 + stray.length;
    complain(row, null, null, {
      complaint: "whole",
      text: `The row has ${count} cells and the header ${mapping.columns.length}; put cells that hold the delimiter or a line break into quotation marks.`,
    });
  }
  return row;
}

function complain(row: Draft, column: string | null, field: string | null, complaint: Complaint) {
  row.complaints.push({ column, field, complaint });
}

/**
 * A cell without blanks around it, and without an apostrophe that an export put there; null where it says nothing, or what
 * is said to stand for nothing.
 */
export function plainCell(
  row: FileRow,
  column: string,
  { apostrophes }: Pick<Mapping, "apostrophes">,
  { values }: Pick<Manner, "values">,
): unknown {
  const cell = ownCell(row, column);
  if (typeof cell !== "string") return cell ?? null;
  const text = (apostrophes ? withoutGuard(cell) : cell).trim();
  // As it is written: `NULL` of a database, and not the name Null.
  const any = values[anyField] ?? {};
  const meant = Object.hasOwn(any, text) ? any[text] : text;
  return meant === "" ? null : meant;
}

/** In place of a field: values of all columns. `{ "*": { NULL: "" } }` says that the text NULL is an empty cell. */
export const anyField = "*";

/** What spreadsheets show where a formula failed. */
const failedFormula = /^#(?:N\/A|REF!|NAME\?|VALUE!|DIV\/0!|NUM!|NULL!)$/;

function readCell(
  imported: Imported,
  mapping: ColumnMapping,
  target: Exclude<Target, { readonly ignored: string }>,
  manner: Manner,
  cell: unknown,
  row: Draft,
): void {
  const { column } = mapping;
  if (typeof cell === "string" && failedFormula.test(cell)) {
    const complaint = asComplaint(`is an error of the spreadsheet (${cell}); mend it there`);
    return complain(row, column, "field" in target ? target.field : null, complaint);
  }
  if ("customField" in target) {
    if (cell !== null) {
      row.input["custom_fields"] = {
        ...recordOf(row.input["custom_fields"]),
        [target.customField]: cell,
      };
    }
  } else if ("address" in target) {
    if (cell === null) return;
    const part = { kind: target.address, [target.part]: textOf(cell) };
    row.input["addresses"] = withParts(row.input["addresses"], part);
  } else if ("reference" in target) {
    const { reference: field, to, by, isList } = target;
    const named = cell === null ? [] : isList ? listOf(cell) : [textOf(cell)];
    if (named === null) {
      return complain(
        row,
        column,
        field,
        asComplaint("must be a list, such as a@x.example; b@x.example"),
      );
    }
    row.references.push(...named.map((value) => ({ field, to, by, value, column, isList })));
    const isCleared = manner.empty === "null" && !Object.hasOwn(manner.defaults, field);
    if (named.length === 0 && isCleared) row.input[field] = isList ? [] : null;
  } else if (cell === null) {
    if (manner.empty === "null") row.input[target.field] = null;
  } else {
    const reading = readText(imported, target.field, cell, manner, mapping);
    if ("complaint" in reading) complain(row, column, target.field, reading.complaint);
    else row.input[target.field] = merged(row.input[target.field], reading.value);
  }
}

/** Custom fields and addresses may come as JSON and in columns of their own. */
function merged(before: unknown, value: unknown): unknown {
  if (Array.isArray(before) && Array.isArray(value)) {
    return before.filter(isRecord).reduce(withParts, value);
  }
  return isRecord(before) && isRecord(value) ? { ...before, ...value } : value;
}

const recordOf = (value: unknown): Readonly<Record<string, unknown>> =>
  isRecord(value) ? value : {};

/** The addresses with parts of one of them, which `kind` names. */
function withParts(addresses: unknown, parts: Readonly<Record<string, unknown>>): unknown[] {
  const all: readonly unknown[] = Array.isArray(addresses) ? addresses : [];
  const known = all.find((one) => isRecord(one) && one["kind"] === parts["kind"]);
  return [...all.filter((one) => one !== known), { ...recordOf(known), ...parts }];
}

const textOf = (cell: unknown): string => {
  if (typeof cell === "string") return cell;
  return cell instanceof ExactNumber ? cell.source : JSON.stringify(cell);
};

/** What a cell names that may name several; null if it is nothing of the kind. */
function listOf(cell: unknown): string[] | null {
  const reading = typeof cell === "string" ? listOfText(cell) : { value: cell };
  const items = "value" in reading ? reading.value : null;
  return Array.isArray(items) ? items.map(textOf) : null;
}

/** A cell as the JSON reader of its field takes it. What JSON says as no text goes as it is, but numbers that name something. */
function readText(
  imported: Imported,
  name: string,
  cell: unknown,
  manner: Manner,
  column: ColumnMapping | null,
): Reading<unknown> {
  const field = fieldOf(imported, name);
  const isNumber = typeof cell === "number" || cell instanceof ExactNumber;
  if (isNumber && field?.kind.sqlType === "text") return { value: textOf(cell) };
  if (typeof cell !== "string") return { value: cell };
  const text = mapped(manner.values[name], cell);
  if (field === null) {
    const isList = "listOf" in (imported.inputs.create.fields[name]?.type ?? {});
    return isList ? listOfText(text) : { value: text };
  }
  return field.kind.fromText(text, textManner(manner, column), field);
}

const textManner = (manner: Manner, column: ColumnMapping | null): TextManner => ({
  dates: manner.dates ?? column?.dates ?? null,
  decimals: manner.decimals ?? column?.decimals ?? null,
  country: manner.country,
  timeZone: manner.timeZone,
});

/** The value that a text was said to stand for. */
export function mapped(values: Readonly<Record<string, string>> | undefined, text: string): string {
  if (values === undefined) return text;
  if (Object.hasOwn(values, text)) return values[text] ?? text;
  const [, value] =
    Object.entries(values).find(([said]) => said.trim().toLowerCase() === text.toLowerCase()) ?? [];
  return value ?? text;
}

/** Fields of what is imported, since a file has the same columns in each row. Two imports may be of two tenants' lists. */
const fields = new WeakMap<Imported, Map<string, Field | null>>();

function fieldOf(imported: Imported, name: string): Field | null {
  const known = fields.get(imported) ?? new Map<string, Field | null>();
  fields.set(imported, known);
  const before = known.get(name);
  if (before !== undefined) return before;
  const field = fieldOfInput(imported, name);
  known.set(name, field);
  return field;
}
