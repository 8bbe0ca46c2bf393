import {
  getNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  isRequiredArgument,
  isRequiredInputField,
  isUnionType,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLNamedType,
  type GraphQLSchema,
} from "graphql";
import type { Random } from "../../../src/seed/random.ts";
import { hostileJson } from "./hostile-values.ts";

export type FuzzOperation = {
  readonly query: string;
  /** JSON texts by the variable's name: JSON.stringify cannot say all that a client can. */
  readonly variables: ReadonlyMap<string, string>;
};

type OperationOptions = {
  readonly random: Random;
  readonly schema: GraphQLSchema;
  /** Public ids that exist. */
  readonly ids: readonly string[];
  /** How many of the values are not what the schema asks for: 0 to 1. */
  readonly wrong: number;
  readonly mutations: number;
};

/** An operation that the schema allows, but for the values that are wrong on purpose. */
export function makeOperation(options: OperationOptions): FuzzOperation {
  return new OperationMaker(options).make();
}

class OperationMaker {
  readonly #random: Random;
  readonly #schema: GraphQLSchema;
  readonly #ids: readonly string[];
  readonly #wrong: number;
  readonly #mutations: number;
  readonly #declared: string[] = [];
  readonly #variables = new Map<string, string>();
  #fields = 0;

  constructor({ random, schema, ids, wrong, mutations }: OperationOptions) {
    this.#random = random;
    this.#schema = schema;
    this.#ids = ids;
    this.#wrong = wrong;
    this.#mutations = mutations;
  }

