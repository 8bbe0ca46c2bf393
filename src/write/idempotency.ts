import { createHash } from "node:crypto";
import type { Actor } from "../auth/actor.ts";
import type { FencedPool } from "../db/fenced-pool.ts";
import { badInput, GatewayError } from "../lib/errors.ts";
import { parseJson } from "../lib/exact-number.ts";
import { isRecord } from "../lib/json.ts";
import { fingerprint, seal, unseal } from "../lib/seal.ts";
import type { Cells } from "../query/row.ts";
import { param, raw, sql } from "../lib/sql.ts";
import type { IdempotentStep } from "./context.ts";
import { readOutcome } from "./kept-outcome.ts";
import type { WriteUnit } from "./unit.ts";

/** How long an answer is kept under its key. */
export const keptHours = 24;
/** The most expired records that a new one takes away, so that the table does not grow without end. */
const purgedAtOnce = 20;
export const maxKeyLength = 255;

/** The key in the header; one that cannot be a key is refused. */
export function readIdempotencyKey(header: string | null): string | null {
  if (header === null) return null;
  if (/^[\x21-\x7e]+( [\x21-\x7e]+)*$/.test(header) && header.length <= maxKeyLength) return header;
  throw badInput([], { complaint: "notIdempotencyKey", max: maxKeyLength });
}

/** A hash of a request that does not depend on the order of its keys. */
export function hashRequest(request: unknown): Buffer {
  return createHash("sha256")
    .update(JSON.stringify(sorted(request)) ?? "")
    .digest();
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isRecord(value)) return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  // Marked, so that a list of pairs is another request.
  return { object: entries.map(([key, item]) => [key, sorted(item)]) };
}

/** The whole answer to a request, as it was sent. */
type KeptAnswer = { readonly status: number; readonly body: string };

/** The answer that was kept under a key; null when there is none yet. The same key with another request is refused. */
export async function findAnswer(
  pool: FencedPool,
  actor: Actor,
  { key, requestHash }: Pick<IdempotentStep, "key" | "requestHash">,
): Promise<KeptAnswer | null> {
  const [row] = await pool.forTenant(actor.tenantId).rows(
    `SELECT encode(request_hash, 'hex'), status, response FROM idempotency_keys
       WHERE tenant_id = $1 AND actor = $2 AND key = $3 AND expires_at > now()`,
    [actor.tenantId, callerOf(actor), fingerprint(key)],
  );
  return row === undefined ? null : keptAnswer(row, key, requestHash);
}

/**
 * Whose key it is: a `sub` is somebody with one issuer only, and an answer that was given for one application is none of
 * another's.
 */
function callerOf({ id, issuer, appId }: Actor): string {
  return [id, issuer ?? null, appId].filter((part) => part !== null).join(" ");
}

// Of the row that is inserted, whose time is now: Citus takes nothing there that depends on when it is evaluated.
const isCurrent = "k.expires_at > excluded.created_at";
const isSame = "k.request_hash = excluded.request_hash";
const expiry = `now() + interval '${keptHours} hours'`;

/** Keeps an answer under its key, and gives the one that counts: the first that was kept. */
export async function keepAnswer(
  pool: FencedPool,
  actor: Actor,
  { key, requestHash }: Pick<IdempotentStep, "key" | "requestHash">,
  answer: KeptAnswer,
): Promise<KeptAnswer> {
  const [row] = await pool.forTenant(actor.tenantId).rows(
    `INSERT INTO idempotency_keys AS k (tenant_id, actor, key, request_hash, status, response, completed_at, expires_at)
     VALUES ($1, $2, $3, $4, $5, $6, now(), now() + $7::interval)
     ON CONFLICT (tenant_id, actor, key) DO UPDATE SET
       status = CASE WHEN ${isCurrent} THEN coalesce(k.status, CASE WHEN ${isSame} THEN excluded.status END) ELSE excluded.status END,
       response = CASE WHEN ${isCurrent} THEN coalesce(k.response, CASE WHEN ${isSame} THEN excluded.response END) ELSE excluded.response END,
       completed_at = CASE WHEN ${isCurrent} THEN coalesce(k.completed_at, CASE WHEN ${isSame} THEN excluded.completed_at END) ELSE excluded.completed_at END,
       request_hash = CASE WHEN ${isCurrent} THEN k.request_hash ELSE excluded.request_hash END,
       outcomes = CASE WHEN ${isCurrent} THEN k.outcomes ELSE excluded.outcomes END,
       expires_at = CASE WHEN ${isCurrent} THEN k.expires_at ELSE excluded.expires_at END
     RETURNING encode(request_hash, 'hex'), status, response`,
    [
      actor.tenantId,
      callerOf(actor),
      fingerprint(key),
      requestHash,
      answer.status,
      seal(key, answer.body),
      `${keptHours} hours`,
    ],
  );
  return (row === undefined ? null : keptAnswer(row, key, requestHash)) ?? answer;
}

