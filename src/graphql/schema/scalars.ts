import { GraphQLError, GraphQLScalarType, Kind, type ValueNode } from "graphql";
import { GraphQLDateTime, GraphQLJSON, GraphQLJSONObject } from "graphql-scalars";
import { jsonNumber } from "../../lib/exact-number.ts";
import { wordsOf } from "../../lib/messages.ts";
import type { Reading } from "../../lib/reading.ts";
import { Unreadable } from "../../lib/unreadable.ts";
import type { BuiltInScalar, Scalar, ScalarType } from "../../model/kind.ts";
import { kinds } from "../../model/kinds/index.ts";
import { isBlank } from "../../write/input.ts";
import type { Builder, Scalars } from "./builder.ts";

const literalKinds = { string: Kind.STRING, int: Kind.INT, float: Kind.FLOAT };

/** The scalars that kinds bring along. */
const scalars = Object.values(kinds).flatMap(({ scalar }) =>
  scalar === null || typeof scalar === "string" ? [] : [scalar],
);
/** Scalars of graphql-scalars that print values as ours do; what code generators read of them comes along. */
const library = new Map(
  [GraphQLDateTime, GraphQLJSON, GraphQLJSONObject].map((scalar) => [scalar.name, scalar]),
);

/** The scalars that GraphQL itself does not have. */
export function addScalars(builder: Builder): void {
  for (const scalar of scalars) builder.addScalarType(scalar.name, scalarType(scalar));
}

/** The name by which the schema knows a scalar. */
export function scalarName(scalar: ScalarType): BuiltInScalar | keyof Scalars {
  if (typeof scalar === "string") return scalar;
  const known = scalars.find(({ name }) => name === scalar.name);
  if (known === undefined) throw new Error(`no kind brings the scalar ${scalar.name}`);
  return known.name;
}

function scalarType(scalar: Scalar): GraphQLScalarType {
  const { name, description, specifiedByURL, literals } = scalar;
  const kept = library.get(name);
  const serialize = scalar.serialize ?? kept?.serialize;
  if (serialize === undefined) throw new Error(`graphql-scalars has no ${name} that prints it`);
  return new GraphQLScalarType({
    name,
    description,
    specifiedByURL,
    extensions: kept?.extensions ?? {},
    // The type of a resolver holds it to what the scalar is given.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    serialize: (value) => serialize(value as never),
    parseValue: later(scalar.parse),
    parseLiteral:
      literals === "any"
        ? jsonLiteral
        : literal(
            literals.map((one) => literalKinds[one]),
            scalar,
          ),
  });
}

/** Reads a literal like the value it stands for; what is wrong with it is told with its place in the document. */
function literal(
  accepted: readonly Kind[],
  { name, expected, parse }: Scalar,
): (node: ValueNode) => unknown {
  return (node) => {
    if (!accepted.includes(node.kind) || !("value" in node)) {
      throw new GraphQLError(`${name}: ${expected}.`, { nodes: node });
    }
    // Blank text says nothing, or is refused where it stands: one rule for all kinds of fields (src/write/input.ts).
    if (isBlank(node.value)) return later(parse)(node.value);
    const reading = parse(node.value);
    if ("value" in reading) return reading.value;
    throw new GraphQLError(`${name}: ${wordsOf(reading.complaint)}.`, { nodes: node });
  };
}

/**
 * A variable that cannot be read goes on as what was sent: where it stands is known only there, and in a mutation all
 * problems are told together. A literal is refused with its place in the document.
 */
function later(read: (value: unknown) => Reading<unknown>): (value: unknown) => unknown {
  return (value) => {
    const reading = read(value);
    return "value" in reading ? reading.value : new Unreadable(value, reading.complaint);
  };
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
