import {
  getNamedType,
  getNullableType,
  isIntrospectionType,
  isListType,
  isAbstractType,
  getArgumentValues,
  isObjectType,
  SchemaMetaFieldDef,
  TypeMetaFieldDef,
  type FieldNode,
  type GraphQLArgument,
  type GraphQLNamedType,
  type OperationDefinitionNode,
} from "graphql";
import type { GraphQLCompositeType, GraphQLField, GraphQLSchema } from "graphql";
import { scopeFor } from "../../auth/permissions.ts";
import type { Scope } from "../../auth/scopes.ts";
import { accessOf, type Arguments, type Cost } from "./access.ts";
import { introspectionCost } from "./costs.ts";
import { inputReads, readingInputs, sizeOf, type InputDemand } from "./input-reads.ts";
import { merged, namesVariable, type Condition, type Fragments } from "./collected-fields.ts";
import { jsonBytes } from "../../lib/json-bytes.ts";
import { answerPoints, longPoints } from "../../limits/weights.ts";
import {
  contentOf,
  spent,
  total,
  type FieldDemand,
  type PlannedField,
  type Spending,
} from "./planned-field.ts";
import { noVariables, type Variables } from "../server/variables.ts";

/** The demand of an operation, known before it runs. */
export type Demand = {
  /** All scopes that its fields, arguments and conditions need. */
  readonly scopes: ReadonlySet<Scope>;
  /** The number of nodes that it could read, with other work in the same unit. */
  readonly cost: number;
  /** The path of response names to the most expensive field. */
  readonly heaviest: readonly string[];
};

/** The plan of an operation, computed once. The parts that depend on variables are computed for each request. */
export class OperationPlan {
  readonly #fields: readonly PlannedField[];
  readonly #fixed: Demand | null;

  constructor(schema: GraphQLSchema, operation: OperationDefinitionNode, fragments: Fragments) {
    const root = schema.getRootType(operation.operation);
    if (root == null) throw new Error(`the schema has no ${operation.operation}`);
    const planner = new Planner(schema, fragments);
    this.#fields = planner.fieldsOf(root, [operation.selectionSet]).get(root.name) ?? [];
    this.#fixed = planner.dependsOnVariables ? null : this.#work(noVariables);
  }

  /** Whether its demand depends on the values of its variables. */
  get dependsOnVariables(): boolean {
    return this.#fixed === null;
  }

  /** The fields at its root. */
  get fields(): readonly PlannedField[] {
    return this.#fields;
  }

  /** The demand of the operation with these variables. */
  demand(variables: Variables): Demand {
    return this.#fixed ?? this.#work(variables);
  }

  /** The cost of an answer by its data. */
  spent(data: Readonly<Record<string, unknown>> | null, spending: Spending): number {
    const { cost } = this.demand(spending.variables);
    if (data === null && spending.hasFailed) return cost;
    const read = data === null ? 0 : spent(this.#fields, data, spending);
    return this.charged(read, jsonBytes(data), spending.variables);
  }

  /**
   * The cost of an answer from the cost of its records and the bytes of its data as `JSON.stringify` prints it: at least
   * one, and at most the cost of the demand.
   */
  charged(read: number, bytes: number, variables: Variables): number {
    return Math.min(this.demand(variables).cost, Math.max(1, read + answerPoints(bytes)));
  }

  #work(variables: Variables): Demand {
    const scopes = new Set<Scope>();
    const { cost, long, path } = total(this.#fields, variables, scopes);
    return { scopes, cost: cost + longPoints(long), heaviest: path };
  }
}

/** The number of values in filters and orders that take as long as a record. */
const valuesPerPoint = 100;

class Planner {
  dependsOnVariables = false;
  readonly #schema: GraphQLSchema;
  readonly #fragments: Fragments;

  constructor(schema: GraphQLSchema, fragments: Fragments) {
    this.#schema = schema;
    this.#fragments = fragments;
  }

  /** The fields under selection sets on a type, by concrete type if it is abstract. Its own fields are under "". */
  fieldsOf(
    type: GraphQLCompositeType,
    selections: readonly NonNullable<FieldNode["selectionSet"]>[],
  ): Map<string, PlannedField[]> {
    const found = new Map<string, PlannedField[]>();
    for (const group of merged(this.#schema, this.#fragments, type, selections)) {
      const { parent, nodes, conditions } = group;
      const planned = this.#field(parent, nodes, conditions);
      const key = isObjectType(parent) ? parent.name : "";
      const same = found.get(key);
      if (planned === null) continue;
      if (same === undefined) found.set(key, [planned]);
      else same.push(planned);
    }
    return found;
  }

  #field(
    parent: GraphQLCompositeType,
    nodes: readonly FieldNode[],
    conditions: readonly Condition[],
  ): PlannedField | null {
    const [node] = nodes;
    if (node === undefined) return null;
    if (conditions.some(({ variable }) => variable !== null)) this.dependsOnVariables = true;
    const definition = fieldOf(parent, node.name.value);
    const name = (node.alias ?? node.name).value;
    const around = scopesOf(accessOf(parent));
    // `__typename` has the demand of its parent type.
    if (definition === null) {
      const value = { demand: null, own: 0, isLeaf: true, isList: false, isEmbedded: false };
      const nothing = {
        items: null,
        isLong: false,
        alternatives: new Map(),
        ...contentOf(new Map()),
      };
      return { name, conditions, scopes: around, ...value, ...nothing };
    }
    const type = getNamedType(definition.type);
    const isComposite = isObjectType(type) || isAbstractType(type);
    const sets = nodes.flatMap(({ selectionSet }) => selectionSet ?? []);
    const alternatives = isComposite
      ? this.fieldsOf(type, sets)
      : new Map<string, PlannedField[]>();
    const [access, typeAccess] = [accessOf(definition), isComposite ? accessOf(type) : {}];
    const demand = this.#demand(parent, definition, nodes, sets);
    const own = this.#ownCost(type);
    return {
      name,
      conditions,
      scopes: [...around, ...scopesOf(access), ...scopesOf(typeAccess)],
      demand,
      own,
      isLeaf: !isComposite,
      isList: isListType(getNullableType(definition.type)),
      isEmbedded: isComposite && demand === null && own === 0 && !isIntrospectionType(type),
      items: access.items ?? null,
      isLong: access.isLong ?? false,
      alternatives,
      ...contentOf(alternatives),
    };
  }

