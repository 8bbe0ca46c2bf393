import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { parse, toClientConfig } from "pg-connection-string";
import { poolDefaults, type PoolConfig } from "../config.ts";
import { Turns } from "../lib/turns.ts";
import { Connection } from "./connection.ts";
import { Opening } from "./opening.ts";
import { RecentTexts } from "./prepared-texts.ts";
import { fenceOf, type Piece, type Pin } from "./fence.ts";
import { isStatementError, type Cells, type Sent } from "./statement.ts";
import { currentTenant, currentWork, forTenant, type Work } from "./work.ts";

/** The most reads of one operation that run at once; one tenant's share is larger. */
const readsAtOnce = 4;
/** An idle connection returns to `pg`'s pool after this time. The pool closes it after the same time again. */
const idleMilliseconds = 10_000;
/** How long `close` waits for statements that still run. */
const closingMilliseconds = 1_000;

/** Runs statements for one tenant and gives rows as PostgreSQL printed them. */
export type Queryable = {
  rows(text: string, values: readonly unknown[], options?: StatementOptions): Promise<Cells[]>;
};

export type StatementOptions = {
  /**
   * Has PostgreSQL plan the statement for its values each time. Any other statement has one plan on each connection,
   * for all tenants and values.
   */
  readonly plannedEach?: boolean;
};

/** One transaction. Statements go out in order without waiting for each other; answers come in the same order. */
export type Transaction = {
  rows(text: string, values: readonly unknown[]): Promise<Cells[]>;
  /**
   * Sends a statement without an answer, in the round trip of the next one. If it fails, the next one (which may be the
   * commit) fails with its error.
   */
  send(text: string, values: readonly unknown[]): void;
  /**
   * Reads after the commit, in its round trip. It is called once at most. Null if the transaction was not committed. A
   * failure of the statement does not affect the commit.
   */
  readBehind(text: string, values: readonly unknown[]): Promise<Cells[] | null>;
};

/** A statement that waits for the commit. */
type Behind = {
  readonly text: string;
  readonly values: readonly unknown[];
  readonly resolve: (rows: Cells[] | null | Promise<Cells[]>) => void;
};

/** Runs `work` with every connection that it checks out, also through Prisma, pinned to the tenant. */
export function asTenant<Result>(
  tenantId: string,
  work: () => PromiseLike<Result>,
): Promise<Result> {
  // Awaited inside: Prisma's promises do nothing before somebody waits for them.
  return forTenant(tenantId, async () => await work());
}

/** Waits for all; the first that failed, in the order of sending, is the reason of the rest. */
async function allOrFirstFailure(answers: readonly Promise<unknown>[]): Promise<void> {
  for (const answer of await Promise.allSettled(answers)) {
    if (answer.status === "rejected") throw answer.reason;
  }
}

type ConnectCallback = Parameters<pg.Pool["connect"]>[0];

/**
 * A `pg` pool behind the tenant fence. A connection is pinned to the caller's tenant (`app.tenant_id`)
 * when it is checked out, and to none outside `asTenant`; row-level security does the rest. The pin is
 * remembered with the connection, so it costs a statement only when the connection changes tenants. No
 * statement's answer is used unless the pin in front of it held.
 */
export class FencedPool extends pg.Pool {
  readonly #connections = new WeakMap<pg.PoolClient, Connection>();
  /**
   * Idle connections, the last used last. `pg`'s pool takes them for checked out, since a checkout there takes as long
   * as a short statement.
   */
  readonly #spare: Connection[] = [];
  readonly #recentTexts = new RecentTexts();
  readonly #sweeping: NodeJS.Timeout;
  /** Called after each transaction that was committed, or may have been, with its work. */
  onWrite: ((work: Work | undefined) => Promise<void>) | null = null;
  /** Told how many milliseconds each connection was waited for. */
  onWait: ((milliseconds: number) => void) | null = null;

  readonly #readsAtOnce: number;
  /** Whose turn it is to have a connection; the owners are tenants. */
  readonly #turns: Turns;

