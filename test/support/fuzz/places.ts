import {
  getNamedType,
  GraphQLNonNull,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isRequiredArgument,
  isRequiredInputField,
  OperationTypeNode,
  type GraphQLArgument,
  type GraphQLInputField,
  type GraphQLInputType,
  type GraphQLSchema,
} from "graphql";

/** A place at which an operation takes a value: an argument of a root field, or a field of an input. */
export type InputPlace = {
  /** Its path: `accounts.where.name.contains`. */
  readonly name: string;
  /** An operation that takes this one value as the variable `v`. */
  readonly query: string;
};

/** Wraps the value of a place in all that stands around it. */
type Wrap = (value: string) => string;

/**
 * Every place at which the operations of these kinds take a value; a field of an input type once, on the first way that
 * leads there. `fixed` has the values of arguments that are given beside it, of the fields that have them.
 */
export function inputPlaces(
  schema: GraphQLSchema,
  kinds: readonly OperationTypeNode[] = [OperationTypeNode.QUERY, OperationTypeNode.MUTATION],
  fixed: Readonly<Record<string, string>> = {},
): InputPlace[] {
  const places: InputPlace[] = [];
  const seen = new Set<string>();

  const visit = (type: GraphQLInputType, name: string, around: Wrap, operation: Wrap): void => {
    places.push({ name, query: operation(`($v: ${String(type)}) ${around("$v")}`) });
    const inner = getNamedType(type);
    if (!isInputObjectType(inner) || seen.has(inner.name)) return;
    seen.add(inner.name);
    const listed: Wrap = isList(type) ? (value) => around(`[${value}]`) : around;
    for (const field of Object.values(inner.getFields())) {
      const others = Object.values(inner.getFields()).filter((other) => other !== field);
      visit(
        // A variable in an input of exactly one field cannot be null.
        inner.isOneOf ? new GraphQLNonNull(field.type) : field.type,
        `${name}.${field.name}`,
        (value) => listed(`{ ${[given(field, value), ...needed(others)].join(", ")} }`),
        operation,
      );
    }
  };

  for (const kind of kinds) {
    for (const field of Object.values(schema.getRootType(kind)?.getFields() ?? {})) {
      const selection = getNamedType(field.type);
      const fields = "getFields" in selection || "getTypes" in selection ? " { __typename }" : "";
      for (const argument of field.args) {
        const others = field.args.filter((other) => other !== argument);
        const beside = others.flatMap((other) => {
          const value = fixed[other.name];
          return value === undefined ? needed([other]) : [given(other, value)];
        });
        visit(
          argument.type,
          `${field.name}.${argument.name}`,
          (value) =>
            `{ ${field.name}(${[given(argument, value), ...beside].join(", ")})${fields} }`,
          (text) => `${kind} ${text}`,
        );
      }
    }
  }
  return places;
}

const given = ({ name }: GraphQLArgument | GraphQLInputField, value: string): string =>
  `${name}: ${value}`;

/** The others that cannot be left out, with values that their types allow. */
const needed = (others: readonly (GraphQLArgument | GraphQLInputField)[]): string[] =>
  others
    .filter((one) => isRequiredArgument(one) || isRequiredInputField(one))
    .map((one) => given(one, allowed(one.type)));

function allowed(type: GraphQLInputType): string {
  if (isNonNullType(type)) return allowed(type.ofType);
  if (isListType(type)) return `[${allowed(type.ofType)}]`;
  if (isEnumType(type)) return type.getValues()[0]?.name ?? "";
  if (isInputObjectType(type)) return `{ ${needed(Object.values(type.getFields())).join(", ")} }`;
  if (type.name === "Int") return "1";
  return type.name === "Boolean" ? "true" : '"x"';
}

const isList = (type: GraphQLInputType): boolean =>
  isListType(isNonNullType(type) ? type.ofType : type);
