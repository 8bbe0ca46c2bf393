import type { GraphQLSchema } from "graphql";
import type { Logger } from "pino";
import { v7 as uuidv7 } from "uuid";
import { z } from "zod";
import type { Actor } from "../auth/actor.ts";
import type { ApiKeys } from "../auth/api-keys.ts";
import type { Database } from "../db/database.ts";
import { asOwnWork } from "../db/work.ts";
import { atMost } from "../lib/at-most.ts";
import { addTo } from "../lib/counts.ts";
import { GatewayError } from "../lib/errors.ts";
import { formatId } from "../lib/id.ts";
import type { Jobs } from "../jobs/jobs.ts";
import { defineTask, type Job, type Task } from "../jobs/task.ts";
import type { LiveFeed } from "../live/feed.ts";
import { endOfLog } from "../live/log.ts";
import type { Catalog } from "../model/catalog.ts";
import type { Endpoint, EndpointSettings, Sent, Webhooks } from "../modules/webhook/endpoint.ts";
import { describeError } from "../telemetry/describe-error.ts";
import { invalid, type Problem } from "../write/problem.ts";
import { findActive } from "./endpoints.ts";
import { EndpointRun, type RunOptions } from "./endpoint-run.ts";
import { checkListening } from "./listening-of.ts";
import { testBody } from "./payload.ts";
import { usualSchedule, type Schedule } from "./schedule.ts";
import { formOf, Sending, type Printer } from "./sending.ts";
import { makeSecret } from "./signature.ts";
import { endpointsToRun, pruneDeliveries } from "./sweep.ts";
import type { Targets } from "./target/targets.ts";

type Of = Pick<Endpoint, "tenantId" | "id">;

const runName = "webhooks.run";
const pruneName = "webhooks.prune";
/** The most that all endpoints of a process do with the database at the same time. */
const turns = 3;
const pruneMilliseconds = 3_600_000;

export type WebhookServiceOptions = {
  readonly database: Database;
  readonly catalog: Catalog;
  readonly schema: GraphQLSchema;
  readonly jobs: Jobs;
  readonly apiKeys: Pick<ApiKeys, "actorOf">;
  readonly targets: Targets;
  readonly printer: Printer;
  readonly logger: Pick<Logger, "warn">;
  /** Days that ended deliveries are kept. */
  readonly keepDays: number;
  /** The most endpoints of one tenant that this process works on at once: slow ones leave the other jobs to others. */
  readonly endpointsPerTenant: number;
  readonly schedule?: Schedule;
};

/** Webhooks: looks at what is saved, wakes endpoints, and delivers where jobs are run. */
export class WebhookService implements Webhooks {
  readonly #options: WebhookServiceOptions;
  readonly #run: RunOptions;
  readonly #sending: Sending;
  /** The endpoints that this process works on. */
  readonly #running = new Map<string, EndpointRun>();
  /** The tenants with active endpoints, whose commits are heard of, and how that is ended. */
  readonly #watched = new Map<string, () => void>();
  /** Tenants whose logs have grown. */
  readonly #woken = new Set<string>();
  #isLooking = false;
  /** How many of them are each tenant's. */
  readonly #places = new Map<string, number>();
  /** Endpoints of tenants that have all their places: the next ones to run. */
  readonly #held = new Map<string, Set<string>>();
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
    const inTurn = atMost(turns);
    const printInTurn: Printer = {
      check: (...form) => printer.check(...form),
      print: (...events) => inTurn(() => printer.print(...events)),
    };
    this.#sending = new Sending({ targets, printer: printInTurn, schedule });
    this.#run = {
      database,
      catalog,
      schema,
      schedule,
      sending: this.#sending,
      inTurn,
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

  async check(settings: EndpointSettings, actor: Actor): Promise<readonly Problem[]> {
    const { targets, schema, catalog, printer } = this.#options;
    const problems: Problem[] = [];
    const complaint = await targets.check(settings.url);
    if (complaint !== null) problems.push(invalid(["url"], `${complaint}.`));
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
    const secrets = (await findActive(database, { tenantId, id }, new Date()))?.secrets ?? [];
    const body = testBody(formatId("whk", id), new Date());
    const { sent } = await this.#sending.post({ url, secrets }, `test-${uuidv7()}`, body);
    return sent;
  }

