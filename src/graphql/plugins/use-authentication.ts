import type { Plugin } from "graphql-yoga";
import { authenticate } from "../../auth/authenticate.ts";
import type { Actor } from "../../auth/actor.ts";
import type { FencedPool } from "../../db/fenced-pool.ts";

const actors = new WeakMap<Request, Actor>();

/** Who sent the request; it has passed `useAuthentication`. */
export function actorOf(request: Request): Actor {
  const actor = actors.get(request);
  if (actor === undefined) throw new Error("the request was not authenticated");
  return actor;
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
export function useAuthentication(pool: FencedPool): Plugin {
  return {
    async onRequest({ request, endResponse, fetchAPI }) {
      const actor = await authenticate(pool, request.headers);
      if (actor !== null) {
        actors.set(request, actor);
        return;
      }
      const accepted = request.headers.get("accept") ?? "";
      const type = accepted.includes("application/graphql-response+json")
        ? "application/graphql-response+json"
        : "application/json";
      endResponse(
        new fetchAPI.Response(refusal, {
          status: 401,
          headers: { "content-type": `${type}; charset=utf-8`, "www-authenticate": "Bearer" },
        }),
      );
    },
  };
}
