import { z } from "zod";
import type { Actor } from "../../auth/actor.ts";
import type { ApiKeys } from "../../auth/api-keys.ts";
import { operatorOf } from "../../auth/operator.ts";
import { isScope } from "../../auth/scopes.ts";
import { readId } from "../../lib/id.ts";
import type { ActorOf } from "./types.ts";

/** The sender of a file, as an import stores it. An API key is looked up again. A token is stored with its expiry. */
const keptSchema = z.object({
  kind: z.enum(["apiKey", "user"]),
  id: z.string(),
  issuer: z.string().optional(),
  scopes: z.array(z.string()).default([]),
  departmentId: z.string().nullable().default(null),
  appId: z.string().nullable().default(null),
  expiresAt: z.iso.datetime().nullable().default(null),
});

/** What of an actor its import keeps. */
export const keptActor = (actor: Actor): z.input<typeof keptSchema> => ({
  kind: actor.kind,
  id: actor.id,
  ...(actor.issuer === undefined ? {} : { issuer: actor.issuer }),
  scopes: [...actor.scopes],
  departmentId: actor.departmentId,
  appId: actor.appId,
  expiresAt: actor.expiresAt?.toISOString() ?? null,
});

/** Looks up the rights of whoever sent a file, as they are now. A token's are those that it came with, until it expires. */
export function actorsOf(apiKeys: Pick<ApiKeys, "actorOf">): ActorOf {
  return async ({ tenantId, actor: kept }) => {
    const { issuer, expiresAt: end, ...known } = keptSchema.parse(kept);
    if (known.kind === "apiKey") {
      const actor = await apiKeys.actorOf(readId("key", known.id) ?? "");
      return actor?.tenantId === tenantId ? actor : null;
    }
    // No token can have the operator's name: see Tokens.
    if (issuer === undefined) return operatorOf(tenantId);
    const expiresAt = end === null ? null : new Date(end);
    if (expiresAt !== null && expiresAt.getTime() <= Date.now()) return null;
    const scopes = known.scopes.filter(isScope);
    return { ...known, issuer, tenantId, scopes, expiresAt, requestsPerMinute: null };
  };
}
