import { randomBytes } from "node:crypto";
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
  /** The name that it is prepared under for this once, where it looks for that name. */
  readonly probe?: string;
  /** The portal that it opens, or goes on with: its rows come in portions, as binary. */
  readonly portal?: { readonly name: string; readonly isOpen: boolean; readonly rows: number };
  /** Told its row. */
  readonly heard?: (cells: readonly (string | null)[]) => void;
};

/** How the connections of a pool are fenced. There are several ways, and all are looked at. */
export type Fence = {
  /** Whether a pin lasts from one transaction to the next. Behind a pooler and on Citus it does not. */
  readonly isLasting: boolean;
  /** Whether a pin holds between BEGIN and COMMIT alone, and not for a single statement. */
  readonly needsBlock: boolean;
  /** Whether a connection keeps statements that are prepared. */
  readonly keepsStatements: boolean;
  /** The options that a connection is opened with. */
  readonly options: readonly string[];
  /** Fences what follows it. */
  pin(pin: Pin): readonly Piece[];
  /**
   * Fails with what it found (`faultOf`) when something of the fence does not hold. Its row says whether clients of a
   * pooler share what a connection prepares (`sharesStatements`).
   */
  look(processId: number | null): Piece;
};

export function fenceOf(limits: PoolConfig = poolDefaults): Fence {
  const { isDistributed, preparedStatements: keepsStatements } = limits;
  const settings = serverSettings(limits);
  const isLasting = limits.fence === "session" && !isDistributed;
  const common = { isLasting, needsBlock: isDistributed, keepsStatements };
  if (limits.fence === "session") {
    return {
      ...common,
      options: optionsOf(settings),
      pin: isDistributed ? (pin) => [nodesPin(pin)] : (pin) => [tenantPin("SELECT", pin, false)],
      look: (processId) => lookFor(settings, processId, limits),
    };
  }
  const settingsPin = `SELECT ${settingsPinned(settings)}`;
  return {
    ...common,
    options: [],
    pin: isDistributed
      ? (pin) => [{ text: settingsPin, values: [] }, nodesPin(pin)]
      : (pin) => [tenantPin(`${settingsPin},`, pin, true)],
    // Here a pooler may give each transaction another process.
    look: (processId) => lookFor(settings, processId, limits),
  };
}

/** Pins to the tenant, for the session or for the transaction. */
const tenantPin = (before: string, { tenantId, plans }: Pin, isLocal: boolean): Piece => ({
  text: `${before} set_config('app.tenant_id', $1, ${isLocal}), set_config('plan_cache_mode', $2, ${isLocal})`,
  values: [tenantId, plans],
});

/** Pins to the tenant on all nodes of Citus: it passes on a SET LOCAL within BEGIN and COMMIT, and nothing else. */
const nodesPin = ({ tenantId }: Pin): Piece => ({
  text: `SET LOCAL app.tenant_id = ${pg.escapeLiteral(tenantId)}`,
  values: [],
  comesOnce: true,
});

/** The settings stand in the text: PostgreSQL takes half the time for them then. */
const settingsPinned = (settings: Readonly<Record<string, string>>): string =>
  Object.entries(settings)
    .map(
      ([name, value]) => `set_config(${pg.escapeLiteral(name)}, ${pg.escapeLiteral(value)}, true)`,
    )
    .join(", ");

/** SQL for whether tables are distributed: Citus gives each a trigger. Its own tables are there only where it is. */
export const hasDistributedTables = `EXISTS (SELECT FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
    WHERE p.proname = 'citus_truncate_trigger')`;

/**
 * SQL for whether a table is still there. In pg_class a statement also finds one that was dropped after it began, and
 * row_security_active and pg_get_expr answer as for a table without row-level security or without a policy.
 */
export const isThere = (oid: string): string => `has_table_privilege(${oid}, 'SELECT') IS NOT NULL`;

/** What the text of a failed look begins with. */
export const faultMark = "crm-gateway fence";

/** Whether the row of a look says that clients of a pooler share what a connection prepares. */
export const sharesStatements = ([, shares]: readonly (string | null)[]): boolean => shares === "t";

/**
 * Setting what is there already tells how PostgreSQL prints it. That is done last, and ends with the transaction. The
 * process is another one than at the connection's start where a pooler is in between. What is found is no number, so
 * reading it as one fails and tells it. A pooler that keeps the statements of each client gives them names of its own, so
 * that the look does not find its name.
 */
const lookText = `
  SELECT CASE WHEN pooled AND $4::boolean OR distributed OR unfenced IS NOT NULL OR lost IS NOT NULL THEN
    ('${faultMark} ' || json_build_object('user', username, 'pooled', pooled AND $4::boolean, 'distributed', distributed,
    'lost', lost, 'unfenced', unfenced))::integer END,
    pooled AND EXISTS (SELECT FROM pg_prepared_statements p WHERE p.name = $6::text)
  FROM (SELECT current_user AS username, coalesce(pg_backend_pid() <> $1::integer, false) AS pooled,
    NOT $5::boolean AND ${hasDistributedTables} AS distributed,
    (SELECT json_agg(relname ORDER BY relname) FROM pg_class WHERE relrowsecurity AND relnamespace = 'public'::regnamespace
      AND CASE WHEN NOT row_security_active(oid) THEN ${isThere("oid")} END) AS unfenced
    OFFSET 0) session,
  LATERAL (SELECT json_agg(json_build_array(name, found, wanted)) AS lost FROM (
    SELECT name, current_setting(name, true) AS found, set_config(name, value, username IS NOT NULL) AS wanted
    FROM unnest($2::text[], $3::text[]) AS setting(name, value)) settings WHERE found IS DISTINCT FROM wanted) lost`;

function lookFor(
  settings: Readonly<Record<string, string>>,
  processId: number | null,
  { fence, isDistributed }: PoolConfig,
): Piece {
  const needsSession = fence === "session";
  const probe = `crm_look_${randomBytes(9).toString("hex")}`;
  const [names, values] = [Object.keys(settings), Object.values(settings)];
  return {
    text: lookText,
    values: [processId, names, values, needsSession, isDistributed, probe],
    comesOnce: true,
    ...(needsSession ? {} : { probe }),
  };
}
