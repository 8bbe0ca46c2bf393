import {
  getOperationAST,
  type GraphQLError,
  type DocumentNode,
  type ExecutionResult,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from "graphql";
import type { Plugin } from "graphql-yoga";
import { requireScopes } from "../../auth/require-scopes.ts";
import type { OperationLimits } from "../../config.ts";
import { currentWork } from "../../db/work.ts";
import { GatewayError } from "../../lib/errors.ts";
import { failureCost } from "../../limits/failure-cost.ts";
import type { Context } from "../schema/context.ts";
import { checkDocument, checkText } from "./document-limits.ts";
import { tellError } from "../server/errors.ts";
import { fragmentsOf } from "./collected-fields.ts";
import { OperationPlan } from "./operation-plan.ts";
import { noVariables, readVariables, type Variables } from "../server/variables.ts";
import type { Contributor } from "../server/use-extensions.ts";

/** By document, which Yoga keeps for texts that come again, and operation. */
const plans = new WeakMap<DocumentNode, WeakMap<OperationDefinitionNode, OperationPlan>>();

/** What an operation could have cost, and what it did; nothing while it has not run. */
type Costs = { readonly requested: number; actual: number };
const costs = new WeakMap<Request, Costs>();

/** What the operation of a request was estimated to cost; undefined when it did not come so far. */
export function costOf(request: Request): number | undefined {
  return costs.get(request)?.requested;
}

/** `extensions.cost` of every answer to an operation that was valid. */
export const costExtension =
  (limit: number): Contributor =>
  (request) => {
    const cost = costs.get(request);
    return cost === undefined ? null : { cost: { ...cost, limit } };
  };

/** Gives back what was held for an operation beyond what it cost. */
export type Settle = (actual: number) => void;

/**
 * What an operation may ask for, checked before anything is read: the document's size before it is parsed and
 * validated, then the scopes that it needs and what it could cost, which are worked out once for each document.
 *
 * `hold` takes that from what the caller may still spend, and throws when it is not enough; when the operation has run,
 * what it did not cost is given back.
 */
export function useOperationLimits(
  limits: OperationLimits,
  hold: (request: Request, cost: number) => Promise<Settle>,
): Plugin<Context> {
  return {
    onParse({ parseFn, setParseFn }) {
      setParseFn((source: unknown, options: unknown) => {
        checkText(String(source), limits);
        const document = parseFn(source, options);
        checkDocument(document, limits);
        return document;
      });
    },
    async onExecute({ args, context }) {
      const { actor, request } = context;
      const work = currentWork();
      // What has no plan and no readable variables is refused by the executor, and reads nothing.
      work?.mayRead(0);
      const plan = planOf(args);
      if (plan === null) return undefined;
      const variables = variablesOf(plan, args);
      if (variables === null) return undefined;
      const { scopes, cost, heaviest } = plan.demand(variables);
      const told: Costs = { requested: cost, actual: 0 };
      costs.set(request, told);
      requireScopes(actor, scopes);
      if (cost > limits.maxCost) throw tooExpensive(cost, limits.maxCost, heaviest);
      const settle = await hold(request, cost);
      work?.mayRead(cost);
      return {
        onExecuteDone: ({ result }) => {
          const bytes = work?.madeBytes ?? 0;
          told.actual = isSingle(result) ? actualCost(plan, variables, bytes, result) : cost;
          settle(told.actual);
        },
      };
    },
  };
}

type Executed = {
  readonly schema: GraphQLSchema;
  readonly document: DocumentNode;
  readonly operationName?: string | null;
  readonly variableValues?: Variables | null;
};

/** What of the variables the plan depends on, as the executor has it; null when the executor will refuse them. */
function variablesOf(plan: OperationPlan, executed: Executed): Variables | null {
  if (!plan.dependsOnVariables) return noVariables;
  const { schema, document, operationName, variableValues } = executed;
  const operation = getOperationAST(document, operationName);
  if (operation == null) return null;
  const read = readVariables(schema, operation, variableValues);
  return "errors" in read ? null : read.values;
}

function isSingle(result: object): result is ExecutionResult {
  return !(Symbol.asyncIterator in result);
}

/** By what the answer holds; what failed cost all that it could, unless that was ours. */
function actualCost(
  plan: OperationPlan,
  variables: Variables,
  bytes: number,
  { data = null, errors }: ExecutionResult,
): number {
  if (errors === undefined) return plan.spent(data, bytes, { variables, hasFailed: false });
  if (data !== null) return plan.spent(data, bytes, { variables, hasFailed: true });
  return failureCost(plan.demand(variables).cost, errors.every(isOurs));
}

/** Whether the failure is not the caller's. */
function isOurs(error: GraphQLError): boolean {
  const { code } = tellError(error, "").error.extensions;
  return code === "UNAVAILABLE" || code === "INTERNAL";
}

/** The plan of an operation, made when it comes for the first time; null when there is no such operation. */
function planOf({ schema, document, operationName }: Executed): OperationPlan | null {
  const operation = getOperationAST(document, operationName);
  if (operation == null) return null;
  let known = plans.get(document);
  if (known === undefined) {
    known = new WeakMap();
    plans.set(document, known);
  }
  let plan = known.get(operation);
  if (plan === undefined) {
    plan = new OperationPlan(schema, operation, fragmentsOf(document));
    known.set(operation, plan);
  }
  return plan;
}

function tooExpensive(cost: number, limit: number, heaviest: readonly string[]): GatewayError {
  const [asked, most] = [cost, limit].map((count) => count.toLocaleString("en"));
  const text = `The operation could read ${asked} nodes, and ${most} are the limit: ask for smaller pages (\`first\`) or less at once; most of it lies at ${heaviest.join(".")}.`;
  return new GatewayError({
    code: "QUERY_TOO_COMPLEX",
    complaint: { complaint: "text", text },
    cost: { requested: cost, limit },
  });
}
