import { setTimeout as sleep } from "node:timers/promises";
import type { GraphQLSchema } from "graphql";
import type { Logger } from "pino";
import { v7 as uuidv7 } from "uuid";
import { z } from "zod";
import type { Actor } from "../auth/actor.ts";
import type { ApiKeys } from "../auth/api-keys.ts";
import type { Database } from "../db/database.ts";
import { asOwnWork } from "../db/work.ts";
import { GatewayError } from "../lib/errors.ts";
import { fairTurns } from "../lib/fair-turns.ts";
import { formatId } from "../lib/id.ts";
import type { Jobs } from "../jobs/jobs.ts";
import { defineTask, type Job, type Task } from "../jobs/task.ts";
import type { LiveFeed } from "../live/feed.ts";
import { endOfLog } from "../live/log.ts";
import type { Catalog } from "../model/catalog.ts";
import type { Endpoint, EndpointSettings, Sent, Webhooks } from "../modules/webhook/endpoint.ts";
import { describeError } from "../telemetry/describe-error.ts";
import { Outage } from "../telemetry/outage.ts";
import { invalid, type Problem } from "../write/problem.ts";
import { changeStatus, findSecrets, type StatusChange } from "./endpoints.ts";
import { EndpointRun, type Left, type RunOptions } from "./endpoint-run.ts";
import { checkListening } from "./listening-of.ts";
import { testBody } from "./payload.ts";
import { Room } from "./room.ts";
import { usualSchedule, type Schedule } from "./schedule.ts";
import { formOf, Sending, type Printer } from "./sending.ts";
import { makeSecret } from "./signature.ts";
import { endpointsToRun, pruneDeliveries, removeDeleted } from "./sweep.ts";
import type { Targets } from "./target/targets.ts";

type Of = Pick<Endpoint, "tenantId" | "id">;

const runName = "webhooks.run";
const pruneName = "webhooks.prune";
const removeName = "webhooks.remove";
/** The most that all endpoints of a process do with the database at the same time. */
const turns = 3;
/** How long runs may take to end with the process. */
const closingMilliseconds = 6_000;
/** The most endpoints that a process works on at once. One that waits for answers costs little. */
const mostRuns = 2_000;
const pruneMilliseconds = 3_600_000;

export type WebhookServiceOptions = {
  readonly database: Database;
  readonly catalog: Catalog;
  readonly schema: GraphQLSchema;
  readonly jobs: Jobs;
  readonly apiKeys: Pick<ApiKeys, "actorOf">;
  readonly targets: Targets;
  readonly printer: Printer;
  readonly logger: Pick<Logger, "info" | "warn">;
  /** Days that ended deliveries are kept. */
  readonly keepDays: number;
  readonly schedule?: Schedule;
};

/** Webhooks: looks at what is saved, wakes endpoints, and delivers where jobs are run. */
export class WebhookService implements Webhooks {
  readonly #options: WebhookServiceOptions;
  readonly #run: RunOptions;
  readonly #sending: Sending;
  readonly #looking: Outage;
  readonly #adding: Outage;
  /** The endpoints that this process works on. */
  readonly #running = new Map<string, EndpointRun>();
  /** The tenants with active endpoints, whose commits are heard of, and how that is ended. */
  readonly #watched = new Map<string, () => void>();
  /** Tenants whose logs have grown. */
  readonly #woken = new Set<string>();
  #isLooking = false;
  /** Those runs until they end. */
  readonly #runs = new Set<Promise<void>>();
  /** Endpoints that wait until another run ends. */
  readonly #held = new Map<string, Of>();
  #sweeping: NodeJS.Timeout | null = null;
  #feed: Pick<LiveFeed, "watch"> | null = null;

