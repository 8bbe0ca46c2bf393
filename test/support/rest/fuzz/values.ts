import fc from "fast-check";
import { emailPattern } from "../../../../src/model/kinds/email.ts";
import { openApi } from "../openapi-contract.ts";

export type Schema = Readonly<Record<string, unknown>>;

/** An id that is chosen when its request is sent, among what is there by then. */
export class IdSlot {
  readonly prefix: string;
  readonly pick: number;

  constructor(prefix: string, pick: number) {
    this.prefix = prefix;
    this.pick = pick;
  }
}

/** The version that a record has when its request is sent, or one next to it. */
export class VersionSlot {
  readonly distance: number;

  constructor(distance: number) {
    this.distance = distance;
  }
}

/** What stands at a pointer of the document. */
export function resolved(schema: Schema): Schema {
  const pointer = schema["$ref"];
  if (typeof pointer !== "string") return schema;
  const { $ref: _, ...beside } = schema;
  let found: unknown = openApi;
  for (const step of pointer.slice("#/".length).split("/")) {
    found = Reflect.get(Object(found), step);
  }
  return resolved({ ...Object(found), ...beside });
}

/** The parts of a schema that are schemas themselves. */
export function schemasAt(schema: Schema, key: string): Readonly<Record<string, Schema>> {
  return { ...Object(schema[key]) };
}

/** The prefix of the ids that a pattern lets pass; null when it is none of ids. */
export function prefixIn(pattern: unknown): string | null {
  return /^\^\(?([a-z]+)-\)?\??\[0-9/.exec(String(pattern))?.[1] ?? null;
}

/** Few words, so that values meet. */
const words = [
  "Harbor",
  "north",
  "Łódź",
  "Zoë 😀",
  "a",
  "0",
  "-",
  "100%_\\",
  "null",
  "lead",
  "it's",
];

const day = fc
  .date({ min: new Date("1900-01-01"), max: new Date("2100-01-01"), noInvalidDate: true })
  .map((date) => date.toISOString().slice(0, 10));
const instant = fc
  .tuple(day, fc.constantFrom("T10:20:30Z", "T23:59:59.999Z", "T00:00:00+02:00", "T01:02:03.4Z"))
  .map((parts) => parts.join(""));
const formats: Readonly<Record<string, fc.Arbitrary<string>>> = {
  date: day,
  "date-time": instant,
  uuid: fc.uuid(),
  email: fc.oneof(
    fc.nat(500).map((number) => `person${number}@harbor.example`),
    fc.emailAddress(),
  ),
  uri: fc.webUrl(),
};

/** Texts of a pattern. Those that a lookahead excludes are left out afterwards: fast-check reads none. */
function matching(pattern: string): fc.Arbitrary<string> {
  const whole = new RegExp(pattern, "u");
  const without = new RegExp(pattern.replaceAll(/\(\?![^)]*\)/g, ""), "u");
  return fc.stringMatching(without).filter((text) => whole.test(text));
}

function textOf(schema: Schema): fc.Arbitrary<unknown> {
  const { pattern, format } = schema;
  const minLength = Number(schema["minLength"] ?? 0);
  const maxLength = Number(schema["maxLength"] ?? 1_000);
  const prefix = prefixIn(pattern);
  if (prefix !== null) return fc.nat(1_000).map((pick) => new IdSlot(prefix, pick));
  // Of the texts that look like addresses few have hosts that there can be.
  if (pattern === emailPattern) return formats["email"] ?? fc.emailAddress();
  if (typeof pattern === "string") return matching(pattern);
  const formatted = typeof format === "string" ? formats[format] : undefined;
  if (formatted !== undefined) return formatted;
  const fits = (text: string) => text.length >= minLength && text.length <= maxLength;
  return fc.oneof(
    { weight: 40, arbitrary: fc.constantFrom(...words.filter(fits)) },
    {
      weight: 10,
      arbitrary: fc.string({ unit: "grapheme", minLength, maxLength: Math.min(maxLength, 40) }),
    },
    // The longest there may be; notes seldom, or every list would be megabytes.
    {
      weight: maxLength > 1_000 ? 1 : 4,
      arbitrary: fc.constant("x".repeat(Math.min(maxLength, 100_000))),
    },
  );
}

