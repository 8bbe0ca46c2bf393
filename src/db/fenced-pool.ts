import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { parse, toClientConfig } from "pg-connection-string";
import { poolDefaults, type PoolConfig } from "../config.ts";
import { Turns } from "../lib/turns.ts";
import { cancelOnAbort } from "./cancel.ts";
import { PreparedTexts, RecentTexts } from "./prepared-texts.ts";
import { Statement } from "./statement.ts";
import { currentTenant, currentWork, forTenant, type Work } from "./work.ts";

/** The role the server acts as: owns nothing and cannot bypass row-level security. */
export const serverRole = "crm_gateway";

const pinText = "SELECT set_config('app.tenant_id', $1, false)";
const pinTo = (tenantId: string): Sent => ({ text: pinText, values: [tenantId] });
/** The most reads of one operation that run at once; one tenant's share is larger. */
const readsAtOnce = 4;
/** How long `close` waits for statements that still run. */
const closingMilliseconds = 1_000;

/** Values are read as text, so how they print must not depend on the server. */
export const printingSettings = {
  timezone: "UTC",
  datestyle: "ISO",
  intervalstyle: "iso_8601",
} as const;

/** The same as options of a connection. */
export const printingOptions: readonly string[] = Object.entries(printingSettings).map(
  ([name, value]) => `-c ${name}=${value}`,
);

// What RESET falls back to as well.
const sessionOptions = (limits: PoolConfig): readonly string[] => [
  `-c role=${serverRole}`,
  ...printingOptions,
  "-c jit=off",
  `-c statement_timeout=${limits.statementMilliseconds}ms`,
  // Shorter than a statement may take: who waits for a row says so, and the others are told why.
  `-c lock_timeout=${limits.lockMilliseconds}ms`,
  "-c idle_in_transaction_session_timeout=60s",
  "-c pg_trgm.word_similarity_threshold=0.5",
];

/** Runs statements for one tenant and gives rows as PostgreSQL printed them. */
export type Queryable = {
  rows(
    text: string,
    values: readonly unknown[],
    options?: StatementOptions,
  ): Promise<(string | null)[][]>;
};

/** A statement as it is handed over. */
type Sent = StatementOptions & { readonly text: string; readonly values: readonly unknown[] };

type StatementOptions = {
  /**
   * The plan depends on what is looked for (a word, a pattern, a path in JSON), so it is made anew each time. All other
   * statements are prepared when their text comes again.
   */
  readonly plannedEach?: boolean;
};

/** One transaction. Statements go out in order without waiting for each other; answers come in the same order. */
export type Transaction = Queryable & {
  /** Sends a statement whose answer nobody needs; if it fails, the commit fails with its error. */
  send(text: string, values: readonly unknown[]): void;
};

/** Runs `work` with every connection that it checks out, also through Prisma, pinned to the tenant. */
export function asTenant<Result>(
  tenantId: string,
  work: () => PromiseLike<Result>,
): Promise<Result> {
  // Awaited inside: Prisma's promises do nothing before somebody waits for them.
  return forTenant(tenantId, async () => await work());
}

/** The statement failed, and the connection is as good as before. */
function isStatementError(reason: unknown): reason is pg.DatabaseError {
  return reason instanceof pg.DatabaseError && reason.severity === "ERROR";
}

/** What PostgreSQL says of a prepared statement whose table is another one by now, and of one that is gone. */
const staleStates: ReadonlySet<string> = new Set(["0A000", "26000"]);

function isStale(answer: PromiseSettledResult<unknown>): boolean {
  return (
    answer.status === "rejected" &&
    isStatementError(answer.reason) &&
    staleStates.has(answer.reason.code ?? "")
  );
}

/** Why a statement failed: what cancelled it, if anything did. */
function causeOf(reason: unknown, signal: AbortSignal | null | undefined): unknown {
  return signal?.aborted === true ? signal.reason : reason;
}

/** Waits for all; the first that failed, in the order of sending, is the reason of the rest. */
async function allOrFirstFailure(answers: readonly Promise<unknown>[]): Promise<void> {
  for (const answer of await Promise.allSettled(answers)) {
    if (answer.status === "rejected") throw answer.reason;
  }
}

/** What is sent before anybody waits leaves in one write: BEGIN with the first read, the last writes with COMMIT. */
function sendTogether({ connection: { stream } }: pg.PoolClient): void {
  if (stream.writableCorked > 0) return;
  stream.cork();
  process.nextTick(() => stream.uncork());
}

type ConnectCallback = Parameters<pg.Pool["connect"]>[0];

/**
 * A `pg` pool behind the tenant fence. A connection is pinned to the caller's tenant (`app.tenant_id`)
 * when it is checked out, and to none outside `asTenant`; row-level security does the rest. The pin is
 * remembered with the connection, so it costs a statement only when the connection changes tenants. No
 * statement's answer is used unless the pin in front of it held.
 */
