import { randomFillSync } from "node:crypto";
import { badInput } from "./errors.ts";
import type { Complaint } from "./messages.ts";

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/**
 * A new UUIDv7 (RFC 9562): 48 bits of milliseconds, then random bits, so ids sort by creation.
 * `milliseconds` and `fillRandom` are for seeded data.
 */
export function uuidv7(
  milliseconds: number = Date.now(),
  fillRandom: (bytes: Uint8Array) => void = randomFillSync,
): string {
  const bytes = Buffer.alloc(16);
  fillRandom(bytes);
  bytes.writeUIntBE(milliseconds, 0, 6);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x70, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** Whether the text is a UUID in its usual form. */
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
