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
import { valuesFor, type Call } from "./call.ts";
import { Compilation, NotCompiled } from "./compilation.ts";
import { fieldJson } from "./fields.ts";
import { Kept } from "./kept.ts";
import { MutationField } from "./mutation.ts";
import { queryStatement, type CompiledStatement } from "./operation.ts";
import { shapeOf, usesOf } from "./shape.ts";

/** What is kept of queries and of mutations, by the length of their statements' texts. */
const [maxOfQueries, maxOfMutations] = [5_000_000, 1_000_000];

/** Compiles operations: with the shape of its variables, a query or a payload becomes one statement. */
export class Compiler {
  readonly #schema: GraphQLSchema;
  readonly #catalog: Catalog;
  readonly #statements = new Kept<CompiledStatement>(maxOfQueries, ({ text }) => text.length);
  readonly #fields = new Kept<readonly MutationField[]>(maxOfMutations, (fields) =>
    fields.reduce((sum, { characters }) => sum + characters, 0),
  );
  #operations = 0;

  constructor(schema: GraphQLSchema, catalog: Catalog) {
    this.#schema = schema;
    this.#catalog = catalog;
  }

  /** A query of a valid document, made ready; null when the operation is none. */
  query(
    document: DocumentNode,
    operation: OperationDefinitionNode,
    planned: readonly PlannedField[],
  ): CompiledQuery | null {
    const root = this.#schema.getQueryType();
    if (operation.operation !== OperationTypeNode.QUERY || root == null) return null;
    const { uses, keyOf, compilation } = this.#prepare(document, planned);
    let isCompiled = true;
    return {
      statement: (viewer, variables) => {
        if (!isCompiled) return null;
        const call: Call = { viewer, variables, once: new Map(), written: new Map() };
        try {
          const statement = this.#statements.of(keyOf(call), () => {
            const c = compilation(call);
            return queryStatement(c, c.rootFields(root, operation));
          });
          return { ...statement, values: valuesFor(statement.values, call) };
        } catch (error) {
          // Another call of it has no other fields, whatever its directives leave out.
          if (error instanceof NotCompiled && uses.size === 0) isCompiled = false;
          return null;
        }
      },
    };
  }

  /** A mutation of a valid document, made ready; null when the operation is none. */
  mutation(
    document: DocumentNode,
    operation: OperationDefinitionNode,
    planned: readonly PlannedField[],
  ): CompiledMutation | null {
    const root = this.#schema.getMutationType();
    if (operation.operation !== OperationTypeNode.MUTATION || root == null) return null;
    const { keyOf, compilation } = this.#prepare(document, planned);
    return {
      fields: (viewer, variables) => {
        const call: Call = { viewer, variables, once: new Map(), written: new Map() };
        try {
          return this.#fields.of(keyOf(call), () => {
            const c = compilation(call);
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

  #prepare(document: DocumentNode, planned: readonly PlannedField[]) {
    const uses = usesOf(this.#schema, document);
    const fragments = fragmentsOf(document);
    this.#operations += 1;
    const number = this.#operations;
    return {
      uses,
      keyOf: ({ viewer, variables }: Call): string =>
        `${number} ${viewer.appId === null ? "" : "a"} ${shapeOf(uses, variables)}`,
      compilation: (call: Call) =>
        new Compilation({
          schema: this.#schema,
          catalog: this.#catalog,
          fragments,
          call,
          fieldJson,
          planned,
        }),
    };
  }
}

/** A query that is ready to be run. */
export type CompiledQuery = {
  /** The statement that answers it; null when only its resolvers can, or it is to be refused. */
  readonly statement: (viewer: Actor, variables: Variables) => CompiledStatement | null;
};

/** A mutation that is ready to be carried out. */
export type CompiledMutation = {
  /** Its fields at the root in their order; null when it is to be refused. */
  readonly fields: (viewer: Actor, variables: Variables) => readonly MutationField[] | null;
};