  /** If nobody can be told just now, the next look finds it. */
  async wake(of: Of): Promise<void> {
    await this.#options.jobs.add([jobFor(of)]).catch((cause: unknown) => this.#warn(cause));
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
        run: ({ tenantId, webhookId }, { stopping }) =>
          this.#runEndpoint({ tenantId, id: webhookId }, stopping),
      }),
      defineTask({
        name: pruneName,
        payload: z.object({}),
        run: () =>
          pruneDeliveries(
            (...statement) => this.#options.jobs.rows(...statement),
            this.#options.keepDays,
          ),
      }),
    ];
  }

  /** Looks for endpoints no more. */
  stop(): void {
    this.#feed = null;
    if (this.#sweeping !== null) clearInterval(this.#sweeping);
    for (const unwatch of this.#watched.values()) unwatch();
  }

  /** Ends connections to endpoints, once no job runs any more. */
  close(): void {
    this.#options.targets.close();
  }

  /** An endpoint that this process works on already looks once more. */
  async #runEndpoint(of: Of, stopping: AbortSignal): Promise<void> {
    const running = this.#running.get(of.id);
    if (running !== undefined) return running.wake();
    if (!this.#takePlace(of)) return;
    const run = new EndpointRun(this.#run, of);
    this.#running.set(of.id, run);
    this.#watch(of.tenantId);
    try {
      const { more } = await run.run(stopping);
      // It had its time: others that wait come first.
      if (more) await this.wake(of);
    } finally {
      this.#running.delete(of.id);
      const next = this.#leavePlace(of.tenantId);
      if (next !== null && !stopping.aborted) await this.wake({ tenantId: of.tenantId, id: next });
    }
  }

  /** False if the tenant has all its places: then the endpoint is held until one is free. */
  #takePlace({ tenantId, id }: Of): boolean {
    const held = this.#held.get(tenantId) ?? new Set();
    if ((this.#places.get(tenantId) ?? 0) >= this.#options.endpointsPerTenant) {
      this.#held.set(tenantId, held.add(id));
      return false;
    }
    addTo(this.#places, tenantId, 1);
    held.delete(id);
    return true;
  }

  /** Frees a place; gives the endpoint that has been held for the longest time. Those that stay held are found by looking. */
  #leavePlace(tenantId: string): string | null {
    addTo(this.#places, tenantId, -1);
    const held = this.#held.get(tenantId) ?? new Set();
    const [next = null] = held;
    if (next !== null) held.delete(next);
    if (held.size === 0) this.#held.delete(tenantId);
    return next;
  }

  #nextPrune = 0;
  #isSweeping = false;

  async #sweep(): Promise<void> {
    if (this.#isSweeping) return;
    this.#isSweeping = true;
    const { jobs } = this.#options;
    try {
      const tenants = await this.#look(null);
      if (tenants !== null) this.#watchOnly(tenants);
      if (Date.now() < this.#nextPrune) return;
      await jobs.add([{ task: pruneName, payload: {}, key: pruneName }]);
      this.#nextPrune = Date.now() + pruneMilliseconds;
    } catch (cause) {
      this.#warn(cause);
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
    const { jobs } = this.#options;
    try {
      const found = await endpointsToRun((...statement) => jobs.rows(...statement), tenantIds);
      const idle = found.endpoints.filter(({ id }) => {
        const running = this.#running.get(id);
        running?.wake();
        return running === undefined;
      });
      await jobs.add(idle.map(jobFor));
      return found.tenants;
    } catch (cause) {
      this.#warn(cause);
      return null;
    }
  }

  #warn(cause: unknown): void {
    const { logger } = this.#options;
    logger.warn({ cause: describeError(cause) }, "endpoints of webhooks were not looked for");
  }
}

/** Under a key, so that an endpoint waits once, however often it is woken. A run that fails is found again by looking. */
const jobFor = ({ tenantId, id }: Of): Job => ({
  task: runName,
  payload: { tenantId, webhookId: id },
  key: `${runName} ${id}`,
  attempts: 1,
});
