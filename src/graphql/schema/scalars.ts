import { GraphQLError, GraphQLScalarType, Kind, type ValueNode } from "graphql";
import { GraphQLDateTime, GraphQLJSON, GraphQLJSONObject } from "graphql-scalars";
import { canonicalDecimal, readDecimal } from "../../lib/decimal.ts";
import { jsonNumber } from "../../lib/exact-number.ts";
import { wordsOf, type Complaint } from "../../lib/messages.ts";
import type { Reading } from "../../lib/reading.ts";
import { Unreadable } from "../../lib/unreadable.ts";
import { readKnownCurrency } from "../../model/kinds/currency.ts";
import { readDay } from "../../model/kinds/day.ts";
import { readEmail } from "../../model/kinds/email.ts";
import { readInstant } from "../../model/kinds/instant.ts";
import { readUrl } from "../../model/kinds/url.ts";
import { isBlank } from "../../write/input.ts";
import type { Builder } from "./builder.ts";

/** Reads a literal like the value it stands for; what is wrong with it is told with its place in the document. */
function literal<Value>(
  kinds: readonly Kind[],
  expected: string,
  read: (value: unknown) => Reading<Value>,
): (node: ValueNode) => Value {
  return (node) => {
    if (!kinds.includes(node.kind) || !("value" in node)) {
      throw new GraphQLError(expected, { nodes: node });
    }
    // Blank text says nothing, or is refused where it stands: one rule for all kinds of fields (src/write/input.ts).
    if (isBlank(node.value)) return later(read)(node.value);
    const reading = read(node.value);
    if ("value" in reading) return reading.value;
    throw new GraphQLError(wordsOf(reading.complaint), { nodes: node });
  };
}

/**
 * A variable that cannot be read goes on as what was sent: where it stands is known only there, and in a mutation all
 * problems are told together. A literal is refused with its place in the document.
 */
function later<Value>(read: (value: unknown) => Reading<Value>): (value: unknown) => Value {
  return (value) => {
    const reading = read(value);
    if ("value" in reading) return reading.value;
    // It only looks like a value; whoever takes one from a variable asks.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    return new Unreadable(value, reading.complaint) as Value;
  };
}

/** That what was sent is no such scalar, and why. */
const refused = (scalar: string, why: Complaint): Reading<never> => ({
  complaint: { complaint: "ofScalar", scalar, words: wordsOf(why) },
});

function decimalInput(value: unknown): Reading {
  const reading = readDecimal(value);
  return "value" in reading
    ? reading
    : refused("Decimal", { ...reading.complaint, complaint: "decimalFault" });
}

const decimal = new GraphQLScalarType<string, string>({
  name: "Decimal",
  description:
    'An exact decimal number, printed as a canonical string ("1000", "10.5"). As input a string or a number, at most 15 integer and 4 fraction digits.',
  serialize: (value) => canonicalDecimal(String(value)),
  parseValue: later(decimalInput),
  parseLiteral: literal(
    [Kind.STRING, Kind.INT, Kind.FLOAT],
    "Decimal: a string or a number is expected.",
    decimalInput,
  ),
});

/** A whole number that fits a PostgreSQL bigint, as text. */
function wholeInput(value: unknown): Reading {
  const text = typeof value === "number" && Number.isSafeInteger(value) ? String(value) : value;
  return typeof text === "string" && /^-?\d{1,18}$/.test(text)
    ? { value: text }
    : refused("BigInt", {
        complaint: "text",
        text: "a whole number of at most 18 digits is expected",
      });
}

const bigInt = new GraphQLScalarType<string, number>({
  name: "BigInt",
  description:
    "A whole number that may be larger than an Int; as input also a string of digits, at most 18.",
  serialize: Number,
  parseValue: later(wholeInput),
  parseLiteral: literal([Kind.INT, Kind.STRING], "BigInt: a whole number is expected.", wholeInput),
});

/** The text as its kind reads it. */
function readAs(scalar: string, read: (text: string) => Reading, value: unknown): Reading {
  if (typeof value !== "string") return refused(scalar, { complaint: "notText" });
  const reading = read(value);
  return "value" in reading ? reading : refused(scalar, reading.complaint);
}

/** An instant as text in UTC: as a Date, pg would print it in the process's own time zone. */
const instantInput = (value: unknown): Reading => readAs("DateTime", readInstant, value);
const dayInput = (value: unknown): Reading => readAs("Date", readDay, value);

