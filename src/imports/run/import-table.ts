import { z } from "zod";
import type { Actor } from "../../auth/actor.ts";
import { ExactNumber } from "../../lib/exact-number.ts";
import { isRecord } from "../../lib/json.ts";
import { param, raw, sql, type Sql } from "../../lib/sql.ts";
import type { Database } from "../../db/database.ts";
import type { Import } from "../../db/generated/prisma/client.ts";
import type { Transaction } from "../../db/transaction.ts";
import { asOwnWork } from "../../db/work.ts";
import type { Catalog } from "../../model/catalog.ts";
import { WriteUnit } from "../../write/unit.ts";
import { passOf, placesIn } from "./passes.ts";
import type { StagedChunk } from "./prepare.ts";
import type { ChunkOutcome } from "./write-chunk.ts";

/** An import that a process runs: whoever took it last is the one that may write its rows. */
export type Taken = Pick<Import, "tenantId" | "id"> & { readonly runner: string };

/** Another process has taken the import meanwhile, or it was cancelled: what was just written is undone. */
export class Superseded extends Error {
  override readonly name = "Superseded";
}

/** Rows of a chunk, by their places in it from 0; `end` is behind the last. */
export type Part = {
  readonly place: number;
  readonly start: number;
  readonly end: number;
  /** Whether they are the chunk's last. */
  readonly isLast: boolean;
  /** Those of them that are not done: they are tried again in a further pass. */
  readonly late: LateRows | null;
  /** Of a dry run: by what later rows may name those that would have been written. */
  readonly names: readonly bigint[];
};

/** Rows that are put off, in the order in which they are tried again. */
export type LateRows = {
  readonly pass: number;
  readonly count: number;
  readonly body: Uint8Array;
};

/** What of a chunk goes with its last rows: what its keys were for is known, and its names take their place. */
const dropped = (names: readonly bigint[]): Sql =>
  sql`, done_at = now(), body = NULL, keys = ${param(names.map(String), "bigint[]")}, key_rows = '{}', doubles = NULL`;

const doublesSchema = z.record(z.string(), z.int());

