import type { IncomingMessage } from "node:http";
import { getRequestListener, RequestError } from "@hono/node-server";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import type { Handler, Hono, MiddlewareHandler } from "hono";
import type { GateEnv, RequestContext } from "../gate/request-context.ts";
import type { GatewayError } from "../lib/errors.ts";
import { remembering } from "../lib/headers.ts";
import type { Admission } from "../limits/admission.ts";

/** Answers a request. */
export type Handle = (context: RequestContext) => Promise<void> | void;
/** A step on a request's way. It calls `next`, or answers the request itself. */
export type Step = (
  context: RequestContext,
  next: () => Promise<void> | void,
) => Promise<void> | void;

/** Runs the steps in order, and then the answer. */
export function through(steps: readonly Step[], answer: Handle): Handle {
  return steps.reduceRight<Handle>(
    (next, step) => (context) => step(context, () => next(context)),
    answer,
  );
}

type Front = {
  /** Frequent requests that skip Hono's router, by their path without a query. */
  readonly direct: ReadonlyMap<string, Handle>;
  /** Answers a request whose target or Host is not valid. */
  readonly refuse: (context: RequestContext) => void;
  /** Answers with an error. */
  readonly fail: (context: RequestContext, error: unknown) => void;
};

/** Makes the handler that answers requests directly or by Hono's routes. */
export function routeTo(app: Hono<GateEnv>, { direct, refuse, fail }: Front) {
  app.onError((error, { env: { context } }) => {
    fail(context, error);
    return RESPONSE_ALREADY_SENT;
  });
  const byHono = (context: RequestContext): Promise<void> => {
    const listener = getRequestListener((request) => app.fetch(request, { context }), {
      overrideGlobalObjects: false,
      // What is left of a body is seen to where connections are.
      autoCleanupIncoming: false,
      // HTTP/1.0 knows no Host header, and some probes speak it.
      hostname: "localhost",
      // Hono hands on what is thrown and is no Error.
      errorHandler: (error) =>
        error instanceof RequestError ? refuse(context) : fail(context, error),
    });
    return listener(context.request, context.response);
  };
  return async (context: RequestContext): Promise<void> => {
    const { request } = context;
    // No server has a Host that is not a valid name.
    if (hostnameOf(request) === null) return refuse(context);
    const answer = direct.get(request.url ?? "");
    if (answer === undefined) return byHono(context);
    try {
      await answer(context);
    } catch (error) {
      fail(context, error);
    }
  };
}

/**
 * The path of a request's target, without its query, as it was sent. A proxy may send the target in its absolute form;
 * only what follows the host matters.
 */
export function pathOf({ url = "/" }: IncomingMessage): string {
  const target = url.startsWith("/") ? url : url.replace(/^https?:\/\/[^/?]*/i, "");
  const end = target.indexOf("?");
  return end < 0 ? target : target.slice(0, end);
}

/**
 * The path that Hono's routes go by, the same that the log and the metrics tell: what is encoded in it names nothing of
 * ours. In a Request `/docs/../graphql` and `/docs/%2e%2e/graphql` have become `/graphql`.
 */
export function pathIn(_request: Request, { env }: { readonly env?: GateEnv["Bindings"] } = {}) {
  return env === undefined ? "" : pathOf(env.context.request);
}

/** A route whose answer is sent by Node's own means: through a Response the body would be copied, and encoded twice. */
export function answering(
  answer: (context: RequestContext, path: string) => Promise<void> | void,
): Handler<GateEnv> {
  return async ({ env: { context }, req: { path } }) => {
    await answer(context, path);
    return RESPONSE_ALREADY_SENT;
  };
}

/** A step as one of Hono's. */
export function stepping(step: Step): MiddlewareHandler<GateEnv> {
  return async (c, next) => {
    await step(c.env.context, next);
    if (!c.finalized) c.res = RESPONSE_ALREADY_SENT;
  };
}

/** What lies behind is worked on when it has its turn. */
export function admitted(
  admission: Admission,
  refuse: (context: RequestContext, error: GatewayError) => void,
): Step {
  return (context, next) => admission.admit(context, next, (error) => refuse(context, error));
}

/** A name or an address, and a port; no more of what a URL can hold. */
const hostPattern = /^([\w.-]+|\[[\da-f:.]+\])(:\d+)?$/i;

/** The host that a request was sent to, without its port; empty when it names none, null when that cannot be one. */
export function hostnameOf({ headers }: IncomingMessage): string | null {
  return headers.host === undefined ? "" : readHost(headers.host).hostname;
}

const readHost = remembering((host): { readonly hostname: string | null } => {
  const url = `http://${host}`;
  return { hostname: hostPattern.test(host) && URL.canParse(url) ? new URL(url).hostname : null };
});
