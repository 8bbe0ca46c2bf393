import { asComplaint } from "../../../lib/messages.ts";
import type { Reading } from "../../../lib/reading.ts";
import { shortened } from "../../../lib/text.ts";
import type { DateForm } from "../../kind.ts";

/** The first letters of the months in English, German, French and Spanish, by month. */
const months = [
  ["jan", "jän", "ene"],
  ["feb", "fév", "fev"],
  ["mar", "mär", "mrz", "mae"],
  ["apr", "avr", "abr"],
  ["may", "mai"],
  ["jun", "juin"],
  ["jul", "juil"],
  ["aug", "aoû", "aou", "ago"],
  ["sep", "set"],
  ["oct", "okt"],
  ["nov"],
  ["dec", "dez", "déc", "dic"],
] as const;

/** A day and what stands behind it: a time, or nothing. */
type Day = { readonly day: string; readonly rest: string };

/** The days that a text can be, by the form in which each is said. */
type Days = ReadonlyMap<DateForm | "words", Day>;

const isoLike = /^(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?=$|[T\s,])/;
const parted = /^(\d{1,2})(\.\s?|[/-])(\d{1,2})\2(\d{4})(?=$|[T\s,])/;
const worded =
  /^(?:\p{L}+\.?,?\s+)?(?:(\d{1,2})(?:\.|st|nd|rd|th|er)?[\s-]+(?:de\s+)?(\p{L}{3,})\.?,?[\s-]+(?:de\s+)?|(\p{L}{3,})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+)(\d{4})(?=$|[T\s,])/u;
const twoDigits = /^\d{1,2}(?:\.\s?|[/-])\d{1,2}(?:\.\s?|[/-])\d{2}(?=$|[T\s,])/;

const dayOf = (year: string, month: number, day: string): string =>
  `${year}-${String(month).padStart(2, "0")}-${day.padStart(2, "0")}`;

/** Whether the calendar has that day. */
function isDay(day: string): boolean {
  const date = new Date(`${day}T00:00:00Z`);
  return (
    !Number.isNaN(date.getTime()) && date.toISOString().startsWith(day) && !day.startsWith("0000")
  );
}

function monthOf(word: string): number {
  const lower = word.toLowerCase();
  return months.findIndex((starts) => starts.some((start) => lower.startsWith(start))) + 1;
}

function daysIn(text: string): Days {
  const days = new Map<DateForm | "words", Day>();
  const put = (form: DateForm | "words", day: string, said: string) => {
    const rest = text.slice(said.length).replace(/^[T\s,]+/, "");
    if (isDay(day)) days.set(form, { day, rest });
  };
  const iso = isoLike.exec(text);
  if (iso !== null) put("iso", dayOf(iso[1] ?? "", Number(iso[3]), iso[4] ?? ""), iso[0]);
  const [said, first = "", mark = "", second = "", year = ""] = parted.exec(text) ?? [];
  if (said !== undefined) {
    put("dmy", dayOf(year, Number(second), first), said);
    // Nobody writes months first with points.
    if (!mark.startsWith(".")) put("mdy", dayOf(year, Number(first), second), said);
  }
  const words = worded.exec(text);
  if (words !== null) {
    const month = monthOf(words[2] ?? words[3] ?? "");
    if (month > 0) put("words", dayOf(words[5] ?? "", month, words[1] ?? words[4] ?? ""), words[0]);
  }
  return days;
}

/** The form that a cell shows: `31/12/2026` begins with the day, `01/02/2026` could be either. */
export function dateFormOf(text: string): DateForm | null {
  const [form, ...others] = daysIn(text.normalize("NFKC")).keys();
  return form === undefined || form === "words" || others.length > 0 ? null : form;
}

function readDay(text: string, form: DateForm | null): Reading<Day> {
  const plain = text.normalize("NFKC").trim();
  const days = daysIn(plain);
  const clear = days.get("iso") ?? days.get("words");
  if (clear !== undefined) return { value: clear };
  const [dmy, mdy] = [days.get("dmy"), days.get("mdy")];
  if (form === "dmy" || form === "mdy") {
    const day = days.get(form);
    if (day !== undefined) return { value: day };
  } else if (form === null && (dmy === undefined || mdy === undefined || dmy.day === mdy.day)) {
    const day = dmy ?? mdy;
    if (day !== undefined) return { value: day };
  }
  return { complaint: asComplaint(complaintOf(plain, dmy, mdy, form)) };
}

