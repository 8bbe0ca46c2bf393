import { z } from "zod";

const instantSchema = z.iso.datetime({ offset: true });
const daySchema = z.iso.date();

/** The years that both RFC 3339 and PostgreSQL can say: there is no year 0. */
const knownYear = /^(?!0000)\d{4}-/;

/**
 * An RFC 3339 instant (`2026-03-18T15:40:12Z`, any offset) in UTC with milliseconds; null when the text is none.
 */
export function parseInstant(text: string): string | null {
  // RFC 3339 allows lower-case t and z.
  const upper = text.toUpperCase();
  if (!instantSchema.safeParse(upper).success) return null;
  const milliseconds = Date.parse(upper);
  if (Number.isNaN(milliseconds)) return null;
  const utc = new Date(milliseconds).toISOString();
  return knownYear.test(utc) ? utc : null;
}

/** A day (`2026-11-30`), or the UTC day of an instant; null when the text is neither. */
export function parseDay(text: string): string | null {
  if (/t/i.test(text)) return parseInstant(text)?.slice(0, 10) ?? null;
  return daySchema.safeParse(text).success && knownYear.test(text) ? text : null;
}
