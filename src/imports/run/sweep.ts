import { z } from "zod";
import type { OwnerRows } from "../../db/owner-rows.ts";
import { keptDays, uploadMinutes, waitingDays } from "./types.ts";

/** Seconds after which an import that nobody has touched is looked at: its job may be lost. */
const idleSeconds = 20;

const idleSchema = z.array(z.object({ tenant_id: z.uuid(), id: z.uuid() }));

/** Imports that should run and have no job. */
export async function findIdle(
  rows: OwnerRows,
): Promise<{ readonly tenantId: string; readonly id: string }[]> {
  const idle = idleSchema.parse(
    await rows(
      `SELECT tenant_id, id FROM imports
       WHERE finished_at IS NULL AND status IN ('queued', 'running') AND touched_at < now() - $1::integer * interval '1 second'`,
      [idleSeconds],
    ),
  );
  if (idle.length === 0) return [];
  // By itself: Citus joins no table that it distributes with one of the coordinator's own.
  const jobs = await rows(
    "SELECT key FROM graphile_worker.jobs WHERE key = ANY ($1::text[]) AND attempts < max_attempts",
    [idle.map(({ id }) => runKey(id))],
  );
  const waiting = new Set(jobs.map(({ key }) => key));
  return idle
    .filter(({ id }) => !waiting.has(runKey(id)))
    .map(({ tenant_id: tenantId, id }) => ({ tenantId, id }));
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
