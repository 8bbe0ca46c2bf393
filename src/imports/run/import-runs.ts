import { randomUUID } from "node:crypto";
import type { Logger } from "pino";
import type { Database } from "../../db/database.ts";
import type { Import } from "../../db/generated/prisma/client.ts";
import { GatewayError } from "../../lib/errors.ts";
import type { Catalog } from "../../model/catalog.ts";
import { describeError } from "../../telemetry/describe-error.ts";
import type { EntityWrites } from "../../write/entity-writes.ts";
import type { Imported, RowReference } from "../read/types.ts";
import { packRow, packRows } from "./chunk-body.ts";
import type { Crowd } from "./crowd.ts";
import { nameOf, namesOf, ownWays } from "./given-values.ts";
import { ImportTable, Superseded, type LateRows, type Part, type Taken } from "./import-table.ts";
import { readMapping, readOptions } from "./kept.ts";
import { importKeys } from "./keys.ts";
import { listedEntity } from "./listed-entity.ts";
import { mostPasses, passOf } from "./passes.ts";
import { nextPortion } from "./portions.ts";
import { prepareRows, type PreparedRow, type StagedChunk } from "./prepare.ts";
import { wantedKey } from "./references.ts";
import { refuseVain, resolveReferences } from "./resolve.ts";
import type { ActorOf, Enqueue, ImportWrites } from "./types.ts";
import { writeChunk, type ChunkOptions, type ChunkOutcome } from "./write-chunk.ts";

/** How long an import is run before others that wait have their turn. */
const sliceMilliseconds = 5_000;
/** Rows of a transaction while others have requests: nobody waits long for the process, a lock or a place. */
const rowsBeside = 10;
/** Errors of ours after which an import is given up. */
const mostFailures = 5;

type Of = { readonly tenantId: string; readonly id: string };

/** What of an import stays the same from chunk to chunk. */
type Plan = Omit<ChunkOptions, "context"> & {
  readonly taken: Taken;
  readonly import: Import;
  readonly options: ReturnType<typeof readOptions>;
  /** What cells are read by: the entity with the tenant's lists, and its inputs. */
  readonly imported: Imported;
};

export type ImportRunsOptions = {
  readonly database: Database;
  readonly catalog: Catalog;
  readonly writes: ImportWrites;
  readonly actorOf: ActorOf;
  readonly enqueue: Enqueue;
  readonly logger: Pick<Logger, "warn" | "error">;
  readonly crowd: Crowd;
};

/** Writes the rows of imports, chunk by chunk; each chunk is one transaction with its mark and its errors. */
export class ImportRuns {
  readonly #options: ImportRunsOptions;
  readonly #table: ImportTable;
  /** How often imports have failed by errors of ours, in this process. */
  readonly #failures = new Map<string, number>();

  constructor(options: ImportRunsOptions) {
    this.#options = options;
    this.#table = new ImportTable(options.database);
  }

  /** Runs an import for a while, and has it go on later if something is left. */
  async run(of: Of, stopping: AbortSignal): Promise<void> {
    const taken: Taken = { ...of, runner: randomUUID() };
    try {
      const found = await this.#table.take(taken);
      if (found === null) return;
      const hasMore = await this.#slice(await this.#planOf(found, taken), stopping);
      this.#failures.delete(of.id);
      if (hasMore) await this.#options.enqueue(of);
    } catch (error) {
      if (error instanceof Superseded) return;
      await this.#failed(taken, error);
    }
  }

  /** An outage is waited out by trying again; an error of ours that comes again and again ends the import. */
  async #failed(taken: Taken, error: unknown): Promise<void> {
    const { logger, enqueue } = this.#options;
    if (error instanceof GatewayError && error.code !== "UNAVAILABLE") {
      await this.#end(taken, error.message);
      return;
    }
    logger.error({ import: taken.id, cause: describeError(error) }, "an import was interrupted");
    const failures = (this.#failures.get(taken.id) ?? 0) + 1;
    this.#failures.set(taken.id, failures);
    if (failures < mostFailures || isOutage(error)) {
      await enqueue(taken, new Date(Date.now() + 1_000 * Math.min(failures, 10)));
      return;
    }
    this.#failures.delete(taken.id);
    await this.#end(taken, "It met an unexpected error again and again.");
  }

