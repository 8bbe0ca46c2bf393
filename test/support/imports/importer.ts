import { pino } from "pino";
import { Credentials } from "../../../src/auth/credentials.ts";
import { operatorOf } from "../../../src/auth/operator.ts";
import type { Actor } from "../../../src/auth/actor.ts";
import { loadConfig } from "../../../src/config.ts";
import { openDatabase, type Database } from "../../../src/db/database.ts";
import { actorsOf } from "../../../src/imports/run/actor.ts";
import { Crowd } from "../../../src/imports/run/crowd.ts";
import { ImportRuns } from "../../../src/imports/run/import-runs.ts";
import { ImportService } from "../../../src/imports/run/import-service.ts";
import type { ImportOptions, NewImport, Staged } from "../../../src/imports/run/types.ts";
import { LiveFeed } from "../../../src/live/feed.ts";
import { catalog } from "../../../src/modules/catalog.ts";
import { crmWrites } from "../../../src/modules/crm-writes.ts";
import { bytesOf } from "./bytes.ts";
import { usualOptions } from "./usual-options.ts";

type Of = { readonly tenantId: string; readonly id: string };

/** Imports on a database, whose jobs are kept in a list: a test runs them when it wants to. */
export class Importer {
  readonly database: Database;
  readonly service: ImportService;
  readonly runs: ImportRuns;
  readonly apiKeys: Credentials["apiKeys"];
  /** The imports that are to be run, in order. */
  readonly queue: Of[] = [];
  readonly #live: LiveFeed;

  /** Says how many requests of others there are. */
  load = 0;

  constructor(url: string) {
    const config = loadConfig({ NODE_ENV: "test" });
    const logger = pino({ level: "silent" });
    this.database = openDatabase({ url, maxConnections: 5 });
    const { pool } = this.database;
    const { requestsPerMinute } = config.limits;
    this.apiKeys = new Credentials({
      pool,
      config: config.auth,
      requestsPerMinute,
      logger,
    }).apiKeys;
    this.#live = new LiveFeed({ database: this.database, catalog });
    const common = {
      database: this.database,
      catalog,
      writes: crmWrites,
      live: this.#live,
      crowd: new Crowd(() => this.load),
      enqueue: ({ tenantId, id }: Of) => {
        this.queue.push({ tenantId, id });
        return Promise.resolve();
      },
    };
    this.service = new ImportService(common);
    const actorOf = actorsOf(this.apiKeys);
    this.runs = new ImportRuns({ ...common, actorOf, logger });
  }

  /** Sends a file as the operator does, or as another. */
  stage(actor: Actor | string, asked: AskedImport, ...parts: readonly string[]): Promise<Staged> {
    const { force = false, ...options } = asked;
    const sent: NewImport = {
      options: { ...usualOptions, ...options },
      fileName: "test.csv",
      force,
    };
    return this.service.stage(
      typeof actor === "string" ? operatorOf(actor) : actor,
      sent,
      bytesOf(...parts),
    );
  }

  /** Runs what is to be run, and what comes of it, to the end. */
  async runAll(): Promise<void> {
    for (let of = this.queue.shift(); of !== undefined; of = this.queue.shift()) await this.run(of);
  }

  run(of: Of): Promise<void> {
    return this.runs.run(of, new AbortController().signal);
  }

  async close(): Promise<void> {
    await this.#live.close();
    await this.apiKeys.close();
    await this.database.close();
  }
}

export type AskedImport = Partial<ImportOptions> & { readonly force?: boolean };
