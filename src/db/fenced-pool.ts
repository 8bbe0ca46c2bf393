import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { parse, toClientConfig } from "pg-connection-string";
import { poolDefaults, type PoolConfig } from "../config.ts";
import { Turns } from "../lib/turns.ts";
import { Connection } from "./connection.ts";
import { fenceOf, type Pin } from "./fence.ts";
import { RecentTexts } from "./prepared-texts.ts";
import { SharedTexts } from "./shared-texts.ts";
import { SpareConnections } from "./spare-connections.ts";
import { isOfOldFunction, isStatementError, type Cells } from "./statement.ts";
import { OpenTransaction, type Transaction, type TransactionOptions } from "./transaction.ts";
import { currentTenant, currentWork, forTenant, type Work } from "./work.ts";

/** The most reads of one operation that run at once; one tenant's share is larger. */
const readsAtOnce = 4;
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

/** Runs `work` with every connection that it checks out, also through Prisma, pinned to the tenant. */
export function asTenant<Result>(
  tenantId: string,
  work: () => PromiseLike<Result>,
): Promise<Result> {
  // Awaited inside: Prisma's promises do nothing before somebody waits for them.
  return forTenant(tenantId, async () => await work());
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
  readonly #spare = new SpareConnections();
  /**
   * Called with the work after each transaction that was committed, or may have been, and after other statements whose
   * results the caller must find on replicas too.
   */
  onSeen: ((work: Work | undefined) => Promise<void>) | null = null;
  /** Told the tenant of each of them. */
  onCommit: ((tenantId: string) => void) | null = null;
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
    const recent = new RecentTexts();
    const texts = { recent, shared: new SharedTexts(recent) };
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
      const connection = new Connection(client, fence, texts);
      this.#connections.set(client, connection);
      // While it is checked out, the error also reaches the statement that is running.
      client.on("error", () => this.#spare.drop(connection));
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
   * thrown after a rollback. A caller that begins it again with `afresh` after an error that `isStale` may say `usual`, so
   * that all its statements are prepared behind every pooler.
   */
  async transaction<Result>(
    tenantId: string,
    work: (transaction: Transaction) => Promise<Result>,
    options: TransactionOptions = {},
  ): Promise<Result> {
    const currently = currentWork();
    currently?.throwIfStopped();
    const pin: Pin = { tenantId, plans: "force_generic_plan" };
    const connection = this.#takeSpare(pin) ?? (await this.#take(pin));
    currently?.begins(connection);
    const transaction = new OpenTransaction(connection, pin, currently, options);
    let result: Result;
    try {
      transaction.begin();
      result = await work(transaction);
      await transaction.commit();
      const isWrite = options.isSnapshot !== true;
      try {
        await transaction.answered();
      } finally {
        if (isWrite && options.isUnlogged !== true) this.onCommit?.(tenantId);
        if (isWrite) await this.onSeen?.(currently);
      }
      if (currently !== undefined && isWrite) currently.hasCommitted = true;
      connection.holds(pin);
      const { behind } = transaction;
      if (behind !== null) {
        if (currently !== undefined) currently.statements += 1;
        const answered = this.#lastRows(connection, pin, behind.rows);
        answered.catch(() => undefined);
        behind.resolve(answered);
        return result;
      }
    } catch (error) {
      transaction.giveUp();
      // What is cancelled ends first, so that the rollback is not cancelled.
      if (currently?.stopped != null) await transaction.settled();
      currently?.ends(connection);
      const isQuiet = (await connection.endCancelling()) ?? true;
      if (isQuiet && (await transaction.rollBack())) this.#spareOrClose(connection);
      else this.#discard(connection);
      currently?.throwIfStopped();
      // What failed first in the database is the cause; all that came after it only heard of it.
      await transaction.answered();
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
    const call = async (): Promise<Row[]> => {
      const connection = await this.#takeFor("");
      try {
        const { rows } = await connection.client.query<Row>(text, [ids]);
        await this.#giveBack(connection);
        return rows;
      } catch (error) {
        this.#discard(connection);
        throw error;
      }
    };
    try {
      return await call();
    } catch (error) {
      if (!isOfOldFunction(error)) throw error;
      return await call();
    }
  }

  /** Closes the pool; a statement that still runs after a second is left to the server. */
  async close(): Promise<void> {
    await Promise.race([this.end(), sleep(closingMilliseconds, undefined, { ref: false })]);
  }

  override end(): Promise<void>;
  override end(callback: () => void): void;
  override end(callback?: () => void): Promise<void> | void {
    const ended = super.end();
    this.#spare.close();
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
    if (this.#spare.isEmpty) return null;
    const giveBack = this.#turns.takeNow(pin.tenantId);
    if (giveBack === null) return null;
    const connection = this.#spare.take(pin);
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
      const connection = this.#spare.take(pin) ?? (await this.#nextOfPool());
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
    this.#spare.add(connection);
    connection.endTurn();
  }

  #discard(connection: Connection, work?: Work): void {
    work?.ends(connection);
    void connection.endCancelling();
    connection.client.release(true);
  }
}
