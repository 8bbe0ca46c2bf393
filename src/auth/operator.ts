import type { Actor } from "./actor.ts";

/** Whoever has a shell and the database's URL may do anything in a tenant; what they do is signed `cli`. */
export function operatorOf(tenantId: string): Actor {
  return {
    kind: "user",
    id: "cli",
    tenantId,
    scopes: ["*"],
    appId: null,
    departmentId: null,
    expiresAt: null,
    requestsPerMinute: null,
  };
}
