import {
  getNamedType,
  isEnumType,
  isInputObjectType,
  isObjectType,
  type GraphQLArgument,
  type GraphQLInputObjectType,
} from "graphql";
import { schema } from "../gateway/schema.ts";
import type { Step } from "./calls.ts";
import { groupVariants, groupOrderVariants, orderVariants } from "./orders.ts";
import { entityTypes, fieldsOf, isListed, reachableTypes } from "./schema.ts";
import type { Values } from "./values.ts";

type Args = Readonly<Record<string, unknown>>;

/** Arguments to send to a field, and whether their owner finds a record by them. */
export type Variant = { readonly label: string; readonly args: Args; readonly finds?: boolean };

/** The inputs that some argument takes; the others are sent within those. */
const argumentTypes: ReadonlySet<string> = new Set(
  reachableTypes().flatMap((type) =>
    fieldsOf(type).flatMap(({ args }) => args.map((argument) => getNamedType(argument.type).name)),
  ),
);

/** Where the text of a JSON field stands, as `fillTenant` makes them. */
const jsonPaths: Readonly<Record<string, readonly string[]>> = {
  addresses: ["0", "city"],
  participants: ["0", "word"],
};

/** Makes the values of arguments out of what a tenant has. */
export class Variants {
  readonly #values: Values;
  /** Input types whose every field was sent once: elsewhere a few are enough. */
  readonly #done = new Set<string>();

  constructor(values: Values) {
    this.#values = values;
  }