  async #end(taken: Taken, reason: string): Promise<void> {
    await this.#table.end(taken, "failed", `${reason} Rows that were written until then stay.`);
  }

  async #planOf(found: Import, taken: Taken): Promise<Plan> {
    const { mode, key, dryRun, abortOnError } = found;
    const writes = this.#options.writes.get(found.entity);
    if (writes === undefined) throw new Error(`no imports of "${found.entity}"`);
    const { pool } = this.#options.database;
    const entity = await listedEntity(pool, taken.tenantId, writes.entity);
    return {
      import: found,
      taken,
      imported: { entity, inputs: writes.inputs },
      writes: keyed(writes),
      mapping: readMapping(found.mapping),
      options: readOptions(found.options),
      mode,
      key,
      dryRun,
      abortOnError,
    };
  }

  /** Whether something is left. */
  async #slice(plan: Plan, stopping: AbortSignal): Promise<boolean> {
    const end = performance.now() + sliceMilliseconds;
    let next = this.#nextOf(plan, null);
    const slice: { state: "open" | "written" | "over" | "stopped" } = { state: "open" };
    const lane = async (isFirst: boolean): Promise<void> => {
      while (slice.state === "open" && (isFirst || !this.#options.crowd.isThere)) {
        // Read while PostgreSQL writes those before it; each chunk is one lane's.
        const taken = next;
        next = taken.then((read) => read && this.#nextOf(plan, read.chunk.place));
        next.catch(() => undefined);
        const read = await taken;
        if (read === null) slice.state = "written";
        if (read === null) return;
        const went = await this.#chunk(plan, read, stopping);
        if (went !== "done") slice.state = went;
        if (stopping.aborted || performance.now() > end) return;
      }
    };
    const lanes = Array.from({ length: lanesOf(plan) }, (_, place) =>
      lane(place === 0).catch((error: unknown) => {
        slice.state = "over";
        throw error;
      }),
    );
    for (const outcome of await Promise.allSettled(lanes)) {
      if (outcome.status === "rejected") throw outcome.reason;
    }
    await next.catch(() => undefined);
    if (slice.state === "written") return !(await this.#table.end(plan.taken, "done", null));
    return slice.state !== "over";
  }

  async #nextOf(plan: Plan, after: number | null): Promise<Read | null> {
    const chunk = await this.#table.next(plan.taken, after);
    if (chunk === null) return null;
    const { imported, mapping, key } = plan;
    const { manner } = plan.options;
    return { chunk, rows: await prepareRows(chunk, { imported, mapping, manner, key }) };
  }

  /** Writes what is left of a chunk: whether all of it, or the import is over, or the process is to stop. */
  async #chunk(
    plan: Plan,
    { chunk, rows }: Read,
    stopping: AbortSignal,
  ): Promise<"done" | "over" | "stopped"> {
    const { dryRun, writes } = plan;
    const { crowd } = this.#options;
    const { place } = chunk;
    for (let start = chunk.rowsDone; start === 0 || start < rows.length;) {
      if (stopping.aborted) return "stopped";
      const most = crowd.isThere ? rowsBeside : rows.length;
      // What a dry run undoes is judged together.
      const portion = dryRun
        ? { rows, end: rows.length }
        : nextPortion(rows, start, { most, entity: writes.entity });
      const { end } = portion;
      const part = { place, start, end, isLast: end === rows.length };
      const goesOn = await crowd.inTurn(() => this.#portion(plan, part, portion.rows), stopping);
      if (!goesOn) return "over";
      if (part.isLast) break;
      start = end;
    }
    return "done";
  }

  /** Whether the import goes on. */
  async #portion(plan: Plan, at: Place, rows: readonly PreparedRow[]): Promise<boolean> {
    const { taken, abortOnError, dryRun } = plan;
    const { catalog, writes, database } = this.#options;
    const actor = await this.#options.actorOf(plan.import);
    if (actor === null) {
      await this.#end(
        taken,
        `The credential of ${plan.import.createdBy} works no more: it was revoked, or has expired.`,
      );
      return false;
    }
    const { pool } = database;
    const context = { actor, catalog, pool, idempotent: null, skipsUnchanged: true };
    const { createMissing } = plan.options;
    const { entity } = plan.writes;
    const wouldBe = dryRun ? this.#wouldBe(plan) : null;
    const isEachNew = plan.mode === "create";
    const resolving = { context, writes, createMissing, own: entity, isEachNew, wouldBe };
    const resolved = await resolveReferences(resolving, rows);
    const lacking = new Set(resolved.lacking);
    for (;;) {
      const late = await this.#late(plan, at.place, [...lacking]);
      const good = late === null ? rows : rows.filter((row) => !lacking.has(row));
      const part: Part = { ...at, late, names: [] };
      const outcome = await writeChunk({ ...plan, context }, good, (unit, found) =>
        this.#table.mark(unit, taken, part, found),
      );
      if (outcome.isWritten) return true;
      const refused = [...outcome.refused, ...lacking].map(({ row }) => row);
      const vain = refuseVain(context, resolved.hopes, refused);
      for (const { row, isLacking } of vain) if (isLacking) lacking.add(row);
      // Without those that would be refused, others are judged anew.
      if (vain.length > 0) continue;
      const isAborted = abortOnError && outcome.refused.length > 0;
      const gone = new Set(refused.map(({ number }) => number));
      const kept = good.filter(({ row }) => !gone.has(row.number));
      const names = dryRun ? namesOf(entity, ownWays(entity.name, plan.mapping), kept) : [];
      await this.#table.markAlone(actor, catalog, taken, {
        part: { ...part, names },
        outcome: isAborted ? onlyRefused(outcome) : outcome,
        reason: isAborted ? abortReason(outcome, at, dryRun) : null,
      });
      return !isAborted;
    }
  }

  /** Rows to try again behind all others; null if there are none, or trying again leads to nothing. */
  async #late(
    { taken }: Plan,
    place: number,
    rows: readonly PreparedRow[],
  ): Promise<LateRows | null> {
    const pass = passOf(place);
    if (rows.length === 0 || pass === mostPasses) return null;
    if (pass > 0 && !(await this.#table.hasDone(taken, pass - 1))) return null;
    // The last row goes first: what the others name stands below them.
    const body = await packRows(rows.toReversed().map(({ row }) => packRow(row)));
    return { pass: pass + 1, count: rows.length, body };
  }

  /** Tells how many rows of chunks before have what is named. */
  #wouldBe({ taken, writes: { entity } }: Plan) {
    return async (references: readonly RowReference[]): Promise<ReadonlyMap<string, number>> => {
      const known = await this.#table.namesAmong(
        taken,
        references.map((one) => nameOf(entity, one)),
      );
      return new Map(
        references.map((one) => [wantedKey(one), known.get(nameOf(entity, one)) ?? 0]),
      );
    };
  }
}

