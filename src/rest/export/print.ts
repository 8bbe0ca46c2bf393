import { catalog } from "../../modules/catalog.ts";
import { memberColumns, projectionColumns, type Projection } from "../../query/projection.ts";
import type { Columns } from "../../query/row.ts";

/** One record a line as JSON; `around` puts the line into something else. */
export function jsonLines(
  projection: Projection,
  around: (json: string) => string = (json) => json,
): Columns<string> {
  const { sql, read } = projectionColumns(projection, catalog);
  return { sql, read: (cells, start) => `${around(read(cells, start).json)}\n` };
}

/** One record a line of CSV (RFC 4180), in the order of the members. */
export function csvLines(projection: Projection, isRaw: boolean): Columns<string> {
  const { sql, read } = memberColumns(projection, catalog);
  return {
    sql,
    read: (cells, start) =>
      `${read(cells, start)
        .map((json) => cellOf(json, isRaw))
        .join(",")}\r\n`,
  };
}

/** The names above the columns. */
export const csvHeader = ({ members }: Projection): string =>
  `${members.map(({ key }) => key).join(",")}\r\n`;

/** A text that a spreadsheet could take for a formula, or that looks as if it had been kept from that. */
const formula = /^'*[=+\-@\t\r]/;

/**
 * A value in JSON as a cell: null as nothing, a text as it is, all else as its JSON. Only a text gets an apostrophe in
 * front where a spreadsheet would run it; who reads it back takes one off what begins so.
 */
export function cellOf(json: string, isRaw: boolean): string {
  if (json === "null") return "";
  if (!json.startsWith('"')) return quoted(json);
  const text = textOf(json);
  return quoted(!isRaw && formula.test(text) ? `'${text}` : text);
}

/** Most texts need no reading: nothing in them is escaped. */
function textOf(json: string): string {
  return json.includes("\\") ? String(JSON.parse(json)) : json.slice(1, -1);
}

function quoted(text: string): string {
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