  /** Every way to send an argument; for a type that was sent before, a few. `target` is what the field gives. */
  of(argument: GraphQLArgument, target: string, steps: readonly Step[]): readonly Variant[] {
    const { name } = argument;
    const type = getNamedType(argument.type);
    const one = (value: unknown, finds = false): Variant => ({
      label: name,
      args: { [name]: value },
      finds,
    });
    if (isEnumType(type)) {
      const isList = isListed(argument.type);
      return type.getValues().map(({ name: value }) => one(isList ? [value] : value));
    }
    if (isInputObjectType(type)) {
      const isFirst = !this.#done.has(type.name);
      this.#done.add(type.name);
      if (name === "where") return this.#filters(type, isFirst);
      if (name === "groupBy") return groupVariants(type, isFirst);
      return type.name.endsWith("GroupOrder")
        ? groupOrderVariants(type, isFirst)
        : orderVariants(type, isFirst);
    }
    if (name === "id" || name === "ids" || name === "olderThan")
      return this.#ids(name, target).map((id) => one(id, true));
    if (name === "after" || name === "before") return [one(this.#values.cursor(steps))];
    if (name === "search" || name === "query") {
      const texts = ["name", "lastName", "subject", "description"].map((field) =>
        this.#values.pick(name === "query" ? "Account" : target, field),
      );
      return [
        one(
          texts.find((text) => text !== undefined),
          true,
        ),
      ];
    }
    if (name === "number") {
      return [one(this.#values.pick(target, `${target.toLowerCase()}Number`), true)];
    }
    if (type.name === "Date") return [one(this.#values.pick("Deal", "expectedCloseDate"))];
    const plain = { Boolean: true, Int: 3, Float: 0 }[type.name];
    if (plain === undefined) throw new Error(`nothing is known to send as ${name}: ${type.name}`);
    return [one(plain)];
  }

  /** Ids of what a field gives, with their prefix and bare where both are taken. */
  #ids(argument: string, target: string): readonly unknown[] {
    if (target !== "Node") {
      const id = this.#values.id(target);
      return [id, id.slice(id.indexOf("-") + 1)];
    }
    const nodes = [...entityTypes].filter((name) => {
      const type = schema.getType(name);
      return isObjectType(type) && type.getInterfaces().some((one) => one.name === "Node");
    });
    const ids = nodes.map((entity) => this.#values.id(entity));
    return argument === "ids" ? ids.map((id) => [id]) : ids;
  }

  #filters(type: GraphQLInputObjectType, all: boolean): readonly Variant[] {
    const entity = type.name.replace(/Filter$/, "");
    const byId = { id: { eq: this.#values.id(entity) } };
    const other = { id: { ne: this.#values.id(entity) } };
    const where = (label: string, value: unknown, finds = false): Variant => ({
      label: `where ${label}`,
      args: { where: value },
      finds,
    });
    if (!all) return [where("id", byId, true), where("text", this.#byText(entity), true)];
    return Object.values(type.getFields()).flatMap(({ name, type: fieldType }) => {
      const named = getNamedType(fieldType);
      if (!isInputObjectType(named)) throw new Error(`${type.name}.${name} is no filter`);
      if (name === "and" || name === "or") {
        return [where(name, { [name]: [byId, this.#byText(entity)] }, name === "or")];
      }
      if (name === "not") return [where(name, { not: other }, true)];
      if (entityTypes.has(named.name.replace(/(List)?Filter$/, ""))) {
        return this.#edge(name, named).map((condition) => where(name, condition));
      }
      const value = this.#values.pick(entity, name);
      const isJson = named.name === "JsonFilter";
      return operations(named, value).map(([operator, operand]) => {
        const path = isJson ? { path: jsonPaths[name] ?? ["word"] } : {};
        const condition = { ...path, [operator]: operand };
        const isExact = /^(eq|in|has|hasSome|contains)$/.test(operator) && value !== undefined;
        return where(
          `${name} ${operator}`,
          { [name]: isJson ? [condition] : condition },
          isExact && !isEnumType(operandType(named)),
        );
      });
    });
  }

  /** Conditions on the other end of an edge, by an id and by a text. */
  #edge(name: string, filter: GraphQLInputObjectType): readonly Args[] {
    const entity = filter.name.replace(/(List)?Filter$/, "");
    const isMany = filter.name.endsWith("ListFilter");
    if (!isMany && !argumentTypes.has(filter.name) && !this.#done.has(filter.name)) {
      // Nothing takes it as an argument: everything in it is sent from here.
      this.#done.add(filter.name);
      return this.#filters(filter, true).map(({ args }) => ({ [name]: args["where"] }));
    }
    const conditions = [{ id: { eq: this.#values.id(entity) } }, this.#byText(entity)];
    if (!isMany) return conditions.map((condition) => ({ [name]: condition }));
    return Object.keys(filter.getFields()).flatMap((quantifier) =>
      conditions.map((condition) => ({ [name]: { [quantifier]: condition } })),
    );
  }

  /** A condition on a text of a record that no other tenant has; on an id where there is none. */
  #byText(entity: string): Args {
    const type = schema.getType(`${entity}Filter`);
    if (!isInputObjectType(type)) throw new Error(`${entity} has no filter`);
    const text = Object.values(type.getFields()).find(
      ({ name, type: field }) =>
        getNamedType(field).name === "TextFilter" &&
        /^(theirs|zzoozz)/.test(String(this.#values.pick(entity, name))),
    );
    return text === undefined
      ? { id: { in: [this.#values.id(entity)] } }
      : { [text.name]: { contains: this.#values.pick(entity, text.name) } };
  }
}

const operandType = (filter: GraphQLInputObjectType) =>
  getNamedType(
    Object.values(filter.getFields()).find(({ name }) => name === "eq" || name === "has")?.type,
  );

/** Each operator of a kind of field, with an operand. */
function operations(
  filter: GraphQLInputObjectType,
  value: unknown,
): readonly (readonly [operator: string, operand: unknown])[] {
  return Object.values(filter.getFields()).flatMap(({ name, type }): [string, unknown][] => {
    const named = getNamedType(type);
    if (name === "path") return [];
    if (name === "isNull" || name === "isEmpty") return [[name, true]];
    if (isEnumType(named)) {
      const values = named.getValues().map((one) => one.name);
      return isListed(type) ? [[name, values.slice(0, 1)]] : values.map((one) => [name, one]);
    }
    const scalar = scalarOf(value) ?? fallbacks[named.name];
    return [[name, isListed(type) ? [scalar] : scalar]];
  });
}

/** What to compare with: the value, its first item, or the text in a JSON object. */
function scalarOf(value: unknown): unknown {
  if (Array.isArray(value)) return scalarOf(value[0]);
  if (typeof value !== "object" || value === null) return value;
  if ("word" in value) return value.word;
  return "city" in value ? value.city : undefined;
}

/** For fields in which no record has anything. */
const fallbacks: Readonly<Record<string, unknown>> = {
  ID: "0190bbbb-0000-7000-8000-000000000009",
  String: "theirs",
  Int: 777_071,
  BigInt: 1,
  Boolean: true,
  Date: "2077-01-02",
  DateTime: "2077-01-02T10:20:30.000Z",
  Decimal: "77707.5",
  JSON: "theirs",
};
