import { z } from "zod";
import { keptDays, uploadMinutes, waitingDays } from "./types.ts";

/** Runs a statement as the tables' owner, over all tenants. */
export type OwnerRows = (
  text: string,
  values: readonly unknown[],
) => Promise<readonly Readonly<Record<string, unknown>>[]>;

/** Seconds after which an import that nobody has touched is looked at: its job may be lost. */
const idleSeconds = 20;

const idleSchema = z.array(z.object({ tenant_id: z.uuid(), id: z.uuid() }));

/** Imports that should run and have no job. */
export async function findIdle(
  rows: OwnerRows,
): Promise<{ readonly tenantId: string; readonly id: string }[]> {
  const found = await rows(
    `SELECT i.tenant_id, i.id FROM imports i
     WHERE i.finished_at IS NULL AND i.status IN ('queued', 'running') AND i.touched_at < now() - $1::integer * interval '1 second'
       AND NOT EXISTS (SELECT FROM graphile_worker.jobs j WHERE j.key = $2 || i.id::text AND j.attempts < j.max_attempts)`,
    [idleSeconds, runKey("")],
  );
  return idleSchema.parse(found).map(({ tenant_id: tenantId, id }) => ({ tenantId, id }));
}

/** The key of an import's job. */
export const runKey = (id: string): string => `imports.run ${id}`;

/** Deletes what nobody needs any more: uploads that stand still, imports that were never started, and old ones. */
export async function pruneImports(rows: OwnerRows): Promise<void> {
  await rows(
    `DELETE FROM imports WHERE finished_at IS NULL
       AND ((status = 'uploading' AND touched_at < now() - $1::integer * interval '1 minute')
         OR (status = 'waiting' AND touched_at < now() - $2::integer * interval '1 day'))`,
    [uploadMinutes, waitingDays],
  );
  await rows("DELETE FROM imports WHERE finished_at < now() - $1::integer * interval '1 day'", [
    keptDays,
  ]);
}
