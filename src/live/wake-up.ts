import { setTimeout as sleep } from "node:timers/promises";
import type pg from "pg";
import type { Database } from "../db/database.ts";
import { asOwnWork } from "../db/work.ts";

/** The channel of NOTIFY; its payload is a tenant's id. */
const channel = "crm_changes";
/** How often the ends of the logs are looked at: a process that was killed has told nobody of its last commits. */
const lookMilliseconds = 1_000;
/** The longest wait between attempts to connect. */
const maxPause = 5_000;

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
    for (const tenantId of this.#untold) {
      this.#untold.delete(tenantId);
      try {
        // As the tenant, so that the writer's connection serves without being pinned anew.
        const { rows } = this.#database.pool.forTenant(tenantId);
        await rows("SELECT pg_notify($1, $2)", [channel, tenantId]);
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
    await client.query(`LISTEN ${channel}`);
    // What was committed before is seen by the first look.
    while (!this.#isClosed && !ended.signal.aborted) {
      await this.#look(client);
      await sleep(lookMilliseconds, undefined, { signal: ended.signal, ref: false }).catch(
        () => null,
      );
    }
  }

  async #look(client: pg.Client): Promise<void> {
    if (this.#tenants.size === 0) return;
    const { rows } = await client.query<{ tenant: string; position: string }>(
      `SELECT t.id AS tenant, e.position::text FROM unnest($1::uuid[]) t(id) CROSS JOIN LATERAL
         (SELECT position FROM change_events WHERE tenant_id = t.id ORDER BY position DESC LIMIT 1) e`,
      [[...this.#tenants.keys()]],
    );
    for (const { tenant, position } of rows) {
      const watched = this.#tenants.get(tenant);
      if (watched === undefined || watched.seen === position) continue;
      watched.seen = position;
      this.#wake(tenant);
    }
  }
}