function complaintOf(
  text: string,
  dmy: Day | undefined,
  mdy: Day | undefined,
  form: DateForm | null,
): string {
  if (form === null && dmy !== undefined && mdy !== undefined) {
    return `could be ${dmy.day} or ${mdy.day}; say dates=dmy or dates=mdy`;
  }
  const shown = shortened(text, 40);
  if (twoDigits.test(text)) {
    return `must have a year of four digits, and is "${shown}"; show the column with four digits and save the file again`;
  }
  if (/^\d{5}(?:[.,]\d+)?$/.test(text)) {
    return `must be a day, and is a spreadsheet's number of one ("${shown}"); format the column as a date and save the file again`;
  }
  if (form !== null && (dmy !== undefined || mdy !== undefined)) {
    return `must be a day in the form ${form}, and is "${shown}"; say dates=${dmy === undefined ? "mdy" : "dmy"} if all of the column are so`;
  }
  return `must be a day, such as 2026-12-31, 31.12.2026 or 12/31/2026, and is "${shown}"`;
}

const time =
  /^(\d{1,2})(?::|h)([0-5]\d)(?::([0-5]\d)(?:[.,](\d{1,9}))?)?(?:\s*([ap])\.?m\.?)?(?:\s*(Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?))?$/i;

type Time = { readonly clock: string; readonly offset: string | null };

function readTime(text: string): Time | null {
  if (text === "") return { clock: "00:00:00.000", offset: null };
  const match = time.exec(text.replace(/\s*(?:Uhr|h)$/i, ""));
  if (match === null) return null;
  const [, hours = "", minutes = "", seconds = "00", fraction = "", half, offset] = match;
  const hour = Number(hours);
  if (half === undefined ? hour > 23 : hour < 1 || hour > 12) return null;
  const full = half === undefined ? hour : (hour % 12) + (half.toLowerCase() === "p" ? 12 : 0);
  const milliseconds = fraction.slice(0, 3).padEnd(3, "0");
  return {
    clock: `${String(full).padStart(2, "0")}:${minutes}:${seconds}.${milliseconds}`,
    offset: offset === undefined ? null : offsetOf(offset),
  };
}

const offsetOf = (text: string): string =>
  /^[a-z]/i.test(text) ? "Z" : `${text.slice(0, 3)}:${text.slice(3).replace(":", "") || "00"}`;

/** Reads a day in a cell. A time behind it is of that day; with an offset it is an instant, whose day the kind knows. */
export function dayOfText(text: string, form: DateForm | null): Reading<unknown> {
  const reading = readDay(text, form);
  if ("complaint" in reading) return reading;
  const { day, rest } = reading.value;
  const read = readTime(rest);
  if (read === null) return notTime(text);
  return { value: read.offset === null ? day : `${day}T${read.clock}${read.offset}` };
}

/** Reads an instant in a cell: without an offset it is of the zone, without a time the first of the day there. */
export function instantOfText(
  text: string,
  form: DateForm | null,
  timeZone: string,
): Reading<unknown> {
  const reading = readDay(text, form);
  if ("complaint" in reading) return reading;
  const { day, rest } = reading.value;
  const read = readTime(rest);
  if (read === null) return notTime(text);
  const local = `${day}T${read.clock}`;
  return { value: read.offset === null ? inZone(local, timeZone) : `${local}${read.offset}` };
}

const notTime = (text: string) => ({
  complaint: asComplaint(
    `must be a day and a time, such as 2026-12-31 14:30, and is "${shortened(text, 40)}"`,
  ),
});

/** One for each zone: making it costs more than using it. */
const formats = new Map<string, Intl.DateTimeFormat>();

/** The zone's offset at an instant, in milliseconds. */
function offsetAt(instant: number, timeZone: string): number {
  const format =
    formats.get(timeZone) ??
    new Intl.DateTimeFormat("en-US", {
      timeZone,
      calendar: "iso8601",
      hourCycle: "h23",
      era: "short",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
  formats.set(timeZone, format);
  const parts = new Map(format.formatToParts(instant).map(({ type, value }) => [type, value]));
  const part = (type: Intl.DateTimeFormatPartTypes) => Number(parts.get(type));
  const local = Date.UTC(
    part("year"),
    part("month") - 1,
    part("day"),
    part("hour"),
    part("minute"),
    part("second"),
  );
  return local - Math.floor(instant / 1_000) * 1_000;
}

/** The instant of a clock in a zone; of two it is the first, in the hour that is skipped the one behind it. */
function inZone(local: string, timeZone: string): string {
  const asUtc = Date.parse(`${local}Z`);
  const hours = 24 * 3_600_000;
  const before = offsetAt(asUtc - hours, timeZone);
  const after = offsetAt(asUtc + hours, timeZone);
  const first = asUtc - before;
  const instant = offsetAt(first, timeZone) === before ? first : asUtc - after;
  // The clock was put forward over it.
  const found = offsetAt(instant, timeZone) === after || before === after ? instant : first;
  return new Date(found).toISOString();
}
