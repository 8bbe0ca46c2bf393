import { endOfText, ExactNumber, plainLength } from "./exact-number.ts";
import type { Complaint } from "./messages.ts";
import { composed, isStorable, shortened } from "./text.ts";

const maxBytes = 64 * 1024;
const maxDepth = 20;
/** Characters of a number that is printed without an exponent. */
const maxNumberLength = 1_000;
const forbiddenKeys: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);

/** Why a JSON value of a caller's cannot be stored; null when it can. At most 64 KB and 20 levels. */
export function jsonComplaint(value: unknown): Complaint | null {
  const zeros = { characters: 0 };
  const complaint = complaintAt(value, 1, zeros);
  if (complaint !== null) return complaint;
  return Buffer.byteLength(JSON.stringify(value)) + zeros.characters > maxBytes
    ? { complaint: "jsonTooLarge", kilobytes: maxBytes / 1024 }
    : null;
}

/** The value with its texts and keys in Unicode NFC, as they are stored and looked for. */
export function composedJson(value: unknown): unknown {
  if (typeof value === "string") return composed(value);
  if (Array.isArray(value)) return value.map(composedJson);
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [composed(key), composedJson(item)]),
  );
}

/** An object as JSON has them. */
export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" &&
  value !== null &&
  !Array.isArray(value) &&
  !(value instanceof ExactNumber);

/** Why a number can be stored nowhere inside JSON; null when it can. */
export function numberComplaint(number: ExactNumber): Complaint | null {
  const value = Number(number.source);
  if (value === 0 || !Number.isFinite(value)) {
    return { complaint: "numberOutOfRange" };
  }
  return plainLength(number.source) > maxNumberLength
    ? { complaint: "numberTooLong", max: maxNumberLength }
    : null;
}

/** What PostgreSQL prints of a number beyond its text: `5e-324` has all its zeros there. */
const zerosOf = (text: string): number =>
  text.includes("e") ? plainLength(text) - text.length : 0;

function complaintAt(
  value: unknown,
  depth: number,
  zeros: { characters: number },
): Complaint | null {
  if (typeof value === "string") return isStorable(value) ? null : { complaint: "unstorable" };
  if (typeof value === "number") zeros.characters += zerosOf(String(value));
  if (value instanceof ExactNumber) {
    zeros.characters += zerosOf(value.source);
    return numberComplaint(value);
  }
  if (typeof value !== "object" || value === null) return null;
  if (depth > maxDepth) return { complaint: "jsonTooDeep", max: maxDepth };
  const keys = new Set<string>();
  for (const [key, item] of Object.entries(value)) {
    if (!Array.isArray(value)) {
      if (keys.size === keys.add(composed(key)).size)
        return { complaint: "jsonKeyTwice", key: shortened(key, 80) };
      if (forbiddenKeys.has(key)) return { complaint: "jsonKeyForbidden", key };
      if (!isStorable(key)) return { complaint: "unstorable" };
    }
    const complaint = complaintAt(item, depth + 1, zeros);
    if (complaint !== null) return complaint;
  }
  return null;
}

const [quote, openBracket, closeBracket, openBrace, closeBrace] = Buffer.from('"[]{}');

/** Which bound a JSON text breaks: how deep it nests, how many objects it holds. To be asked before it is parsed. */
export function excessOf(
  text: string,
  most: { readonly levels: number; readonly objects: number },
): "levels" | "objects" | null {
  let depth = 0;
  let objects = 0;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code === quote) index = endOfText(text, index);
    else if (code === openBracket || code === openBrace) {
      depth += 1;
      if (code === openBrace) objects += 1;
      if (depth > most.levels) return "levels";
      if (objects > most.objects) return "objects";
    } else if (code === closeBracket || code === closeBrace) depth -= 1;
  }
  return null;
}