  /** The demand of a field that depends on its arguments; null if nothing depends on them. */
  #demand(
    parent: GraphQLCompositeType,
    definition: GraphQLField<unknown, unknown>,
    nodes: readonly FieldNode[],
    sets: readonly NonNullable<FieldNode["selectionSet"]>[],
  ): PlannedField["demand"] {
    const introspected = introspectionCost(parent.name, definition.name);
    if (introspected !== undefined) return () => ({ ...introspected, scopes: [] });
    const { cost, readsBy, writesBy, uses = [] } = accessOf(definition);
    const readings = definition.args.filter(({ type }) => readingInputs(type));
    const isFree = cost === undefined && readsBy === undefined && writesBy === undefined;
    if (isFree && readings.length === 0) return null;
    const [node] = nodes;
    if (node === undefined) return null;
    const names = new Set([...uses, ...readings.map(({ name }) => name)]);
    const args = definition.args.filter(({ name }) => names.has(name));
    const isFixed = !(node.arguments ?? []).some(
      ({ name, value }) => names.has(name.value) && namesVariable(value),
    );
    if (!isFixed) this.dependsOnVariables = true;
    const typeName = getNamedType(definition.type).name;
    const isRoot = parent.name === "Query" || parent.name === "Tenant";
    const selected = new Set(
      merged(this.#schema, this.#fragments, compositeOf(this.#schema, typeName), sets).map(
        ({ nodes: [first] }) => first?.name.value ?? "",
      ),
    );
    const usual: Cost = { own: this.#ownCost(getNamedType(definition.type)), times: 1 };
    const work = (variables: Variables): FieldDemand => {
      const values = argumentsOf({ ...definition, args }, node, variables);
      if (values === null) return { own: 0, times: 0, scopes: [] };
      const { entities, points } = inputsDemand(readings, values);
      const reads = [...(readsBy?.(values) ?? []), ...entities];
      const { own, ...counts } = cost?.(values, { isRoot, selected }) ?? usual;
      const size = readings.reduce((sum, { name }) => sum + sizeOf(values[name]), 0);
      return {
        own: own + points + Math.floor(size / valuesPerPoint),
        ...counts,
        scopes: [
          ...reads.map((name) => scopeFor("read", name)),
          ...(writesBy?.(values) ?? []).map((name) => scopeFor("write", name)),
        ],
      };
    };
    if (!isFixed) return work;
    const once = work(noVariables);
    return () => once;
  }

  /** A record costs one, unless a field says otherwise. An object that only groups fields costs nothing. */
  #ownCost(type: GraphQLNamedType): number {
    const types = isAbstractType(type) ? this.#schema.getPossibleTypes(type) : [type];
    return types.some((one) => accessOf(one).reads !== undefined) ? 1 : 0;
  }
}

/** The arguments as the field's resolver gets them; null if the executor refuses them. */
function argumentsOf(
  definition: GraphQLField<unknown, unknown>,
  node: FieldNode,
  variables: Variables,
): Arguments | null {
  try {
    return getArgumentValues(definition, node, variables);
  } catch {
    return null;
  }
}

function inputsDemand(readings: readonly GraphQLArgument[], args: Arguments): InputDemand {
  const found: InputDemand = { entities: new Set(), points: 0 };
  for (const { name, type } of readings) inputReads(type, args[name], found);
  return found;
}

function scopesOf({ reads = [], writes }: ReturnType<typeof accessOf>): Scope[] {
  const reading = reads.map((name) => scopeFor("read", name));
  return writes === undefined ? reading : [...reading, scopeFor("write", writes)];
}

function fieldOf(type: GraphQLCompositeType, name: string): GraphQLField<unknown, unknown> | null {
  if (name === SchemaMetaFieldDef.name) return SchemaMetaFieldDef;
  if (name === TypeMetaFieldDef.name) return TypeMetaFieldDef;
  return "getFields" in type ? (type.getFields()[name] ?? null) : null;
}

function compositeOf(schema: GraphQLSchema, name: string): GraphQLCompositeType | null {
  const type = schema.getType(name);
  return isObjectType(type) || isAbstractType(type) ? type : null;
}
