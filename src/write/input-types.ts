import { constants, deflateRawSync } from "node:zlib";
import { z } from "zod";
import { decimalPattern, readDecimal } from "../lib/decimal.ts";
import { idComplaint, idPattern, readId } from "../lib/id.ts";
import { composedJson, isRecord, jsonComplaint } from "../lib/json.ts";
import { wordsOf, type Complaint } from "../lib/messages.ts";
import { isStorable } from "../lib/text.ts";
import type { Reading } from "../lib/reading.ts";
import { readCurrency } from "../model/kinds/currency.ts";
import { dayPattern, readDay } from "../model/kinds/day.ts";
import { readDomain } from "../model/kinds/domain.ts";
import { emailPattern, readEmail } from "../model/kinds/email.ts";
import { instantPattern, readInstant } from "../model/kinds/instant.ts";
import { readUrl, urlPattern } from "../model/kinds/url.ts";
import type { Field, TextForm } from "../model/field.ts";
import type { InputType } from "./input-definition.ts";

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
const unstorable = wordsOf({ complaint: "unstorable" });

/** Trimmed text in Unicode NFC; in a list, a blank one counts as none. */
export function textSchema(form: TextForm = "line", maxLength: number = lengths[form]) {
  return z
    .string(notText)
    .trim()
    .normalize("NFC")
    .max(maxLength, wordsOf({ complaint: "tooLong", max: maxLength }))
    .refine(isStorable, unstorable)
    .refine((value) => form === "prose" || fitsIndex(value), wordsOf(tooManyBytes))
    .transform((value) => (value === "" ? null : value));
}

/** An issue of zod's that says what is wrong as data. */
const custom = (complaint: Complaint, input: unknown) =>
  ({ code: "custom", params: { complaint }, input }) as const;

/** Text as its kind reads it. */
export function readText(read: (text: string) => Reading, maxLength = maxLineLength) {
  return z
    .string(notText)
    .trim()
    .normalize("NFC")
    .max(maxLength, wordsOf({ complaint: "tooLong", max: maxLength }))
    .refine(isStorable, { error: unstorable, abort: true })
    .transform((text, context) => {
      const reading = read(text);
      if ("value" in reading) return reading.value;
      context.issues.push(custom(reading.complaint, text));
      return null;
    });
}

export const emailSchema = readText(readEmail).meta({ pattern: emailPattern });

// `format: uri` would forbid letters that addresses have in browsers, such as those of https://łódź.example.
const urlSchema = readText(readUrl, 2_000).meta({ pattern: urlPattern });
const currencySchema = readText(readCurrency).meta({ pattern: "^[A-Za-z]{3}$" });
export const instantSchema = readText(readInstant).meta({
  anyOf: [{ format: "date-time" }, { pattern: instantPattern }],
});
export const daySchema = readText(readDay).meta({
  anyOf: [{ format: "date" }, { format: "date-time" }, { pattern: dayPattern }],
});

export const decimalSchema = z
  .union(
    [z.string().meta({ pattern: decimalPattern }), z.number()],
    'must be a decimal: text such as "10.5", or a number',
  )
  .transform((value, context) => {
    const reading = readDecimal(value);
    if ("value" in reading) return reading.value;
    context.issues.push(custom(reading.complaint, value));
    return null;
  });

/** The UUID in an id of the entity with this prefix. */
export function idSchema(prefix: string) {
  return z
    .string(`must be an id: ${prefix}-<uuid> or the bare UUID`)
    .trim()
    .transform((text, context) => {
      const uuid = readId(prefix, text);
      if (uuid === null) {
        context.issues.push(custom(idComplaint(prefix, text), text));
      }
      return uuid;
    })
    .meta({ pattern: idPattern(prefix) });
}

/** Any JSON within the limits. */
export const jsonSchema = z
  .unknown()
  .superRefine((value, context) => {
    const complaint = jsonComplaint(value);
    if (complaint !== null) context.addIssue(custom(complaint, value));
  })
  .transform(composedJson);

const jsonObjectSchema = jsonSchema
  .refine(isRecord, "must be a JSON object")
  .meta({ type: "object", additionalProperties: true });
const jsonListSchema = jsonSchema
  .refine((value) => Array.isArray(value), "must be a JSON list")
  .meta({ type: "array", items: {} });

/** The most items of a list, unless its field says otherwise. */
export const maxListItems = 1_000;

/** Texts, each once; blank ones are none. */
function listSchema({ form, limits }: Field) {
  const maxItems = limits?.items ?? maxListItems;
  const maxLength = limits?.characters ?? lengths[form];
  return (
    z
      .array(textSchema(form, maxLength), "must be a list of texts")
      .max(maxItems, wordsOf({ complaint: "tooManyItems", max: maxItems }))
      // GraphQL makes a list of one of a blank text, which must not empty what is stored.
      .refine(
        (items) => items.length === 0 || items.some((item) => item !== null),
        wordsOf({ complaint: "onlyBlanks" }),
      )
      .transform((items) => [...new Set(items.filter((item) => item !== null))])
  );
}

/** How a field of the model is read from an input, and what GraphQL calls it. */
export function schemaOf(
  name: string,
  definition: Field,
  prefixOf: (entity: string) => string,
): { schema: z.ZodType; type: InputType } {
  switch (definition.kind) {
    case "text":
      return { schema: textSchema(definition.form), type: { scalar: "String" } };
    case "email":
      return { schema: emailSchema, type: { scalar: "EmailAddress" } };
    case "phone":
      return { schema: textSchema(), type: { scalar: "String" } };
    case "domain":
      return { schema: readText(readDomain), type: { scalar: "String" } };
    case "url":
      return { schema: urlSchema, type: { scalar: "URL" } };
    case "currency":
      return { schema: currencySchema, type: { scalar: "Currency" } };
    case "int":
      return {
        schema: z
          .int32(wordsOf({ complaint: "notWhole" }))
          .min(0, wordsOf({ complaint: "negative" })),
        type: { scalar: "Int" },
      };
    case "decimal":
      return { schema: decimalSchema, type: { scalar: "Decimal" } };
    case "boolean":
      return {
        schema: z.boolean(wordsOf({ complaint: "notBoolean" })),
        type: { scalar: "Boolean" },
      };
    case "dateTime":
      return { schema: instantSchema, type: { scalar: "DateTime" } };
    case "date":
      return { schema: daySchema, type: { scalar: "Date" } };
    case "reference":
      return { schema: idSchema(prefixOf(definition.to ?? "")), type: { scalar: "ID" } };
    case "json":
      // A JSON column that is never null holds a list.
      return {
        schema: definition.nullable ? jsonSchema : jsonListSchema,
        type: { scalar: "JSON" },
      };
    case "jsonObject":
      return { schema: jsonObjectSchema, type: { scalar: "JSON" } };
    case "textList":
      return {
        schema: listSchema(definition),
        type: { listOf: { scalar: "String" } },
      };
    case "enum": {
      if (definition.values === null) throw new Error(`${name}: an enum needs its values`);
      const names = Object.keys(definition.values.values);
      return {
        schema: z.enum(names, wordsOf({ complaint: "notOneOf", names })),
        type: { enum: definition.values },
      };
    }
    case "id":
    case "anyReference":
    case "bigInt":
    case "bytes":
      break;
  }
  throw new Error(`${name}: callers do not write this`);
}
