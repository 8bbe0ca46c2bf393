import pg from "pg";
import { poolDefaults, type PoolConfig } from "../config.ts";
import { optionsOf, serverSettings } from "./session.ts";

/** What a statement is fenced to: the tenant whose rows it sees, and how it is planned. */
export type Pin = {
  readonly tenantId: string;
  readonly plans: "force_generic_plan" | "force_custom_plan" | "auto";
};

/** A statement in front of another one, in one round trip: PostgreSQL passes over the other one when it fails. */
export type Piece = {
  readonly text: string;
  readonly values: readonly unknown[];
  /** Whether a connection runs it once, so that it is not worth preparing. */
  readonly comesOnce?: boolean;
};

/** How the connections of a pool are fenced. There are two ways, and both are looked at. */
export type Fence = {
  /** Whether a connection stays as it is from one transaction to the next. Behind a pooler it does not. */
  readonly isLasting: boolean;
  /** Whether a connection keeps statements that are prepared. */
  readonly keepsStatements: boolean;
  /** The options that a connection is opened with. */
  readonly options: readonly string[];
  /** Fences what follows it. */
  pin(pin: Pin): Piece;
  /** Fails with what it found (`faultOf`) when something of the fence does not hold. */
  look(processId: number | null): Piece;
};

export const fenceOf = (limits: PoolConfig = poolDefaults): Fence =>
  limits.fence === "session" ? sessionFence(limits) : transactionFence(limits);

/** Role and settings are options of the connection; the pin is sent when the tenant changes. */
function sessionFence(limits: PoolConfig): Fence {
  const settings = serverSettings(limits);
  return {
    isLasting: true,
    keepsStatements: limits.preparedStatements,
    options: optionsOf(settings),
    pin: ({ tenantId, plans }) => ({ text: sessionPin, values: [tenantId, plans] }),
    look: (processId) => lookFor(settings, processId),
  };
}

/** Nothing is left to the session: role, settings and tenant travel with each transaction and end with it. */
function transactionFence(limits: PoolConfig): Fence {
  const settings = serverSettings(limits);
  const pinText = transactionPin(settings);
  return {
    isLasting: false,
    keepsStatements: limits.preparedStatements,
    options: [],
    pin: ({ tenantId, plans }) => ({ text: pinText, values: [tenantId, plans] }),
    // Here a pooler may give each transaction another process.
    look: () => lookFor(settings, null),
  };
}

const sessionPin =
  "SELECT set_config('app.tenant_id', $1, false), set_config('plan_cache_mode', $2, false)";

/** The settings stand in the text: PostgreSQL takes half the time for them then. */
function transactionPin(settings: Readonly<Record<string, string>>): string {
  const fixed = Object.entries(settings).map(
    ([name, value]) => `set_config(${pg.escapeLiteral(name)}, ${pg.escapeLiteral(value)}, true)`,
  );
  return `SELECT ${fixed.join(", ")}, set_config('app.tenant_id', $1, true), set_config('plan_cache_mode', $2, true)`;
}

/** What the text of a failed look begins with. */
export const faultMark = "crm-gateway fence";

/**
 * Setting what is there already tells how PostgreSQL prints it. That is done last, and ends with the transaction. The
 * process is another one than at the connection's start where a pooler is in between. What is found is no number, so
 * reading it as one fails and tells it.
 */
const lookText = `
  SELECT CASE WHEN pooled OR unfenced IS NOT NULL OR lost IS NOT NULL THEN ('${faultMark} ' || json_build_object(
    'user', username, 'pooled', pooled, 'lost', lost, 'unfenced', unfenced))::integer END
  FROM (SELECT current_user AS username, coalesce(pg_backend_pid() <> $1::integer, false) AS pooled,
    (SELECT json_agg(relname ORDER BY relname) FROM pg_class WHERE relrowsecurity AND NOT row_security_active(oid)) AS unfenced
    OFFSET 0) session,
  LATERAL (SELECT json_agg(json_build_array(name, found, wanted)) AS lost FROM (
    SELECT name, current_setting(name, true) AS found, set_config(name, value, username IS NOT NULL) AS wanted
    FROM unnest($2::text[], $3::text[]) AS setting(name, value)) settings WHERE found IS DISTINCT FROM wanted) lost`;

function lookFor(settings: Readonly<Record<string, string>>, processId: number | null): Piece {
  return {
    text: lookText,
    values: [processId, Object.keys(settings), Object.values(settings)],
    comesOnce: true,
  };
}
