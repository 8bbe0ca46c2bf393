import type pg from "pg";
import { Cancelling } from "./cancel.ts";
import { PreparedTexts, type RecentTexts } from "./prepared-texts.ts";
import { isStatementError, Statement, type Cells, type Pin, type Sent } from "./statement.ts";

/** SQLSTATEs of a prepared statement whose table has changed since, and of one that no longer exists. */
const staleStates: ReadonlySet<string> = new Set(["0A000", "26000"]);

/** A connection of the pool: its pin, its prepared statements, and the turn that it serves. */
export class Connection {
  readonly client: pg.PoolClient;
  readonly #prepared: PreparedTexts;
  /** Null if the pin is uncertain. */
  pin: Pin | null = null;
  /** Whether it was used since the last sweep for idle connections. */
  isFresh = true;
  #giveBack: (() => void) | null = null;
  #cancelling: Cancelling | null = null;

  constructor(client: pg.PoolClient, recentTexts: RecentTexts) {
    this.client = client;
    this.#prepared = new PreparedTexts(recentTexts);
  }

  /** Whether no transaction is open, which a statement would become a part of. */
  get isIdle(): boolean {
    const status = this.client.getTransactionStatus();
    return status === "I" || status === null;
  }

  isPinnedTo({ tenantId, plans }: Pin): boolean {
    return this.pin?.tenantId === tenantId && this.pin.plans === plans;
  }

  /** Sends a statement without waiting for earlier ones. */
  send(sent: Sent): Statement {
    const statement = new Statement(sent, this.#prepared);
    this.client.query(statement);
    return statement;
  }

  /**
   * The rows of a statement outside of transactions. PostgreSQL refuses an outdated prepared statement before it runs,
   * so the text is sent again.
   */
  async answer(sent: Sent): Promise<Cells[]> {
    const statement = this.send(sent);
    try {
      return await statement.answer;
    } catch (error) {
      const isStale = isStatementError(error) && staleStates.has(error.code ?? "");
      if (statement.wasPrepared && isStale) return await this.send(sent).answer;
      throw error;
    }
  }

  /** Joins all statements of this tick into one write: BEGIN with the first read, the last writes with COMMIT. */
  sendTogether(): void {
    const { stream } = this.client.connection;
    if (stream.writableCorked > 0) return;
    stream.cork();
    process.nextTick(() => stream.uncork());
  }

  /** Marks the connection as in use; `giveBack` ends its turn. */
  beginTurn(giveBack: () => void): void {
    this.isFresh = true;
    this.#giveBack = giveBack;
  }

  /** Ends the turn, if there is one. */
  endTurn(): void {
    const giveBack = this.#giveBack;
    this.#giveBack = null;
    giveBack?.();
  }

  /** Cancels the statement that it runs, and any later one, until `endCancelling`. */
  cancel(): void {
    this.#cancelling ??= new Cancelling(this.client);
  }

  /** Whether the connection is safe to use, since no cancel request is on its way; null if there was none. */
  endCancelling(): Promise<boolean> | null {
    const cancelling = this.#cancelling;
    this.#cancelling = null;
    return cancelling?.end() ?? null;
  }
}
