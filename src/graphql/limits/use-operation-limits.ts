import {
  getOperationAST,
  type GraphQLError,
  type DocumentNode,
  type ExecutionResult,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from "graphql";
import { requireScopes } from "../../auth/require-scopes.ts";
import type { OperationLimits } from "../../config.ts";
import type { Work } from "../../db/work.ts";
import type { Gate } from "../../gate/gate.ts";
import { GatewayError } from "../../lib/errors.ts";
import { failureCost } from "../../limits/failure-cost.ts";
import { checkDocument, checkText } from "./document-limits.ts";
import { isEmpty, tellError } from "../server/errors.ts";
import { fragmentsOf } from "./collected-fields.ts";
import { OperationPlan } from "./operation-plan.ts";
import { noVariables, readVariables, type Variables } from "../server/variables.ts";
import type { GatewayPlugin } from "../server/server-context.ts";
import type { Contributor } from "../server/use-extensions.ts";

/** Plans by document, which Yoga keeps for repeated texts, and by operation. */
const plans = new WeakMap<DocumentNode, WeakMap<OperationDefinitionNode, OperationPlan>>();

/** `extensions.cost` of every answer to a valid operation. */
export const costExtension =
  (limit: number): Contributor =>
  ({ cost }) =>
    cost === null ? null : { cost: { ...cost, limit } };

/**
 * Checks an operation before anything is read: the document's size before it is parsed and validated, then its scopes
 * and its highest cost, which are computed once for each document.
 *
 * The gate takes the cost from the caller's points. The unused part is given back after the operation.
 */
export function useOperationLimits(limits: OperationLimits, gate: Gate): GatewayPlugin {
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
      const { actor, requestContext } = context;
      const { work } = requestContext;
      // An operation without a plan or without readable variables is refused by the executor, and reads nothing.
      work.mayRead(0);
      const plan = planOf(args);
      if (plan === null) return undefined;
      const variables = variablesOf(plan, args);
      if (variables === null) return undefined;
      const { scopes, cost, heaviest } = plan.demand(variables);
      const told = { requested: cost, actual: 0 };
      requestContext.cost = told;
      requireScopes(actor, scopes);
      if (cost > limits.maxCost) throw tooExpensive(cost, limits.maxCost, heaviest);
      const settle = context.settle ?? (await gate.takePoints(requestContext, actor, cost));
      work.mayRead(cost);
      return {
        onExecuteDone: ({ result }) => {
          told.actual = isSingle(result) ? actualCost(plan, variables, work, result) : cost;
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

/** The variables that the plan depends on, as the executor reads them; null if the executor will refuse them. */
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

/** The cost of an answer by its content. A failed operation costs its whole demand, unless the failure was ours. */
function actualCost(
  plan: OperationPlan,
  variables: Variables,
  work: Work,
  { data = null, errors }: ExecutionResult,
): number {
  if (errors === undefined) return plan.spent(data, { variables, hasFailed: false });
  if (data !== null && !isEmpty(data)) return plan.spent(data, { variables, hasFailed: true });
  return failureCost(work, plan.demand(variables).cost, errors.every(isOurs));
}

/** Whether the failure is not the caller's. */
function isOurs(error: GraphQLError): boolean {
  const { code } = tellError(error, "").error.extensions;
  return code === "UNAVAILABLE" || code === "INTERNAL";
}

/** The plan of an operation, made on first use; null if the document has no such operation. */
export function planOf({ schema, document, operationName }: Executed): OperationPlan | null {
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

/** The error of an operation that could cost more than any may. */
export function tooExpensive(
  cost: number,
  limit: number,
  heaviest: readonly string[],
): GatewayError {
  const [asked, most] = [cost, limit].map((count) => count.toLocaleString("en"));
  const text = `The operation could read ${asked} nodes, and ${most} are the limit: ask for smaller pages (\`first\`) or less at once; most of it lies at ${heaviest.join(".")}.`;
  return new GatewayError({
    code: "QUERY_TOO_COMPLEX",
    complaint: { complaint: "text", text },
    cost: { requested: cost, limit },
  });
}
