import type { Logger } from "pino";
import { z } from "zod";
import type { ApiKeys } from "./auth/api-keys.ts";
import type { Database } from "./db/database.ts";
import { actorsOf } from "./imports/run/actor.ts";
import { Crowd } from "./imports/run/crowd.ts";
import { ImportRuns } from "./imports/run/import-runs.ts";
import { ImportService } from "./imports/run/import-service.ts";
import { findIdle, pruneImports, runKey } from "./imports/run/sweep.ts";
import type { Enqueue } from "./imports/run/types.ts";
import type { LiveFeed } from "./live/feed.ts";
import { catalog } from "./modules/catalog.ts";
import { crmWrites } from "./modules/crm-writes.ts";
import { describeError } from "./telemetry/describe-error.ts";
import type { Jobs } from "./jobs/jobs.ts";
import { defineTask, type Task } from "./jobs/task.ts";

const [runName, pruneName] = ["imports.run", "imports.prune"];
const [lookMilliseconds, pruneMilliseconds] = [5_000, 300_000];
/** An import that finds no place looks again after this time. */
const placeMilliseconds = 500;

type Options = {
  readonly database: Database;
  readonly jobs: Pick<Jobs, "add" | "rows">;
  readonly apiKeys: Pick<ApiKeys, "actorOf">;
  readonly live: Pick<LiveFeed, "watch">;
  readonly logger: Pick<Logger, "warn" | "error">;
  /** The most jobs that this process runs at once. */
  readonly atOnce: number;
  /** The others who have requests to this process. */
  readonly crowd?: Crowd;
};

/** The imports of a process: the service for those who send files, and the tasks where jobs are run. */
export type Imports = {
  readonly service: ImportService;
  /** The tasks of a process that runs jobs; from here on it also looks for imports whose job was lost. */
  readonly start: () => readonly Task[];
  readonly stop: () => void;
};

/** Imports are run by jobs: one at a time for each tenant, whose imports take turns, and a part of a process's jobs. */
export function openImports({
  database,
  jobs,
  apiKeys,
  live,
  logger,
  atOnce,
  crowd = new Crowd(() => 0),
}: Options): Imports {
  const enqueue: Enqueue = ({ tenantId, id }, runAt) =>
    jobs.add([
      {
        task: runName,
        payload: { tenantId, id },
        key: runKey(id),
        queue: `${runName} ${tenantId}`,
        ...(runAt === undefined ? {} : { runAt }),
      },
    ]);
  const common = { database, catalog, writes: crmWrites, enqueue, crowd };
  const runs = new ImportRuns({ ...common, actorOf: actorsOf(apiKeys), logger });
  const service = new ImportService({ ...common, live });
  const most = Math.max(1, Math.floor(atOnce / 4));
  let running = 0;
  let looking: NodeJS.Timeout | null = null;
  let isLooking = false;
  const look = async (): Promise<void> => {
    // A database that is slow is not asked again meanwhile.
    if (isLooking) return;
    isLooking = true;
    try {
      for (const of of await findIdle(jobs.rows)) await enqueue(of);
    } catch (cause) {
      logger.warn({ cause: describeError(cause) }, "imports were not looked for");
    } finally {
      isLooking = false;
    }
  };
  const run = defineTask({
    name: runName,
    payload: z.object({ tenantId: z.uuid(), id: z.uuid() }),
    run: async (of, { stopping }) => {
      // The other jobs of the process are for what is small.
      if (running >= most) return await enqueue(of, new Date(Date.now() + placeMilliseconds));
      running += 1;
      try {
        await runs.run(of, stopping);
      } finally {
        running -= 1;
      }
    },
  });
  const prune = defineTask({
    name: pruneName,
    payload: z.object({}),
    run: () => pruneImports(jobs.rows),
  });
  let nextPrune = 0;
  return {
    service,
    start: () => {
      looking ??= setInterval(() => {
        void look();
        if (Date.now() < nextPrune) return;
        nextPrune = Date.now() + pruneMilliseconds;
        jobs.add([{ task: pruneName, payload: {}, key: pruneName }]).catch(() => undefined);
      }, lookMilliseconds).unref();
      return [run, prune];
    },
    stop: () => {
      if (looking !== null) clearInterval(looking);
    },
  };
}
