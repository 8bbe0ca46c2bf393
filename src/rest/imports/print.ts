import type { Import } from "../../db/generated/prisma/client.ts";
import { formatId } from "../../lib/id.ts";
import { importedKinds } from "../../modules/import/settings.ts";
import { rowsUnchanged } from "../../imports/run/progress.ts";
import { importPrefix, type Progress } from "../../imports/run/types.ts";
import { columnsOf } from "../../modules/import/columns.ts";
import { importsPath } from "./operations.ts";

/** The path of an import. */
export const pathTo = ({ id }: Pick<Import, "id">): string =>
  `${importsPath}/${formatId(importPrefix, id)}`;

/** An import as REST shows it. */
export function shownImport(
  found: Import,
  { rowsPerSecond, secondsLeft }: Progress,
): Readonly<Record<string, unknown>> {
  const columns = columnsOf(found);
  const { rows, rowsDone, rowsCreated, rowsUpdated, rowsRefused } = found;
  return {
    id: formatId(importPrefix, found.id),
    entity: [...importedKinds].find(([, name]) => name === found.entity)?.[0] ?? found.entity,
    mode: found.mode,
    key: found.key,
    dry_run: found.dryRun,
    on_error: found.abortOnError ? "abort" : "continue",
    file_name: found.fileName,
    bytes: Number(found.bytes),
    format: found.format,
    encoding: found.encoding,
    delimiter: found.delimiter,
    columns,
    unmapped: columns.filter(({ field }) => field === null).map(({ column }) => column),
    status: found.status,
    status_reason: found.statusReason,
    rows,
    rows_done: rowsDone,
    rows_created: rowsCreated,
    rows_updated: rowsUpdated,
    rows_unchanged: rowsUnchanged(found),
    rows_refused: rowsRefused,
    rows_per_second: rowsPerSecond,
    seconds_left: secondsLeft,
    created_at: found.createdAt,
    created_by: found.createdBy,
    started_at: found.startedAt,
    finished_at: found.finishedAt,
    errors: rowsRefused === 0 ? null : `${pathTo(found)}/errors.csv`,
  };
}
