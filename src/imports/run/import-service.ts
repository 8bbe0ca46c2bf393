import { setTimeout as sleep } from "node:timers/promises";
import type { Actor } from "../../auth/actor.ts";
import type { Database } from "../../db/database.ts";
import type { Import, Prisma } from "../../db/generated/prisma/client.ts";
import type { Transaction } from "../../db/transaction.ts";
import { asOwnWork } from "../../db/work.ts";
import { badInput } from "../../lib/errors.ts";
import { readId } from "../../lib/id.ts";
import type { Catalog } from "../../model/catalog.ts";
import type { RefusedRow } from "../read/refused-csv.ts";
import type { Crowd } from "./crowd.ts";
import { readMapping } from "./kept.ts";
import { isEnded, progressOf } from "./progress.ts";
import { Staging } from "./staging.ts";
import {
  importPrefix,
  type Enqueue,
  type ImportProgress,
  type ImportWrites,
  type NewImport,
  type Progress,
  type Staged,
  type Unmapped,
  type Watch,
} from "./types.ts";
import { settleUnmapped } from "./unmapped.ts";

/** The shortest time between two states that a watcher is shown, and the longest. */
const [minPause, maxPause] = [250, 1_000];
/** Refused rows that are read at once: each can have two megabytes. */
const page = 20;

/** The imports that a caller sees: a caller of an application those of its application. */
export const importsVisibleTo = ({
  tenantId,
  appId,
}: Pick<Actor, "tenantId" | "appId">): Prisma.ImportWhereInput =>
  appId === null ? { tenantId } : { tenantId, appId };

/** Imports, for those who send files and look at what became of them. Rows are written by jobs: see ImportRuns. */
export class ImportService {
  readonly #database: Database;
  readonly #staging: Staging;
  readonly #enqueue: Enqueue;
  readonly #live: Watch;

  constructor(options: {
    readonly database: Database;
    readonly catalog: Catalog;
    readonly writes: ImportWrites;
    readonly enqueue: Enqueue;
    readonly live: Watch;
    readonly crowd: Crowd;
  }) {
    this.#database = options.database;
    this.#enqueue = options.enqueue;
    this.#live = options.live;
    this.#staging = new Staging(options);
  }

  /**
   * Reads a file, keeps its rows, and has them imported; nothing is imported of a file that cannot be read to its end. An
   * import with columns that go nowhere waits for `start`.
   *
   * @throws FileRefused if the file cannot be read, GatewayError if the caller may not write such records or the options
   * cannot be used, and whatever the source throws.
   */
  async stage(actor: Actor, asked: NewImport, bytes: AsyncIterable<Uint8Array>): Promise<Staged> {
    const { isNew, tenantId, id } = await this.#staging.stage(actor, asked, bytes);
    const found = await this.#database
      .prismaFor(tenantId)
      .import.findFirstOrThrow({ where: { tenantId, id } });
    if (isNew && found.status === "queued") await this.#enqueue(found);
    return { import: found, isNew };
  }

  /** An import that the caller sees, by its id with prefix or bare; null if there is none. */
  async find(actor: Actor, sent: string): Promise<Import | null> {
    const id = readId(importPrefix, sent);
    if (id === null) return null;
    return await this.#database
      .prismaFor(actor.tenantId)
      .import.findFirst({ where: { ...importsVisibleTo(actor), id } });
  }