function numberOf(schema: Schema, isWhole: boolean): fc.Arbitrary<unknown> {
  const min = Number(schema["minimum"] ?? schema["exclusiveMinimum"] ?? -1_000);
  const max = Number(schema["maximum"] ?? 1_000_000);
  const whole = fc.integer({ min: Math.ceil(min), max: Math.floor(Math.min(max, 2 ** 31 - 1)) });
  // Hundredths: further digits would be the number's own in binary.
  const parts = fc.integer({ min: Math.ceil(min * 100), max: Math.floor(max * 100) });
  return isWhole
    ? whole
    : fc.oneof(
        whole,
        parts.map((part) => part / 100),
      );
}

const small = fc.jsonValue({ maxDepth: 2 });

/** Values that a schema of the document lets pass. */
export function valuesOf(given: Schema): fc.Arbitrary<unknown> {
  const schema = resolved(given);
  if ("const" in schema) return fc.constant(schema["const"]);
  const { anyOf, oneOf, enum: choices, ...rest } = schema;
  const alternatives = anyOf ?? oneOf;
  if (Array.isArray(choices)) return fc.constantFrom(...choices.map((one: unknown) => one));
  if (Array.isArray(alternatives)) {
    return fc.oneof(
      ...alternatives.map((one) => valuesOf({ ...rest, ...resolved({ ...Object(one) }) })),
    );
  }
  const { type } = schema;
  if (Array.isArray(type)) {
    const some = type
      .filter((one) => one !== "null")
      .map((one) => valuesOf({ ...schema, type: one }));
    const nothing = { weight: 1, arbitrary: fc.constant(null) };
    return fc.oneof(...some.map((arbitrary) => ({ weight: 6, arbitrary })), nothing);
  }
  switch (type) {
    case "string":
      return textOf(schema);
    case "integer":
    case "number":
      return numberOf(schema, type === "integer");
    case "boolean":
      return fc.boolean();
    case "null":
      return fc.constant(null);
    case "array":
      return fc.array(valuesOf({ ...Object(schema["items"]) }), {
        minLength: Number(schema["minItems"] ?? 0),
        maxLength: Math.min(3, Number(schema["maxItems"] ?? 3)),
      });
    case "object":
      return objectsOf(schema, 3);
    default:
      return "format" in schema || "pattern" in schema ? textOf(schema) : small;
  }
}

/** Objects with what they need and at most `more` other members. */
export function objectsOf(given: Schema, more: number): fc.Arbitrary<Record<string, unknown>> {
  const schema = resolved(given);
  const properties = schemasAt(schema, "properties");
  if (Object.keys(properties).length === 0) {
    const others = schema["additionalProperties"];
    const values = typeof others === "object" ? valuesOf({ ...others }) : small;
    return fc.dictionary(fc.stringMatching(/^[a-z_]{1,10}$/), values, { maxKeys: 3 });
  }
  const listed: unknown = schema["required"];
  const required = Array.isArray(listed) ? listed.map(String) : [];
  const optional = Object.keys(properties).filter((key) => !required.includes(key));
  const minLength = required.length === 0 ? Math.min(Number(schema["minProperties"] ?? 0), 1) : 0;
  return fc
    .subarray(optional, {
      minLength,
      maxLength: Math.max(minLength, Math.min(more, optional.length)),
    })
    .chain((keys) =>
      fc.record(
        Object.fromEntries(
          [...required, ...keys].map((key) => [
            key,
            key === "version" ? versions : memberOf(properties, key),
          ]),
        ),
      ),
    );
}

const cache = new WeakMap<object, fc.Arbitrary<unknown>>();

/** Made once: the document's schemas do not change. */
function memberOf(
  properties: Readonly<Record<string, Schema>>,
  key: string,
): fc.Arbitrary<unknown> {
  const schema = properties[key] ?? {};
  const made = cache.get(schema) ?? valuesOf(schema);
  cache.set(schema, made);
  return made;
}

/** Mostly the record's own. */
export const versions: fc.Arbitrary<VersionSlot> = fc
  .constantFrom(0, 0, 0, 0, 1, -1)
  .map((distance) => new VersionSlot(distance));
