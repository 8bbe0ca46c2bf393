import {
  getOperationAST,
  type DocumentNode,
  type ExecutionArgs,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from "graphql";
import type { GraphQLParams } from "graphql-yoga";
import type { LRUCache } from "lru-cache";
import { covers } from "../../auth/require-scopes.ts";
import type { Actor } from "../../auth/actor.ts";
import type { Scope } from "../../auth/scopes.ts";
import type { OperationLimits } from "../../config.ts";
import type { Database } from "../../db/database.ts";
import type { Cells } from "../../db/statement.ts";
import { answerTooLong } from "../../db/work.ts";
import type { Gate } from "../../gate/gate.ts";
import type { RequestContext } from "../../gate/request-context.ts";
import { isRecord } from "../../lib/json.ts";
import { isDataException } from "../../query/reader.ts";
import type { Metrics } from "../../telemetry/metrics.ts";
import { tellableName } from "../../telemetry/operation-name.ts";
import type { CompiledStatement } from "../compile/call.ts";
import type { CompiledMutation, CompiledQuery, Compiler } from "../compile/compiler.ts";
import type { Execution, MutationField } from "../compile/mutation.ts";
import type { OperationPlan } from "../limits/operation-plan.ts";
import { planOf } from "../limits/use-operation-limits.ts";
import type { Context } from "../schema/context.ts";
import { carryOut, dataInFront, printed } from "./carry-out.ts";
import type { GatewayPlugin, ServerContext } from "./server-context.ts";
import type { Contributor } from "./use-extensions.ts";
import { exactVariables } from "./use-exact-numbers.ts";
import type { PersistedOperations } from "./use-persisted-operations.ts";
import { beginWriting } from "./use-whole-mutations.ts";
import { noVariables, readVariables, type Variables } from "./variables.ts";

/** A query and its answer by a compiled statement. */
export type CompiledAnswer = {
  readonly actor: Actor;
  readonly document: DocumentNode;
  readonly operationName: string | null;
  /** The variables as they were sent. */
  readonly variables: Variables;
  /** The answer's data as JSON; `again` reads it a second time. */
  readonly data: string;
  readonly again: () => Promise<string | null>;
};
/** A listener for compiled answers. The answer is sent when its promise resolves. */
export type OnCompiled = (answer: CompiledAnswer) => Promise<void>;

type LaneOptions = {
  readonly schema: GraphQLSchema;
  readonly compiler: Compiler;
  readonly database: Database;
  readonly gate: Gate;
  readonly limits: OperationLimits;
  readonly persisted: PersistedOperations;
  readonly contributors: readonly Contributor[];
  readonly metrics: Metrics | null;
  /** Validated documents by their texts. */
  readonly documents: LRUCache<string, DocumentNode>;
  /** Makes the context that verbs get. */
  readonly contextFor: (context: ServerContext) => Context;
  readonly onCompiled: OnCompiled | null;
};

/** A prepared operation of a known document. */
type Known = Pick<CompiledAnswer, "document" | "operationName"> & {
  readonly plan: OperationPlan;
  readonly operation: OperationDefinitionNode;
  readonly compiled: CompiledQuery | CompiledMutation;
  readonly variablesOf: (sent: Variables) => Variables | null;
  readonly observed: RequestContext["operation"];
};

/** The data as JSON, and the cost of reading it. */
type Ran = { readonly data: string; readonly cost: number | null };
/** The variables as they were read and as they were sent. */
type Sent = {
  readonly variables: Variables;
  readonly sent: Variables;
};
type Asked = Pick<CompiledAnswer, "document" | "operationName" | "variables">;

/** The members of a body that the lane reads. Yoga refuses others. */
const members: ReadonlySet<string> = new Set(["query", "variables", "operationName", "extensions"]);

/**
 * The lane of compiled operations. A query becomes one statement whose text is the answer's data. A mutation runs its
 * verbs, and one statement for the records of each payload. A known document is answered in front of Yoga. A new
 * document, a GET request and a mutation with an idempotency key are answered where Yoga would execute them. The interpreter answers all other operations, and reports all errors.
 */
export class Lane {
  readonly #options: LaneOptions;
  readonly #known = new WeakMap<DocumentNode, Map<string, Known | null>>();

  constructor(options: LaneOptions) {
    this.#options = options;
  }

  /** The body of an operation's answer; null if Yoga has to answer it. */
  async answer(
    context: ServerContext,
    actor: Actor,
    params: GraphQLParams,
  ): Promise<string | null> {
    const { requestContext } = context;
    const { gate, limits, contributors, metrics } = this.#options;
    const text = textOf(this.#options.persisted, params, context);
    const known = text === null ? null : this.#find(text, params);
    if (text === null || known === null) return null;
    const sent = isRecord(params.variables) ? params.variables : {};
    const variables = known.variablesOf(sent);
    if (variables === null) return null;
    const { scopes, cost } = known.plan.demand(variables);
    if (cost > limits.maxCost || !mayAsk(actor, scopes)) return null;
    const { operationName } = params;
    const body = { query: text, operationName, variables: params.variables };
    const run = this.#begin(context, actor, known, { variables, sent });
    if (run === null) return null;
    const settle = await gate.takePoints(requestContext, actor, cost).catch(() => null);
    if (settle === null) return null;
    requestContext.work.mayRead(cost);
    const told = { requested: cost, actual: 0 };
    const ran = await run().catch((error: unknown) => {
      settle(0);
      throw error;
    });
    if (ran === null) {
      // The interpreter continues with the points that are taken. A verb may have run, so nothing may refuse it now.
      context.settle = settle;
      context.params = Promise.resolve(body);
      return null;
    }
    metrics?.countCache("documents", true);
    metrics?.countCache("validations", true);
    requestContext.operation = known.observed;
    requestContext.isValid = true;
    requestContext.cost = told;
    requestContext.lane = "compiled";
    const { data, cost: read } = ran;
    told.actual =
      read === null
        ? known.plan.spent(parsed(data), { variables, hasFailed: false })
        : known.plan.charged(read, Buffer.byteLength(data), variables);
    settle(told.actual);
    const added = Object.assign({}, ...contributors.map((said) => said(requestContext)));
    return `{"data":${data},"extensions":${JSON.stringify(added)}}`;
  }

  /** Runs compiled operations in place of Yoga's executor, and keeps valid documents for later requests. */
  plugin(): GatewayPlugin {
    return {
      onValidate: ({ context, params: { documentAST } }) => {
        const { query } = context.params;
        return ({ valid }) => {
          if (valid && typeof query === "string") this.#options.documents.set(query, documentAST);
        };
      },
      onExecute: ({ args, context, executeFn, setExecuteFn }) => {
        const { requestContext } = context;
        const { document, operationName, variableValues } = args;
        requestContext.lane = "interpreted";
        const known = this.#operation(document, operationName);
        if (known === null) return;
        setExecuteFn(async (given: ExecutionArgs) => {
          const { actor } = context;
          const { compiled } = known;
          const sent = { ...variableValues };
          const variables = known.variablesOf(sent);
          if (variables === null) return executeFn(given);
          if ("fields" in compiled) {
            const fields = compiled.fields(actor, variables);
            if (fields === null) return executeFn(given);
            requestContext.lane = "compiled";
            const execution = this.#execution(context, context, variables);
            return carryOut(fields, execution, async (field) => {
              requestContext.lane = "interpreted";
              return fields.length === 1
                ? executeFn(given)
                : executeFn({ ...given, document: onlyWith(document, known.operation, field) });
            });
          }
          // With points taken, it has failed in front of Yoga.
          const statement = context.settle === null ? compiled.statement(actor, variables) : null;
          const asked = { ...known, variables: sent };
          const ran = statement === null ? null : await this.#run(context, actor, statement, asked);
          if (ran === null) return executeFn(given);
          requestContext.lane = "compiled";
          return printed(parsed(ran.data), ran.data);
        });
      },
    };
  }

  /** A function that answers an operation in front of Yoga; null if Yoga has to answer it. */
  #begin(
    context: ServerContext,
    actor: Actor,
    known: Known,
    { variables, sent }: Sent,
  ): (() => Promise<Ran | null>) | null {
    const { compiled, operation } = known;
    if ("statement" in compiled) {
      const statement = compiled.statement(actor, variables);
      if (statement === null) return null;
      return () => this.#run(context, actor, statement, { ...known, variables: sent });
    }
    const fields = compiled.fields(actor, variables);
    if (fields === null || !fields.every(({ isCompiled }) => isCompiled)) return null;
    const { requestContext } = context;
    // Yoga repeats the stored answers of idempotency keys.
    if (requestContext.request.headers["idempotency-key"] !== undefined) return null;
    return async () => {
      beginWriting(requestContext.work, operation);
      const own = this.#options.contextFor(context);
      const data = await dataInFront(fields, this.#execution(context, own, variables));
      return data === null ? null : { data, cost: null };
    };
  }

  #execution(server: ServerContext, context: Context, variables: Variables): Execution {
    const read: Execution["read"] = (statement, sent) =>
      this.#rows(server, context.actor, statement, sent);
    return { context, variables, read };
  }

  /** The operation of a text; null if the document is new or cannot be compiled. */
  #find(text: string, params: GraphQLParams): Known | null {
    if (!Object.keys(params).every((name) => members.has(name))) return null;
    const { operationName, variables } = params;
    if (operationName != null && typeof operationName !== "string") return null;
    if (variables != null && !isRecord(variables)) return null;
    if (params.extensions != null && !isRecord(params.extensions)) return null;
    const document = this.#options.documents.get(text);
    return document === undefined ? null : this.#operation(document, operationName);
  }

  #operation(document: DocumentNode, operationName: string | null | undefined): Known | null {
    let operations = this.#known.get(document);
    if (operations === undefined) {
      operations = new Map();
      this.#known.set(document, operations);
    }
    const name = operationName ?? "";
    const known = operations.get(name);
    if (known !== undefined) return known;
    const operation = getOperationAST(document, operationName);
    // Unknown names are not kept, since a caller can send any number of them.
    if (operation == null) return null;
    const made = this.#prepare(document, operation, operationName);
    operations.set(name, made);
    return made;
  }

  #prepare(
    document: DocumentNode,
    operation: OperationDefinitionNode,
    operationName: string | null | undefined,
  ): Known | null {
    const { schema, compiler } = this.#options;
    if (schema.getRootType(operation.operation) == null) return null;
    const plan = planOf({ schema, document, operationName: operationName ?? null });
    if (plan === null) return null;
    const compiled =
      compiler.query(document, operation, plan.fields) ??
      compiler.mutation(document, operation, plan.fields);
    if (compiled === null) return null;
    const { variableDefinitions = [], name } = operation;
    return {
      document,
      operationName: operationName ?? null,
      plan,
      operation,
      compiled,
      variablesOf: (sent) => {
        if (variableDefinitions.length === 0) return noVariables;
        const exact = exactVariables(schema, operation, { ...sent });
        const read = readVariables(schema, operation, exact);
        return "errors" in read ? null : read.values;
      },
      observed: {
        api: "graphql",
        type: operation.operation,
        name: tellableName(name?.value),
        isAnonymous: name === undefined,
      },
    };
  }

  /** Runs a statement; null if it failed, so that the interpreter reports the error. */
  async #run(
    context: ServerContext,
    actor: Actor,
    statement: CompiledStatement,
    { document, operationName, variables }: Asked,
  ): Promise<Ran | null> {
    const ran = await this.#read(context, actor, statement);
    const { onCompiled } = this.#options;
    if (ran !== null && onCompiled !== null) {
      const again = async () => (await this.#read(context, actor, statement))?.data ?? null;
      const { data } = ran;
      await onCompiled({ actor, document, operationName, variables, data, again });
    }
    return ran;
  }

  async #read(
    context: ServerContext,
    actor: Actor,
    statement: CompiledStatement,
  ): Promise<Ran | null> {
    const [data, cost] = (await this.#rows(context, actor, statement))?.[0] ?? [];
    return data == null ? null : { data, cost: cost == null ? null : Number(cost) };
  }

  /** The rows of a statement, whose first cells are parts of the answer; null if it failed. */
  async #rows(
    context: ServerContext,
    actor: Actor,
    statement: CompiledStatement,
    sent?: Promise<Cells[] | null>,
  ): Promise<readonly Cells[] | null> {
    const { work } = context.requestContext;
    try {
      const db = this.#options.database.forTenant(actor.tenantId);
      // A statement that failed after the commit runs again alone.
      const known = (await sent?.catch(() => null)) ?? null;
      const rows =
        known ??
        (await db.rows(statement.text, statement.values, {
          plannedEach: statement.isPlannedEach,
        }));
      for (const [text] of rows) work.countMade(Buffer.byteLength(text ?? ""));
      return rows;
    } catch (error) {
      // All records may still fit together, which the other statement checks.
      const counted = codeOf(error) === failures.longRecord ? statement.counted?.() : undefined;
      if (counted !== undefined) return this.#rows(context, actor, counted);
      if (codeOf(error) === failures.longAnswer) work.stop(answerTooLong());
      // With a data exception, such as a made-up cursor, the interpreter finds the field at fault.
      if (!isDataException(error)) context.failure = error;
      return null;
    }
  }
}

