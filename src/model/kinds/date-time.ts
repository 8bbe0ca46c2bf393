import type { Reading } from "../../lib/reading.ts";
import { raw, sql } from "../../lib/sql.ts";
import type { Kind, Scalar } from "../kind.ts";
import { readDay } from "./date.ts";
import { base } from "./parts/base.ts";
import { instantOfText } from "./parts/day-text.ts";
import { filterBy } from "./parts/operators.ts";
import { instantPattern, instantSchema, printedInstant, readInstant } from "./parts/instant.ts";
import { ordered, parameter, withPlus } from "./parts/parameters.ts";
import { parsedAs } from "./parts/text-scalar.ts";
import { readSchema } from "./parts/text-schema.ts";
import { orderedOperators } from "./parts/whole.ts";

const dateTimeScalar: Scalar<"DateTime", string, Date> = {
  name: "DateTime",
  description:
    "An instant, RFC 3339, printed in UTC with milliseconds: `2026-03-18T15:40:12.000Z`. As input it needs an offset, also in the form `2026-03-18 15:40:12+00`.",
  specifiedByURL: null,
  literals: ["string"],
  expected: 'a string such as "2026-03-18T15:40:12Z" is expected',
  // As text in UTC: as a Date, pg would print it in the process's own time zone.
  parse: parsedAs(readInstant),
  serialize: null,
};

const dateTimeSchema = readSchema(readInstant).meta({
  anyOf: [{ format: "date-time" }, { pattern: instantPattern }],
});

const readCell = (cell: string): Date => new Date(printedInstant(cell, 3));

/** A day of a query stands for its first instant in UTC. */
function instantOrDay(text: string): Reading {
  const reading = readInstant(text);
  if ("value" in reading) return reading;
  if (!/^[\d-]+$/.test(text)) return { complaint: { complaint: "notInstant", orDay: true } };
  const day = readDay(text);
  return "value" in day
    ? { value: `${day.value}T00:00:00.000Z` }
    : { complaint: { complaint: "notDay", orDay: true } };
}

/** An instant, in milliseconds. */
export const dateTime = {
  ...base,
  name: "dateTime",
  sqlType: "timestamptz",
  scalar: dateTimeScalar,
  read: readCell,
  plain: (cell) => readCell(cell).toISOString(),
  printer:
    ({ fraction }) =>
    (cell) =>
      `"${printedInstant(cell, fraction)}"`,
  printedSql: (value, { fraction }) =>
    sql`to_char(${value}, ${raw(`'YYYY-MM-DD"T"HH24:MI:SS.${fraction === 3 ? "MS" : "US"}"Z"'`)})`,
  printedAs: () => "plain",
  schema: (_field, { fraction }) => instantSchema(`\\.\\d{${fraction}}`),
  figures: { adds: false, compares: true, groups: true, periods: "instants" },
  fromText: (text, { dates, timeZone }) => instantOfText(text, dates, timeZone),
  input: () => ({ schema: dateTimeSchema, type: { scalar: dateTimeScalar } }),
  filter: filterBy({
    type: { name: "DateTimeFilter", about: "an instant" },
    scalar: dateTimeScalar,
    operators: orderedOperators,
  }),
  parameter: parameter(
    ordered,
    "DateTime",
    {
      type: "string",
      anyOf: [{ format: "date-time" }, { format: "date" }, { pattern: instantPattern }],
    },
    (text) => instantOrDay(withPlus(text)),
  ),
} as const satisfies Kind;