  constructor(options: WebhookServiceOptions) {
    const {
      database,
      catalog,
      schema,
      targets,
      printer,
      schedule = usualSchedule,
      logger,
    } = options;
    this.#options = options;
    this.#looking = new Outage({
      begins: (details) => logger.warn(details, "endpoints of webhooks were not looked for"),
      ends: (details) => logger.info(details, "endpoints of webhooks are looked for again"),
    });
    this.#adding = new Outage({
      begins: (details) => logger.warn(details, "jobs of webhooks were not added"),
      ends: (details) => logger.info(details, "jobs of webhooks are added again"),
    });
    const inTurn = fairTurns(turns);
    const printInTurn: Printer = {
      check: (...form) => printer.check(...form),
      print: (actor, ...events) => inTurn(actor.tenantId, () => printer.print(actor, ...events)),
    };
    this.#sending = new Sending({
      targets,
      printer: printInTurn,
      schedule,
      actorOf: (id) => this.actorOf(id),
      onTrouble: (cause) => this.#warn(cause, "the payload of a webhook could not be made"),
    });
    this.#run = {
      database,
      catalog,
      schema,
      schedule,
      sending: this.#sending,
      inTurn,
      room: new Room(),
      othersWait: () => this.#held.size > 0,
      actorOf: (id) => this.actorOf(id),
      onStop: ({ tenantId, id }, reason) =>
        logger.warn(
          { tenant: formatId("ten", tenantId), webhook: formatId("whk", id), reason },
          "a webhook was switched off",
        ),
    };
  }

  actorOf(apiKeyId: string): Promise<Actor | null> {
    return this.#options.apiKeys.actorOf(apiKeyId);
  }

  async checkUrl(url: string): Promise<readonly Problem[]> {
    const complaint = await this.#options.targets.check(url);
    return complaint === null ? [] : [invalid(["url"], `${complaint}.`)];
  }

  check(settings: Omit<EndpointSettings, "url">, actor: Actor): readonly Problem[] {
    const { schema, catalog, printer } = this.#options;
    const problems: Problem[] = [];
    const tests: readonly [path: readonly string[], test: () => void][] = [
      [["where"], () => checkListening(schema, catalog, settings, actor)],
      [["query"], () => printer.check(formOf(settings.payload, settings.query), actor, ["query"])],
    ];
    for (const [path, test] of tests) {
      try {
        test();
      } catch (error) {
        if (!(error instanceof GatewayError)) throw error;
        const { refusal } = error;
        problems.push(invalid(refusal.path ?? path, refusal.complaint));
      }
    }
    return problems;
  }

  async test({ tenantId, id, url }: Of & Pick<Endpoint, "url">): Promise<Sent> {
    const { database } = this.#options;
    const secrets = await findSecrets(database, { tenantId, id }, new Date());
    const body = testBody(formatId("whk", id), new Date());
    const { sent } = await this.#sending.post({ url, secrets }, `test-${uuidv7()}`, body);
    return sent;
  }

  /** If nobody can be told just now, the next look finds it. */
  async wake(of: Of): Promise<void> {
    await this.#add([jobFor(of)]);
  }

  async setPaused(of: Of, paused: boolean, actor: string): Promise<void> {
    const change: StatusChange = paused
      ? { from: ["active", "stopped"], to: "paused", reason: null, actor }
      : { from: ["paused", "stopped"], to: "active", reason: null, actor };
    await changeStatus(this.#options.database.pool, of, change);
  }

  /** If no job can be added just now, the one of the next hour does it. */
  async removeDeleted(): Promise<void> {
    await this.#add([removalJob]);
  }

  async endOfLog(tenantId: string): Promise<bigint> {
    const { database, catalog } = this.#options;
    const db = database.pool.forTenant(tenantId);
    return await asOwnWork(() => endOfLog({ tenantId, catalog, db }));
  }

  makeSecret(): string {
    return makeSecret();
  }

  /**
   * The tasks of a process that runs jobs. From here on it also looks for endpoints that have something to do: those of a
   * tenant when its log has grown, and all now and then.
   */
  start(feed: Pick<LiveFeed, "watch">): readonly Task[] {
    this.#feed = feed;
    const { lookMilliseconds } = this.#run.schedule;
    this.#sweeping ??= setInterval(() => void this.#sweep(), lookMilliseconds).unref();
    return [
      defineTask({
        name: runName,
        payload: z.object({ tenantId: z.uuid(), webhookId: z.uuid() }),
        run: async ({ tenantId, webhookId }, { stopping }) =>
          this.#runEndpoint({ tenantId, id: webhookId }, stopping),
      }),
      defineTask({
        name: pruneName,
        payload: z.object({}),
        run: () => pruneDeliveries(this.#options.jobs.rows, this.#options.keepDays),
      }),
      defineTask({
        name: removeName,
        payload: z.object({}),
        run: () => removeDeleted(this.#options.jobs.rows),
      }),
    ];
  }

  /** Looks for endpoints no more. */
  stop(): void {
    this.#feed = null;
    if (this.#sweeping !== null) clearInterval(this.#sweeping);
    for (const unwatch of this.#watched.values()) unwatch();
  }

  /** Waits for deliveries that are under way, which are told to end with the jobs, and ends connections to endpoints. */
  async close(): Promise<void> {
    await Promise.race([
      Promise.all(this.#runs),
      sleep(closingMilliseconds, undefined, { ref: false }),
    ]);
    this.#options.targets.close();
  }

  /**
   * Begins to work on an endpoint, and does not wait until that ends: slow endpoints hold up no other jobs. An endpoint
   * that this process works on already looks once more.
   */
  #runEndpoint(of: Of, stopping: AbortSignal): void {
    const running = this.#running.get(of.id);
    if (running !== undefined) return running.wake();
    if (stopping.aborted) return;
    if (this.#running.size >= mostRuns) return void this.#held.set(of.id, of);
    this.#held.delete(of.id);
    const run = new EndpointRun(this.#run, of);
    this.#running.set(of.id, run);
    this.#watch(of.tenantId);
    const ended = this.#ended(run.run(stopping), of, stopping);
    this.#runs.add(ended);
    void ended.then(() => this.#runs.delete(ended));
  }

  /** A run that failed is found again by looking; one that is not done goes behind all that wait. */
  async #ended(run: Promise<Left>, of: Of, stopping: AbortSignal): Promise<void> {
    try {
      const { more } = await run;
      if (more) this.#held.set(of.id, of);
    } catch (cause) {
      this.#warn(cause, "deliveries of a webhook were interrupted");
    }
    this.#running.delete(of.id);
    const [next] = this.#held.values();
    if (next !== undefined) this.#runEndpoint(next, stopping);
  }

  #nextPrune = 0;
  #isSweeping = false;

  async #sweep(): Promise<void> {
    if (this.#isSweeping) return;
    this.#isSweeping = true;
    try {
      const tenants = await this.#look(null);
      if (tenants !== null) this.#watchOnly(tenants);
      if (Date.now() < this.#nextPrune) return;
      const isAdded = await this.#add([
        { task: pruneName, payload: {}, key: pruneName },
        removalJob,
      ]);
      if (isAdded) this.#nextPrune = Date.now() + pruneMilliseconds;
    } finally {
      this.#isSweeping = false;
    }
  }

  #watchOnly(tenants: ReadonlySet<string>): void {
    for (const [tenantId, unwatch] of this.#watched) {
      if (tenants.has(tenantId)) continue;
      unwatch();
      this.#watched.delete(tenantId);
    }
    for (const tenantId of tenants) this.#watch(tenantId);
  }

  #watch(tenantId: string): void {
    if (this.#feed === null || this.#watched.has(tenantId)) return;
    const unwatch = this.#feed.watch(tenantId, () => {
      this.#woken.add(tenantId);
      if (!this.#isLooking) void asOwnWork(() => this.#lookAtWoken());
    });
    this.#watched.set(tenantId, unwatch);
  }

  /** One look for all commits that were heard of during the one before it. */
  async #lookAtWoken(): Promise<void> {
    this.#isLooking = true;
    while (this.#woken.size > 0 && this.#feed !== null) {
      const tenants = [...this.#woken];
      this.#woken.clear();
      await this.#look(tenants);
    }
    this.#isLooking = false;
  }

  /** Has the endpoints of tenants, or of all, run that have something to do. The tenants with active ones; null if unknown. */
  async #look(tenantIds: readonly string[] | null): Promise<ReadonlySet<string> | null> {
    let found: Awaited<ReturnType<typeof endpointsToRun>>;
    try {
      found = await endpointsToRun(this.#options.jobs.rows, tenantIds, this.#run.schedule);
      this.#looking.worked();
    } catch (cause) {
      this.#looking.failed({ cause: describeError(cause) });
      return null;
    }
    const idle = found.endpoints.filter(({ id }) => {
      const running = this.#running.get(id);
      running?.wake();
      return running === undefined;
    });
    return (await this.#add(idle.map(jobFor))) ? found.tenants : null;
  }

  /** Adds jobs. False if they cannot be added just now. */
  async #add(jobs: readonly Job[]): Promise<boolean> {
    if (jobs.length === 0) return true;
    try {
      await this.#options.jobs.add(jobs);
      this.#adding.worked();
      return true;
    } catch (cause) {
      this.#adding.failed({ cause: describeError(cause) });
      return false;
    }
  }

  #warn(cause: unknown, what: string): void {
    this.#options.logger.warn({ cause: describeError(cause) }, what);
  }
}

const removalJob: Job = { task: removeName, payload: {}, key: removeName };

/** Under a key, so that an endpoint waits once, however often it is woken. A run that fails is found again by looking. */
const jobFor = ({ tenantId, id }: Of): Job => ({
  task: runName,
  payload: { tenantId, webhookId: id },
  key: `${runName} ${id}`,
  attempts: 1,
});
