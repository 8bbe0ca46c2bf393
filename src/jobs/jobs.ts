import { setTimeout as sleep } from "node:timers/promises";
import type pg from "pg";
import type { Logger } from "pino";
import type { OwnerRows } from "../db/owner-rows.ts";
import { describeError } from "../telemetry/describe-error.ts";
import { EnginePool } from "./engine-pool.ts";
import { installEngine, runJobs, whileUnsettled } from "./engine.ts";
import type { Job, Task } from "./task.ts";

/** Connections of a process that adds and runs jobs: one that listens, and those that take and finish jobs. */
const mostConnections = 4;
/** The shortest pause between attempts to start the engine, and the longest. */
const [leastPause, maxPause] = [500, 10_000];
/** How long the engine may take to end. */
const closingMilliseconds = 10_000;
/** How long the engine's last statements may take at the end, and how often they are looked at. */
const [endingMilliseconds, lookMilliseconds] = [5_000, 10];
const addJobs = `
  SELECT count(*) FROM graphile_worker.add_jobs(ARRAY(
    SELECT (j.task, j.payload, j.queue, j.run_at, j.attempts, j.key, NULL, NULL)::graphile_worker.job_spec
    FROM json_to_recordset($1) AS j(task text, payload json, queue text, run_at timestamptz, attempts smallint, key text)))`;

export type JobsOptions = {
  /** The tables' owner's, past any pooler: the engine listens, and its tables are no tenant's. */
  readonly url: string;
  readonly logger: Pick<Logger, "info" | "warn" | "error">;
};

/** Work that is done later, or elsewhere, and survives the process: kept in PostgreSQL by graphile-worker. */
export class Jobs {
  readonly #pool: pg.Pool;
  readonly #logger: JobsOptions["logger"];
  readonly #closing = new AbortController();
  #running: Promise<void> | null = null;
  #closed: Promise<void> | null = null;

  constructor({ url, logger }: JobsOptions) {
    this.#logger = logger;
    const config = {
      connectionString: url,
      max: mostConnections,
      keepAlive: true,
      connectionTimeoutMillis: 10_000,
      application_name: "crm-gateway jobs",
    };
    this.#pool = new EnginePool(config, this.#closing.signal);
    // A lost connection fails what runs on it, and is replaced.
    this.#pool.on("error", () => undefined);
    this.#pool.on("connect", (client) => void client.on("error", () => undefined));
  }

  /** Adds jobs in one statement. The engine's tables are made by whoever needs them first. */
  async add(jobs: readonly Job[]): Promise<void> {
    if (jobs.length === 0) return;
    const rows = jobs.map(({ runAt, ...job }) => ({ ...job, run_at: runAt }));
    const values = [JSON.stringify(rows)];
    await whileUnsettled(async (attempt) => {
      if (attempt > 1) await installEngine(this.#pool, this.#logger);
      await this.#pool.query(addJobs, values);
    });
  }

  /** Runs a statement as the tables' owner, over all tenants; for tasks, never for a request. */
  readonly rows: OwnerRows = async (text, values) => {
    const { rows } = await this.#pool.query<Record<string, unknown>>(text, [...values]);
    return rows;
  };

  /**
   * Runs jobs in this process until `close`, with at most `atOnce` at the same time. A start that fails is tried again, and
   * an engine that ends by itself is started again.
   */
  run(tasks: readonly Task[], { atOnce }: { readonly atOnce: number }): void {
    if (tasks.length > 0) this.#running ??= this.#run(tasks, atOnce);
  }

  async #run(tasks: readonly Task[], atOnce: number): Promise<void> {
    const logger = this.#logger;
    const { signal: closing } = this.#closing;
    for (let pause = leastPause; !closing.aborted; pause = Math.min(pause * 2, maxPause)) {
      const startedAt = performance.now();
      try {
        await runJobs({ pool: this.#pool, tasks, atOnce, logger, closing });
      } catch (cause) {
        logger.error({ cause: describeError(cause) }, "jobs cannot be run just now");
      }
      if (performance.now() - startedAt > maxPause) pause = leastPause;
      await sleep(pause, undefined, { signal: closing, ref: false }).catch(() => undefined);
    }
  }

  /** Ends after the running jobs, which are told to; those that take too long are given back. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#closing.abort();
    try {
      // The engine waits for a server that is away as long as that takes; others give back what it holds.
      await Promise.race([this.#running, sleep(closingMilliseconds, undefined, { ref: false })]);
      await this.#settled();
    } finally {
      await this.#pool.end();
    }
  }

  /** Waits for the statements that mark jobs as done: the engine sends them, and does not wait for their answers. */
  async #settled(): Promise<void> {
    const pool = this.#pool;
    for (let waited = 0; waited < endingMilliseconds; waited += lookMilliseconds) {
      if (pool.waitingCount === 0 && pool.idleCount === pool.totalCount) return;
      await sleep(lookMilliseconds);
    }
  }
}
