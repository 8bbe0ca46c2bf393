import cluster, { type Worker } from "node:cluster";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { AggregatorRegistry } from "prom-client";
import { z } from "zod";
import { Channel } from "../lib/channel.ts";
import { StartupError } from "../lib/startup-error.ts";
import { MemoryCounters } from "../limits/memory-counters.ts";
import { minuteMilliseconds } from "../limits/rate-limiter.ts";
import { checkAddress } from "./http.ts";
import { logToErrors } from "./open.ts";
import type { CommandContext } from "./run-command.ts";
import type { Prepared, Served } from "./serve-gateway.ts";

const servedSchema = z.object({
  port: z.number(),
  metricsUrl: z.string().nullable(),
  servesExplorer: z.boolean(),
  example: z.record(z.string(), z.unknown()).nullable(),
});
const metricsSchema = z.array(z.looseObject({ name: z.string() }));
const grantArguments = z.tuple([z.string(), z.number(), z.number()]);
const takeBackArguments = z.tuple([z.string(), z.number(), z.string()]);

/** The pause before a worker that has ended before serving is replaced. */
const pauseMilliseconds = 1_000;
/** How long workers may take to end: longer than requests and jobs may; and in a hurry, before the primary exits. */
const [endingMilliseconds, hurryMilliseconds] = [30_000, 500];

/**
 * Serves one port by several processes. This process, the primary, starts the workers and replaces those that end. It
 * counts quotas in memory for all of them, and passes on changes of keys.
 *
 * @throws StartupError if a worker cannot start.
 */
export async function serveByWorkers(
  context: CommandContext,
  prepared: Prepared,
  count: number,
): Promise<Served> {
  // Workers share a port by its number, so later ones need the same.
  const { host, telemetry } = context.config;
  const port = await checkAddress(host, prepared.port);
  const { metricsPort: asked } = prepared;
  const metricsPort = asked === null ? null : await checkAddress(telemetry.metrics.host, asked);
  const primary = new Primary({ ...prepared, port, metricsPort });
  context.onClose(() => primary.close(context.hurry));
  const served = await Promise.all(Array.from({ length: count }, () => primary.start()));
  const [first] = served;
  if (first === undefined) throw new Error("there is at least one worker");
  primary.keepGoing();
  return first;
}

class Primary {
  readonly #prepared: Prepared;
  readonly #counters = new MemoryCounters();
  readonly #sweeping = setInterval(() => void this.#counters.sweep(), minuteMilliseconds);
  readonly #channels = new Map<Worker, Channel>();
  #isServing = false;
  #isClosing = false;

  constructor(prepared: Prepared) {
    this.#prepared = prepared;
  }

  /** Starts a worker. Resolves once it serves. */
  start(): Promise<Served> {
    const worker = cluster.fork();
    const ready = Promise.withResolvers<Served>();
    const channel = new Channel(
      {
        send: (message, failed) => void worker.send(message, failed),
        listen: (receive) => void worker.on("message", receive),
      },
      {
        start: () => this.#prepared,
        ready: (served) => ready.resolve(servedSchema.parse(served)),
        grant: (...asked) => this.#counters.grant(...grantArguments.parse(asked)),
        takeBack: (...given) => this.#counters.takeBack(...takeBackArguments.parse(given)),
        forgetKey: (id) => this.#askOthers(worker, "forgetKey", id),
        noteWrite: (caller) => this.#askOthers(worker, "noteWrite", caller),
        metrics: () => this.#printMetrics(),
      },
    );
    this.#channels.set(worker, channel);
    const ended = (reason: string | number): void => {
      if (!this.#channels.delete(worker)) return;
      channel.close();
      ready.reject(new StartupError("A worker could not start."));
      if (this.#isServing && !this.#isClosing) {
        logToErrors(`Worker ${worker.process.pid} ended (${reason}); another one starts.`);
        void this.#replace(ready.promise);
      }
    };
    worker.once("exit", (code, signal) => ended(signal ?? code));
    // One that cannot be forked (no memory, no processes left) has no exit.
    worker.on("error", ({ message }) => ended(message));
    return ready.promise;
  }

  /** Replaces each worker that ends from now on. */
  keepGoing(): void {
    this.#isServing = true;
  }

  async #replace(wasReady: Promise<Served>): Promise<void> {
    await wasReady.catch(() => sleep(pauseMilliseconds));
    if (!this.#isClosing) await this.start().catch(() => undefined);
  }

  /** Ends the workers after they have answered their running requests. One that does not end in time is killed. */
  async close(hurry: AbortSignal): Promise<void> {
    this.#isClosing = true;
    clearInterval(this.#sweeping);
    const workers = [...this.#channels.keys()].filter((worker) => !worker.isDead());
    const ended = Promise.all(workers.map((worker) => once(worker, "exit")));
    const tell = (word: string) => {
      for (const worker of workers) if (worker.isConnected()) worker.send(word, () => undefined);
    };
    hurry.addEventListener("abort", () => tell("hurry"));
    tell("stop");
    if (hurry.aborted) tell("hurry");
    const patience = sleep(endingMilliseconds, undefined, { signal: hurry }).catch(() =>
      sleep(hurryMilliseconds),
    );
    await Promise.race([ended, patience]);
    for (const worker of workers) {
      if (worker.isDead()) continue;
      logToErrors(`Worker ${worker.process.pid} did not end in time, and is killed.`);
      worker.process.kill("SIGKILL");
    }
    await ended;
  }

  /** The answers of all other workers that still run. */
  async #askOthers(asker: Worker | null, what: string, ...values: unknown[]): Promise<unknown[]> {
    const others = [...this.#channels].filter(([worker]) => worker !== asker);
    const answers = others.map(([, channel]) => channel.ask(what, ...values));
    const settled = await Promise.allSettled(answers);
    return settled.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  }

  async #printMetrics(): Promise<string> {
    const all = await this.#askOthers(null, "metrics");
    return AggregatorRegistry.aggregate(all.map((one) => metricsSchema.parse(one))).metrics();
  }
}