  /**
   * Starts an import that waits, and says what is done with columns that go nowhere. One that has started stays as it is.
   *
   * @throws GatewayError if it is not said.
   */
  async start(actor: Actor, sent: string, unmapped: Unmapped): Promise<Import | null> {
    const found = await this.find(actor, sent);
    if (found === null || found.status !== "waiting") return found;
    const mapping = settleUnmapped(readMapping(found.mapping), unmapped);
    const open = mapping.columns.filter(({ target }) => target === null);
    if (open.length > 0) {
      const names = open.map(({ column }) => `"${column}"`).join(", ");
      throw badInput(["unmapped"], `must be ignore or custom_fields, for the columns ${names}.`);
    }
    await this.#change(found, "status = 'queued', mapping = $3::jsonb", "status = 'waiting'", [
      JSON.stringify(mapping),
    ]);
    await this.#enqueue(found);
    return await this.find(actor, sent);
  }

  /** Ends an import between two of its chunks: what was written stays. One that has ended stays as it is. */
  async cancel(actor: Actor, sent: string): Promise<Import | null> {
    const found = await this.find(actor, sent);
    if (found === null || isEnded(found)) return found;
    await this.#change(
      found,
      "status = 'cancelled', finished_at = now(), runner = NULL, status_reason = $3",
      "finished_at IS NULL",
      [`Cancelled by ${actor.id}; what was written until then stays.`],
      (transaction) =>
        transaction.send(
          "DELETE FROM import_chunks WHERE tenant_id = $1::uuid AND import_id = $2::uuid",
          [found.tenantId, found.id],
        ),
    );
    return await this.find(actor, sent);
  }

  /** How fast an import is just now. */
  async progress(found: Import): Promise<Progress> {
    return await progressOf(this.#database, found);
  }

  /** Gives the refused rows of an import in the order of the file. Each has its errors. */
  async *refusedRows({
    tenantId,
    id,
  }: Pick<Import, "tenantId" | "id">): AsyncGenerator<RefusedRow> {
    const prisma = this.#database.prismaFor(tenantId);
    for (let after = -1; ;) {
      const where = { tenantId, importId: id };
      const rows = await prisma.importRefusedRow.findMany({
        where: { ...where, row: { gt: after } },
        orderBy: { row: "asc" },
        take: page,
      });
      const last = rows.at(-1);
      if (last === undefined) return;
      const errors = await prisma.importError.findMany({
        where: { ...where, row: { gt: after, lte: last.row } },
        orderBy: [{ row: "asc" }, { place: "asc" }],
      });
      const byRow = Map.groupBy(errors, ({ row }) => row);
      for (const { row, cells } of rows) {
        const said =
          typeof cells === "object" && cells !== null && !Array.isArray(cells) ? cells : {};
        yield { row: { number: row, cells: said }, errors: byRow.get(row) ?? [] };
      }
      after = last.row;
    }
  }

  /** The states that an import goes through, from now to its end, or until the signal; null while the caller sees none. */
  async *watch(actor: Actor, sent: string, signal: AbortSignal): AsyncGenerator<ImportProgress> {
    let woken = Promise.withResolvers<void>();
    const unwatch = this.#live.watch(actor.tenantId, () => woken.resolve());
    const stop = (): void => woken.resolve();
    signal.addEventListener("abort", stop);
    try {
      for (let shown = ""; !signal.aborted;) {
        woken = Promise.withResolvers();
        const found = await asOwnWork(() => this.find(actor, sent));
        if (found === null) return;
        const progress = await asOwnWork(() => this.progress(found));
        const state = JSON.stringify([found.status, found.rowsDone, progress]);
        if (state !== shown) yield { import: found, progress };
        shown = state;
        if (isEnded(found)) return;
        await Promise.race([woken.promise, pause(maxPause)]);
        await pause(minPause);
      }
    } finally {
      signal.removeEventListener("abort", stop);
      unwatch();
    }
  }

  /** Changes an import that meets a condition, and wakes those who watch it. */
  async #change(
    { tenantId, id }: Import,
    assignments: string,
    condition: string,
    values: readonly unknown[],
    along?: (transaction: Transaction) => void,
  ): Promise<void> {
    await this.#database.pool.transaction(tenantId, async (transaction) => {
      const changed = await transaction.rows(
        `UPDATE imports SET ${assignments}, touched_at = now() WHERE tenant_id = $1::uuid AND id = $2::uuid AND ${condition} RETURNING 1`,
        [tenantId, id, ...values],
      );
      if (changed.length > 0) along?.(transaction);
    });
  }
}

const pause = (milliseconds: number): Promise<void> =>
  sleep(milliseconds, undefined, { ref: false });