  make(): FuzzOperation {
    const random = this.#random;
    const isMutation = random.chance(this.#mutations);
    const root = isMutation ? this.#schema.getMutationType() : this.#schema.getQueryType();
    if (root == null) throw new Error("the schema has no such root");
    const selection = this.#selection(root, random.between(2, 5), random.between(1, 3));
    const declared = this.#declared.length === 0 ? "" : ` Fuzz(${this.#declared.join(", ")})`;
    const name = declared === "" && random.chance(0.5) ? " Fuzz" : declared;
    return {
      query: `${isMutation ? "mutation" : "query"}${name} ${selection}`,
      variables: this.#variables,
    };
  }

  #selection(type: GraphQLNamedType, depth: number, count: number): string {
    const random = this.#random;
    if (isUnionType(type) || (isInterfaceType(type) && random.chance(0.5))) {
      const member = random.pick(this.#schema.getPossibleTypes(type));
      return `{ __typename ... on ${member.name} ${this.#selection(member, depth, count)} }`;
    }
    if (!isObjectType(type) && !isInterfaceType(type)) return "";
    const all = Object.values(type.getFields());
    const leaves = all.filter((field) => isLeafType(getNamedType(field.type)));
    const parts = random
      .some(count, depth > 0 ? all : leaves)
      .map((field, index) => this.#field(field, depth, index));
    return `{ ${["__typename", ...parts].slice(parts.length > 0 && random.chance(0.8) ? 1 : 0).join(" ")} }`;
  }

  #field(field: GraphQLField<unknown, unknown>, depth: number, index: number): string {
    const random = this.#random;
    const type = getNamedType(field.type);
    this.#fields += 1;
    // So much is asked for at once by people as well; beyond that the limits are what is tried.
    const isLast = this.#fields > 40;
    if (!isLeafType(type) && (depth <= 0 || isLast)) return "__typename";
    const given = field.args
      .filter((argument) => isRequiredArgument(argument) || random.chance(0.15))
      // No cursor of ours could be made up; what is none is tried as another value in its place.
      .filter(({ name }) => !/^(after|before)$/.test(name) || random.chance(this.#wrong))
      .map((argument) => `${argument.name}: ${this.#value(argument.type, argument.name, 3)}`);
    const args = given.length === 0 ? "" : `(${given.join(", ")})`;
    const under = isLeafType(type)
      ? ""
      : ` ${this.#selection(type, depth - 1, random.between(1, 4))}`;
    // An alias for each: two fields of one name that differ in their arguments are a conflict.
    return `f${depth}_${index}: ${field.name}${args}${under}`;
  }

  /** GraphQL text for a value: a literal, or a variable with its value put by. */
  #value(type: GraphQLInputType, name: string, depth: number): string {
    if (!this.#random.chance(0.4)) return this.#literal(type, name, depth);
    const variable = `v${this.#variables.size}`;
    this.#declared.push(`$${variable}: ${String(type)}`);
    this.#variables.set(variable, "null");
    this.#variables.set(variable, this.#json(type, name, depth));
    return `$${variable}`;
  }

  #literal(type: GraphQLInputType, name: string, depth: number): string {
    if (isNonNullType(type)) return this.#literal(type.ofType, name, depth);
    if (isListType(type)) {
      const items = this.#items(() => this.#literal(type.ofType, name, depth - 1), depth);
      return `[${items.join(", ")}]`;
    }
    if (isInputObjectType(type)) {
      const parts = this.#inputFields(type).map(
        (field) => `${field.name}: ${this.#literal(field.type, field.name, depth - 1)}`,
      );
      return `{ ${parts.join(", ")} }`;
    }
    if (isEnumType(type)) return this.#random.pick(type.getValues()).name;
    return asLiteral(this.#leaf(type, name));
  }

  #json(type: GraphQLInputType, name: string, depth: number): string {
    if (this.#random.chance(this.#wrong)) return hostileJson(this.#random);
    if (isNonNullType(type)) return this.#json(type.ofType, name, depth);
    if (isListType(type)) {
      const items = this.#items(() => this.#json(type.ofType, name, depth - 1), depth);
      return `[${items.join(",")}]`;
    }
    if (isInputObjectType(type)) {
      const parts = this.#inputFields(type, depth).map(
        (field) => `${JSON.stringify(field.name)}:${this.#json(field.type, field.name, depth - 1)}`,
      );
      if (this.#random.chance(this.#wrong / 3)) parts.push('"__proto__":{"a":1}');
      return `{${parts.join(",")}}`;
    }
    if (isEnumType(type)) return JSON.stringify(this.#random.pick(type.getValues()).name);
    return this.#leaf(type, name);
  }

  #items(make: () => string, depth: number): string[] {
    const most = depth > 0 ? 2 : 1;
    return Array.from({ length: this.#random.between(depth > 0 ? 0 : 1, most) }, make);
  }

  #inputFields(type: GraphQLNamedType, depth = 1) {
    if (!isInputObjectType(type)) return [];
    const fields = Object.values(type.getFields());
    const leaves = fields.filter((field) => isLeafType(getNamedType(field.type)));
    const optional = depth > 0 ? fields : leaves;
    const required = fields.filter((field) => isRequiredInputField(field));
    const most = type.isOneOf || type.name.endsWith("Order") ? 1 : 2;
    const chosen = this.#random.some(this.#random.between(1, most), optional);
    return [...new Set([...required, ...chosen])];
  }

  #leaf(type: GraphQLNamedType, name: string): string {
    const random = this.#random;
    if (random.chance(this.#wrong)) return hostileJson(random);
    const text = random.pick(["Harbor", "a", "North", "x y", "", "ÄÖ", "1", "usr-1"]);
    switch (type.name) {
      case "Int":
        return String(/^(first|last)$/.test(name) ? random.between(1, 5) : random.between(0, 300));
      case "Float":
        return String(random.share());
      case "Boolean":
        return String(random.chance(0.5));
      case "ID":
        return JSON.stringify(random.pick(this.#ids));
      case "Decimal":
        return JSON.stringify(`${random.between(0, 10_000)}.${random.between(0, 99)}`);
      case "Date":
        return JSON.stringify(`20${random.between(10, 30)}-0${random.between(1, 9)}-15`);
      case "DateTime":
        return JSON.stringify(`2026-0${random.between(1, 9)}-15T10:00:00.000Z`);
      case "Currency":
        return JSON.stringify(random.pick(["USD", "EUR"]));
      case "EmailAddress":
        return JSON.stringify(`nora${random.between(0, 50)}@twin.example`);
      case "JSON":
      case "JSONObject":
        return `{"a":${JSON.stringify(text)}}`;
      default:
        return JSON.stringify(text);
    }
  }
}

/** JSON as a GraphQL literal: names of members without quotes, as far as they are names. */
function asLiteral(json: string): string {
  return json.replaceAll(/"(\w+)":/g, "$1: ");
}
