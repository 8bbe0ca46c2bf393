import { badInput } from "./errors.ts";

/** "IST" is a zone of India, Israel or Ireland, depending on whom one asks; browsers and PostgreSQL differ. */
const abbreviation = /^[a-z]{3}$/i;
const unambiguous: ReadonlySet<string> = new Set(["UTC", "GMT"]);

/**
 * The canonical name of an IANA time zone (`America/New_York`; case does not matter). Offsets such as `+05:00` and
 * abbreviations are refused: their sign and meaning depend on who reads them.
 */
export function parseTimeZone(text: string, inputPath: readonly string[]): string {
  const isAbbreviation = abbreviation.test(text) && !unambiguous.has(text.toUpperCase());
  const known = !isAbbreviation && /^[a-z]/i.test(text) ? canonicalName(text) : null;
  if (known !== null) return known;
  throw badInput(
    inputPath,
    `not a time zone; give an IANA name such as "America/New_York" or "UTC", no offset and no abbreviation.`,
  );
}

function canonicalName(text: string): string | null {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: text }).resolvedOptions().timeZone;
  } catch {
    return null;
  }
}
