import { badInput } from "./errors.ts";

/** The exact sort values (as the database prints them) and the id of one row, in order of the sort terms. */
type CursorValues = readonly (string | null)[];

/** Packs a row's sort values into an opaque cursor. `order` names the sort terms, so that a cursor cannot be used with another order. */
export function encodeCursor(order: string, values: CursorValues): string {
  return Buffer.from(JSON.stringify([order, ...values])).toString("base64url");
}

/** Unpacks a cursor made for the same order; anything else is an input error on the named argument. */
export function decodeCursor(cursor: string, order: string, argument: string): CursorValues {
  const parts = parsedCursor(cursor);
  if (parts === null) {
    throw badInput(
      [argument],
      "not a cursor of this API; pass an edge's cursor or pageInfo's, unchanged.",
    );
  }
  const [cursorOrder, ...values] = parts;
  if (cursorOrder !== order || values.length !== order.split(",").length) {
    throw badInput(
      [argument],
      "this cursor belongs to another list or order; a cursor is good only for the list and the orderBy that gave it.",
    );
  }
  return values;
}

/** The unchecked parts of a cursor; null if the text is not a cursor. */
export function parsedCursor(cursor: string): (string | null)[] | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(cursor, "base64url").toString("utf8"));
  } catch {
    return null;
  }
  const isPart = (part: unknown): part is string | null =>
    part === null || typeof part === "string";
  return Array.isArray(parsed) && parsed.length > 1 && parsed.every(isPart) ? parsed : null;
}
