import { GatewayError } from "../lib/errors.ts";
import type { Actor } from "./actor.ts";
import type { Scope } from "./scopes.ts";

/** Whether the scopes that a caller has cover one that is needed: `*` covers all, `write:*` every write. */
export function covers(held: readonly Scope[], needed: Scope): boolean {
  if (held.includes("*") || held.includes(needed)) return true;
  const [verb] = needed.split(":");
  return held.some((scope) => scope === `${verb}:*`);
}

/** Refuses a caller who lacks a scope, and names all that are missing. */
export function requireScopes(actor: Pick<Actor, "scopes">, needed: Iterable<Scope>): void {
  const missing = [...new Set(needed)].filter((scope) => !covers(actor.scopes, scope));
  if (missing.length === 0) return;
  throw new GatewayError({
    code: "FORBIDDEN",
    complaint: { complaint: "missingScopes", scopes: missing },
    missingScopes: missing,
  });
}
