import { valueOf, type Reading } from "../../lib/reading.ts";
import { instantPattern, isoDay, readInstant } from "./instant.ts";

/** What programs that know no days write for one. Another time of day would belong to another day elsewhere. */
const midnight = "[Tt ]00:00(:00(\\.0+)?)?";

/** The texts that are read as days, as a regular expression, also for what describes inputs. */
export const dayPattern = `^${isoDay}(${midnight})?$|${instantPattern}`;
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