function keptAnswer(row: Cells, key: string, requestHash: Buffer): KeptAnswer | null {
  const [hash, status, response] = row;
  if (hash !== requestHash.toString("hex")) throw reused();
  return status == null || response == null
    ? null
    : { status: Number(status), body: unseal(key, response) };
}

function reused(): GatewayError {
  return new GatewayError({
    code: "IDEMPOTENCY_KEY_REUSED",
    complaint: { complaint: "keyReused", hours: keptHours },
  });
}

/**
 * Claims a step for this transaction. Gives what the step led to when it was carried out before; refuses when the
 * same request is being carried out just now.
 */
export async function claimStep(
  unit: WriteUnit,
  { key, requestHash, step }: IdempotentStep,
): Promise<{ readonly outcome: unknown } | null> {
  const { actor } = unit;
  const print = fingerprint(key);
  const caller = param(callerOf(actor), "text");
  const look = async (locking = ""): Promise<Cells | undefined> => {
    const [row] = await unit.rows(
      sql`SELECT encode(request_hash, 'hex'), outcomes ->> ${param(step, "text")} FROM idempotency_keys
        WHERE tenant_id = ${unit.tenant} AND actor = ${caller} AND key = ${param(print, "text")} AND expires_at > now()${raw(locking)}`,
    );
    if (row !== undefined && row[0] !== requestHash.toString("hex")) throw reused();
    return row;
  };
  // The second statement looks again once the lock is held: what was committed before it is there.
  const [[lock], seen] = await Promise.all([
    unit.rows(
      sql`SELECT pg_try_advisory_xact_lock(hashtextextended(${param(`${actor.tenantId} ${callerOf(actor)} ${print}`, "text")}, 0))`,
    ),
    look(),
  ]);
  if (lock?.[0] !== "t") {
    throw new GatewayError({ code: "CONFLICT", complaint: { complaint: "keyInUse" } });
  }
  let sealed = seen?.[1] ?? null;
  if (sealed === null && unit.isDistributed) {
    // A node that stopped between the halves of a commit holds its rows, and the coordinator the lock no more: the row waits
    // until that commit is settled, whether it was inserted or changed by it.
    unit.send(
      sql`INSERT INTO idempotency_keys (tenant_id, actor, key, request_hash, expires_at)
        VALUES (${unit.tenant}, ${caller}, ${param(print, "text")}, ${param(requestHash, "bytea")}, ${raw(expiry)})
        ON CONFLICT (tenant_id, actor, key) DO NOTHING`,
    );
    sealed = (await look(" FOR UPDATE"))?.[1] ?? null;
  }
  return sealed === null ? null : { outcome: readOutcome(parseJson(unseal(key, sealed))) };
}

/** Keeps what a step led to, in the transaction that did it. */
export function recordStep(
  unit: WriteUnit,
  { key, requestHash, step }: IdempotentStep,
  outcome: unknown,
): void {
  const sealed = JSON.stringify({ [step]: seal(key, JSON.stringify(outcome)) });
  const id = sql`${unit.tenant}, ${param(callerOf(unit.actor), "text")}, ${param(fingerprint(key), "text")}`;
  unit.send(
    sql`INSERT INTO idempotency_keys AS k (tenant_id, actor, key, request_hash, outcomes, expires_at)
      VALUES (${id}, ${param(requestHash, "bytea")}, ${param(sealed, "jsonb")}, ${raw(expiry)})
      ON CONFLICT (tenant_id, actor, key) DO UPDATE SET
        outcomes = CASE WHEN ${raw(isCurrent)} THEN k.outcomes || excluded.outcomes ELSE excluded.outcomes END,
        request_hash = excluded.request_hash, expires_at = excluded.expires_at,
        status = CASE WHEN ${raw(isCurrent)} THEN k.status END,
        response = CASE WHEN ${raw(isCurrent)} THEN k.response END`,
  );
  unit.send(
    sql`DELETE FROM idempotency_keys WHERE tenant_id = ${unit.tenant} AND (actor, key) IN (
      SELECT actor, key FROM idempotency_keys WHERE tenant_id = ${unit.tenant} AND expires_at <= now()
      ORDER BY expires_at LIMIT ${param(purgedAtOnce, "integer")} FOR UPDATE SKIP LOCKED)`,
  );
}
