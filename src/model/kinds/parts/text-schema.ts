import { constants, deflateRawSync } from "node:zlib";
import { z } from "zod";
import { wordsOf } from "../../../lib/messages.ts";
import type { Reading } from "../../../lib/reading.ts";
import { isStorable } from "../../../lib/text.ts";
import type { TextForm } from "../../kind.ts";
import { custom } from "./issue.ts";

/** What an entry of PostgreSQL's B-trees has room for beside other columns; lists are sorted by such texts. */
const maxIndexedBytes = 2_600;

/**
 * Whether an index can hold the text. PostgreSQL replaces what repeats in a long one before it gives up, if anything
 * repeats within the first 1,024 bytes, as does this compressor with fixed codes. 1,000 letters of Latin always fit,
 * 1,000 different Chinese ones do not.
 */
export function fitsIndex(text: string): boolean {
  const bytes = Buffer.from(text);
  if (bytes.length <= maxIndexedBytes) return true;
  const head = bytes.subarray(0, 1_024);
  return compressedLength(head) < head.length && compressedLength(bytes) <= maxIndexedBytes;
}

const compressedLength = (bytes: Buffer): number =>
  deflateRawSync(bytes, { strategy: constants.Z_FIXED }).length;

/** What is said of a text that it cannot. */
export const tooManyBytes = { complaint: "tooManyBytes", max: maxIndexedBytes } as const;

/** Characters that one line may have. */
export const maxLineLength = 1_000;
const lengths: Readonly<Record<TextForm, number>> = {
  line: maxLineLength,
  prose: 100_000,
  outside: 255,
};

const notText = wordsOf({ complaint: "notText" });
const unstorable = { params: { complaint: { complaint: "unstorable" } } };

/** Trimmed text in Unicode NFC; in a list, a blank one counts as none. */
export function textSchema(form: TextForm = "line", maxLength: number = lengths[form]) {
  return z
    .string(notText)
    .trim()
    .normalize("NFC")
    .max(maxLength)
    .refine(isStorable, unstorable)
    .refine((value) => form === "prose" || fitsIndex(value), {
      params: { complaint: tooManyBytes },
    })
    .transform((value) => (value === "" ? null : value));
}

/** Text as its kind reads it. */
export function readSchema(read: (text: string) => Reading, maxLength = maxLineLength) {
  return z
    .string(notText)
    .trim()
    .normalize("NFC")
    .max(maxLength)
    .refine(isStorable, { ...unstorable, abort: true })
    .transform((text, context) => {
      const reading = read(text);
      if ("value" in reading) return reading.value;
      context.issues.push(custom(reading.complaint, text));
      return null;
    });
}
