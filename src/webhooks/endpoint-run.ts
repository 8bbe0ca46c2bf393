import { setImmediate } from "node:timers/promises";
import type { GraphQLSchema } from "graphql";
import type { Actor } from "../auth/actor.ts";
import type { Database } from "../db/database.ts";
import { asOwnWork } from "../db/work.ts";
import { GatewayError } from "../lib/errors.ts";
import { prepare, type LiveEvent, type Prepared } from "../live/listening.ts";
import type { LogSource } from "../live/log.ts";
import { readMatching } from "../live/matching.ts";
import { SeenStates } from "../live/states.ts";
import type { Catalog } from "../model/catalog.ts";
import type { Endpoint } from "../modules/webhook/endpoint.ts";
import { Deliveries, type Claimed, type Outcome } from "./deliveries.ts";
import { changeStatus, findActive, type Signed } from "./endpoints.ts";
import { listeningOf } from "./listening-of.ts";
import type { Room } from "./room.ts";
import type { Schedule } from "./schedule.ts";
import type { Ended, Sending } from "./sending.ts";

/** The most events of the log that are looked at in one step. */
const eventsAtOnce = 500;
/** How long a run may take if others wait for its place. */
const runMilliseconds = 20_000;

export type RunOptions = {
  readonly database: Database;
  readonly catalog: Catalog;
  readonly schema: GraphQLSchema;
  readonly sending: Sending;
  readonly schedule: Schedule;
  /** The rights that a key has now; null if it does not work. */
  readonly actorOf: (apiKeyId: string) => Promise<Actor | null>;
  /** Tenants take turns at the database, which requests need as well. */
  readonly inTurn: <Result>(tenantId: string, task: () => Promise<Result>) => Promise<Result>;
  readonly room: Room;
  /** Whether other endpoints wait until this one has had its time. */
  readonly othersWait: () => boolean;
  /** Hears that an endpoint was switched off. */
  readonly onStop: (endpoint: Pick<Endpoint, "tenantId" | "id">, reason: string) => void;
};

/** How long requests may go on once the process is to end. */
const endingMilliseconds = 4_000;

/** Whether something was left for another run. */
export type Left = { readonly more: boolean };

/**
 * Works off an endpoint: new events go from the log into its queue, and what is due is sent. Everything that is known is
 * in the database, so a run may end anywhere; what it had taken is due again when its lease has run out.
 */
export class EndpointRun {
  readonly #options: RunOptions;
  readonly #of: Pick<Endpoint, "tenantId" | "id">;
  readonly #deliveries: Deliveries;
  readonly #source: LogSource;
  readonly #seen = new SeenStates();
  /** The deliveries that it has taken, until what became of them is written. */
  readonly #held = new Set<string>();
  #isWoken = false;
  #ring: () => void = () => undefined;

