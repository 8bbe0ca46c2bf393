import { z } from "zod";
import type { Reading } from "../../../lib/reading.ts";
import type { JsonSchema, Notation } from "../../kind.ts";

/**
 * A day of the calendar in ISO 8601, as part of a regular expression. There is no year 0: neither RFC 3339 nor
 * PostgreSQL can say it.
 */
export const isoDay = "(?!0000)" + z.regexes.date.source.replace(/^\^|\$$/g, "");
const time = "([01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d(\\.\\d+)?";
const offset = "([Zz]|[+-]([01]\\d|2[0-3])(:?[0-5]\\d)?)";

/**
 * The texts that are read as instants, as a regular expression, also for what describes inputs: RFC 3339, and as
 * PostgreSQL and many programs write it, with a blank for the T and before the offset, without its colon or minutes.
 */
export const instantPattern = `^${isoDay}[Tt ]${time} ?${offset}$`;
const instant = new RegExp(instantPattern);

/** An instant with its offset (`2026-03-18T15:40:12Z`, `2026-03-18 16:40:12+0100`) in UTC with milliseconds. */
export function readInstant(text: string): Reading {
  const plain = text.trim();
  if (!instant.test(plain)) return { complaint: { complaint: "notInstant" } };
  const strict = plain
    .toUpperCase()
    .replace(/^(.{10}) /, "$1T")
    .replace(" ", "")
    .replace(/([+-]\d\d):?(\d\d)?$/, (_, hours: string, minutes = "00") => `${hours}:${minutes}`);
  const milliseconds = Date.parse(strict);
  const utc = Number.isNaN(milliseconds) ? "" : new Date(milliseconds).toISOString();
  // In UTC it may be in the year 0 or 10000.
  return /^(?!0000)\d{4}-/.test(utc) ? { value: utc } : { complaint: { complaint: "notInstant" } };
}

/** `2026-03-18 15:40:12.5+00` (the pool's sessions run in UTC) → `2026-03-18T15:40:12.500Z`. */
export const printedInstant = (cell: string, fraction: Notation["fraction"]): string =>
  `${cell.slice(0, 10)}T${cell.slice(11, 19)}.${cell.slice(20, -3).padEnd(fraction, "0")}Z`;

/** The schema of an instant that is printed; also for days that are printed as one. */
export const instantSchema = (
  fraction: string,
  timeOfDay = "T\\d\\d:\\d\\d:\\d\\d",
): JsonSchema => ({
  type: "string",
  format: "date-time",
  pattern: `^\\d{4}-\\d\\d-\\d\\d${timeOfDay}${fraction}Z$`,
});