/** The rows of imports and chunks as a run moves them. */
export class ImportTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Takes an import from whoever has it; null if there is nothing to run. */
  async take(taken: Taken): Promise<Import | null> {
    const { tenantId, id, runner } = taken;
    const [row] = await this.#transaction(tenantId, (transaction) =>
      transaction.rows(
        `UPDATE imports SET runner = $3::uuid, status = 'running', started_at = least(started_at, now()), touched_at = now()
         WHERE tenant_id = $1::uuid AND id = $2::uuid AND status IN ('queued', 'running') RETURNING 1`,
        [tenantId, id, runner],
      ),
    );
    if (row === undefined) return null;
    return await asOwnWork(() =>
      this.#database.prismaFor(tenantId).import.findFirst({ where: { tenantId, id } }),
    );
  }

  /** The first chunk that is not written yet, or the next one behind a place, of the same pass; null if there is none. */
  async next({ tenantId, id }: Taken, after: number | null): Promise<StagedChunk | null> {
    const [row] = await asOwnWork(() =>
      this.#database.pool.forTenant(tenantId).rows(
        `SELECT place::text, body, doubles::text, rows_done::text FROM import_chunks
         WHERE tenant_id = $1::uuid AND import_id = $2::uuid AND place > $3::integer AND ($4::integer IS NULL OR place < $4::integer) AND done_at IS NULL
         ORDER BY import_chunks.place LIMIT 1`,
        [tenantId, id, after ?? -1, after === null ? null : placesIn(passOf(after)).end],
      ),
    );
    if (row === undefined) return null;
    const [place, body, doubles, rowsDone] = row;
    return {
      place: Number(place),
      body: Buffer.from((body ?? "").slice(2), "hex"),
      rowsDone: Number(rowsDone),
      doubles: doubles == null ? {} : doublesSchema.parse(JSON.parse(doubles)),
    };
  }

  /**
   * Marks rows of a chunk as done, in the transaction that writes them. Whoever runs the import holds its row from here to the
   * commit, so that of two processes one is undone.
   *
   * @throws Superseded if it is another's to write.
   */
  async mark(
    unit: Pick<WriteUnit, "rows" | "send" | "tenant">,
    { id, runner }: Taken,
    { place, start, end, isLast, late, names }: Part,
    outcome: ChunkOutcome,
  ): Promise<void> {
    const { created, updated, unchanged, refused } = outcome;
    const done = created + updated + unchanged + refused.length;
    const [tenant, of] = [unit.tenant, param(id, "uuid")];
    const count = (rows: number) => param(rows, "integer");
    if (refused.length > 0) {
      const { rows, errors } = refusedJson(refused);
      // RETURNING, since Citus would write them by COPY, which row-level security refuses.
      unit.send(
        sql`INSERT INTO import_refused_rows (tenant_id, import_id, row, cells)
          SELECT ${tenant}, ${of}, r.row, r.cells FROM json_to_recordset(${param(rows, "json")}) AS r(row integer, cells jsonb) RETURNING 1`,
      );
      unit.send(
        sql`INSERT INTO import_errors (tenant_id, import_id, row, place, "column", field, code, message)
          SELECT ${tenant}, ${of}, r.row, r.place, r.column, r.field, r.code, r.message
          FROM json_to_recordset(${param(errors, "json")}) AS r(row integer, place integer, "column" text, field text, code text, message text) RETURNING 1`,
      );
    }
    const marked = await Promise.all([
      unit.rows(
        sql`UPDATE imports SET rows_done = rows_done + ${count(done)}, rows_created = rows_created + ${count(created)},
            rows_updated = rows_updated + ${count(updated)}, rows_refused = rows_refused + ${count(refused.length)}, touched_at = now()
          WHERE tenant_id = ${tenant} AND id = ${of} AND runner = ${param(runner, "uuid")} AND status = 'running' RETURNING 1`,
      ),
      unit.rows(
        sql`UPDATE import_chunks SET rows_done = ${count(end)}, rows = rows - ${count(late?.count ?? 0)}${isLast ? dropped(names) : raw("")}
          WHERE tenant_id = ${tenant} AND import_id = ${of} AND place = ${count(place)} AND rows_done = ${count(start)} AND done_at IS NULL RETURNING 1`,
      ),
    ]);
    if (marked.some(({ length }) => length === 0)) throw new Superseded();
    if (late === null) return;
    // Each in front of those before it: what a row names stands below it, and is tried first.
    const { first, end: behind } = placesIn(late.pass);
    const [row] = await unit.rows(
      sql`SELECT min(place)::text FROM import_chunks
        WHERE tenant_id = ${tenant} AND import_id = ${of} AND place >= ${count(first)} AND place < ${count(behind)}`,
    );
    const before = Number(row?.[0] ?? behind) - 1;
    unit.send(
      sql`INSERT INTO import_chunks (tenant_id, import_id, place, rows, body)
        VALUES (${tenant}, ${of}, ${count(before)}, ${count(late.count)}, ${param(late.body, "bytea")})`,
    );
  }

  /** Whether rows of a pass were done: not all of them were put off. */
  async hasDone({ tenantId, id }: Taken, pass: number): Promise<boolean> {
    const { first, end } = placesIn(pass);
    const [row] = await asOwnWork(() =>
      this.#database.pool.forTenant(tenantId).rows(
        `SELECT 1 FROM import_chunks WHERE tenant_id = $1::uuid AND import_id = $2::uuid AND place >= $3::integer AND place < $4::integer
           AND rows > 0 LIMIT 1`,
        [tenantId, id, first, end],
      ),
    );
    return row !== undefined;
  }

  /** How many of the rows that a dry run has tried have each name, of those that some have. */
  async namesAmong(
    { tenantId, id }: Taken,
    names: readonly bigint[],
  ): Promise<ReadonlyMap<bigint, number>> {
    if (names.length === 0) return new Map();
    const rows = await asOwnWork(() =>
      this.#database.pool.forTenant(tenantId).rows(
        `SELECT k.name::text, count(*)::text FROM unnest($3::bigint[]) AS w(name) JOIN (
           SELECT unnest(c.keys) AS name FROM import_chunks c
           WHERE c.tenant_id = $1::uuid AND c.import_id = $2::uuid AND c.done_at IS NOT NULL) k ON k.name = w.name
         GROUP BY k.name`,
        [tenantId, id, [...new Set(names)].map(String)],
      ),
    );
    return new Map(rows.map(([name, count]) => [BigInt(name ?? ""), Number(count)]));
  }

  /** Ends an import that this process runs, and drops what is not written of it. False if it is another's. */
  end(taken: Taken, status: "done" | "failed", reason: string | null): Promise<boolean> {
    return this.#transaction(taken.tenantId, (transaction) =>
      endIn(transaction, taken, status, reason),
    );
  }

  /** Marks rows by themselves, of which nothing is written. With a reason, the import has failed with them. */
  markAlone(
    actor: Actor,
    catalog: Catalog,
    taken: Taken,
    { part, outcome, reason }: { part: Part; outcome: ChunkOutcome; reason: string | null },
  ): Promise<void> {
    return this.#transaction(taken.tenantId, async (transaction) => {
      await this.mark(new WriteUnit(transaction, { actor, catalog }), taken, part, outcome);
      // At once: a process that took the import between the two would go on behind rows that are not written.
      if (reason !== null) await endIn(transaction, taken, "failed", reason);
    });
  }

  /** Whoever watches the import is woken by its commit. */
  #transaction<Result>(
    tenantId: string,
    work: (transaction: Transaction) => Promise<Result>,
  ): Promise<Result> {
    return asOwnWork(() => this.#database.pool.transaction(tenantId, work));
  }
}

