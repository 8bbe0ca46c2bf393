import type { Database } from "../../db/database.ts";
import type { Import } from "../../db/generated/prisma/client.ts";
import type { Progress } from "./types.ts";

/** The time over which the speed is taken. */
const windowSeconds = 30;

/** Whether nothing of an import happens any more. */
export const isEnded = ({ finishedAt }: Pick<Import, "finishedAt">): boolean => finishedAt !== null;

/** Rows whose record was as they say, so that nothing was written of them. */
export const rowsUnchanged = ({
  rowsDone,
  rowsCreated,
  rowsUpdated,
  rowsRefused,
}: Pick<Import, "rowsDone" | "rowsCreated" | "rowsUpdated" | "rowsRefused">): number =>
  rowsDone - rowsCreated - rowsUpdated - rowsRefused;

/** How fast an import is: by its rows of the last half minute, or since its start if that is less. */
export async function progressOf(
  database: Database,
  { tenantId, id, rows, rowsDone, startedAt, finishedAt }: Import,
): Promise<Progress> {
  if (finishedAt !== null) {
    const seconds = startedAt === null ? 0 : (finishedAt.getTime() - startedAt.getTime()) / 1_000;
    return { rowsPerSecond: rate(rowsDone, seconds), secondsLeft: 0 };
  }
  if (startedAt === null) return { rowsPerSecond: 0, secondsLeft: null };
  const [row] = await database.pool.forTenant(tenantId).rows(
    `SELECT coalesce(sum(rows), 0)::text, extract(epoch FROM least(clock_timestamp() - $3::timestamptz, $4::integer * interval '1 second'))::text
     FROM import_chunks WHERE tenant_id = $1::uuid AND import_id = $2::uuid
       AND done_at > clock_timestamp() - $4::integer * interval '1 second'`,
    [tenantId, id, startedAt.toISOString(), windowSeconds],
  );
  const [latest, seconds] = [Number(row?.[0]), Number(row?.[1])];
  const all = (Date.now() - startedAt.getTime()) / 1_000;
  // Where a chunk takes longer than that, by all rows so far.
  const rowsPerSecond = latest > 0 ? rate(latest, seconds) : rate(rowsDone, all);
  const secondsLeft = rowsPerSecond === 0 ? null : Math.ceil((rows - rowsDone) / rowsPerSecond);
  return { rowsPerSecond, secondsLeft };
}

const rate = (rows: number, seconds: number): number =>
  rows === 0 ? 0 : Math.round((rows / Math.max(seconds, 0.001)) * 10) / 10;