  constructor(options: RunOptions, of: Pick<Endpoint, "tenantId" | "id">) {
    this.#options = options;
    this.#of = of;
    this.#deliveries = new Deliveries(options.database.pool);
    const db = options.database.pool.forTenant(of.tenantId);
    this.#source = {
      tenantId: of.tenantId,
      catalog: options.catalog,
      db: { rows: (...statement) => asOwnWork(() => db.rows(...statement)) },
    };
  }

  /** Has it look for something to do once more; also while it waits for answers. */
  wake(): void {
    this.#isWoken = true;
    this.#ring();
  }

  #woken(): Promise<void> {
    if (this.#isWoken) return Promise.resolve();
    return new Promise((resolve) => {
      this.#ring = resolve;
    });
  }

  /**
   * Runs until nothing is due, or others wait. Once the process is to end, nothing more is taken, and requests that take
   * too long are given back.
   *
   * @throws what went wrong on our side; what was taken is given back then.
   */
  async run(stopping: AbortSignal): Promise<Left> {
    const hurry = new AbortController();
    const later = (): void => void setTimeout(() => hurry.abort(), endingMilliseconds).unref();
    if (stopping.aborted) later();
    else stopping.addEventListener("abort", later, { once: true });
    try {
      return await this.#work(stopping, hurry.signal);
    } finally {
      // The signal lasts as long as the process.
      stopping.removeEventListener("abort", later);
    }
  }

  async #work(stopping: AbortSignal, hurry: AbortSignal): Promise<Left> {
    const { room, schedule, othersWait } = this.#options;
    const { tenantId } = this.#of;
    const inTurn = <Result>(task: () => Promise<Result>) => this.#options.inTurn(tenantId, task);
    const until = Date.now() + runMilliseconds;
    const running = new Set<Promise<void>>();
    const ended: Ended[] = [];
    const lost: Claimed[] = [];
    let failure: { readonly reason: unknown } | null = null;
    const start = (sent: Promise<Ended | null>, claimed: Claimed): void => {
      room.add(tenantId, 1);
      this.#held.add(claimed.id);
      const done: Promise<void> = sent
        .then(
          (one) => void (one === null ? lost.push(claimed) : ended.push(one)),
          (reason: unknown) => {
            lost.push(claimed);
            failure ??= { reason };
          },
        )
        .finally(() => {
          running.delete(done);
          room.add(tenantId, -1);
        });
      running.add(done);
    };
    for (;;) {
      this.#isWoken = false;
      const isOver = stopping.aborted || failure !== null || (Date.now() > until && othersWait());
      const most = room.mostOf(tenantId, running.size, schedule.atOnce);
      // Few steps with many deliveries, not one for each.
      const isFull = running.size > most / 2;
      const isIdle =
        isOver ||
        isFull ||
        (await inTurn(() => this.#step(most, start, hurry)).catch((reason: unknown) => {
          // What runs is still written.
          failure ??= { reason };
          return true;
        }));
      if (running.size > 0) await Promise.race([...running, this.#woken()]);
      // Others that were answered in the same turn are written with it.
      await setImmediate();
      const outcomes = ended.splice(0);
      if (outcomes.length > 0) await inTurn(() => this.#settle(outcomes));
      const returned = lost.splice(0);
      if (returned.length > 0) await inTurn(() => this.#deliveries.giveBack(this.#of, returned));
      for (const { id } of [...outcomes.map(({ outcome }) => outcome), ...returned]) {
        this.#held.delete(id);
      }
      const hasSome = outcomes.length > 0 || returned.length > 0;
      const goesOn = !isOver && (this.#isWoken || hasSome);
      // Some may have ended while others were written.
      const isLeft = running.size > 0 || ended.length > 0 || lost.length > 0;
      if (isLeft || !isIdle || goesOn) continue;
      if (failure !== null && !stopping.aborted) throw asError(failure);
      return { more: isOver };
    }
  }

  /** Takes what is due, so that at most so many requests are under way. True if there was nothing to do. */
  async #step(
    most: number,
    start: (sent: Promise<Ended | null>, claimed: Claimed) => void,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { database } = this.#options;
    const endpoint = await findActive(database, this.#of, new Date());
    const actor = endpoint === null ? null : await this.#actorOf(endpoint);
    const listening =
      endpoint === null || actor === null
        ? null
        : await this.#orStop(() => this.#listeningOf(endpoint, actor));
    if (endpoint === null || actor === null || listening === null) return true;
    const isAtEnd = await this.#dispatch(endpoint, listening);
    const takenAt = performance.now();
    const claimed = await this.#deliveries.claim(this.#of, most, this.#lease, [...this.#held]);
    const events = await this.#eventsOf(listening, claimed).catch(async (reason: unknown) => {
      // Nothing of them was sent, so that no attempt counts.
      await this.#deliveries.giveBack(this.#of, claimed);
      throw reason;
    });
    for (const one of claimed) {
      const sent = this.#send(endpoint, actor, one, events.get(one.position), { signal, takenAt });
      start(sent, one);
    }
    return isAtEnd && claimed.length === 0;
  }

  /** The actor of its key. Without one the endpoint stops and says why. */
  async #actorOf(endpoint: Signed): Promise<Actor | null> {
    const actor = await this.#options.actorOf(endpoint.apiKeyId);
    if (actor === null) await this.#stop("The API key that it was made with works no more.");
    return actor;
  }

  /** What it listens for, looked at with the rights of its key. @throws GatewayError if it may not */
  #listeningOf(endpoint: Signed, actor: Actor): Prepared {
    const { schema, catalog } = this.#options;
    return prepare(catalog, listeningOf(schema, catalog, endpoint, actor));
  }

  /** Reads something. If the endpoint may not or cannot read it, it stops and says why, and null is given. */
  async #orStop<Result>(read: () => Result | Promise<Result>): Promise<Result | null> {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof GatewayError) || error.code === "UNAVAILABLE") throw error;
      await this.#stop(`Its events cannot be read: ${error.message}`);
      return null;
    }
  }

  /** Moves events from the log into the queue. False if the log goes on. */
  async #dispatch(endpoint: Signed, listening: Prepared): Promise<boolean> {
    const { schedule } = this.#options;
    if ((await this.#deliveries.waiting(this.#of, schedule.maxWaiting)) >= schedule.maxWaiting)
      return true;
    const after = endpoint.position;
    const page = await this.#orStop(() =>
      readMatching(this.#source, listening, { after, limit: eventsAtOnce, seen: this.#seen }),
    );
    if (page === null) return true;
    if (page.position !== after) {
      await this.#deliveries.enqueue(endpoint, page.events, page.position);
    }
    return page.isAtEnd;
  }

  /** The events of deliveries, as the actor may see them now; those that it may not, or that no longer match, are missing. */
  async #eventsOf(
    listening: Prepared,
    claimed: readonly Claimed[],
  ): Promise<ReadonlyMap<bigint, LiveEvent>> {
    const found = new Map<bigint, LiveEvent>();
    const wanted = claimed.map(({ position }) => position).toSorted((a, b) => (a < b ? -1 : 1));
    for (let start = 0; start < wanted.length;) {
      const first = wanted[start] ?? 0n;
      let end = start;
      while (end < wanted.length && (wanted[end] ?? 0n) < first + BigInt(eventsAtOnce)) end += 1;
      const last = wanted[end - 1] ?? first;
      const page = await readMatching(this.#source, listening, {
        after: String(first - 1n),
        limit: Number(last - first) + 1,
      }).catch((error: unknown) => {
        if (error instanceof GatewayError && error.code === "CURSOR_EXPIRED") return null;
        throw error;
      });
      if (page === null) {
        // The log does not go back to this one any more, and perhaps to the next one.
        start += 1;
        continue;
      }
      const { events, position } = page;
      for (const event of events) found.set(BigInt(event.position), event);
      // A page may end early if its events are large.
      const reached = BigInt(position);
      while (start < end && (wanted[start] ?? 0n) <= reached) start += 1;
    }
    return found;
  }

  async #send(
    endpoint: Signed,
    actor: Actor,
    claimed: Claimed,
    event: LiveEvent | undefined,
    { signal, takenAt }: { readonly signal: AbortSignal; readonly takenAt: number },
  ): Promise<Ended | null> {
    if (event === undefined) {
      const { id, attempt } = claimed;
      const reason =
        "Its key may not see the event, it does not match any more, or the log does not go back to it.";
      return {
        outcome: { id, attempt, status: "dropped", reason, pause: null, sent: null },
        stop: null,
      };
    }
    // A payload may take long. The lease must last for the request behind it, or another process sends as well.
    const isOurs = async (): Promise<boolean> =>
      performance.now() - takenAt < this.#options.schedule.marginMilliseconds / 2 ||
      this.#deliveries.renew(this.#of, claimed, this.#lease);
    return await this.#options.sending.send(endpoint, actor, claimed, event, { signal, isOurs });
  }

  /** How long a delivery is taken for, in milliseconds. */
  get #lease(): number {
    const { requestMilliseconds, marginMilliseconds } = this.#options.schedule;
    return requestMilliseconds + marginMilliseconds;
  }

  async #settle(ended: readonly Ended[]): Promise<void> {
    const outcomes: Outcome[] = ended.map(({ outcome }) => outcome);
    const { isActive, failingFor } = await this.#deliveries.settle(this.#of, outcomes);
    if (!isActive) return;
    const stop = ended.find((one) => one.stop !== null)?.stop ?? null;
    if (stop !== null) return await this.#stop(stop);
    if (failingFor !== null && failingFor > this.#options.schedule.failingMilliseconds) {
      const days = Math.floor(failingFor / 86_400_000);
      await this.#stop(`Every attempt of ${days} days failed.`);
    }
  }

  async #stop(reason: string): Promise<void> {
    const { database, onStop } = this.#options;
    const change = { from: ["active"], to: "stopped", reason, actor: "gateway" } as const;
    if (await asOwnWork(() => changeStatus(database.pool, this.#of, change)))
      onStop(this.#of, reason);
  }
}

const asError = ({ reason }: { readonly reason: unknown }): Error =>
  reason instanceof Error ? reason : new Error(String(reason));
