import { valueOf, type Reading } from "../../lib/reading.ts";
import { raw, sql } from "../../lib/sql.ts";
import type { Kind, Scalar } from "../kind.ts";
import { base } from "./parts/base.ts";
import { instantPattern, instantSchema, isoDay, readInstant } from "./parts/instant.ts";
import { dayOfText } from "./parts/day-text.ts";
import { filterBy } from "./parts/operators.ts";
import { ordered, parameter, withPlus } from "./parts/parameters.ts";
import { parsedAs } from "./parts/text-scalar.ts";
import { readSchema } from "./parts/text-schema.ts";
import { orderedOperators } from "./parts/whole.ts";

/** What programs that know no days write for one. Another time of day would belong to another day elsewhere. */
const midnight = "[Tt ]00:00(:00(\\.0+)?)?";

/** The texts that are read as days, as a regular expression, also for what describes inputs. */
const dayPattern = `^${isoDay}(${midnight})?$|${instantPattern}`;
const day = new RegExp(dayPattern);
const atMidnight = new RegExp(`${midnight}$`);

/** A day (`2026-11-30`, also at midnight: `2026-11-30 00:00:00.000`), or the UTC day of an instant. */
export function readDay(text: string): Reading {
  const trimmed = text.trim();
  if (!day.test(trimmed)) return { complaint: { complaint: "notDay" } };
  const plain = trimmed.replace(atMidnight, "");
  const found = plain.length === 10 ? plain : valueOf(readInstant(trimmed))?.slice(0, 10);
  return found === undefined ? { complaint: { complaint: "notDay" } } : { value: found };
}

const dateScalar: Scalar<"Date", string, string> = {
  name: "Date",
  description:
    "A day, `2026-11-30`. As input also with midnight behind it, or an instant, whose UTC day is taken.",
  specifiedByURL: "https://scalars.graphql.org/andimarek/local-date.html",
  literals: ["string"],
  expected: 'a string such as "2026-11-30" is expected',
  parse: parsedAs(readDay),
  serialize: String,
};

const dateSchema = readSchema(readDay).meta({
  anyOf: [{ format: "date" }, { format: "date-time" }, { pattern: dayPattern }],
});

/** A day of the calendar, the same everywhere. */
export const date = {
  ...base,
  name: "date",
  sqlType: "date",
  scalar: dateScalar,
  printer: ({ days }) =>
    days === "day" ? (cell) => `"${cell}"` : (cell) => `"${cell}T00:00:00.000Z"`,
  printedSql: (value, { days }) =>
    days === "day" ? value : sql`to_char(${value}, ${raw(`'YYYY-MM-DD"T00:00:00.000Z"'`)})`,
  printedAs: () => "plain",
  schema: (_field, { days }) =>
    days === "day" ? { type: "string", format: "date" } : instantSchema("\\.000", "T00:00:00"),
  figures: { adds: false, compares: true, groups: true, periods: "days" },
  fromText: (text, { dates }) => dayOfText(text, dates),
  input: () => ({ schema: dateSchema, type: { scalar: dateScalar } }),
  filter: filterBy({
    type: { name: "DateFilter", about: "a day" },
    scalar: dateScalar,
    operators: orderedOperators,
  }),
  parameter: parameter(
    ordered,
    "Date",
    {
      type: "string",
      anyOf: [{ format: "date" }, { format: "date-time" }, { pattern: dayPattern }],
    },
    (text) => readDay(withPlus(text)),
  ),
} as const satisfies Kind;
