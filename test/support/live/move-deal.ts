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
  const [app, name] = [changes.app_id[1], changes.name[1]];
  // One transaction of two statements: Citus takes no event whose position is looked for in the statement of the change.
  await fixtures.client.query("BEGIN");
  const { rows: moved } = await fixtures.client.query<{ tenant: string; version: number }>(
    `UPDATE deals SET app_id = $2, name = $3, version = version + 1 WHERE id = $1
     RETURNING tenant_id AS tenant, version`,
    [uuidOf(id), app, name],
  );
  const { rows } = await fixtures.client.query<{ before: string }>(
    `INSERT INTO change_events (tenant_id, id, position, ends_transaction, app_id, entity_type, entity_id, operation, version, actor, occurred_at, changes)
     SELECT $1, gen_random_uuid(), max(position) + 1, true, $2, 'Deal', $3, 'updated', $4, 'operator', now(), $5
     FROM change_events WHERE tenant_id = $1 RETURNING position - 1 AS before`,
    [moved[0]?.tenant, app, uuidOf(id), moved[0]?.version, JSON.stringify(changes)],
  );
  await fixtures.client.query("COMMIT");
  return cursorAt(String(rows[0]?.before));
}
