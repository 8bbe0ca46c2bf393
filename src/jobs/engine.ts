import { EventEmitter } from "node:events";
import type pg from "pg";
import type { Logger } from "pino";
import type { Logger as EngineLogger } from "graphile-worker";
import { describeError, withoutValues } from "../telemetry/describe-error.ts";
import { DeadWorkers, markAlive } from "./dead-workers.ts";
import type { Task } from "./task.ts";

type Log = Pick<Logger, "warn" | "error">;

/** Jobs for later, and after failures, are looked for this often; new ones announce themselves. */
const pollMilliseconds = 1_000;
/** How long running jobs may take to end once the process is told to; those that take longer are given back. */
const endingMilliseconds = 5_000;
/** How often jobs of processes that were killed are looked for. */
const sweepMilliseconds = 5_000;

export type Runner = { readonly stop: () => Promise<void> };

/** Makes the engine's schema, or brings it up to date. Idempotent, and safe beside others that do the same. */
export async function installEngine(pool: pg.Pool, log: Log): Promise<void> {
  const { makeWorkerUtils } = await import("graphile-worker");
  const utils = await makeWorkerUtils({ pgPool: pool, logger: await engineLogger(log) });
  try {
    await utils.migrate();
  } finally {
    await utils.release();
  }
}

/** Runs jobs; the schema is made if need be. Resolves once it runs. */
export async function startRunner(options: {
  readonly pool: pg.Pool;
  readonly tasks: readonly Task[];
  readonly atOnce: number;
  readonly logger: Log;
}): Promise<Runner> {
  const { pool, tasks, atOnce, logger } = options;
  const { run } = await import("graphile-worker");
  const stopping = new AbortController();
  const events = new EventEmitter();
  const dead = new DeadWorkers(pool);
  events.on("pool:listen:success", ({ workerPool, client }) => {
    // The engine's own statement goes first; the lock ends with the connection, and so with the process.
    client.once("drain", () => {
      markAlive(client, workerPool.id).then(
        () => dead.except(workerPool.id),
        () => undefined,
      );
    });
  });
  const preset = {
    worker: {
      pollInterval: pollMilliseconds,
      // Fetched for all that run at once: one poll for the process.
      localQueue: { size: atOnce },
      gracefulShutdownAbortTimeout: endingMilliseconds,
    },
  };
  const runner = await run({
    pgPool: pool,
    concurrency: atOnce,
    noHandleSignals: true,
    logger: await engineLogger(logger),
    events,
    preset,
    taskList: Object.fromEntries(
      tasks.map(({ name, run: work }) => [
        name,
        (payload: unknown) => work(payload, { stopping: stopping.signal }),
      ]),
    ),
  });
  runner.promise.catch((cause: unknown) => {
    logger.error({ cause: describeError(cause) }, "jobs are not run any more");
  });
  const sweeping = setInterval(() => {
    dead.unlock().catch((cause: unknown) => {
      logger.warn({ cause: describeError(cause) }, "jobs of ended processes were not looked for");
    });
  }, sweepMilliseconds).unref();
  return {
    stop: async () => {
      clearInterval(sweeping);
      stopping.abort();
      await runner.stop();
    },
  };
}

/** The engine's errors in our log. Its warnings are advice for its set-up. */
async function engineLogger(log: Log): Promise<EngineLogger> {
  const { Logger: Made } = await import("graphile-worker");
  return new Made((scope) => (level, message, meta) => {
    if (level !== "error") return;
    const cause = meta?.["error"] === undefined ? {} : { cause: describeError(meta["error"]) };
    const { taskIdentifier: task, jobId: job } = scope;
    log.error({ task, job, engine: withoutValues(message), ...cause }, "trouble with jobs");
  });
}
