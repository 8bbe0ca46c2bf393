import fc from "fast-check";
import type { Entity } from "../../../src/model/entity.ts";
import { isSortable, type Field } from "../../../src/model/field.ts";
import { isLong, runSeed } from "../run/run-length.ts";
import type { OrderDirection, OrderTerm } from "../../../src/model/order.ts";

/** For every property: shrinking ends before vitest gives up, so that the counterexample is always told. */
export const runOptions = {
  seed: runSeed,
  interruptAfterTimeLimit: isLong ? 500_000 : 100_000,
  markInterruptAsFailure: true,
};

/** Few letters, so that texts meet: patterns' own characters, case that folds oddly, more than one byte and unit. */
const letters = [
  "a",
  "b",
  "A",
  "B",
  "%",
  "_",
  "\\",
  " ",
  "é",
  "É",
  "σ",
  "ς",
  "Σ",
  "ß",
  "日",
  "😀",
  "1",
  "'",
  "\n",
];
const knownTexts = [
  "",
  "a",
  "A",
  "ab",
  "100%",
  "a_b",
  "a\\b",
  "\\",
  "é",
  "ΟΔΟΣ",
  "οδος",
  "Straße",
  "😀😀",
  "null",
];
const knownEmails = [
  "ana@example.com",
  "Ana@Example.com",
  "a_b@example.com",
  "axb@example.com",
  "É@x.io",
  "é@x.io",
];
const knownDecimals = [
  "0",
  "1",
  "-1",
  "10.5",
  "-10.5",
  "0.0001",
  "-0.0001",
  "1000",
  "50",
  "100",
  "999999999999999.9999",
  "-999999999999999.9999",
  "123456789012345.6789",
];
const knownInts = [-2147483648, -1, 0, 1, 2, 3, 2147483647];
/** Equal ones, neighbours by a millisecond, from before 1970, and from before time zones were whole minutes. */
const knownInstants = [
  "2026-01-01T00:00:00.000Z",
  "2026-01-01T00:00:00.001Z",
  "2026-03-29T01:30:00.000Z",
  "1969-12-31T23:59:59.999Z",
  "1850-06-01T12:00:00.000Z",
  "9999-12-31T23:59:59.999Z",
];
const knownDays = [
  "2026-01-01",
  "2026-01-02",
  "2024-02-29",
  "1969-12-31",
  "1850-06-01",
  "9999-12-31",
];
/** Some of them the same number. */
const knownPhones = [
  "+14045550128",
  "+1 (404) 555-0128",
  "+1 404 555 0128 x7",
  "+14045550128;ext=7",
  "+49 (0)30 9018 2233",
  "+493090182233",
  "030 9018-2233",
  "12345 x678",
  "1 2345",
  "12345",
];
const knownItems = [
  "a",
  "b",
  "A",
  "",
  "x y",
  'quo"te',
  "back\\slash",
  "com,ma",
  "{}",
  "NULL",
  "%",
  "é",
];
export const jsonKeys = ["a", "b", "0"];

export const textValue: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...knownTexts),
  fc.string({ unit: fc.constantFrom(...letters), maxLength: 4 }),
);
/** One item of a list of texts. */
export const itemValue = fc.constantFrom(...knownItems);
export const textItems = fc.uniqueArray(itemValue, { maxLength: 3 });
const jsonScalar = fc.oneof(
  fc.constantFrom<(string | number | boolean | null)[]>(
    null,
    true,
    false,
    0,
    1,
    -1.5,
    2,
    "1",
    "null",
  ),
  textValue,
);
const jsonBranch = (inner: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.oneof(
    fc.array(inner, { maxLength: 2 }),
    fc.dictionary(fc.constantFrom(...jsonKeys), inner, { maxKeys: 2, noNullPrototype: true }),
  );
export const jsonValue = fc.oneof(
  jsonScalar,
  jsonBranch(fc.oneof(jsonScalar, jsonBranch(jsonScalar))),
);
const jsonObjectValue = fc.dictionary(fc.constantFrom(...jsonKeys), jsonValue, {
  maxKeys: 3,
  noNullPrototype: true,
});

/** A value that the field's column may hold, null aside: few and often equal. */
export function fieldValue(definition: Field): fc.Arbitrary<unknown> {
  const { kind, values } = definition;
  if (values !== null) return fc.constantFrom(...Object.keys(values.values));
  const byKind: Readonly<Partial<Record<string, fc.Arbitrary<unknown>>>> = {
    text: textValue,
    url: textValue,
    email: fc.oneof(fc.constantFrom(...knownEmails), textValue),
    phone: fc.oneof(fc.constantFrom(...knownPhones), textValue),
    domain: fc.constantFrom("a.example", "b.example", "xn--mnchen-3ya.example"),
    currency: fc.constantFrom("USD", "EUR", "JPY"),
    int: fc.constantFrom(...knownInts),
    bigInt: fc.constantFrom(...knownInts),
    decimal: fc.constantFrom(...knownDecimals),
    boolean: fc.boolean(),
    dateTime: fc.constantFrom(...knownInstants).map((text) => new Date(text).toISOString()),
    date: fc.constantFrom(...knownDays),
    // The lists among them (addresses, participants) are never null.
    json: definition.nullable ? jsonValue : fc.array(jsonValue, { maxLength: 3 }),
    jsonObject: jsonObjectValue,
    textList: textItems,
  };
  const found = byKind[kind.name] ?? examplesOf(definition);
  if (found === null) throw new Error(`${kind.name} needs more than its kind`);
  return found;
}

/** Values that the schema of a field's input gives as examples. */
function examplesOf(definition: Field): fc.Arbitrary<unknown> | null {
  const examples = definition.kind.input?.(definition, "").schema.meta()?.["examples"];
  return Array.isArray(examples) ? fc.constantFrom<unknown[]>(...examples) : null;
}

const directions: readonly OrderDirection[] = [
  "asc",
  "desc",
  "asc_nulls_first",
  "asc_nulls_last",
  "desc_nulls_first",
  "desc_nulls_last",
];

/** Random `orderBy`: 1 to 3 sortable fields with any direction; the same field may come twice. */
export function orderOf(
  entity: Entity,
  leftOut: (entity: Entity, field: string) => boolean = () => false,
): fc.Arbitrary<OrderTerm[]> {
  const sortable = Object.entries(entity.fields)
    .filter(([field, definition]) => isSortable(definition) && !leftOut(entity, field))
    .map(([field]) => field);
  const term = fc.record({
    field: fc.constantFrom(...sortable),
    direction: fc.constantFrom(...directions),
  });
  return fc.array(term, { minLength: 1, maxLength: 3 });
}
