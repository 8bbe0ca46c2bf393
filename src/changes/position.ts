import { decodeCursor, encodeCursor } from "../lib/cursor.ts";
import { badInput, GatewayError } from "../lib/errors.ts";

/** The order of the log, as the cursors of the `changes` list name it. */
const logOrder = "changeEvent: position asc,id asc";
/** Greater than every id: no event of the position itself lies behind it. */
const behindAll = "ffffffff-ffff-ffff-ffff-ffffffffffff";

/**
 * The cursor of a place in a tenant's log, given as the position of the event in front of it; "0" is the log's
 * beginning. The `changes` list and subscriptions go on behind it alike. With the event's id (a bare UUID) it is the
 * cursor that the list gives to the event.
 */
export function cursorAt(position: string, id: string = behindAll): string {
  return encodeCursor(logOrder, [position, id]);
}

/**
 * The position in a cursor of the `changes` list in its own order, or of an event.
 *
 * @throws GatewayError BAD_USER_INPUT at the argument if it is another text.
 */
export function positionOf(cursor: string, argument: string): string {
  const [position] = decodeCursor(cursor, logOrder, argument);
  if (position == null || !/^\d{1,18}$/.test(position)) {
    throw badInput([argument], { complaint: "noCursor" });
  }
  return position;
}

/**
 * The refusal of a cursor whose next events are no longer kept. `oldest` is the position of the oldest event that is,
 * and the error tells the cursor in front of it.
 */
export function cursorExpired(oldest: bigint): GatewayError {
  return new GatewayError({
    code: "CURSOR_EXPIRED",
    path: ["after"],
    complaint: { complaint: "cursorExpired" },
    oldestCursor: cursorAt(String(oldest - 1n)),
  });
}
