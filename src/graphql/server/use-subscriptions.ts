import { randomUUID } from "node:crypto";
import {
  getOperationAST,
  type ExecutionArgs,
  type GraphQLError,
  type GraphQLSchema,
} from "graphql";
import { requireScopes } from "../../auth/require-scopes.ts";
import { cursorAt, positionOf } from "../../changes/position.ts";
import type { OperationLimits } from "../../config.ts";
import type { Gate } from "../../gate/gate.ts";
import type { RequestContext } from "../../gate/request-context.ts";
import { badInput } from "../../lib/errors.ts";
import { headerOf } from "../../lib/headers.ts";
import { holdFor } from "../../limits/send-answer.ts";
import type { ImportService } from "../../imports/run/import-service.ts";
import type { LiveFeed, LiveStream } from "../../live/feed.ts";
import type { Unmatched } from "../../live/tenant-feed.ts";
import type { CompiledSubscription, Compiler } from "../compile/compiler.ts";
import { planOf, tooExpensive } from "../limits/use-operation-limits.ts";
import { followImport } from "../live/import-progress.ts";
import type { EventTexts } from "../live/event-texts.ts";
import { sightOf, type LiveOperation } from "../live/live-operation.ts";
import type { Streams } from "../live/streams.ts";
import type { Asked } from "../schema/listening.ts";
import { SubscriptionStream } from "../live/subscription-stream.ts";
import type { GatewayPlugin, ServerContext } from "./server-context.ts";
import { exactVariables } from "./use-exact-numbers.ts";
import { refused } from "./use-json-requests.ts";
import { variableErrors } from "./use-schema-privacy.ts";
import { readVariables } from "./variables.ts";

type SubscriptionOptions = {
  readonly schema: GraphQLSchema;
  readonly compiler: Compiler;
  readonly limits: OperationLimits;
  /** Whether callers may learn names of the schema. */
  readonly introspection: boolean;
  readonly gate: Gate;
  readonly feed: LiveFeed;
  readonly imports: ImportService;
  readonly texts: EventTexts;
  readonly streams: Streams;
  /** Prints an error of a stream as the caller may see it. Unexpected ones are logged. */
  readonly tell: (error: unknown, context: RequestContext) => GraphQLError;
};

/** The header by which a client that lost a stream of server-sent events says which one it got last. */
const lastEventId = "last-event-id";

/**
 * Opens subscriptions in place of Yoga's executor, after the same checks as other operations: scopes, cost and points.
 * The stream is left in the context, for whatever carries it.
 */
export function useSubscriptions(options: SubscriptionOptions): GatewayPlugin {
  const prepared = new WeakMap<object, CompiledSubscription | null>();
  return {
    async onSubscribe({ args, context, setResultAndStopExecution }) {
      const errors = errorsOfVariables(options, args);
      if (errors !== null) return setResultAndStopExecution({ errors });
      const { requestContext } = context;
      if (!context.takesEvents) {
        throw refused(
          406,
          "A subscription is answered by server-sent events: send `Accept: text/event-stream`, or subscribe over WebSocket (graphql-transport-ws) at this path.",
        );
      }
      const operation = operationOf(options, prepared, args, context);
      context.opened.stream = await open(options, operation, requestContext);
      setResultAndStopExecution({ data: null });
    },
  };
}

/** The errors of the variables; null if there are none. The numbers in them are converted to what their types read. */
function errorsOfVariables({ introspection }: SubscriptionOptions, args: ExecutionArgs) {
  const { schema, document, operationName, variableValues } = args;
  const operation = getOperationAST(document, operationName);
  if (operation == null) return null;
  exactVariables(schema, operation, variableValues ?? {});
  const read = readVariables(schema, operation, variableValues);
  if (!("errors" in read)) return null;
  return introspection ? read.errors : (variableErrors(args) ?? read.errors);
}

