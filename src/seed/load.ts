import { finished } from "node:stream/promises";
import type pg from "pg";
import { from as copyFrom } from "pg-copy-streams";
import type { CopyBatch } from "./copy-text.ts";
import { writeHistory } from "./history.ts";
import { makeTenant } from "./make-tenant.ts";
import { copyColumns, tableNames, type TableName } from "./tables.ts";
import type { TenantPlan } from "./world.ts";

/** How far a load is, after each batch. */
export type Loaded = { rows: number; accounts: number; slug: string };

/**
 * Writes one tenant with COPY, in one transaction: all of it or nothing. The next batch is made
 * while PostgreSQL takes the one before. `stopped` is asked between batches.
 */
export async function loadTenant(
  client: pg.Client,
  plan: TenantPlan,
  options: {
    onLoaded: (loaded: Loaded) => void;
    stopped: () => boolean;
    /** Asked after the first batch: whether this load is the one that takes the tables' statistics. */
    analyzes: () => boolean;
  },
): Promise<void> {
  await client.query("BEGIN");
  try {
    await client.query(settings);
    const batches = makeTenant(plan);
    let coming = batches.next();
    let isFirst = true;
    for (;;) {
      const { value: batch } = await coming;
      if (batch === undefined) break;
      coming = batches.next();
      // Heard again when it is awaited; until then a failed COPY may come first.
      coming.catch(() => undefined);
      await copyBatch(client, batch);
      // Foreign keys are checked by plans that were made while the tables were empty, when every index seemed as good
      // as the primary key: 134,805 rows of one tenant took 41 s. Statistics make PostgreSQL plan them anew.
      if (isFirst && options.analyzes()) await client.query(`ANALYZE ${tableNames.join(", ")}`);
      isFirst = false;
      if (options.stopped()) throw new Error("Another tenant failed");
      options.onLoaded({ rows: batch.rows, accounts: batch.accounts, slug: plan.slug });
    }
    if (plan.history) {
      const rows = await writeHistory(client, plan.slug);
      options.onLoaded({ rows, accounts: 0, slug: plan.slug });
    }
    await client.query("COMMIT");
  } catch (error) {
    await client.query("ROLLBACK").catch(() => undefined);
    throw error;
  }
}

// Time limits meant for requests do not hold here. The search indexes keep their usual limits:
// larger portions (gin_pending_list_limit, work_mem of 64 MB) made two connections slower.
const settings = `
  SET LOCAL statement_timeout = 0;
  SET LOCAL idle_in_transaction_session_timeout = 0`;

async function copyBatch(client: pg.Client, batch: CopyBatch): Promise<void> {
  for (const { table, data } of batch.parts()) {
    const stream = client.query(copyFrom(copyStatement(table)));
    stream.end(data);
    await finished(stream);
  }
}

function copyStatement(table: TableName): string {
  return `COPY "${table}" (${copyColumns(table)
    .map((column) => `"${column}"`)
    .join(", ")}) FROM STDIN`;
}
