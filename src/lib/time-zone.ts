import { badInput } from "./errors.ts";

/** "IST" is a zone of India, Israel or Ireland, depending on whom one asks; browsers and PostgreSQL differ. */
const abbreviation = /^[a-z]{3}$/i;
const unambiguous: ReadonlySet<string> = new Set(["UTC", "GMT"]);

/** The same as `timeZoneNamed`. @throws GatewayError BAD_USER_INPUT if it is none */
export function parseTimeZone(text: string, inputPath: readonly string[]): string {
  const known = timeZoneNamed(text);
  if (known !== null) return known;
  throw badInput(
    inputPath,
    `not a time zone; give an IANA name such as "America/New_York" or "UTC", no offset and no abbreviation.`,
  );
}

/**
 * The canonical name of an IANA time zone; null if it is none. Neither are offsets such as `+05:00` and abbreviations: their
 * sign and meaning depend on who reads them.
 */
export function timeZoneNamed(text: string): string | null {
  const isAbbreviation = abbreviation.test(text) && !unambiguous.has(text.toUpperCase());
  if (isAbbreviation || !/^[a-z]/i.test(text)) return null;
  try {
    return new Intl.DateTimeFormat("en", { timeZone: text }).resolvedOptions().timeZone;
  } catch {
    return null;
  }
}
