import { badRequest } from "../lib/errors.ts";

/** A version that no record has. */
const noVersion = -1;

/** The version in `If-Match`, which must be the record's; null when the record only has to be there. */
export function readIfMatch(headers: Headers): number | null {
  const header = headers.get("if-match")?.trim() ?? "*";
  if (header === "*") return null;
  // A weak or an unquoted one is never met, however often the record is read again.
  if (!/^"[^",]*"$/.test(header)) {
    throw badRequest(
      'If-Match: send the one ETag of the record as it was given: "3", with its quotes and without W/.',
    );
  }
  const [, digits] = /^"(\d{1,9})"$/.exec(header) ?? [];
  return digits === undefined ? noVersion : Number(digits);
}
