import type pg from "pg";
import { Cancelling } from "./cancel.ts";
import { PreparedTexts, type RecentTexts } from "./prepared-texts.ts";
import { isStatementError, Statement, type Cells, type Pin, type Sent } from "./statement.ts";

/** What PostgreSQL says of a prepared statement whose table is another one by now, and of one that is gone. */
const staleStates: ReadonlySet<string> = new Set(["0A000", "26000"]);

/** One connection of the pool: the tenant that it is pinned to, what it has prepared, and whose turn it serves. */
export class Connection {
  readonly client: pg.PoolClient;
  readonly #prepared: PreparedTexts;
  /** Null when it is not certain. */
  pin: Pin | null = null;
  /** Whether it was used since it was last looked for connections that nobody needs. */
  isFresh = true;
  #giveBack: (() => void) | null = null;
  #cancelling: Cancelling | null = null;

  constructor(client: pg.PoolClient, recentTexts: RecentTexts) {
    this.client = client;
    this.#prepared = new PreparedTexts(recentTexts);
  }

  /** Whether a statement that is sent now would be no part of a transaction that somebody left open. */
  get isIdle(): boolean {
    const status = this.client.getTransactionStatus();
    return status === "I" || status === null;
  }

  isPinnedTo({ tenantId, plans }: Pin): boolean {
    return this.pin?.tenantId === tenantId && this.pin.plans === plans;
  }

  /** Sends a statement without waiting for those before it. */
  send(sent: Sent): Statement {
    const statement = new Statement(sent, this.#prepared);
    this.client.query(statement);
    return statement;
  }

  /**
   * The rows of a statement outside of transactions. One that was prepared and is out of date is refused before anything
   * of it is done, so its text is sent again.
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

  /** What is sent before anybody waits leaves in one write: BEGIN with the first read, the last writes with COMMIT. */
  sendTogether(): void {
    const { stream } = this.client.connection;
    if (stream.writableCorked > 0) return;
    stream.cork();
    process.nextTick(() => stream.uncork());
  }

  /** Begins the turn of who has it now. */
  beginTurn(giveBack: () => void): void {
    this.isFresh = true;
    this.#giveBack = giveBack;
  }

  /** Gives back the turn, if anybody has it. */
  endTurn(): void {
    const giveBack = this.#giveBack;
    this.#giveBack = null;
    giveBack?.();
  }

  /** Cancels what it runs, until `endCancelling`. */
  cancel(): void {
    this.#cancelling ??= new Cancelling(this.client);
  }

  /** Gives whether the connection is safe to use, if something was cancelled: no request is on its way any more. */
  endCancelling(): Promise<boolean> | null {
    const cancelling = this.#cancelling;
    this.#cancelling = null;
    return cancelling?.end() ?? null;
  }
}
