import { setTimeout as sleep } from "node:timers/promises";
import type pg from "pg";
import type { Database } from "../db/database.ts";
import { asOwnWork } from "../db/work.ts";

/** The channel of NOTIFY; its payload is a tenant's id. */
const channel = "crm_changes";
/** A lock that all processes that listen hold in common, so that those that commit know of them. */
const listenersLock = 4_715_005;
/** How long it is believed that others listen, or that nobody does: who comes meanwhile finds commits by looking. */
const believedMilliseconds = 1_000;
/** How often the ends of the logs are looked at: a process that was killed has told nobody of its last commits. */
const lookMilliseconds = 1_000;
/** The longest wait between attempts to connect. */
const maxPause = 5_000;
/** A connection that answers nothing for this time is dead, and another one is opened: the machine may be gone. */
const patience = 5_000;

/** A session that holds the lock in this database, beside the process's own. */
const othersSql = `SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND classid = 0 AND objid = ${listenersLock} AND objsubid = 1
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND pid <> $1::integer LIMIT 1`;

/** A tenant that is listened to. */
type Watched = {
  /** The end of its log as it was last seen. */
  seen: string;
  readonly wakes: Set<() => void>;
};

/**
 * Tells the processes of a database that a tenant's log has grown. NOTIFY only wakes up: what it says is read from the
 * log. One connection of the process's listens, on the direct URL, since a pooler gives each transaction another
 * session; it is opened for the first tenant that is listened to. Once a second it also looks at the ends of the logs.
 * Where no other process listens, none is told: a write costs no statement more.
 */
export class WakeUp {
  readonly #database: Database;
  readonly #onTrouble: (error: unknown) => void;
  readonly #tenants = new Map<string, Watched>();
  /** Tenants with commits that nobody was told of. */
  readonly #untold = new Set<string>();
  #telling: Promise<void> | null = null;
  #listening: Promise<void> | null = null;
  #client: pg.Client | null = null;
  /** The session that listens; 0 if none does. */
  #session = 0;
  #othersListen = false;
  #believedUntil = 0;
  #isClosed = false;
  readonly #closing = new AbortController();

  constructor(options: {
    readonly database: Database;
    readonly onTrouble: (error: unknown) => void;
  }) {
    this.#database = options.database;
    this.#onTrouble = options.onTrouble;
  }

  /** Calls `wake` once, and for a tenant's commits until the function that is returned is called. */
  watch(tenantId: string, wake: () => void): () => void {
    if (this.#isClosed) return () => undefined;
    const watched = this.#tenants.get(tenantId) ?? { seen: "", wakes: new Set() };
    this.#tenants.set(tenantId, watched);
    watched.wakes.add(wake);
    // The next look wakes all of them.
    watched.seen = "";
    this.#listening ??= asOwnWork(() => this.#listen());
    return () => {
      watched.wakes.delete(wake);
      if (watched.wakes.size === 0 && this.#tenants.get(tenantId) === watched) {
        this.#tenants.delete(tenantId);
      }
    };
  }

  /** Tells this process at once, and the others by one statement for all commits of the tenant meanwhile. */
  tell(tenantId: string): void {
    if (this.#isClosed) return;
    this.#wake(tenantId);
    this.#untold.add(tenantId);
    this.#telling ??= asOwnWork(() => this.#tellOthers());
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#closing.abort();
    await this.#client?.end().catch(() => undefined);
    await Promise.all([this.#listening, this.#telling]);
  }

  #wake(tenantId: string): void {
    for (const wake of this.#tenants.get(tenantId)?.wakes ?? []) wake();
  }

  async #tellOthers(): Promise<void> {
    // It may have nothing to wait for, and must not end within the call that keeps it.
    await Promise.resolve();
    for (const tenantId of this.#untold) {
      this.#untold.delete(tenantId);
      try {
        // As the tenant, so that the writer's connection serves without being pinned anew.
        const { rows } = this.#database.pool.forTenant(tenantId);
        if (performance.now() >= this.#believedUntil) {
          this.#othersListen = (await rows(othersSql, [this.#session])).length > 0;
          this.#believedUntil = performance.now() + believedMilliseconds;
        }
        if (this.#othersListen) await rows("SELECT pg_notify($1, $2)", [channel, tenantId]);
      } catch (error) {
        // The others look by themselves within a second.
        this.#onTrouble(error);
      }
    }
    this.#telling = null;
  }

  async #listen(): Promise<void> {
    for (let pause = 100; !this.#isClosed; pause = Math.min(pause * 2, maxPause)) {
      try {
        await this.#database.asOwner(async (client) => {
          this.#client = client;
          await this.#follow(client);
          pause = 100;
        });
      } catch (error) {
        if (!this.#isClosed) this.#onTrouble(error);
      }
      this.#client = null;
      await sleep(pause, undefined, { signal: this.#closing.signal, ref: false }).catch(() => null);
    }
  }

  /** Listens and looks until the connection ends. */
  async #follow(client: pg.Client): Promise<void> {
    const ended = new AbortController();
    client.once("end", () => ended.abort());
    client.on("notification", ({ payload = "" }) => {
      this.#wake(payload);
    });
    const { rows } = await answered(
      client.query<{ session: number }>("SELECT pg_backend_pid() AS session"),
    );
    this.#session = rows[0]?.session ?? 0;
    // Held until the connection ends. A pooler without sessions keeps it longer, and then others are told for nothing.
    await answered(client.query("SELECT pg_advisory_lock_shared($1)", [listenersLock]));
    await answered(client.query(`LISTEN ${channel}`));
    // What was committed before is seen by the first look.
    while (!this.#isClosed && !ended.signal.aborted) {
      await answered(this.#look(client));
      await sleep(lookMilliseconds, undefined, { signal: ended.signal, ref: false }).catch(
        () => null,
      );
    }
  }

  async #look(client: pg.Client): Promise<void> {
    if (this.#tenants.size === 0) return;
    const tenants = [...this.#tenants.keys()];
    // Each end by itself: Citus takes no LATERAL over a list.
    const ends = tenants.map(
      (_, index) =>
        `(SELECT tenant_id::text AS tenant, position::text FROM change_events WHERE tenant_id = $${index + 1}::uuid ORDER BY change_events.position DESC LIMIT 1)`,
    );
    const { rows } = await client.query<{ tenant: string; position: string }>(
      ends.join(" UNION ALL "),
      tenants,
    );
    for (const { tenant, position } of rows) {
      const watched = this.#tenants.get(tenant);
      if (watched === undefined || watched.seen === position) continue;
      watched.seen = position;
      this.#wake(tenant);
    }
  }
}

/** The answer of a connection. @throws if it does not come in time; the connection is ended then */
async function answered<Answer>(answer: Promise<Answer>): Promise<Answer> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new Error(`the connection gave no answer for ${patience} ms`)),
    patience,
  );
  try {
    return await Promise.race([answer, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