/** Where rows stand in the file. */
type Place = Omit<Part, "late" | "names">;

/**
 * How many chunks are written at once, while nobody else has requests: each is a transaction with its own mark, and rows
 * with one key are told apart before. One after the other where a chunk decides on those behind it, or rows name others
 * of their kind, which can be those of an earlier chunk.
 */
const lanesOf = ({ abortOnError, dryRun, options, mapping, import: { entity } }: Plan): number => {
  const namesOwn = ownWays(entity, mapping).length > 0;
  return abortOnError || dryRun || namesOwn || options.createMissing.length > 0 ? 1 : 2;
};

type Read = { readonly chunk: StagedChunk; readonly rows: readonly PreparedRow[] };

/** Records are found by names, too, which are unique to none. */
const keyed = (writes: EntityWrites): EntityWrites => ({
  ...writes,
  upsertKeys: importKeys(writes),
});

const onlyRefused = (outcome: ChunkOutcome): ChunkOutcome => ({
  ...outcome,
  created: 0,
  updated: 0,
  unchanged: 0,
});

const abortReason = ({ refused }: ChunkOutcome, { place }: Place, dryRun: boolean): string => {
  const first = refused[0]?.row.number ?? 0;
  const written =
    passOf(place) === 0
      ? "Rows that were written before its chunk stay; none of its chunk and no later one is written."
      : "It had waited for a record that rows below it could have made; rows that were written meanwhile stay.";
  const stays = dryRun ? "Nothing was written, since it is a dry run." : written;
  return `Row ${first} was refused, and the import says to stop then. ${stays}`;
};

/** Whether the database could not be reached, or had no room: nothing is wrong with the import. */
const isOutage = (error: unknown): boolean =>
  (error instanceof GatewayError && error.code === "UNAVAILABLE") ||
  (error instanceof Error &&
    "code" in error &&
    typeof error.code === "string" &&
    /^(?:08|53|57|E[A-Z]+$)/.test(error.code));
