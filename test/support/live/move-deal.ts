import { cursorAt } from "../../../src/changes/position.ts";
import type { TestGateway } from "../gateway/gateway.ts";
import { uuidOf } from "../samples/one-of-each.ts";

/**
 * Changes a deal's columns with an event about it, as the operator: no verb moves a record from one application to
 * another. Gives the cursor behind which the event stands.
 */
export async function moveDeal(
  { fixtures }: TestGateway,
  id: string,
  changes: Readonly<Record<"app_id" | "name", readonly [string | null, string | null]>>,
): Promise<string> {
  const { rows } = await fixtures.client.query<{ before: string }>(
    `WITH moved AS (UPDATE deals SET app_id = $2, name = $3, version = version + 1 WHERE id = $1 RETURNING *)
     INSERT INTO change_events (tenant_id, id, position, ends_transaction, app_id, entity_type, entity_id, operation, version, actor, occurred_at, changes)
     SELECT tenant_id, gen_random_uuid(), (SELECT max(position) + 1 FROM change_events WHERE tenant_id = moved.tenant_id), true, app_id, 'Deal', id, 'updated', version, 'operator', now(), $4
     FROM moved RETURNING position - 1 AS before`,
    [uuidOf(id), changes.app_id[1], changes.name[1], JSON.stringify(changes)],
  );
  return cursorAt(String(rows[0]?.before));
}
