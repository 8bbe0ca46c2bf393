import {
  getOperationAST,
  GraphQLError,
  type DocumentNode,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from "graphql";
import type { Plugin } from "graphql-yoga";
import { requireScopes } from "../../auth/require-scopes.ts";
import type { OperationLimits } from "../../config.ts";
import { GatewayError } from "../../lib/errors.ts";
import type { Context } from "../context.ts";
import { tooLong } from "../answer-size.ts";
import { checkDocument, checkText } from "../document-limits.ts";
import { fragmentsOf } from "../merged-fields.ts";
import { OperationPlan } from "../operation-plan.ts";
import type { Contributor } from "./use-extensions.ts";

/** By document, which Yoga keeps for texts that come again, and operation. */
const plans = new WeakMap<DocumentNode, WeakMap<OperationDefinitionNode, OperationPlan>>();
const costs = new WeakMap<Request, number>();

/** What the operation of a request was estimated to cost; undefined when it did not come so far. */
export function costOf(request: Request): number | undefined {
  return costs.get(request);
}

/** `extensions.cost` of every answer to an operation that was valid. */
export const costExtension =
  (limit: number): Contributor =>
  (request) => {
    const requested = costs.get(request);
    return requested === undefined ? null : { cost: { requested, limit } };
  };

/**
 * What an operation may ask for, checked before anything is read: the document's size before it is parsed and
 * validated, then the scopes that it needs and what it costs, which are worked out once for each document.
 *
 * `charge` takes the cost from what the caller may still spend, and throws when that is not enough.
 */
export function useOperationLimits(
  limits: OperationLimits,
  charge: (request: Request, cost: number) => void | Promise<void>,
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
      const plan = planOf(args);
      if (plan === null) return undefined;
      const { scopes, cost, heaviest } = plan.demand(args.variableValues);
      costs.set(request, cost);
      requireScopes(actor, scopes);
      if (cost > limits.maxCost) throw tooExpensive(cost, limits.maxCost, heaviest);
      await charge(request, cost);
      return {
        onExecuteDone: ({ setResult }) => {
          const refusal = tooLong(context);
          if (refusal !== null) setResult({ errors: [asGraphQLError(refusal)] });
        },
      };
    },
  };
}

type Executed = {
  readonly schema: GraphQLSchema;
  readonly document: DocumentNode;
  readonly operationName?: string | null;
};

function asGraphQLError(error: GatewayError): GraphQLError {
  return new GraphQLError(error.message, { originalError: error });
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
  return new GatewayError(
    "QUERY_TOO_COMPLEX",
    `The operation could read ${asked} nodes, and ${most} are the limit: ask for smaller pages (\`first\`) or less at once; most of it lies at ${heaviest.join(".")}.`,
    [],
    { cost: { requested: cost, limit } },
  );
}
