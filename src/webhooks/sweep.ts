import type { Endpoint } from "../modules/webhook/endpoint.ts";

type Of = Pick<Endpoint, "tenantId" | "id">;

/** Runs a statement as the tables' owner, over all tenants. */
export type OwnerRows = (
  text: string,
  values: readonly unknown[],
) => Promise<readonly Readonly<Record<string, unknown>>[]>;

/** Endpoints whose log goes on behind their cursor, or with deliveries that are due and nobody's. */
const toRun = `
  SELECT w.tenant_id, w.id FROM webhooks w
  WHERE w.status = 'active' AND (
    EXISTS (SELECT FROM change_events e WHERE e.tenant_id = w.tenant_id AND e.position > w.position)
    OR EXISTS (SELECT FROM webhook_deliveries d
      WHERE d.tenant_id = w.tenant_id AND d.webhook_id = w.id AND d.status = 'waiting' AND d.next_attempt_at <= now()
        AND (d.leased_until IS NULL OR d.leased_until <= now())))`;

/** The endpoints that have something to do. What wakes them may be lost; this finds them all the same. */
export async function endpointsToRun(rows: OwnerRows): Promise<Of[]> {
  const found = await rows(toRun, []);
  return found.map(({ tenant_id: tenantId, id }) => ({
    tenantId: String(tenantId),
    id: String(id),
  }));
}

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
