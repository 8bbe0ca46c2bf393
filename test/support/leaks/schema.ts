import {
  getNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isListType,
  isNonNullType,
  isObjectType,
  isUnionType,
  parse,
  TypeInfo,
  visit,
  visitWithTypeInfo,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLNamedType,
  type GraphQLOutputType,
} from "graphql";
import { schema } from "../gateway/schema.ts";

/** What one request asks, and with which values. */
export type Document = {
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
  /** Of a subscription: the id of the event that is its last one, or null. */
  readonly last?: string | null;
};

type Fields = readonly GraphQLField<unknown, unknown>[];

/** The fields of an output type; of a leaf or a union none. */
export function fieldsOf(type: GraphQLOutputType | GraphQLNamedType): Fields {
  const named = getNamedType(type);
  return isObjectType(named) || isInterfaceType(named) ? Object.values(named.getFields()) : [];
}

/** The object types that a field of this type can give. */
function possibleTypes(type: GraphQLNamedType): readonly GraphQLNamedType[] {
  return isInterfaceType(type) || isUnionType(type) ? schema.getPossibleTypes(type) : [];
}

/** Every type that a caller can get to or send, from the roots on. */
export function reachableTypes(): readonly GraphQLNamedType[] {
  const found = new Set<GraphQLNamedType>();
  const visitType = (type: GraphQLNamedType): void => {
    if (found.has(type)) return;
    found.add(type);
    possibleTypes(type).forEach(visitType);
    if (isInputObjectType(type)) {
      for (const { type: inner } of Object.values(type.getFields())) visitType(getNamedType(inner));
    }
    for (const field of fieldsOf(type)) {
      visitType(getNamedType(field.type));
      for (const { type: argument } of field.args) visitType(getNamedType(argument));
    }
  };
  const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];
  for (const root of roots) if (root) visitType(root);
  return [...found];
}

/** Everything that a request can name: `Type.field`, `Type.field(argument:)`, `Input.field`, `Enum.value` (of inputs). */
function coordinates(): readonly string[] {
  const types = reachableTypes();
  const sentEnums = new Set<GraphQLNamedType>();
  const all: string[] = [];
  for (const type of types) {
    for (const { name, args } of fieldsOf(type)) {
      all.push(`${type.name}.${name}`);
      for (const argument of args) {
        all.push(`${type.name}.${name}(${argument.name}:)`);
        sentEnums.add(getNamedType(argument.type));
      }
    }
    if (!isInputObjectType(type)) continue;
    for (const field of Object.values(type.getFields())) {
      all.push(`${type.name}.${field.name}`);
      sentEnums.add(getNamedType(field.type));
    }
  }
  for (const type of sentEnums) {
    if (isEnumType(type)) all.push(...type.getValues().map(({ name }) => `${type.name}.${name}`));
  }
  return all;
}

/** Collects the coordinates that documents name. */
export class Coverage {
  readonly #named = new Set<string>();
  readonly #texts = new Set<string>();

  add({ query, variables }: Document): void {
    if (!this.#texts.has(query)) this.#addText(query);
    this.#texts.add(query);
    for (const [name, text] of variableTypes(query)) {
      const type = typeNamed(text);
      if (type !== null) this.#addValue(type, variables[name]);
    }
  }

  /** What is in the schema and in no document. */
  missing(): readonly string[] {
    return coordinates().filter((coordinate) => !this.#named.has(coordinate));
  }

  #addText(query: string): void {
    const types = new TypeInfo(schema);
    visit(
      parse(query),
      visitWithTypeInfo(types, {
        Field: ({ name, arguments: args = [] }) => {
          const field = `${types.getParentType()?.name}.${name.value}`;
          this.#named.add(field);
          for (const argument of args) this.#named.add(`${field}(${argument.name.value}:)`);
        },
      }),
    );
  }

  #addValue(type: GraphQLNamedType, value: unknown): void {
    if (Array.isArray(value)) {
      for (const item of value) this.#addValue(type, item);
    } else if (isEnumType(type)) this.#named.add(`${type.name}.${String(value)}`);
    else if (isInputObjectType(type) && typeof value === "object" && value !== null) {
      for (const [name, inner] of Object.entries(value)) {
        const field = type.getFields()[name];
        if (field === undefined) throw new Error(`${type.name} has no ${name}`);
        this.#named.add(`${type.name}.${name}`);
        this.#addValue(getNamedType(field.type), inner);
      }
    }
  }
}

/** The declared variables of a document, by name, with the text of their type. */
function variableTypes(query: string): readonly (readonly [name: string, type: string])[] {
  const head = /^\w+ \(([^)]*)\)/.exec(query)?.[1] ?? "";
  return [...head.matchAll(/\$(\w+): ([^,]+)/g)].map(([, name = "", type = ""]) => [name, type]);
}

function typeNamed(text: string): GraphQLNamedType | null {
  return schema.getType(text.replace(/[[\]!]/g, "")) ?? null;
}

/** Whether a value of the type is a list. */
export function isListed(type: GraphQLInputType): boolean {
  return isListType(isNonNullType(type) ? type.ofType : type);
}

/** The kinds of records: what can be listed and filtered. */
export const entityTypes: ReadonlySet<string> = new Set(
  Object.values(schema.getTypeMap())
    .filter((type) => isObjectType(type) && schema.getType(`${type.name}Filter`) !== undefined)
    .map(({ name }) => name),
);

/** Records that are no CRM entities: they have ids, and no filters. */
export const operationalTypes: ReadonlySet<string> = new Set([
  "Webhook",
  "WebhookDelivery",
  "Import",
]);

/**
 * All that a type tells without arguments: leaves, and what is no record of its own (pages, groups, addresses) with
 * its leaves. Records inside are followed `hops` times. Names are prefixed below a union or an interface, where two types may differ.
 */
export function leaves(type: GraphQLOutputType, hops: number, prefix = ""): string {
  const named = getNamedType(type);
  const own = fieldsOf(named).flatMap((field) => {
    const target = getNamedType(field.type);
    const alias = prefix === "" ? field.name : `${prefix}_${field.name}: ${field.name}`;
    if (field.args.length > 0) return [];
    const isComposite = fieldsOf(target).length > 0 || isUnionType(target);
    if (!isComposite) return [alias];
    const isRecord = entityTypes.has(target.name) || target.name === "Node";
    if (isRecord && hops === 0) return [];
    const inner = leaves(field.type, isRecord ? hops - 1 : hops);
    return inner === "" ? [] : [`${alias} { ${inner} }`];
  });
  const fragments = possibleTypes(named).map(
    (possible) => `... on ${possible.name} { ${leavesOf(possible, hops)} }`,
  );
  return [...(fragments.length > 0 ? ["__typename"] : []), ...own, ...fragments].join(" ");
}

function leavesOf(type: GraphQLNamedType, hops: number): string {
  return isObjectType(type) ? leaves(type, hops, type.name) : "";
}
