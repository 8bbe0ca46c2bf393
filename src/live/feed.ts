import type { Database } from "../db/database.ts";
import { asOwnWork } from "../db/work.ts";
import type { Catalog } from "../model/catalog.ts";
import { prepare, type Listening, type LiveEvent, type Prepared } from "./listening.ts";
import { maxPage, type LogSource } from "./log.ts";
import { readMatching } from "./matching.ts";
import { SeenStates } from "./states.ts";
import { Listener, TenantFeed, type Hearing, type Unmatched } from "./tenant-feed.ts";
import { WakeUp } from "./wake-up.ts";

/** The events for one listener, page by page. It ends when it is closed, and fails with the reason for which it was ended. */
export type LiveStream = AsyncIterableIterator<readonly LiveEvent[], undefined, undefined> & {
  /** The position behind which its events begin; what is committed from then on is in it. */
  readonly opened: Promise<string>;
  /** Ends it; a `next` that waits is answered. */
  return(): Promise<IteratorReturnResult<undefined>>;
};

/** The most values of records that a listener that reads its past keeps between two pages: some 2 MB. */
const keptValues = 40_000;

/** How somebody listens. */
export type Following = {
  /** Ends the stream. */
  readonly signal?: AbortSignal | undefined;
  /** Hears of events that were judged by its filter in vain. */
  readonly onUnmatched?: (unmatched: Unmatched) => void;
};

/** The log of changes as it grows, for the listeners of a process. Each tenant's log is read once for all of them. */
export class LiveFeed {
  readonly #database: Database;
  readonly #catalog: Catalog;
  readonly #hears: Hearing;
  readonly #wakeUp: WakeUp;
  readonly #tenants = new Map<string, TenantFeed>();
  readonly #unwatch = new Map<string, () => void>();
  readonly #streams = new Set<() => void>();
  #isClosed = false;

  constructor(options: {
    readonly database: Database;
    readonly catalog: Catalog;
    /** Hears why a log cannot be read just now; it is tried again. */
    readonly onTrouble?: (error: unknown) => void;
    readonly onDelivered?: Hearing["delivered"];
  }) {
    this.#database = options.database;
    this.#catalog = options.catalog;
    const { onTrouble = () => undefined, onDelivered } = options;
    this.#hears = { trouble: onTrouble, delivered: onDelivered };
    this.#wakeUp = new WakeUp({
      database: options.database,
      onTrouble,
    });
    options.database.pool.onCommit = (tenantId) => this.#wakeUp.tell(tenantId);
  }

  /** A tenant's log on the primary database, read as the server's own work. */
  sourceOf(tenantId: string): LogSource {
    const db = this.#database.pool.forTenant(tenantId);
    return {
      tenantId,
      catalog: this.#catalog,
      db: { rows: (...statement) => asOwnWork(() => db.rows(...statement)) },
    };
  }

  /**
   * Follows the log for a listener: the events behind a position first, then those that are committed, in the order of
   * the commits, without a gap or a double. With `after` null it begins at the end of the log.
   *
   * The stream fails with SLOW_CONSUMER and the cursor behind what was taken if it is read too slowly, with
   * CURSOR_EXPIRED if the position is older than the log is kept, and with BAD_USER_INPUT if the log does not reach it.
   *
   * @throws GatewayError FORBIDDEN or BAD_USER_INPUT if it may not or cannot listen so.
   */
  open(
    listening: Listening,
    after: string | null,
    { signal, onUnmatched = () => undefined }: Following = {},
  ): LiveStream {
    const prepared = prepare(this.#catalog, listening);
    const { tenantId } = listening.actor;
    const tenant = this.#enter(tenantId);
    const ending = new AbortController();
    const end = (): void => {
      if (ending.signal.aborted) return;
      ending.abort();
      signal?.removeEventListener("abort", end);
      this.#streams.delete(end);
      this.#leave(tenantId, tenant);
    };
    this.#streams.add(end);
    signal?.addEventListener("abort", end);
    if (this.#isClosed || signal?.aborted === true) end();
    const start = after === null ? tenant.end() : Promise.resolve(BigInt(after));
    const opened = start.then(String);
    // Whoever reads is told of it.
    opened.catch(() => undefined);
    const events = follow(tenant, prepared, start, { signal: ending.signal, onUnmatched });
    return {
      opened,
      next: async () => {
        try {
          const next = await events.next();
          if (next.done === true) end();
          return next;
        } catch (error) {
          end();
          throw error;
        }
      },
      return: async () => {
        end();
        await events.return(undefined);
        return { done: true, value: undefined };
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }

  /** Calls `wake` whenever a tenant's log may have grown, until the function that is returned is called. */
  watch(tenantId: string, wake: () => void): () => void {
    return this.#wakeUp.watch(tenantId, wake);
  }

  /** Ends all streams as if their listeners had. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const end of this.#streams) end();
    await this.#wakeUp.close();
  }

  #enter(tenantId: string): TenantFeed {
    let tenant = this.#tenants.get(tenantId);
    if (tenant === undefined) {
      const made = new TenantFeed(this.sourceOf(tenantId), this.#hears);
      tenant = made;
      this.#tenants.set(tenantId, made);
      this.#unwatch.set(
        tenantId,
        this.watch(tenantId, () => made.wake()),
      );
    }
    tenant.streams += 1;
    return tenant;
  }

  #leave(tenantId: string, tenant: TenantFeed): void {
    tenant.streams -= 1;
    if (tenant.streams > 0) return;
    this.#tenants.delete(tenantId);
    this.#unwatch.get(tenantId)?.();
    this.#unwatch.delete(tenantId);
  }
}

/** What is behind a position, page by page at the pace of the listener; then, with all others, what is committed. */
async function* follow(
  tenant: TenantFeed,
  prepared: Prepared,
  start: Promise<bigint>,
  { signal, onUnmatched }: Required<Following> & { readonly signal: AbortSignal },
): AsyncGenerator<readonly LiveEvent[], undefined, undefined> {
  let position = await start;
  let seen: SeenStates | undefined = new SeenStates(keptValues);
  while (!signal.aborted && !(await tenant.isNear(position))) {
    const after = String(position);
    const page = await tenant.replay(async () =>
      signal.aborted
        ? null
        : readMatching(tenant.source, prepared, { after, limit: maxPage, seen }),
    );
    if (page === null) return;
    position = BigInt(page.position);
    if (page.unmatched > 0) {
      const points = page.unmatched * (prepared.question?.cost ?? 0);
      onUnmatched({ points, position: page.events.length === 0 ? page.position : null });
    }
    if (page.events.length > 0) yield page.events;
  }
  if (signal.aborted) return;
  // From here on, events are judged once for all listeners.
  seen = undefined;
  const listener = new Listener(prepared, position, onUnmatched);
  const leave = (): void => tenant.remove(listener);
  signal.addEventListener("abort", leave, { once: true });
  tenant.add(listener);
  for (;;) {
    const events = await listener.take();
    if (events === null) return;
    yield events;
  }
}
