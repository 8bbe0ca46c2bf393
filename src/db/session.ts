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
export const printingOptions: readonly string[] = Object.entries(printingSettings).map(
  ([name, value]) => `-c ${name}=${value}`,
);

/** Options of each connection of the server. RESET falls back to them as well. */
export const sessionOptions = (limits: PoolConfig): readonly string[] => [
  `-c role=${serverRole}`,
  ...printingOptions,
  "-c jit=off",
  `-c statement_timeout=${limits.statementMilliseconds}ms`,
  // Shorter than the statement timeout, so that a wait for a row's lock fails with an error that names the lock.
  `-c lock_timeout=${limits.lockMilliseconds}ms`,
  "-c idle_in_transaction_session_timeout=60s",
  "-c pg_trgm.word_similarity_threshold=0.5",
];
