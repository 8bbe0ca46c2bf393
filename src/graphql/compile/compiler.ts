import {
  OperationTypeNode,
  type DocumentNode,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from "graphql";
import type { Catalog } from "../../model/catalog.ts";
import type { Actor } from "../../auth/actor.ts";
import { fragmentsOf } from "../limits/collected-fields.ts";
import type { PlannedField } from "../limits/planned-field.ts";
import type { Variables } from "../server/variables.ts";
import { valuesFor, type Call, type CompiledStatement } from "./call.ts";
import { Compilation, NotCompiled } from "./compilation.ts";
import { fieldJson } from "./fields.ts";
import { Kept } from "./kept.ts";
import { MutationField } from "./mutation.ts";
import { queryStatement } from "./operation.ts";
import { shapeOf, usesOf } from "./shape.ts";
import { SubscriptionField } from "./subscription.ts";

/** Limits of the cached queries, and of the mutations and subscriptions, in characters of their statements and documents. */
const [maxOfQueries, maxOfMutations] = [5_000_000, 1_000_000];

/** Compiles operations. Each shape of an operation's variables gives one statement for a query or a payload. */
export class Compiler {
  readonly #schema: GraphQLSchema;
  readonly #catalog: Catalog;
  readonly #statements = new Kept<CompiledStatement>(maxOfQueries, ({ text }) => text.length);
  readonly #fields = new Kept<readonly MutationField[]>(maxOfMutations, (fields) =>
    fields.reduce((sum, { characters }) => sum + characters, 0),
  );
  readonly #subscriptions = new Kept<SubscriptionField>(
    maxOfMutations,
    ({ characters }) => characters,
  );
  #operations = 0;

  constructor(schema: GraphQLSchema, catalog: Catalog) {
    this.#schema = schema;
    this.#catalog = catalog;
  }

  /** Prepares a query of a valid document; null if the operation is not a query. */
  query(
    document: DocumentNode,
    operation: OperationDefinitionNode,
    planned: readonly PlannedField[],
  ): CompiledQuery | null {
    const root = this.#schema.getQueryType();
    if (operation.operation !== OperationTypeNode.QUERY || root == null) return null;
    const { uses, length, keyOf, compilation } = this.#prepare(document, planned);
    let isCompiled = true;
    return {
      statement: (viewer, variables) => {
        if (!isCompiled) return null;
        const call: Call = { viewer, variables, once: new Map(), written: new Map() };
        const made = (isCounted: boolean): CompiledStatement => {
          const statement = this.#statements.of(
            keyOf(call) + (isCounted ? "counted" : ""),
            length,
            () => {
              const c = compilation(call, isCounted);
              return queryStatement(c, c.rootFields(root, operation));
            },
          );
          return { ...statement, values: valuesFor(statement, call) };
        };
        try {
          return { ...made(false), counted: () => made(true) };
        } catch (error) {
          // Without variables, every call has the same fields.
          if (error instanceof NotCompiled && uses.size === 0) isCompiled = false;
          return null;
        }
      },
    };
  }

  /** Prepares a mutation of a valid document; null if the operation is not a mutation. */
  mutation(
    document: DocumentNode,
    operation: OperationDefinitionNode,
    planned: readonly PlannedField[],
  ): CompiledMutation | null {
    const root = this.#schema.getMutationType();
    if (operation.operation !== OperationTypeNode.MUTATION || root == null) return null;
    const { length, keyOf, compilation } = this.#prepare(document, planned);
    return {
      fields: (viewer, variables) => {
        const call: Call = { viewer, variables, once: new Map(), written: new Map() };
        try {
          return this.#fields.of(keyOf(call), length, () => {
            const c = compilation(call, true);
            return c
              .rootFields(root, operation)
              .map((selected) => new MutationField(c, selected, operation));
          });
        } catch {
          return null;
        }
      },
    };
  }

  /** Prepares a subscription of a valid document; null if the operation is not a subscription. */
  subscription(
    document: DocumentNode,
    operation: OperationDefinitionNode,
    planned: readonly PlannedField[],
  ): CompiledSubscription | null {
    const root = this.#schema.getSubscriptionType();
    if (operation.operation !== OperationTypeNode.SUBSCRIPTION || root == null) return null;
    const { length, keyOf, compilation } = this.#prepare(document, planned);
    return {
      field: (viewer, variables) => {
        const call: Call = { viewer, variables, once: new Map(), written: new Map() };
        const key = keyOf(call);
        return this.#subscriptions.of(key, length, () => {
          const c = compilation(call, true);
          const [selected = null] = c.rootFields(root, operation);
          return new SubscriptionField(c, selected, { operation, key });
        });
      },
    };
  }

  #prepare(document: DocumentNode, planned: readonly PlannedField[]) {
    const uses = usesOf(this.#schema, document);
    const fragments = fragmentsOf(document);
    this.#operations += 1;
    const number = this.#operations;
    return {
      uses,
      // Literals in a statement and the fields of a mutation are parts of the parsed document.
      length: document.loc?.source.body.length ?? 0,
      keyOf: ({ viewer, variables }: Call): string =>
        `${number} ${viewer.appId === null ? "" : "a"} ${shapeOf(uses, variables)}`,
      compilation: (call: Call, countsTexts: boolean) =>
        new Compilation({
          schema: this.#schema,
          catalog: this.#catalog,
          fragments,
          call,
          fieldJson,
          planned,
          countsTexts,
        }),
    };
  }
}

/** A prepared query. */
export type CompiledQuery = {
  /** The statement of a call; null if only resolvers can answer it, or if the interpreter has to refuse it. */
  readonly statement: (viewer: Actor, variables: Variables) => CompiledStatement | null;
};

/** A prepared mutation. */
export type CompiledMutation = {
  /** Its fields at the root in order; null if the interpreter has to refuse it. */
  readonly fields: (viewer: Actor, variables: Variables) => readonly MutationField[] | null;
};

/** A prepared subscription. */
export type CompiledSubscription = {
  /** Its field at the root. */
  readonly field: (viewer: Actor, variables: Variables) => SubscriptionField;
};
