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
import { param } from "../../lib/sql.ts";
import type { Selecting } from "../schema/selection.ts";
import { Late, type Call } from "./call.ts";
import type { Json } from "./json.ts";
import { isAskedFor, priceOf, type PlannedField, type Price } from "../limits/planned-field.ts";
import { joined, type RowSql } from "./row-sql.ts";

/** The operation has something that only its resolvers can answer. */
export class NotCompiled extends Error {}

const nothing: Price = { own: 0, least: 0, isPaged: false, each: 0 };

type PrintField = (c: Compilation, row: RowSql | null, selected: Selected) => Json;

/** What the fields of one compilation share. Values that enter the SQL's text are those of the call it is made for. */
export class Compilation {
  readonly schema: GraphQLSchema;
  readonly catalog: Catalog;
  readonly fragments: Fragments;
  readonly call: Call;
  readonly viewer: ViewerSql;
  /** The same for what asks which fields are selected. */
  readonly selecting: Selecting;
  /** The plan's fields at the operation's root. */
  readonly planned: readonly PlannedField[];
  /** What is joined and charged at the root. */
  readonly root = joined();
  /** Whether the cost of the answer can only be told from its text. */
  costsByText = false;
  /** Whether the plan depends on the values. */
  isPlannedEach = false;
  readonly #fieldJson: PrintField;
  #aliases = 0;

  constructor(options: {
    readonly schema: GraphQLSchema;
    readonly catalog: Catalog;
    readonly fragments: Fragments;
    readonly call: Call;
    readonly fieldJson: PrintField;
    readonly planned: readonly PlannedField[];
  }) {
    this.schema = options.schema;
    this.catalog = options.catalog;
    this.fragments = options.fragments;
    this.call = options.call;
    this.planned = options.planned;
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

  /** A field as JSON, read from a row or from none. */
  fieldJson(row: RowSql | null, selected: Selected): Json {
    return this.#fieldJson(this, row, selected);
  }

  /** An alias that nothing else in the statement has. */
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

  /** The object type that a field gives, lists and non-null taken off. */
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

  /** What a field costs; null where only the answer's text tells. */
  priceOf({ planned }: Selected): Price | null {
    const [field, ...others] = planned;
    if (field === undefined) return nothing;
    // One that is selected under several conditions is charged for each of them.
    const price = others.length > 0 ? null : priceOf(field, this.call.variables);
    if (price === null) this.costsByText = true;
    return price;
  }

  /** The arguments of a field. @throws what its resolver would be refused for. */
  argumentsOf({ definition, node }: Selected): Arguments {
    if (definition === null) throw new NotCompiled();
    return new Arguments(definition, node, this.call);
  }
}

/** One field of an answer. */
export type Selected = {
  /** Its name in the answer. */
  readonly key: string;
  readonly name: string;
  readonly nodes: readonly FieldNode[];
  readonly node: FieldNode;
  /** What the operation's plan knows of it. */
  readonly planned: readonly PlannedField[];
  readonly parent: GraphQLObjectType;
  /** Null for `__typename`. */
  readonly definition: GraphQLField<unknown, unknown> | null;
};

/** The arguments of one field. */
class Arguments {
  readonly values: Readonly<Record<string, unknown>>;
  readonly #node: FieldNode;

  constructor(definition: GraphQLField<unknown, unknown>, node: FieldNode, call: Call) {
    this.#node = node;
    this.values = getArgumentValues(definition, node, call.variables);
  }

  /**
   * Something made of an argument: at once where the document says its value, for each call where that is a variable.
   * The value is never null; whether it is given is part of the shape.
   */
  late<Value>(name: string, make: (value: unknown) => Value): Value | Late {
    const given = this.#node.arguments?.find((argument) => argument.name.value === name)?.value;
    const made = make(this.values[name]);
    if (given?.kind !== Kind.VARIABLE) return made;
    const variable = given.name.value;
    return new Late(({ variables }) => make(variables[variable]));
  }
}
export type { Arguments };
