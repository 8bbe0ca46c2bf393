import { asComplaint } from "../../lib/messages.ts";
import type {
  CellComplaint,
  FileRow,
  Imported,
  Manner,
  Mapping,
  ReadRow,
  RowReference,
} from "./types.ts";

/** Reads the cells of a row as its columns are mapped: by the kinds of their fields. */
export function readRow(
  { entity, inputs }: Imported,
  { columns }: Mapping,
  manner: Manner,
  { cells }: FileRow,
): ReadRow {
  const input: Record<string, unknown> = {};
  const references: RowReference[] = [];
  const complaints: CellComplaint[] = [];
  for (const { column, target, dates, decimals } of columns) {
    const cell = Object.hasOwn(cells, column) ? cells[column] : undefined;
    if (target === null || cell === undefined) continue;
    if ("reference" in target) {
      if (typeof cell === "string" && cell.trim() !== "") {
        references.push({
          field: target.reference,
          to: target.to,
          by: target.by,
          value: cell.trim(),
          column,
        });
      }
      continue;
    }
    if (!("field" in target)) continue;
    const name = target.field;
    const text = typeof cell === "string" ? cell.trim() : cell;
    if (text === "" || typeof text !== "string") {
      if (text !== "") input[name] = text;
      else if (manner.empty === "null") input[name] = null;
      continue;
    }
    const field = entity.fields[inputs.create.fields[name]?.field ?? ""];
    const reading = field?.kind.fromText(
      text,
      {
        dates: manner.dates ?? dates,
        decimals: manner.decimals ?? decimals,
        country: manner.country,
        timeZone: manner.timeZone,
      },
      field,
    ) ?? { value: text };
    if ("value" in reading) input[name] = reading.value;
    else complaints.push({ column, field: name, complaint: asComplaint(reading.complaint) });
  }
  return { input, references, complaints };
}
