import type { Actor } from "../../../src/auth/actor.ts";
import type { Listening } from "../../../src/live/listening.ts";

/** Somebody who may read all of a tenant, unless it is said otherwise. */
export const actorOf = (tenantId: string, change: Partial<Actor> = {}): Actor => ({
  kind: "apiKey",
  id: "key",
  tenantId,
  scopes: ["*"],
  appId: null,
  departmentId: null,
  expiresAt: null,
  requestsPerMinute: null,
  ...change,
});

/** Somebody who listens to everything, unless it is said otherwise. */
export const listeningOf = (actor: Actor, change: Partial<Listening> = {}): Listening => ({
  actor,
  types: null,
  operations: null,
  where: null,
  record: null,
  ...change,
});