function operationOf(
  { schema, compiler, limits }: SubscriptionOptions,
  prepared: WeakMap<object, CompiledSubscription | null>,
  { document, operationName, variableValues }: ExecutionArgs,
  { actor, requestContext }: ServerContext & { readonly actor: LiveOperation["actor"] },
): LiveOperation {
  const definition = getOperationAST(document, operationName);
  const plan = planOf({ schema, document, operationName: operationName ?? null });
  if (definition == null || plan === null) throw new Error("there is no such operation");
  const sent = variableValues ?? {};
  const read = readVariables(schema, definition, sent);
  if ("errors" in read) throw read.errors[0] ?? new Error("the variables cannot be read");
  const { values: variables } = read;
  const { scopes, cost, heaviest } = plan.demand(variables);
  requestContext.cost = { requested: cost, actual: 0 };
  requireScopes(actor, scopes);
  if (cost > limits.maxCost) throw tooExpensive(cost, limits.maxCost, heaviest);
  let compiled = prepared.get(definition);
  if (compiled === undefined) {
    compiled = compiler.subscription(document, definition, plan.fields);
    prepared.set(definition, compiled);
  }
  if (compiled === null) throw new Error("the operation is no subscription");
  const field = compiled.field(actor, variables);
  // Texts that resolvers print are the stream's own.
  const shared = field.sharing(actor, variables) ?? randomUUID();
  const sharing = `${sightOf(actor)} ${shared}`;
  return {
    actor,
    document,
    operationName: operationName ?? null,
    sent,
    variables,
    plan,
    field,
    sharing,
  };
}

/** Opens the stream of an operation. Its opening costs one point, and each event what it reads. */
async function open(
  options: SubscriptionOptions,
  operation: LiveOperation,
  context: RequestContext,
): Promise<SubscriptionStream> {
  const { gate, texts, streams, tell } = options;
  const { actor, field, variables } = operation;
  const asked = field.asked(variables);
  if (asked === null) throw badInput([], "The subscription has no field; directives leave it out.");
  const { cursor, isFinite, begun } = sourceOf(options, asked, operation, context);
  const giveBack = streams.take(actor);
  try {
    await pay(gate, context, actor, 1);
    const live = begun((events) => stream.judged(events));
    const begin = await live.opened.catch(async (error: unknown) => {
      await live.return();
      throw error;
    });
    const stream: SubscriptionStream = new SubscriptionStream({
      operation,
      feed: live,
      isFinite,
      texts,
      cursor: cursor ?? cursorAt(begin),
      charge: (payer, points) => pay(gate, context, payer, points),
      hold: () => holdFor(context),
      tell: (error) => tell(error, context),
      onEnd: () => {
        giveBack();
        unwatch();
      },
    });
    const unwatch = streams.watch(stream, context.request.headers);
    return stream;
  } catch (error) {
    giveBack();
    throw error;
  }
}

type Source = {
  /** The cursor behind which it begins; null for now. */
  readonly cursor: string | null;
  readonly isFinite: boolean;
  readonly begun: (onUnmatched: (unmatched: Unmatched) => void) => LiveStream;
};

/** Where the events come from: the log, or an import, of which each event says all. */
function sourceOf(
  { feed, imports }: SubscriptionOptions,
  asked: Asked,
  { actor }: LiveOperation,
  { request }: RequestContext,
): Source {
  if ("importId" in asked) {
    return {
      cursor: null,
      isFinite: true,
      begun: () => followImport(imports, actor, asked.importId),
    };
  }
  // A client that comes again sends the arguments that it began with.
  const resumed = headerOf(request.headers, lastEventId);
  const cursor = resumed ?? asked.after;
  const after =
    cursor === null ? null : positionOf(cursor, resumed === null ? "after" : "Last-Event-ID");
  const { after: _cursor, ...listening } = asked;
  return {
    cursor,
    isFinite: false,
    begun: (onUnmatched) => feed.open({ ...listening, actor }, after, { onUnmatched }),
  };
}

async function pay(
  gate: Gate,
  context: RequestContext,
  actor: LiveOperation["actor"],
  points: number,
): Promise<void> {
  if (points > 0) await gate.takePoints(context, actor, points);
  if (context.cost !== null) context.cost.actual += points;
}
