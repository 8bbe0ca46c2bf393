import { EventEmitter } from "node:events";
import pg from "pg";
import type { Logger } from "pino";
import type { Logger as EngineLogger } from "graphile-worker";
import { describeError, withoutValues } from "../telemetry/describe-error.ts";
import { Outage } from "../telemetry/outage.ts";
import { DeadWorkers, markAlive, unmarkAlive } from "./dead-workers.ts";
import type { Task } from "./task.ts";

type Log = Pick<Logger, "info" | "warn" | "error">;

/** Jobs for later, and after failures, are looked for this often; new ones announce themselves. */
const pollMilliseconds = 1_000;
/** How long running jobs may take to end once the process is told to; those that take longer are given back. */
const endingMilliseconds = 5_000;
/** How often jobs of processes that were killed are looked for. */
const sweepMilliseconds = 5_000;

/** The code with which the engine has its process exit when its schema was changed by another version. */
const engineExitCode = 57;

/** SQLSTATEs of a schema, a table or a function that is not there, or that another session makes or changes just now. */
const unsettled: ReadonlySet<unknown> = new Set(
  "3F000 42883 42P01 42704 42804 XX000 40P01".split(" "),
);
/** How often something is tried while the engine's schema is unsettled. */
const mostAttempts = 10;

/** Tries something again while that fails because the engine's schema is unsettled. `attempt` counts from 1. */
export async function whileUnsettled<Result>(
  task: (attempt: number) => Promise<Result>,
): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await task(attempt);
    } catch (error) {
      const mayPass = error instanceof pg.DatabaseError && unsettled.has(error.code);
      if (!mayPass || attempt === mostAttempts) throw error;
    }
  }
}

/**
 * Makes the engine's schema, or brings it up to date. Idempotent, and safe beside others that do the same or use it: those
 * can meet in a deadlock, which ends one of them.
 */
export async function installEngine(pool: pg.Pool, log: Log): Promise<void> {
  const { makeWorkerUtils } = await import("graphile-worker");
  const logger = await engineLogger(log, fetchingOf(log));
  await whileUnsettled(async () => {
    const utils = await makeWorkerUtils({ pgPool: pool, logger });
    try {
      await utils.migrate();
    } finally {
      await utils.release();
    }
  });
}

/**
 * Runs jobs until `closing` is aborted and those that run have ended; they are told to. The schema is made if need be.
 *
 * @throws if the engine cannot start, or ends by itself: when its schema was made anew, or jobs cannot be given back.
 */
export async function runJobs(options: {
  readonly pool: pg.Pool;
  readonly tasks: readonly Task[];
  readonly atOnce: number;
  readonly logger: Log;
  readonly closing: AbortSignal;
}): Promise<void> {
  const { pool, tasks, atOnce, logger, closing } = options;
  await installEngine(pool, logger);
  const { run } = await import("graphile-worker");
  const stopping = new AbortController();
  const events = new EventEmitter();
  const fetching = fetchingOf(logger);
  events.on("localQueue:getJobs:complete", () => fetching.worked());
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
  events.on("pool:listen:release", ({ client }) => {
    unmarkAlive(client).catch(() => undefined);
  });
  // Also if it ends by itself, so that it is not long until it can be started again.
  events.on("pool:gracefulShutdown", () => stopping.abort());
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
    logger: await engineLogger(logger, fetching),
    events,
    preset,
    taskList: Object.fromEntries(
      tasks.map(({ name, run: work }) => [
        name,
        (payload: unknown) => work(payload, { stopping: stopping.signal }),
      ]),
    ),
  });
  const sweeping = setInterval(() => {
    dead.unlock().catch((cause: unknown) => {
      logger.warn({ cause: describeError(cause) }, "jobs of ended processes were not looked for");
    });
  }, sweepMilliseconds).unref();
  const told = Promise.withResolvers<void>();
  const tell = (): void => told.resolve();
  if (closing.aborted) tell();
  else closing.addEventListener("abort", tell, { once: true });
  try {
    await Promise.race([told.promise, runner.promise]);
  } finally {
    clearInterval(sweeping);
    closing.removeEventListener("abort", tell);
    // The engine means a process that does nothing else.
    if (process.exitCode === engineExitCode) process.exitCode = undefined;
  }
  if (!closing.aborted) throw new Error("the job engine ended by itself");
  await runner.stop();
}

/** Fetches of jobs: they fail each second while the server is away or only reads. */
const fetchingOf = (log: Log): Outage =>
  new Outage({
    begins: (details) => log.error(details, "trouble with jobs"),
    ends: (details) => log.info(details, "jobs are fetched again"),
  });

/** The engine's errors in our log. Its warnings are advice for its set-up. */
async function engineLogger(log: Log, fetching: Outage): Promise<EngineLogger> {
  const { Logger: Made } = await import("graphile-worker");
  return new Made((scope) => (level, message, meta) => {
    if (level !== "error") return;
    const cause = meta?.["error"] === undefined ? {} : { cause: describeError(meta["error"]) };
    const { taskIdentifier: task, jobId: job } = scope;
    const details = { task, job, engine: withoutValues(message), ...cause };
    if (message.startsWith("Error occurred fetching jobs")) fetching.failed(details);
    else log.error(details, "trouble with jobs");
  });
}