const day = new GraphQLScalarType<string, string>({
  name: "Date",
  description:
    "A day, `2026-11-30`. As input also with midnight behind it, or an instant, whose UTC day is taken.",
  specifiedByURL: "https://scalars.graphql.org/andimarek/local-date.html",
  serialize: String,
  parseValue: later(dayInput),
  parseLiteral: literal(
    [Kind.STRING],
    'Date: a string such as "2026-11-30" is expected.',
    dayInput,
  ),
});

/**
 * What is stored was checked when it was written; reading it must not fail on a rule that came later. Text that can be
 * read goes on as it was sent: the input reads it as it reads that of REST, and takes blank text for none.
 */
function readLater(
  {
    name,
    description,
    specifiedByURL,
  }: Readonly<Record<"name" | "description" | "specifiedByURL", string>>,
  read: (text: string) => Reading,
): GraphQLScalarType<string, string> {
  const asSent = (text: string): Reading =>
    text.trim() === "" || "value" in read(text.trim()) ? { value: text } : read(text.trim());
  const input = (value: unknown): Reading => readAs(name, asSent, value);
  return new GraphQLScalarType<string, string>({
    name,
    description,
    specifiedByURL,
    serialize: String,
    parseValue: later(input),
    parseLiteral: literal([Kind.STRING], `${name}: a string is expected.`, input),
  });
}

/** A literal as JSON would hold it: all digits of its numbers, and no key that means something to JavaScript. */
function jsonLiteral(
  node: ValueNode,
  variables: Readonly<Record<string, unknown>> | null | undefined,
): unknown {
  switch (node.kind) {
    case Kind.INT:
    case Kind.FLOAT:
      return jsonNumber(node.value);
    case Kind.STRING:
    case Kind.BOOLEAN:
      return node.value;
    case Kind.LIST:
      return node.values.map((item) => jsonLiteral(item, variables));
    case Kind.OBJECT:
      return Object.fromEntries(
        node.fields.map(({ name, value }) => [name.value, jsonLiteral(value, variables)]),
      );
    case Kind.VARIABLE:
      return variables?.[node.name.value];
    case Kind.NULL:
      return null;
    default:
      throw new GraphQLError(`JSON has no ${node.value}: write a text in quotes.`, { nodes: node });
  }
}

/** The scalars that GraphQL itself does not have. */
export function addScalars(builder: Builder): void {
  builder.addScalarType("Decimal", decimal);
  builder.addScalarType("BigInt", bigInt);
  builder.addScalarType("Date", day);
  builder.addScalarType(
    "DateTime",
    new GraphQLScalarType<string, Date>({
      name: "DateTime",
      description:
        "An instant, RFC 3339, printed in UTC with milliseconds: `2026-03-18T15:40:12.000Z`. As input it needs an offset, also in the form `2026-03-18 15:40:12+00`.",
      serialize: (value) => GraphQLDateTime.serialize(value),
      parseValue: later(instantInput),
      parseLiteral: literal(
        [Kind.STRING],
        'DateTime: a string such as "2026-03-18T15:40:12Z" is expected.',
        instantInput,
      ),
    }),
  );
  for (const [scalar, read] of [
    [
      {
        name: "EmailAddress",
        description:
          "An email address, also in other scripts: `ops@example.com`, `info@bücher.example`.",
        specifiedByURL: "https://www.rfc-editor.org/rfc/rfc6531",
      },
      readEmail,
    ],
    [
      {
        name: "URL",
        description: "A web address with its scheme, e.g. `https://example.com/a`.",
        specifiedByURL: "https://url.spec.whatwg.org/",
      },
      readUrl,
    ],
    [
      {
        name: "Currency",
        description:
          "A currency's ISO 4217 code, e.g. `USD`. One that was withdrawn can be asked for and not written.",
        specifiedByURL: "https://en.wikipedia.org/wiki/ISO_4217",
      },
      readKnownCurrency,
    ],
  ] as const)
    builder.addScalarType(scalar.name, readLater(scalar, read));

  builder.addScalarType(
    "JSON",
    new GraphQLScalarType({
      ...GraphQLJSON.toConfig(),
      description: "Any JSON value. Numbers keep all digits.",
      parseLiteral: jsonLiteral,
    }),
  );
  builder.addScalarType(
    "JSONObject",
    new GraphQLScalarType({ ...GraphQLJSONObject.toConfig(), description: "A JSON object." }),
  );
}
