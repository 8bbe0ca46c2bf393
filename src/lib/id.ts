import { badInput } from "./errors.ts";
import type { Complaint } from "./messages.ts";

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Whether the text is a UUID in its usual form, of whatever version: PostgreSQL takes all of them. */
export function isUuid(text: string): boolean {
  return uuidPattern.test(text);
}

/** The id as callers see it: `acc-<uuid>`. */
export function formatId(prefix: string, uuid: string): string {
  return `${prefix}-${uuid}`;
}

/**
 * The UUID in an id that a caller sent: `acc-<uuid>` or the bare UUID. Another entity's prefix or any
 * other text is an input error that names the field.
 */
export function parseId(
  prefix: string,
  text: string,
  inputPath: readonly string[] = ["id"],
): string {
  const uuid = readId(prefix, text);
  if (uuid !== null) return uuid;
  throw badInput(inputPath, idComplaint(prefix, text));
}

/** The UUID in an id of this prefix or a bare one; null for any other text. */
export function readId(prefix: string, text: string): string | null {
  const bare = text.startsWith(`${prefix}-`) ? text.slice(prefix.length + 1) : text;
  return isUuid(bare) ? bare.toLowerCase() : null;
}

/** The same as a regular expression, for what describes inputs. */
export function idPattern(prefix: string): string {
  const digits = "[0-9A-Fa-f]";
  return `^(${prefix}-)?${digits}{8}(-${digits}{4}){3}-${digits}{12}$`;
}

/** What is said of a text that is no such id. */
export function idComplaint(prefix: string, text: string): Complaint {
  return { complaint: "notId", prefix, sent: shorten(text) };
}

/** Splits a prefixed id into its prefix and UUID; null when it has no such form. */
export function splitId(text: string): { prefix: string; uuid: string } | null {
  const cut = text.indexOf("-");
  const uuid = text.slice(cut + 1);
  return cut > 0 && isUuid(uuid) ? { prefix: text.slice(0, cut), uuid: uuid.toLowerCase() } : null;
}

function shorten(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
