import type { FetchAPI, Plugin } from "graphql-yoga";
import type { Logger } from "pino";
import type { Credentials } from "../../auth/authenticate.ts";
import type { Actor } from "../../auth/actor.ts";
import { GatewayError } from "../../lib/errors.ts";
import { wordsOf } from "../../lib/messages.ts";
import { describeError } from "../../telemetry/describe-error.ts";
import { currentRecord } from "../../telemetry/record.ts";

const actors = new WeakMap<Request, Actor>();

/** Who sent the request; it has passed `useAuthentication`. */
export function actorOf(request: Request): Actor {
  const actor = actors.get(request);
  if (actor === undefined) throw new Error("the request was not authenticated");
  return actor;
}

/** The same, or undefined when the request was refused before it could be known. */
export function findActor(request: Request): Actor | undefined {
  return actors.get(request);
}

/** Says more of who sent the request. */
export function setActor(request: Request, actor: Actor): void {
  actors.set(request, actor);
}

/** One body for every credential that does not work, so that it tells nothing about why. */
const refusal = bodyOf(
  "Send a valid API key in the x-api-key header (or as Authorization: Bearer <key>).",
  { code: "UNAUTHENTICATED" },
);

/** Refuses requests without a valid credential before anything of them is parsed. */
export function useAuthentication(
  credentials: Credentials,
  logger: Logger,
  requestIdOf: (request: Request) => string,
): Plugin {
  return {
    async onRequest({ request, endResponse, fetchAPI }) {
      const refuse = refusing(request, fetchAPI, endResponse);
      const record = currentRecord();
      try {
        const found = await credentials.authenticate(request.headers);
        if ("actor" in found) {
          actors.set(request, found.actor);
          if (record !== undefined) record.actor = found.actor;
          return;
        }
        if (record !== undefined) record.reason = found.refused;
        refuse(401, refusal, { "www-authenticate": "Bearer" });
      } catch (thrown) {
        refuseUnchecked(thrown, refuse, logger, requestIdOf(request));
      }
    },
  };
}

/** Ends a request with a status and a body. */
export type Refuse = (
  status: number,
  body: string,
  headers: Readonly<Record<string, string>>,
) => void;

/** Answers with a body of ours, of the type that the client wants. */
export function refusing(
  request: Request,
  { Response }: FetchAPI,
  endResponse: (response: Response) => void,
): Refuse {
  const accepted = request.headers.get("accept") ?? "";
  const type = accepted.includes("application/graphql-response+json")
    ? "application/graphql-response+json"
    : "application/json";
  return (status, body, headers) =>
    endResponse(
      new Response(body, {
        status,
        headers: { "content-type": `${type}; charset=utf-8`, ...headers },
      }),
    );
}

/** Nothing after this would turn the error into an answer: the server would print the stack. */
export function refuseUnchecked(
  thrown: unknown,
  refuse: Refuse,
  logger: Logger,
  requestId: string,
): void {
  logger.error({ requestId, cause: describeError(thrown) }, "credentials cannot be checked");
  const known = thrown instanceof GatewayError ? thrown.refusal : null;
  const wait = known?.code === "UNAVAILABLE" ? known.retryAfter : undefined;
  refuse(503, unavailable(requestId), { "retry-after": String(wait ?? 1) });
}

function unavailable(requestId: string): string {
  const message = `${wordsOf({ complaint: "noCredentialCheck" })} Request id ${requestId}.`;
  return bodyOf(message, { code: "UNAVAILABLE", requestId });
}

/** The body of an answer that refuses. */
export function bodyOf(message: string, extensions: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ errors: [{ message, extensions }] });
}