export class FencedPool extends pg.Pool {
  readonly #pins = new WeakMap<pg.PoolClient, string>();
  readonly #prepared = new WeakMap<pg.PoolClient, PreparedTexts>();
  readonly #recentTexts = new RecentTexts();
  /** Told how many milliseconds each connection was waited for. */
  onWait: ((milliseconds: number) => void) | null = null;

  readonly #readsAtOnce: number;
  /** Whose turn it is to have a connection; the owners are tenants. */
  readonly #turns: Turns;
  /** How the turn of a connection that is in use is given back. */
  readonly #checkouts = new WeakMap<pg.PoolClient, () => void>();

  constructor(options: {
    readonly url: string;
    readonly maxConnections: number;
    readonly limits?: PoolConfig;
  }) {
    const { maxConnections, limits = poolDefaults } = options;
    // Read here, because pg would let `?options=…` in the URL replace ours, and with them the role.
    const { options: urlOptions, ...address } = toClientConfig(parse(options.url));
    super({
      ...address,
      options: [urlOptions, ...sessionOptions(limits)].filter(Boolean).join(" "),
      max: maxConnections,
      // The pin and the statement behind it travel together.
      pipeline: true,
      // A peer that falls silent is noticed by the system.
      keepAlive: true,
      connectionTimeoutMillis: 10_000,
      application_name: "crm-gateway",
    });
    this.#readsAtOnce = Math.max(1, Math.min(readsAtOnce, Math.floor(maxConnections / 2)));
    // A connection that breaks while idle is replaced at the next checkout; without a listener it would end the process.
    this.on("error", () => undefined);
    // The same while it is checked out: the error also reaches the statement that is running.
    this.on("connect", (client) => client.on("error", () => undefined));
    this.#turns = new Turns({
      ...limits,
      size: maxConnections,
      complaint: { complaint: "noConnection" },
    });
    // However a connection is given back, so is the turn of who had it.
    this.on("release", (_error, client) => {
      const giveBack = this.#checkouts.get(client);
      this.#checkouts.delete(client);
      giveBack?.();
    });
  }

  /** How many connections are in use, and how many requests wait for one. */
  get load(): { readonly taken: number; readonly waiting: number } {
    return this.#turns.state;
  }

  override connect(): Promise<pg.PoolClient>;
  override connect(callback: ConnectCallback): void;
  override connect(callback?: ConnectCallback): Promise<pg.PoolClient> | void {
    const pinned = this.#connectPinned(currentTenant());
    if (callback === undefined) return pinned;
    pinned.then(
      (client) => callback(undefined, client, (error) => client.release(error)),
      (error: Error) => callback(error, undefined, () => undefined),
    );
  }

  /** The pool as one tenant sees it. */
  forTenant(tenantId: string): Queryable {
    return {
      rows: async (text, values, options) => {
        const work = currentWork();
        const turn = work?.startRead(this.#readsAtOnce) ?? null;
        if (turn !== null) await turn;
        try {
          return await this.#read(tenantId, { text, values, ...options }, work);
        } finally {
          work?.endRead();
        }
      },
    };
  }

  async #read(tenantId: string, sent: Sent, work: Work | undefined): Promise<(string | null)[][]> {
    const client = await this.#connectIdle(tenantId);
    const stopWatching = cancelOnAbort(client, work?.signal ?? null);
    if (work !== undefined) work.statements += 1;
    const pin = this.#pins.get(client) === tenantId ? null : this.#send(client, pinTo(tenantId));
    let statement = this.#send(client, sent, work);
    let [pinned, answered] = await Promise.allSettled([pin?.answer, statement.answer]);
    if (pinned.status === "fulfilled" && statement.wasPrepared && isStale(answered)) {
      // Refused before anything of it was done; now its text is sent again.
      statement = this.#send(client, sent, work);
      [answered] = await Promise.allSettled([statement.answer]);
    }
    const isQuiet = await stopWatching();
    if (pinned.status === "rejected") {
      this.#discard(client);
      throw causeOf(pinned.reason, work?.signal);
    }
    this.#pins.set(client, tenantId);
    if (answered.status === "rejected") {
      // After an ERROR the connection is as good as before; after anything else nobody knows.
      client.release(!isQuiet || !isStatementError(answered.reason));
      throw causeOf(answered.reason, work?.signal);
    }
    client.release(!isQuiet);
    // What had come when the work ended is not whole.
    if (work?.stopped != null) throw work.stopped;
    return answered.value;
  }

  /**
   * Runs `work` in one transaction of the tenant's and commits it. Whatever fails, of `work` or of the database, is
   * thrown after a rollback. READ COMMITTED is said aloud: writers rely on seeing what was committed while they
   * waited for a lock. Its statements are prepared: planning took longer than executing them.
   */
  async transaction<Result>(
    tenantId: string,
    work: (transaction: Transaction) => Promise<Result>,
  ): Promise<Result> {
    const client = await this.#connectIdle(tenantId);
    const currently = currentWork();
    const signal = currently?.signal ?? null;
    const stopWatching = cancelOnAbort(client, signal);
    const sent: Promise<unknown>[] = [];
    const query = (text: string, values: readonly unknown[] = []): Promise<(string | null)[][]> => {
      signal?.throwIfAborted();
      if (currently !== undefined && text !== pinText) currently.statements += 1;
      sendTogether(client);
      const { answer } = this.#send(client, { text, values });
      sent.push(answer);
      // Heard again below; unheard here, it would end the process when `work` has failed before.
      answer.catch(() => undefined);
      return answer;
    };
    const isPinned = this.#pins.get(client) === tenantId;
    if (!isPinned) this.#pins.delete(client);
    const opened = [
      ...(isPinned ? [] : [query(pinText, [tenantId])]),
      query("BEGIN ISOLATION LEVEL READ COMMITTED"),
    ];
    try {
      const result = await work({
        // The pin and BEGIN are answered before this is; had they failed, nothing behind them counts.
        rows: async (text, values) => {
          const answer = query(text, values);
          await Promise.all(opened);
          return await answer;
        },
        send: (text, values) => void query(text, values),
      });
      // Travels with what was sent last. If one of those failed, this rolls back.
      void query("COMMIT");
      await allOrFirstFailure(sent);
      if (currently !== undefined) currently.hasCommitted = true;
      this.#pins.set(client, tenantId);
      client.release(!(await stopWatching()));
      return result;
    } catch (error) {
      // What is cancelled ends first, so that the rollback is not cancelled.
      if (signal?.aborted === true) await Promise.allSettled(sent);
      if (await stopWatching()) await this.#rollBack(client, sent, tenantId);
      else this.#discard(client);
      signal?.throwIfAborted();
      // What failed first in the database is the cause; all that came after it only heard of it.
      await allOrFirstFailure(sent);
      throw error;
    }
  }

  /** Calls one of the functions that look beyond the tenants, for each id; that is all that is done outside of one. */
  async callFunction<Row extends pg.QueryResultRow>(
    name: "find_api_key" | "note_api_key_use",
    ids: readonly string[],
  ): Promise<Row[]> {
    const text = `SELECT found.* FROM unnest($1::uuid[]) AS asked(id), ${name}(asked.id) AS found`;
    const client = await this.#connectIdle("");
    try {
      const { rows } = await client.query<Row>(text, [ids]);
      client.release();
      return rows;
    } catch (error) {
      client.release(true);
      throw error;
    }
  }

  /** Closes the pool; a statement that still runs after a second is left to the server. */
  async close(): Promise<void> {
    await Promise.race([this.end(), sleep(closingMilliseconds, undefined, { ref: false })]);
  }

  async #connectPinned(tenantId: string): Promise<pg.PoolClient> {
    const client = await this.#connectIdle(tenantId);
    if (this.#pins.get(client) === tenantId) return client;
    try {
      await this.#send(client, pinTo(tenantId)).answer;
    } catch (error) {
      this.#discard(client);
      throw error;
    }
    this.#pins.set(client, tenantId);
    return client;
  }

  /** Sends a statement without waiting for those before it. */
  #send(
    client: pg.PoolClient,
    { text, values, plannedEach = false }: Sent,
    work?: Work,
  ): Statement {
    let prepared = this.#prepared.get(client);
    if (prepared === undefined) {
      prepared = new PreparedTexts(this.#recentTexts);
      this.#prepared.set(client, prepared);
    }
    const statement = new Statement({
      text,
      values,
      prepared: plannedEach ? null : prepared,
      countRead: work === undefined ? null : (characters) => work.countRead(characters),
    });
    client.query(statement);
    return statement;
  }

  /** A connection with no transaction open: what an unfinished one left behind, its rollback would take the pin back with it. */
  async #connectIdle(owner: string): Promise<pg.PoolClient> {
    const startedAt = performance.now();
    // What the server does for itself may serve several requests: it does not end with one of them.
    const signal = owner === "" ? null : (currentWork()?.signal ?? null);
    const giveBack = await this.#turns.take(owner, signal);
    try {
      for (;;) {
        const client = await super.connect();
        this.onWait?.(performance.now() - startedAt);
        const status = client.getTransactionStatus();
        if (status !== null && status !== "I") {
          this.#discard(client);
          continue;
        }
        if (signal?.aborted === true) {
          client.release();
          signal.throwIfAborted();
        }
        this.#checkouts.set(client, giveBack);
        return client;
      }
    } catch (error) {
      giveBack();
      throw error;
    }
  }

  /** Gives the connection back as good as new, or closes it when that is not certain. */
  async #rollBack(
    client: pg.PoolClient,
    sent: readonly Promise<unknown>[],
    tenantId: string,
  ): Promise<void> {
    const rolledBack = client.query("ROLLBACK");
    const settled = await Promise.allSettled([...sent, rolledBack]);
    const isSound = settled.every(
      (answer) => answer.status === "fulfilled" || isStatementError(answer.reason),
    );
    if (!isSound || settled[0]?.status === "rejected") return this.#discard(client);
    this.#pins.set(client, tenantId);
    client.release();
  }

  #discard(client: pg.PoolClient): void {
    this.#pins.delete(client);
    client.release(true);
  }
}
