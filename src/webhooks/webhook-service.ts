import type { GraphQLSchema } from "graphql";
import type { Logger } from "pino";
import { v7 as uuidv7 } from "uuid";
import { z } from "zod";
import type { Actor } from "../auth/actor.ts";
import type { ApiKeys } from "../auth/api-keys.ts";
import type { Database } from "../db/database.ts";
import { asOwnWork } from "../db/work.ts";
import { atMost } from "../lib/at-most.ts";
import { GatewayError } from "../lib/errors.ts";
import { formatId } from "../lib/id.ts";
import type { Jobs } from "../jobs/jobs.ts";
import { defineTask, type Job, type Task } from "../jobs/task.ts";
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
/** How often endpoints with something to do are looked for. */
const sweepMilliseconds = 1_000;
/** The most endpoints of a process that use the database at the same time. */
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
  readonly schedule?: Schedule;
};

/** Webhooks: looks at what is saved, wakes endpoints, and delivers where jobs are run. */
export class WebhookService implements Webhooks {
  readonly #options: WebhookServiceOptions;
  readonly #run: RunOptions;
  readonly #sending: Sending;
  /** Endpoints that this process works on; true if they are to run again behind it. */
  readonly #running = new Map<string, boolean>();
  #sweeping: NodeJS.Timeout | null = null;

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
    this.#sending = new Sending({ targets, printer, schedule });
    this.#run = {
      database,
      catalog,
      schema,
      schedule,
      sending: this.#sending,
      inTurn: atMost(turns),
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

  wake(of: Of): Promise<void> {
    return this.#options.jobs.add([jobFor(of)]);
  }

  async endOfLog(tenantId: string): Promise<bigint> {
    const { database, catalog } = this.#options;
    const db = database.pool.forTenant(tenantId);
    return await asOwnWork(() => endOfLog({ tenantId, catalog, db }));
  }

  makeSecret(): string {
    return makeSecret();
  }

  /** The tasks of a process that runs jobs. From here on it also looks for endpoints that have something to do. */
  start(): readonly Task[] {
    this.#sweeping ??= setInterval(() => void this.#sweep(), sweepMilliseconds).unref();
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
    if (this.#sweeping !== null) clearInterval(this.#sweeping);
  }

  /** Ends connections to endpoints, once no job runs any more. */
  close(): void {
    this.#options.targets.close();
  }

  /** An endpoint that this process works on already runs once more behind that. */
  async #runEndpoint(of: Of, stopping: AbortSignal): Promise<void> {
    if (this.#running.has(of.id)) return void this.#running.set(of.id, true);
    try {
      do {
        this.#running.set(of.id, false);
        const { more } = await new EndpointRun(this.#run, of).run(stopping);
        // It had its time: others that wait come first.
        if (more) return await this.wake(of);
      } while (this.#running.get(of.id) === true);
    } finally {
      this.#running.delete(of.id);
    }
  }

  #nextPrune = 0;
  #isSweeping = false;

  async #sweep(): Promise<void> {
    if (this.#isSweeping) return;
    this.#isSweeping = true;
    const { jobs, logger } = this.#options;
    try {
      const found = await endpointsToRun((...statement) => jobs.rows(...statement));
      const idle = found.filter(({ id }) => !this.#running.has(id));
      const isTime = Date.now() >= this.#nextPrune;
      if (isTime) this.#nextPrune = Date.now() + pruneMilliseconds;
      await jobs.add([
        ...idle.map(jobFor),
        ...(isTime ? [{ task: pruneName, payload: {}, key: pruneName }] : []),
      ]);
    } catch (cause) {
      logger.warn({ cause: describeError(cause) }, "endpoints of webhooks were not looked for");
    } finally {
      this.#isSweeping = false;
    }
  }
}

/** Under a key, so that an endpoint waits once, however often it is woken. A run that fails is found again by looking. */
const jobFor = ({ tenantId, id }: Of): Job => ({
  task: runName,
  payload: { tenantId, webhookId: id },
  key: `${runName} ${id}`,
  attempts: 1,
});