async function endIn(
  transaction: Transaction,
  { tenantId, id, runner }: Taken,
  status: "done" | "failed",
  reason: string | null,
): Promise<boolean> {
  const ended = await transaction.rows(
    `UPDATE imports SET status = $4::text::import_status, status_reason = $5, runner = NULL, finished_at = now(), touched_at = now()
       WHERE tenant_id = $1::uuid AND id = $2::uuid AND runner = $3::uuid AND status = 'running'
         AND ($4::text <> 'done' OR NOT EXISTS (SELECT FROM import_chunks c WHERE c.tenant_id = $1::uuid AND c.import_id = $2::uuid AND c.done_at IS NULL))
       RETURNING 1`,
    [tenantId, id, runner, status, reason],
  );
  if (ended.length > 0) {
    transaction.send(
      "DELETE FROM import_chunks WHERE tenant_id = $1::uuid AND import_id = $2::uuid",
      [tenantId, id],
    );
  }
  return ended.length > 0;
}

/** What a file said with the numbers that JavaScript, or PostgreSQL's JSON, would change as texts. */
function withTexts(said: unknown): unknown {
  if (said instanceof ExactNumber) return said.source;
  if (Array.isArray(said)) return said.map(withTexts);
  if (!isRecord(said)) return said;
  return Object.fromEntries(Object.entries(said).map(([key, item]) => [key, withTexts(item)]));
}

function refusedJson(refused: ChunkOutcome["refused"]): {
  readonly rows: string;
  readonly errors: string;
} {
  return {
    rows: JSON.stringify(
      refused.map(({ row: { number, cells } }) => ({ row: number, cells: withTexts(cells) })),
    ),
    errors: JSON.stringify(
      refused.flatMap(({ row: { number }, errors }) =>
        errors.map((error, place) => ({ row: number, place, ...error })),
      ),
    ),
  };
}
