import type { Reading } from "../../lib/reading.ts";

/** The beginning of a web address as a regular expression, for descriptions of inputs. */
export const urlPattern = "^[Hh][Tt][Tt][Pp][Ss]?://";
const scheme = new RegExp(urlPattern);

/** A web address as it is typed. */
export function readUrl(text: string): Reading {
  return scheme.test(text) && URL.canParse(text)
    ? { value: text }
    : { complaint: { complaint: "notUrl" } };
}
