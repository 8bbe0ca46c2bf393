import { z } from "zod";
import type { OwnerRows } from "../db/owner-rows.ts";
import type { Endpoint } from "../modules/webhook/endpoint.ts";
import type { Schedule } from "./schedule.ts";

type Of = Pick<Endpoint, "tenantId" | "id">;

/** Deliveries of an endpoint that are due and nobody's. */
const due = "next_attempt_at <= now() AND (leased_until IS NULL OR leased_until <= now())";
/**
 * What endpoints have to do: their log goes on behind their cursor and their queue has room, or a delivery is due that is
 * the first in its record's line. The lines are read in one pass, and only if anything is due; the queue is counted only if
 * the log goes on.
 */
const toRun = `
  SELECT w.tenant_id, coalesce(array_agg(w.id::text) FILTER (WHERE
    (EXISTS (SELECT FROM change_events e WHERE e.tenant_id = w.tenant_id AND e.position > w.position)
      AND NOT EXISTS (SELECT 1 FROM webhook_deliveries d
        WHERE d.tenant_id = w.tenant_id AND d.webhook_id = w.id AND d.status = 'waiting'
        GROUP BY d.tenant_id HAVING count(*) >= $2::integer))
    OR CASE WHEN EXISTS (SELECT FROM webhook_deliveries d
        WHERE d.tenant_id = w.tenant_id AND d.webhook_id = w.id AND d.status = 'waiting' AND ${due})
      THEN EXISTS (SELECT FROM (
        SELECT DISTINCT ON (d.tenant_id, d.webhook_id, d.record_id) d.next_attempt_at, d.leased_until FROM webhook_deliveries d
        WHERE d.tenant_id = w.tenant_id AND d.webhook_id = w.id AND d.status = 'waiting'
        ORDER BY d.tenant_id, d.webhook_id, d.record_id, d.position) first WHERE ${due}) END), '{}') AS ids
  FROM webhooks w
  WHERE w.status = 'active' AND ($1::uuid[] IS NULL OR w.tenant_id = ANY ($1)) GROUP BY w.tenant_id`;

/**
 * The endpoints of tenants, or of all, that have something to do, and the tenants that have active ones at all. What wakes
 * endpoints may be lost; this finds them all the same.
 */
export async function endpointsToRun(
  rows: OwnerRows,
  tenantIds: readonly string[] | null,
  { maxWaiting }: Pick<Schedule, "maxWaiting">,
): Promise<{ readonly tenants: ReadonlySet<string>; readonly endpoints: readonly Of[] }> {
  const found = foundSchema.parse(await rows(toRun, [tenantIds, maxWaiting]));
  return {
    tenants: new Set(found.map(({ tenant_id: tenantId }) => tenantId)),
    endpoints: found.flatMap(({ tenant_id: tenantId, ids }) => ids.map((id) => ({ tenantId, id }))),
  };
}

const foundSchema = z.array(z.object({ tenant_id: z.uuid(), ids: z.array(z.uuid()) }));

const pruned = 5_000;
const prune = `
  WITH old AS (
    SELECT tenant_id, id FROM webhook_deliveries
    WHERE finished_at < now() - $1::integer * interval '1 day' LIMIT ${pruned})
  DELETE FROM webhook_deliveries d USING old WHERE d.tenant_id = old.tenant_id AND d.id = old.id RETURNING 1`;

/** Deletes deliveries that ended long ago, with their attempts; and secrets that sign no more. */
export async function pruneDeliveries(rows: OwnerRows, days: number): Promise<void> {
  await rows("DELETE FROM webhook_secrets WHERE expires_at < now()", []);
  for (;;) {
    const deleted = await rows(prune, [days]);
    if (deleted.length < pruned) return;
  }
}

const removeSome = `
  WITH portion AS (
    SELECT id FROM webhook_deliveries
    WHERE tenant_id = $1::uuid AND webhook_id = $2::uuid AND position > $3::bigint ORDER BY position LIMIT ${pruned})
  DELETE FROM webhook_deliveries d USING portion WHERE d.tenant_id = $1::uuid AND d.id = portion.id RETURNING d.position::text`;

/** Removes what belongs to deleted endpoints, in portions, and the endpoints behind it. */
export async function removeDeleted(rows: OwnerRows): Promise<void> {
  const deleted = deletedSchema.parse(
    await rows("SELECT tenant_id, id FROM webhooks WHERE removed_at IS NOT NULL", []),
  );
  for (const { tenant_id: tenantId, id } of deleted) {
    // Each portion begins behind the one before it: rows that were deleted stay in the index for a while.
    let last = 0n;
    for (let removed = pruned; removed === pruned;) {
      const portion = portionSchema.parse(await rows(removeSome, [tenantId, id, String(last)]));
      for (const { position } of portion) if (position > last) last = position;
      removed = portion.length;
    }
    await rows("DELETE FROM webhooks WHERE tenant_id = $1::uuid AND id = $2::uuid", [tenantId, id]);
  }
}

const deletedSchema = z.array(z.object({ tenant_id: z.uuid(), id: z.uuid() }));
const portionSchema = z.array(z.object({ position: z.coerce.bigint() }));