/** The document with only one field left in an operation. */
function onlyWith(
  document: DocumentNode,
  operation: OperationDefinitionNode,
  { selected: { nodes } }: MutationField,
): DocumentNode {
  const only = { ...operation, selectionSet: { ...operation.selectionSet, selections: nodes } };
  const definitions = document.definitions.map((one) => (one === operation ? only : one));
  return { ...document, definitions };
}

function mayAsk({ scopes: held }: Actor, needed: Iterable<Scope>): boolean {
  for (const scope of needed) if (!covers(held, scope)) return false;
  return true;
}

function parsed(data: string): Record<string, unknown> {
  const value: unknown = JSON.parse(data);
  return isRecord(value) ? value : {};
}

/** The document's text; null if Yoga has to report an error of its id. */
function textOf(
  persisted: PersistedOperations,
  params: GraphQLParams,
  { toKeep }: ServerContext,
): string | null {
  try {
    return persisted.known(params, toKeep);
  } catch {
    return null;
  }
}

/** SQLSTATEs of compiled statements whose text is too long (src/graphql/compile/bounded.ts). */
const failures = {
  /** "Value too long": a record's text exceeds its share of an answer. */
  longRecord: "22001",
  /** "Division by zero": the text is too long for an answer. */
  longAnswer: "22012",
};

const codeOf = (error: unknown): unknown =>
  error instanceof Error && "code" in error ? error.code : null;
