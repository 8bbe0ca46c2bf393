import { GraphQLError, GraphQLScalarType, Kind, type ValueNode } from "graphql";
import {
  GraphQLCurrency,
  GraphQLDateTime,
  GraphQLEmailAddress,
  GraphQLJSON,
  GraphQLJSONObject,
  GraphQLURL,
} from "graphql-scalars";
import { canonicalDecimal, parseDecimal } from "../lib/decimal.ts";
import { parseDay, parseInstant } from "../lib/time.ts";
import { Unreadable } from "../lib/unreadable.ts";
import { builder } from "./builder.ts";

/** Reads a literal like the value it stands for; what is wrong with it is told with its place in the document. */
function literal<Value>(
  kinds: readonly Kind[],
  expected: string,
  read: (value: unknown) => Value,
): (node: ValueNode) => Value {
  return (node) => {
    if (!kinds.includes(node.kind) || !("value" in node)) {
      throw new GraphQLError(expected, { nodes: node });
    }
    try {
      return read(node.value);
    } catch (error) {
      throw new GraphQLError(error instanceof Error ? error.message : expected, { nodes: node });
    }
  };
}

/**
 * A variable that cannot be read goes on as what was sent: where it stands is known only there, and in a mutation all
 * problems are told together. A literal is refused with its place in the document.
 */
function later<Value>(read: (value: unknown) => Value): (value: unknown) => Value {
  return (value) => {
    try {
      return read(value);
    } catch (error) {
      const reason = error instanceof Error ? error.message : "cannot be read";
      // It only looks like a value; whoever takes one from a variable asks.
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion
      return new Unreadable(value, reason) as Value;
    }
  };
}

function decimalInput(value: unknown): string {
  try {
    return parseDecimal(value);
  } catch (error) {
    throw new GraphQLError(`Decimal: ${error instanceof Error ? error.message : "not a decimal"}.`);
  }
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
function wholeInput(value: unknown): string {
  const text = typeof value === "number" && Number.isSafeInteger(value) ? String(value) : value;
  if (typeof text === "string" && /^-?\d{1,18}$/.test(text)) return text;
  throw new GraphQLError("BigInt: a whole number of at most 18 digits is expected.");
}

const bigInt = new GraphQLScalarType<string, number>({
  name: "BigInt",
  description:
    "A whole number that may be larger than an Int; as input also a string of digits, at most 18.",
  serialize: Number,
  parseValue: later(wholeInput),
  parseLiteral: literal([Kind.INT, Kind.STRING], "BigInt: a whole number is expected.", wholeInput),
});

/** An instant as text in UTC: as a Date, pg would print it in the process's own time zone. */
function instantInput(value: unknown): string {
  const instant = typeof value === "string" ? parseInstant(value) : null;
  if (instant !== null) return instant;
  throw new GraphQLError(
    'DateTime: an instant of the years 0001 to 9999 with its offset is expected, such as "2026-03-18T15:40:12Z".',
  );
}

/** The day an input names: a day itself, or the (UTC) day of an instant. */
function dayInput(value: unknown): string {
  const found = typeof value === "string" ? parseDay(value) : null;
  if (found !== null) return found;
  throw new GraphQLError(
    'Date: a day of the years 0001 to 9999 is expected, such as "2026-11-30".',
  );
}

const day = new GraphQLScalarType<string, string>({
  name: "Date",
  description: "A day, `2026-11-30`. As input also an instant, whose UTC day is taken.",
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
 * read is kept as it was sent, as over REST: a web address is not written in another way.
 */
function readAsStored(
  scalar: GraphQLScalarType,
  description: string,
): GraphQLScalarType<string, string> {
  const { parseValue, parseLiteral } = scalar;
  return new GraphQLScalarType<string, string>({
    name: scalar.name,
    description,
    specifiedByURL: scalar.specifiedByURL,
    serialize: String,
    parseValue: later((value) => {
      const read = String(parseValue(value));
      return typeof value === "string" ? value : read;
    }),
    parseLiteral: (node, variables) => {
      try {
        const read = String(parseLiteral(node, variables));
        return node.kind === Kind.STRING ? node.value : read;
      } catch (error) {
        // Any other error would count as one of ours.
        if (error instanceof GraphQLError) throw error;
        const reason = error instanceof Error ? error.message : "it cannot be read";
        throw new GraphQLError(`${scalar.name}: ${reason}.`, { nodes: node });
      }
    },
  });
}

builder.addScalarType("Decimal", decimal);
builder.addScalarType("BigInt", bigInt);
builder.addScalarType("Date", day);
builder.addScalarType(
  "DateTime",
  new GraphQLScalarType<string, Date>({
    name: "DateTime",
    description:
      "An instant, RFC 3339, printed in UTC with milliseconds: `2026-03-18T15:40:12.000Z`.",
    serialize: (value) => GraphQLDateTime.serialize(value),
    parseValue: later(instantInput),
    parseLiteral: literal(
      [Kind.STRING],
      'DateTime: a string such as "2026-03-18T15:40:12Z" is expected.',
      instantInput,
    ),
  }),
);
builder.addScalarType(
  "EmailAddress",
  readAsStored(GraphQLEmailAddress, "An email address, e.g. `ops@example.com`."),
);
builder.addScalarType(
  "URL",
  readAsStored(GraphQLURL, "A web address with its scheme, e.g. `https://example.com/a`."),
);
builder.addScalarType(
  "Currency",
  readAsStored(GraphQLCurrency, "A currency's ISO 4217 code, e.g. `USD`."),
);
builder.addScalarType(
  "JSON",
  new GraphQLScalarType({ ...GraphQLJSON.toConfig(), description: "Any JSON value." }),
);
builder.addScalarType(
  "JSONObject",
  new GraphQLScalarType({ ...GraphQLJSONObject.toConfig(), description: "A JSON object." }),
);
