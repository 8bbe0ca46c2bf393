import type { PoolConfig } from "../config.ts";

/** The role the server acts as: owns nothing and cannot bypass row-level security. */
export const serverRole = "crm_gateway";

/** Values are read as text, so how they print must not depend on the server. */
export const printingSettings = {
  timezone: "UTC",
  datestyle: "ISO",
  intervalstyle: "iso_8601",
} as const;

/** The same settings as options of a connection. */
export const printingOptions: readonly string[] = optionsOf(printingSettings);

/**
 * On Citus, SET LOCAL has to reach the nodes, and the coordinator asks its own tables as it asks those of the others. The
 * nodes get the whole text that SET LOCAL stands in, so it must be alone there. A plan for whatever values would have to ask
 * all nodes, and Citus refuses to make one.
 */
const distributedSettings = {
  "citus.propagate_set_commands": "local",
  "citus.enable_local_execution": "off",
  plan_cache_mode: "force_custom_plan",
} as const;

/** The settings that each statement of the server relies on, except for its tenant. */
export const serverSettings = (limits: PoolConfig): Readonly<Record<string, string>> => ({
  role: serverRole,
  ...printingSettings,
  jit: "off",
  statement_timeout: `${limits.statementMilliseconds}ms`,
  // Shorter than the statement timeout, so that a wait for a row's lock fails with an error that names the lock.
  lock_timeout: `${limits.lockMilliseconds}ms`,
  idle_in_transaction_session_timeout: "60s",
  "pg_trgm.word_similarity_threshold": "0.5",
  ...(limits.isDistributed ? distributedSettings : {}),
});

/** Settings as options of a connection. RESET falls back to them as well. */
export function optionsOf(settings: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(settings).map(([name, value]) => `-c ${name}=${value}`);
}
