// Imports files as `crm work` does, in a process of its own: node bench/import-process.ts <url>. Takes messages of the parent.
import { createReadStream } from "node:fs";
import { fork } from "node:child_process";
import { once } from "node:events";
import { z } from "zod";
import { Credentials } from "../src/auth/credentials.ts";
import { operatorOf } from "../src/auth/operator.ts";
import { loadConfig } from "../src/config.ts";
import { openDatabase } from "../src/db/database.ts";
import { Jobs } from "../src/jobs/jobs.ts";
import { LiveFeed } from "../src/live/feed.ts";
import { catalog } from "../src/modules/catalog.ts";
import { openImports } from "../src/open-imports.ts";
import { createLog } from "../src/telemetry/log.ts";
import { usualOptions } from "../test/support/imports/usual-options.ts";

const askedSchema = z.object({
  tenantId: z.uuid(),
  path: z.string(),
  mode: z.enum(["create", "upsert"]),
  key: z.string().nullable(),
});
export type Asked = z.infer<typeof askedSchema>;

const outcomeSchema = z.object({
  stagedSeconds: z.number(),
  seconds: z.number(),
  rowsDone: z.number(),
  rowsRefused: z.number(),
  status: z.string(),
  cpuSeconds: z.number(),
  /** Bytes, each second. */
  memory: z.array(z.number()),
});
export type Outcome = z.infer<typeof outcomeSchema>;

/** Starts the process. */
export function startImportProcess(url: string, execArgv: readonly string[] = []) {
  const child = fork(import.meta.filename, [url], { execArgv: [...process.execArgv, ...execArgv] });
  return {
    pid: child.pid ?? 0,
    run: async (asked: Asked): Promise<Outcome> => {
      child.send(asked);
      const [message]: unknown[] = await once(child, "message");
      return outcomeSchema.parse(message);
    },
    stop: async (): Promise<void> => {
      const ended = once(child, "exit");
      child.disconnect();
      await ended;
    },
  };
}

async function serve(url: string): Promise<void> {
  const config = loadConfig({ ...process.env, NODE_ENV: "production", LOG_LEVEL: "error" });
  const logger = createLog("error");
  const database = openDatabase({ url, pool: config.pool });
  const { pool } = database;
  const { requestsPerMinute } = config.limits;
  const { apiKeys } = new Credentials({ pool, config: config.auth, requestsPerMinute, logger });
  const jobs = new Jobs({ url, logger });
  const live = new LiveFeed({ database, catalog });
  const { atOnce } = config.jobs;
  const imports = openImports({ database, jobs, apiKeys, live, logger, atOnce });
  jobs.run(imports.start(), config.jobs);
  const importFile = async ({ tenantId, path, mode, key }: Asked): Promise<Outcome> => {
    const actor = operatorOf(tenantId);
    const memory: number[] = [];
    const sampling = setInterval(() => memory.push(process.memoryUsage.rss()), 1_000);
    const cpu = process.cpuUsage();
    const startedAt = performance.now();
    const seconds = (): number => (performance.now() - startedAt) / 1_000;
    const staged = await imports.service.stage(
      actor,
      { options: { ...usualOptions, mode, key }, fileName: path, force: true },
      createReadStream(path),
    );
    const stagedSeconds = seconds();
    let last = staged.import;
    for await (const seen of imports.service.watch(actor, last.id, new AbortController().signal))
      last = seen.import;
    clearInterval(sampling);
    const used = process.cpuUsage(cpu);
    const { rowsDone, rowsRefused, status } = last;
    const cpuSeconds = (used.user + used.system) / 1_000_000;
    return { stagedSeconds, seconds: seconds(), rowsDone, rowsRefused, status, cpuSeconds, memory };
  };
  process.on("message", (message) => {
    void importFile(askedSchema.parse(message)).then((outcome) => process.send?.(outcome));
  });
  process.on("disconnect", () => {
    imports.stop();
    void live
      .close()
      .then(() => jobs.close())
      .then(() => database.close())
      .then(() => process.exit());
  });
}

if (import.meta.main) await serve(process.argv[2] ?? "");