  constructor(options: {
    readonly url: string;
    readonly maxConnections: number;
    readonly limits?: PoolConfig;
  }) {
    const { maxConnections, limits = poolDefaults } = options;
    // Read here, because pg would let `?options=…` in the URL replace ours, and with them the role.
    const { options: urlOptions, ...address } = toClientConfig(parse(options.url));
    const fence = fenceOf(limits);
    const startOptions = [urlOptions, ...fence.options].filter(Boolean).join(" ");
    super({
      ...address,
      // A pooler may refuse even empty ones.
      ...(startOptions === "" ? {} : { options: startOptions }),
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
    this.on("connect", (client) => {
      const connection = new Connection(client, fence, this.#recentTexts);
      this.#connections.set(client, connection);
      // While it is checked out, the error also reaches the statement that is running.
      client.on("error", () => this.#dropSpare(connection));
    });
    this.#turns = new Turns({
      ...limits,
      size: maxConnections,
      complaint: { complaint: "noConnection" },
    });
    // The turn ends with the checkout, whoever releases the connection.
    this.on("release", (_error, client) => {
      const connection = this.#connections.get(client);
      connection?.endTurn();
    });
    this.#sweeping = setInterval(() => this.#sweep(), idleMilliseconds).unref();
  }

  /** How many connections are in use, and how many requests wait for one. */
  get load(): { readonly taken: number; readonly waiting: number } {
    return this.#turns.state;
  }

  override connect(): Promise<pg.PoolClient>;
  override connect(callback: ConnectCallback): void;
  override connect(callback?: ConnectCallback): Promise<pg.PoolClient> | void {
    const pinned = this.#takeFor(currentTenant()).then(({ client }) => client);
    if (callback === undefined) return pinned;
    pinned.then(
      (client) => callback(undefined, client, (error) => client.release(error)),
      (error: Error) => callback(error, undefined, () => undefined),
    );
  }

  /** The pool as one tenant sees it. */
  forTenant(tenantId: string): Queryable {
    return {
      rows: (text, values, options = {}) => this.#read(tenantId, text, values, options),
    };
  }

  async #read(
    tenantId: string,
    text: string,
    values: readonly unknown[],
    { plannedEach = false }: StatementOptions,
  ): Promise<Cells[]> {
    const work = currentWork();
    const turn = work?.startRead(this.#readsAtOnce) ?? null;
    if (turn !== null) await turn;
    try {
      const plans = plannedEach ? "force_custom_plan" : "force_generic_plan";
      const pin: Pin = { tenantId, plans };
      const connection = this.#takeSpare(pin) ?? (await this.#take(pin));
      const sent = { text, values, ahead: connection.ahead(pin), work: work ?? null };
      if (work !== undefined) work.statements += 1;
      work?.begins(connection);
      return await this.#lastRows(connection, pin, connection.answer(sent));
    } finally {
      work?.endRead();
    }
  }

  /** The rows of the last statement that a connection runs for a request, which gives it back then. */
  async #lastRows(connection: Connection, pin: Pin, answer: Promise<Cells[]>): Promise<Cells[]> {
    const work = currentWork();
    let rows: Cells[];
    try {
      rows = await answer;
    } catch (error) {
      // After an ERROR, the connection and its pin are as before. After anything else, its state is unknown.
      if (isStatementError(error)) await this.#giveBack(connection, work);
      else this.#discard(connection, work);
      throw work?.stopped ?? error;
    }
    connection.holds(pin);
    await this.#giveBack(connection, work);
    // If the work was stopped, the rows are incomplete.
    work?.throwIfStopped();
    return rows;
  }

  /**
   * Runs `work` in one transaction of the tenant's and commits it. Whatever fails, of `work` or of the database, is
   * thrown after a rollback. READ COMMITTED is said aloud: writers rely on seeing what was committed while they
   * waited for a lock.
   */
  async transaction<Result>(
    tenantId: string,
    work: (transaction: Transaction) => Promise<Result>,
  ): Promise<Result> {
    const currently = currentWork();
    currently?.throwIfStopped();
    const pin: Pin = { tenantId, plans: "force_generic_plan" };
    const connection = this.#takeSpare(pin) ?? (await this.#take(pin));
    currently?.begins(connection);
    const sent: Promise<unknown>[] = [];
    let isOver = false;
    const send = (statement: Sent): Promise<Cells[]> => {
      currently?.throwIfStopped();
      if (isOver) throw new Error("the transaction is over");
      connection.sendTogether();
      const { answer } = connection.send(statement);
      sent.push(answer);
      // Heard again below; unheard here, it would end the process when `work` has failed before.
      answer.catch(() => undefined);
      return answer;
    };
    // Statements without an answer are sent ahead of one with an answer, so that PostgreSQL answers them together.
    const waiting: Piece[] = [];
    const wait = (text: string, values: readonly unknown[] = []): void => {
      if (currently !== undefined) currently.statements += 1;
      waiting.push({ text, values });
    };
    const opening = new Opening(send, connection.keepsPin);
    const query = (text: string, values: readonly unknown[] = []): Promise<Cells[]> => {
      if (currently !== undefined) currently.statements += 1;
      return opening.send({ text, values, ahead: waiting.splice(0) });
    };
    const behind: Behind[] = [];
    let pinned: Promise<unknown> | null = null;
    let result: Result;
    try {
      const fencing = connection.ahead(pin);
      if (connection.keepsPin) {
        const last = fencing.at(-1);
        if (last !== undefined) pinned = send({ ...last, ahead: fencing.slice(0, -1) });
        // Uncertain until it is answered.
        connection.losePin();
      }
      wait("BEGIN ISOLATION LEVEL READ COMMITTED");
      if (!connection.keepsPin) waiting.push(...fencing);
      result = await work({
        // The pin is answered before this is; had it failed, nothing behind it counts.
        rows: async (text, values) => {
          const answer = query(text, values);
          await pinned;
          return await answer;
        },
        send: wait,
        readBehind: (text, values) => {
          const { promise, resolve } = Promise.withResolvers<Cells[] | null>();
          behind.push({ text, values, resolve });
          return promise;
        },
      });
      await opening.ready();
      // Travels with what was sent last. If one of those failed, this rolls back.
      void query("COMMIT");
      isOver = true;
      const [read] = behind;
      const ahead = connection.keepsPin ? [] : connection.ahead(pin);
      const rows =
        read === undefined ? null : connection.send({ ...read, ahead, work: currently }).answer;
      // The caller gets its failure as well.
      rows?.catch(() => undefined);
      try {
        await allOrFirstFailure(sent);
      } finally {
        await this.onWrite?.(currently);
      }
      if (currently !== undefined) currently.hasCommitted = true;
      connection.holds(pin);
      if (read !== undefined && rows !== null) {
        if (currently !== undefined) currently.statements += 1;
        const answered = this.#lastRows(connection, pin, rows);
        answered.catch(() => undefined);
        read.resolve(answered);
        return result;
      }
    } catch (error) {
      isOver = true;
      for (const { resolve } of behind) resolve(null);
      // What is cancelled ends first, so that the rollback is not cancelled.
      if (currently?.stopped != null) await Promise.allSettled(sent);
      currently?.ends(connection);
      const isQuiet = (await connection.endCancelling()) ?? true;
      if (isQuiet && (await this.#rollBack(connection, pinned, sent))) {
        if (opening.isOpen) connection.holds(pin);
        this.#spareOrClose(connection);
      } else this.#discard(connection);
      currently?.throwIfStopped();
      // What failed first in the database is the cause; all that came after it only heard of it.
      await allOrFirstFailure(sent);
      throw error;
    }
    await this.#giveBack(connection, currently);
    return result;
  }

  /** Calls one of the functions that look beyond the tenants, for each id; that is all that is done outside of one. */
  async callFunction<Row extends pg.QueryResultRow>(
    name: "find_api_key" | "note_api_key_use",
    ids: readonly string[],
  ): Promise<Row[]> {
    const text = `SELECT found.* FROM unnest($1::uuid[]) AS asked(id), ${name}(asked.id) AS found`;
    const connection = await this.#takeFor("");
    try {
      const { rows } = await connection.client.query<Row>(text, [ids]);
      await this.#giveBack(connection);
      return rows;
    } catch (error) {
      this.#discard(connection);
      throw error;
    }
  }

  /** Closes the pool; a statement that still runs after a second is left to the server. */
  async close(): Promise<void> {
    await Promise.race([this.end(), sleep(closingMilliseconds, undefined, { ref: false })]);
  }

  override end(): Promise<void>;
  override end(callback: () => void): void;
  override end(callback?: () => void): Promise<void> | void {
    clearInterval(this.#sweeping);
    const ended = super.end();
    for (const { client } of this.#spare.splice(0)) client.release();
    if (callback === undefined) return ended;
    void ended.then(callback);
  }

  /** A connection on which the queries of other libraries are fenced to a tenant. */
  async #takeFor(tenantId: string): Promise<Connection> {
    // PostgreSQL chooses the plans for statements of other libraries.
    const pin: Pin = { tenantId, plans: "auto" };
    const connection = this.#takeSpare(pin) ?? (await this.#take(pin));
    try {
      await connection.pinFor(pin);
    } catch (error) {
      this.#discard(connection);
      throw error;
    }
    return connection;
  }

  /** A spare connection, if the owner can have a turn without waiting. */
  #takeSpare(pin: Pin): Connection | null {
    if (this.#spare.length === 0) return null;
    const giveBack = this.#turns.takeNow(pin.tenantId);
    if (giveBack === null) return null;
    const connection = this.#nextSpare(pin);
    if (connection === null) {
      giveBack();
      return null;
    }
    this.onWait?.(0);
    connection.beginTurn(giveBack);
    return connection;
  }

  async #take(pin: Pin): Promise<Connection> {
    const startedAt = performance.now();
    const owner = pin.tenantId;
    // What the server does for itself may serve several requests: it does not end with one of them.
    const work = owner === "" ? undefined : currentWork();
    const giveBack = this.#turns.takeNow(owner) ?? (await this.#turns.take(owner, work ?? null));
    try {
      const connection = this.#nextSpare(pin) ?? (await this.#nextOfPool());
      this.onWait?.(performance.now() - startedAt);
      connection.beginTurn(giveBack);
      if (work?.stopped != null) {
        this.#spareOrClose(connection);
        throw work.stopped;
      }
      return connection;
    } catch (error) {
      giveBack();
      throw error;
    }
  }

  /** A spare connection with the same pin, or else the last used. One with an open transaction is closed. */
  #nextSpare(pin: Pin): Connection | null {
    for (;;) {
      let place = this.#spare.length - 1;
      while (place > 0 && this.#spare[place]?.isPinnedTo(pin) !== true) place -= 1;
      if (this.#spare[place]?.isPinnedTo(pin) !== true) place = this.#spare.length - 1;
      const [connection] = this.#spare.splice(Math.max(place, 0), 1);
      if (connection === undefined) return null;
      if (connection.isIdle) return connection;
      connection.client.release(true);
    }
  }

  async #nextOfPool(): Promise<Connection> {
    for (;;) {
      const client = await super.connect();
      const connection = this.#connections.get(client);
      if (connection?.isIdle === true) return connection;
      client.release(true);
    }
  }

  /** Keeps a connection as a spare, or closes it if a cancel request may still arrive. */
  async #giveBack(connection: Connection, work?: Work): Promise<void> {
    work?.ends(connection);
    const quiet = connection.endCancelling();
    if (quiet === null || (await quiet)) this.#spareOrClose(connection);
    else this.#discard(connection);
  }

  #spareOrClose(connection: Connection): void {
    if (this.ending) return connection.client.release();
    this.#spare.push(connection);
    connection.endTurn();
  }

  #dropSpare(connection: Connection): void {
    const place = this.#spare.indexOf(connection);
    if (place < 0) return;
    this.#spare.splice(place, 1);
    connection.client.release(true);
  }

  #sweep(): void {
    for (const connection of this.#spare.filter(({ isFresh }) => !isFresh)) {
      this.#spare.splice(this.#spare.indexOf(connection), 1);
      connection.client.release();
    }
    for (const connection of this.#spare) connection.isFresh = false;
  }

  /** Rolls back; gives whether the connection is as good as new. */
  async #rollBack(
    { client }: Connection,
    pinned: Promise<unknown> | null,
    sent: readonly Promise<unknown>[],
  ): Promise<boolean> {
    const rolledBack = client.query("ROLLBACK");
    const [pin, ...others] = await Promise.allSettled([pinned, ...sent, rolledBack]);
    const isSound = others.every(
      (answer) => answer.status === "fulfilled" || isStatementError(answer.reason),
    );
    return isSound && pin.status === "fulfilled";
  }

  #discard(connection: Connection, work?: Work): void {
    work?.ends(connection);
    void connection.endCancelling();
    connection.client.release(true);
  }
}
