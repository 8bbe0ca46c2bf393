import { collectFields, collectSubFields } from "@graphql-tools/utils";
import {
  getArgumentValues,
  getNamedType,
  isObjectType,
  Kind,
  type FieldNode,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from "graphql";
import type { Catalog } from "../../model/catalog.ts";
import type { ViewerSql } from "../../query/visible.ts";
import type { Fragments } from "../limits/collected-fields.ts";
import { param, type Sql } from "../../lib/sql.ts";
import type { Selecting } from "../schema/selection.ts";
import { Late, type Call } from "./call.ts";
import type { Json } from "./json.ts";
import type { Variables } from "../server/variables.ts";
import { isAskedFor, priceOf, type PlannedField, type Price } from "../limits/planned-field.ts";
import { joined, type RowSql } from "./row-sql.ts";

/** A part of the operation can only be answered by its resolvers. */
export class NotCompiled extends Error {}

const nothing: Price = { own: 0, least: 0, isPaged: false, each: 0 };

type PrintField = (c: Compilation, row: RowSql | null, selected: Selected) => Json;

/** The state that the fields of one compilation share. Values in the SQL's text come from the call it is made for. */
export class Compilation {
  readonly schema: GraphQLSchema;
  readonly catalog: Catalog;
  readonly fragments: Fragments;
  readonly call: Call;
  readonly viewer: ViewerSql;
  /** The same in the form that helpers of selections take. */
  readonly selecting: Selecting;
  /** The plan's fields at the operation's root. */
  readonly planned: readonly PlannedField[];
  /** Whether long texts are added up in each list; otherwise each is held against its share of an answer. */
  readonly countsTexts: boolean;
  /** Joins and costs at the root. */
  readonly root = joined();
  /** Conditions without rows: they hold, or the statement fails by them before it reads anything. */
  readonly checks: Sql[] = [];
  /** Whether the answer's cost can only be computed from its text. */
  costsByText = false;
  /** Whether PostgreSQL has to plan the statement for each call, since the best plan depends on the values. */
  isPlannedEach = false;
  /** The values of arguments in variables, which are read in each call. */
  readonly given: Late[] = [];
  readonly #fieldJson: PrintField;
  #aliases = 0;

  constructor(options: {
    readonly schema: GraphQLSchema;
    readonly catalog: Catalog;
    readonly fragments: Fragments;
    readonly call: Call;
    readonly fieldJson: PrintField;
    readonly planned: readonly PlannedField[];
    readonly countsTexts: boolean;
  }) {
    this.schema = options.schema;
    this.catalog = options.catalog;
    this.fragments = options.fragments;
    this.call = options.call;
    this.planned = options.planned;
    this.countsTexts = options.countsTexts;
    this.#fieldJson = options.fieldJson;
    this.selecting = {
      schema: options.schema,
      fragments: Object.fromEntries(options.fragments),
      variableValues: options.call.variables,
    };
    const { appId } = options.call.viewer;
    this.viewer = {
      tenant: param(new Late(({ viewer }) => viewer.tenantId), "uuid"),
      app: appId === null ? null : param(new Late(({ viewer }) => viewer.appId), "text"),
    };
  }

  /** A field as JSON, read from a row; at the root there is no row. */
  fieldJson(row: RowSql | null, selected: Selected): Json {
    return this.#fieldJson(this, row, selected);
  }

  /** An alias that is unique in the statement. */
  nextAlias(): string {
    this.#aliases += 1;
    return `r${this.#aliases}`;
  }

  /** The fields at the root of an operation, by response name. */
  rootFields(type: GraphQLObjectType, operation: OperationDefinitionNode): Selected[] {
    const { fields } = collectFields(
      this.schema,
      this.selecting.fragments,
      this.call.variables,
      type,
      operation.selectionSet,
    );
    return this.#selected(type, fields, this.planned);
  }

  /** The fields that are selected on objects of a type, in the order of the answer. */
  fieldsOf(
    type: GraphQLObjectType,
    { nodes, planned }: Pick<Selected, "nodes" | "planned">,
  ): Selected[] {
    const { fields } = collectSubFields(
      this.schema,
      this.selecting.fragments,
      this.call.variables,
      type,
      [...nodes],
    );
    const under = planned.flatMap(({ alternatives }) => [
      ...(alternatives.get("") ?? []),
      ...(alternatives.get(type.name) ?? []),
    ]);
    return this.#selected(type, fields, under);
  }

  #selected(
    type: GraphQLObjectType,
    fields: ReadonlyMap<string, FieldNode[]>,
    under: readonly PlannedField[],
  ): Selected[] {
    const { variables } = this.call;
    return [...fields].map(([key, nodes]) => {
      const [node] = nodes;
      if (node === undefined) throw new NotCompiled();
      const name = node.name.value;
      const planned = under.filter((field) => field.name === key && isAskedFor(field, variables));
      const definition = type.getFields()[name] ?? null;
      return { key, name, nodes, node, planned, parent: type, definition };
    });
  }

  /** The object type of a field, without its list and non-null wrappers. */
  objectTypeOf({ definition }: Selected): GraphQLObjectType {
    const named = getNamedType(definition?.type);
    if (!isObjectType(named)) throw new NotCompiled();
    return named;
  }

  /** The object type of that name. */
  objectType(name: string): GraphQLObjectType {
    const type = this.schema.getType(name);
    if (!isObjectType(type)) throw new NotCompiled();
    return type;
  }

  /** The cost of a field; null if it can only be computed from the answer's text. */
  priceOf({ planned }: Selected): Price | null {
    const [field, ...others] = planned;
    if (field === undefined) return nothing;
    // A field that is selected under several conditions is charged for each of them.
    const price = others.length > 0 ? null : priceOf(field, this.call.variables);
    if (price === null) this.costsByText = true;
    return price;
  }

  /** The arguments of a field. @throws the error that its resolver would get. */
  argumentsOf({ definition, node }: Selected): Arguments {
    if (definition === null) throw new NotCompiled();
    return new Arguments(definition, node, this);
  }
}

/** One field of an answer. */
export type Selected = {
  /** Its name in the answer. */
  readonly key: string;
  readonly name: string;
  readonly nodes: readonly FieldNode[];
  readonly node: FieldNode;
  /** Its entries in the operation's plan, one for each set of conditions. */
  readonly planned: readonly PlannedField[];
  readonly parent: GraphQLObjectType;
  /** Null for `__typename`. */
  readonly definition: GraphQLField<unknown, unknown> | null;
};

/** The arguments of one field. */
class Arguments {
  readonly values: Readonly<Record<string, unknown>>;
  readonly #node: FieldNode;
  readonly #variables: Variables;
  readonly #given: Late[];

  constructor(
    definition: GraphQLField<unknown, unknown>,
    node: FieldNode,
    { call, given }: Compilation,
  ) {
    this.#node = node;
    this.#variables = call.variables;
    this.#given = given;
    this.values = getArgumentValues(definition, node, call.variables);
  }

  /**
   * A value made from an argument: now if the argument is a literal, for each call if it is a variable. A variable that is
   * null or missing is so in every call of the shape.
   */
  late<Value>(name: string, make: (value: unknown) => Value): Value | Late {
    const given = this.#node.arguments?.find((argument) => argument.name.value === name)?.value;
    const made = make(this.values[name]);
    if (given?.kind !== Kind.VARIABLE) return made;
    const variable = given.name.value;
    if (this.#variables[variable] == null) return made;
    const late = new Late(({ variables }) => make(variables[variable]));
    this.#given.push(late);
    return late;
  }
}
export type { Arguments };
