import { randomUUID } from "node:crypto";
import { execute } from "@graphql-tools/executor";
import {
  getOperationAST,
  GraphQLError,
  NoSchemaIntrospectionCustomRule,
  OperationTypeNode,
  parse,
  specifiedRules,
  validate,
  type DocumentNode,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from "graphql";
import { LRUCache } from "lru-cache";
import type { Actor } from "../../auth/actor.ts";
import { requireScopes } from "../../auth/require-scopes.ts";
import type { OperationLimits } from "../../config.ts";
import type { Database } from "../../db/database.ts";
import { answerTooLong, asWork, maxAnswerBytes, Work } from "../../db/work.ts";
import { badInput, GatewayError, tooComplex } from "../../lib/errors.ts";
import { isRecord } from "../../lib/json.ts";
import type { Quotas } from "../../limits/quotas.ts";
import { tooManyPoints } from "../../limits/rate-headers.ts";
import type { Compiler, CompiledQuery } from "../compile/compiler.ts";
import { checkDocument, checkText } from "../limits/document-limits.ts";
import type { OperationPlan } from "../limits/operation-plan.ts";
import { planOf, tooExpensive } from "../limits/use-operation-limits.ts";
import type { Context } from "../schema/context.ts";
import { tellError } from "./errors.ts";
import type { Manifest } from "./manifest.ts";
import { readVariables, type Variables } from "./variables.ts";

type StoredQueriesOptions = {
  readonly schema: GraphQLSchema;
  readonly compiler: Compiler;
  readonly database: Database;
  readonly limits: OperationLimits;
  readonly quotas: Quotas;
  /** Whether queries may ask for the schema, and are told the names that are like a misspelt one. */
  readonly introspection: boolean;
  /** The only operations that run; null for any. */
  readonly manifest: Manifest | null;
  /** How long one query may take. */
  readonly milliseconds: number;
  /** Makes the context of resolvers. */
  readonly contextFor: (actor: Actor, work: Work) => Context;
  /** Hears of errors that are no caller's, under the id that the answer tells. */
  readonly onUnexpected: (error: unknown, requestId: string) => void;
};

/** A query that passed validation. */
type Known = {
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
  readonly plan: OperationPlan;
  readonly compiled: CompiledQuery | null;
};

/** The most queries that are kept ready. */
const maxKnown = 500;

/**
 * Queries that are stored and run later, with nobody's request around them: the same limits, scopes, cost and lanes as a
 * query that is sent, and points of the same minute.
 */
export class StoredQueries {
  readonly #options: StoredQueriesOptions;
  readonly #known = new LRUCache<string, Known>({ max: maxKnown });

  constructor(options: StoredQueriesOptions) {
    this.#options = options;
  }

  /**
   * Checks a query before it is stored: that an actor may run it now, with these variables.
   *
   * @throws GatewayError at the input path: BAD_USER_INPUT, FORBIDDEN or QUERY_TOO_COMPLEX.
   */
  check(text: string, actor: Actor, variables: Variables, path: readonly string[]): void {
    try {
      const { operation, plan } = this.#read(text);
      this.#demand(plan, actor, this.#variables(operation, variables));
    } catch (error) {
      throw atPath(error, path);
    }
  }

  /**
   * Runs a query for an actor. The text is that of an answer: `{"data":…}`, or `{"errors":…,"data":…}` with the codes of
   * any answer.
   *
   * @throws GatewayError RATE_LIMITED or UNAVAILABLE when it is worth trying again later.
   */
  async run(text: string, actor: Actor, sent: Variables): Promise<string> {
    try {
      return await this.#run(text, actor, sent);
    } catch (error) {
      const code = codeOf(error);
      if (code === "RATE_LIMITED" || code === "UNAVAILABLE") throw error;
      return JSON.stringify({ errors: [this.#told(error)] });
    }
  }

  async #run(text: string, actor: Actor, sent: Variables): Promise<string> {
    const { quotas, milliseconds, contextFor } = this.#options;
    const known = this.#read(text);
    const variables = this.#variables(known.operation, sent);
    const cost = this.#demand(known.plan, actor, variables);
    const { allowed, giveBack, ...left } = await quotas.takePoints(actor, cost);
    if (!allowed) throw tooManyPoints(actor, cost, left);
    const work = new Work();
    work.mayRead(cost);
    const reason = () =>
      tooComplex(`The query took more than ${milliseconds / 1_000} s; select less.`);
    work.deadline = { at: performance.now() + milliseconds, reason };
    const timer = setTimeout(() => work.stop(reason()), milliseconds);
    try {
      const { data, text: body } = await asWork(work, async () => {
        const compiled = await this.#compiled(known, actor, variables);
        return compiled ?? this.#interpreted(known, contextFor(actor, work), sent);
      });
      const actual = known.plan.spent(data, { variables, hasFailed: false });
      giveBack(Math.max(0, cost - actual));
      if (Buffer.byteLength(body) > maxAnswerBytes) throw answerTooLong();
      return body;
    } catch (error) {
      if (codeOf(error) === "UNAVAILABLE") giveBack(cost);
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** The answer by one statement; null if resolvers have to give it. */
  async #compiled({ compiled }: Known, actor: Actor, variables: Variables) {
    const statement = compiled?.statement(actor, variables) ?? null;
    if (statement === null) return null;
    const db = this.#options.database.pool.forTenant(actor.tenantId);
    try {
      const { text, values, isPlannedEach } = statement;
      const [[data = null] = []] = await db.rows(text, values, { plannedEach: isPlannedEach });
      return data === null ? null : { data: asRecord(JSON.parse(data)), text: `{"data":${data}}` };
    } catch (error) {
      // The interpreter finds the field at fault; a database that is away stays away.
      if (codeOf(error) === "UNAVAILABLE") throw error;
      return null;
    }
  }

  async #interpreted({ document, operation }: Known, contextValue: Context, sent: Variables) {
    const { schema } = this.#options;
    const result = await execute({
      schema,
      document,
      operationName: operation.name?.value,
      contextValue,
      variableValues: { ...sent },
    });
    if ("initialResult" in result) throw new Error("a query has one result");
    const { data = null, errors } = result;
    const told = errors?.map((error) => this.#told(error));
    const again = told?.find(({ extensions: { code } }) => code === "UNAVAILABLE");
    if (again !== undefined) throw again;
    const whole = told === undefined ? { data } : { errors: told, data };
    return { data: data === null ? null : asRecord(data), text: JSON.stringify(whole) };
  }

  #told(error: unknown): GraphQLError {
    const id = randomUUID();
    const told = tellError(error, id);
    if (told.unexpected) this.#options.onUnexpected(error, id);
    return told.error;
  }

  /** What it needs is what the actor has. The result is its highest cost. */
  #demand(plan: OperationPlan, actor: Actor, variables: Variables): number {
    const { maxCost } = this.#options.limits;
    const { scopes, cost, heaviest } = plan.demand(variables);
    requireScopes(actor, scopes);
    if (cost > maxCost) throw tooExpensive(cost, maxCost, heaviest);
    return cost;
  }

  #variables(operation: OperationDefinitionNode, sent: Variables): Variables {
    const read = readVariables(this.#options.schema, operation, sent);
    if (!("errors" in read)) return read.values;
    throw read.errors[0] ?? new Error("variables were refused without an error");
  }

  #read(text: string): Known {
    const { schema, limits, introspection, manifest, compiler } = this.#options;
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    if (manifest !== null && manifest.byText(text) === undefined) {
      throw badInput([], "is none of the operations of this gateway's manifest");
    }
    checkText(text, limits);
    const document = parse(text, { maxTokens: limits.maxTokens });
    checkDocument(document, limits);
    const rules = introspection
      ? specifiedRules
      : [...specifiedRules, NoSchemaIntrospectionCustomRule];
    const [fault] = validate(schema, document, rules, { hideSuggestions: !introspection });
    if (fault !== undefined) throw fault;
    const operation = getOperationAST(document);
    if (operation == null) throw badInput([], "must have one operation");
    if (operation.operation !== OperationTypeNode.QUERY) throw badInput([], "must be a query");
    const plan = planOf({ schema, document, operationName: operation.name?.value ?? null });
    if (plan === null) throw badInput([], "must be a query");
    const made = {
      document,
      operation,
      plan,
      compiled: compiler.query(document, operation, plan.fields),
    };
    this.#known.set(text, made);
    return made;
  }
}

const codeOf = (error: unknown): unknown => tellError(error, "").error.extensions["code"];

/** GraphQL's own errors, of a document or its variables, as errors of an input field. */
function atPath(error: unknown, path: readonly string[]): unknown {
  if (error instanceof GatewayError) return new GatewayError({ ...error.refusal, path });
  return error instanceof GraphQLError ? badInput(path, error.message) : error;
}

function asRecord(value: unknown): Record<string, unknown> {
  return isRecord(value) ? { ...value } : {};
}
