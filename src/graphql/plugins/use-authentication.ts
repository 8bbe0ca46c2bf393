import type { Plugin } from "graphql-yoga";
import type { Logger } from "pino";
import { authenticate } from "../../auth/authenticate.ts";
import type { Actor } from "../../auth/actor.ts";
import type { FencedPool } from "../../db/fenced-pool.ts";
import { describe } from "./use-told-errors.ts";

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

/** One body for every credential that does not work, so that it tells nothing about why. */
const refusal = JSON.stringify({
  errors: [
    {
      message: "Send a valid API key in the x-api-key header (or as Authorization: Bearer <key>).",
      extensions: { code: "UNAUTHENTICATED" },
    },
  ],
});

/** Refuses requests without a valid credential before anything of them is parsed. */
export function useAuthentication(
  pool: FencedPool,
  logger: Logger,
  requestIdOf: (request: Request) => string,
): Plugin {
  return {
    async onRequest({ request, endResponse, fetchAPI }) {
      const refuse = (status: number, body: string, headers: Readonly<Record<string, string>>) => {
        const accepted = request.headers.get("accept") ?? "";
        const type = accepted.includes("application/graphql-response+json")
          ? "application/graphql-response+json"
          : "application/json";
        endResponse(
          new fetchAPI.Response(body, {
            status,
            headers: { "content-type": `${type}; charset=utf-8`, ...headers },
          }),
        );
      };
      try {
        const actor = await authenticate(pool, request.headers);
        if (actor === null) refuse(401, refusal, { "www-authenticate": "Bearer" });
        else actors.set(request, actor);
      } catch (thrown) {
        // Nothing after this would turn it into an answer: the server would print the stack.
        const requestId = requestIdOf(request);
        logger.error({ requestId, cause: describe(thrown) }, "credentials cannot be checked");
        refuse(503, unavailable(requestId), { "retry-after": "1" });
      }
    },
  };
}

function unavailable(requestId: string): string {
  const message = `Credentials cannot be checked just now; try again. Request id ${requestId}.`;
  return JSON.stringify({ errors: [{ message, extensions: { code: "UNAVAILABLE", requestId } }] });
}
