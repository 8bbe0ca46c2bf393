import { LRUCache } from "lru-cache";
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
import { queryStatement, type CompiledStatement } from "./operation.ts";
import { shapeOf, usesOf } from "./shape.ts";

/** Statements that are kept, by the length of their texts. */
const maxCharacters = 20_000_000;
/** What is kept beside a statement's text takes some room too. */
const overhead = 2_000;
/** A shape with long values in it, such as a list of 1,000 ids, would not come again. */
const maxShape = 5_000;

/** Compiles queries: an operation and the shape of its variables become one statement. */
export class Compiler {
  readonly #schema: GraphQLSchema;
  readonly #catalog: Catalog;
  readonly #statements = new LRUCache<string, CompiledStatement>({
    maxSize: maxCharacters,
    sizeCalculation: ({ text }, key) => text.length + key.length + overhead,
  });
  #operations = 0;

  constructor(schema: GraphQLSchema, catalog: Catalog) {
    this.#schema = schema;
    this.#catalog = catalog;
  }

  /** An operation of a valid document, made ready; null when it is no query. */
  operation(
    document: DocumentNode,
    operation: OperationDefinitionNode,
    planned: readonly PlannedField[],
  ): CompiledQuery | null {
    const root = this.#schema.getQueryType();
    if (operation.operation !== OperationTypeNode.QUERY || root == null) return null;
    const uses = usesOf(this.#schema, document);
    const fragments = fragmentsOf(document);
    this.#operations += 1;
    const number = this.#operations;
    let isCompiled = true;
    const compile = (call: Call): CompiledStatement => {
      const c = new Compilation({
        schema: this.#schema,
        catalog: this.#catalog,
        fragments,
        call,
        fieldJson,
        planned,
      });
      return queryStatement(c, c.rootFields(root, operation));
    };
    return {
      statement: (viewer, variables) => {
        if (!isCompiled) return null;
        const call: Call = { viewer, variables, once: new Map() };
        try {
          const shape = shapeOf(uses, variables);
          const key = `${number} ${viewer.appId === null ? "" : "a"} ${shape}`;
          const isKept = key.length <= maxShape;
          const known = isKept ? this.#statements.get(key) : undefined;
          const statement = known ?? compile(call);
          if (known === undefined && isKept) this.#statements.set(key, statement);
          return { ...statement, values: valuesFor(statement.values, call) };
        } catch (error) {
          // Another call of it has no other fields, whatever its directives leave out.
          if (error instanceof NotCompiled && uses.size === 0) isCompiled = false;
          return null;
        }
      },
    };
  }
}

/** A query that is ready to be run. */
export type CompiledQuery = {
  /** The statement that answers it; null when only its resolvers can, or it is to be refused. */
  readonly statement: (viewer: Actor, variables: Variables) => CompiledStatement | null;
};
