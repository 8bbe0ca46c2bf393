import { randomBytes } from "node:crypto";
import type pg from "pg";
import { Cancelling } from "./cancel.ts";
import type { Fence, Piece, Pin } from "./fence.ts";
import { fenceQueries } from "./fenced-query.ts";
import { PreparedTexts, type RecentTexts } from "./prepared-texts.ts";
import { isStale, Statement, type Cells, type Sent } from "./statement.ts";

const none: readonly Piece[] = [];
const begin: Piece = { text: "BEGIN ISOLATION LEVEL READ COMMITTED", values: [] };
/** Ends a transaction that has failed as well: it rolls that back, and does not fail. */
const commit: Piece = { text: "COMMIT", values: [] };
const nobody: Pin = { tenantId: "", plans: "auto" };

/** A connection of the pool: its pin, its prepared statements, and the turn that it serves. */
export class Connection {
  readonly client: pg.PoolClient;
  readonly #fence: Fence;
  readonly #prepared: PreparedTexts;
  #pin: Pin | null = null;
  /** What queries of other libraries are fenced to. */
  #othersPin: Pin = nobody;
  /** Whether it has been seen to hold the fence. */
  #isTrusted = false;
  /** Whether it was used since the last sweep for idle connections. */
  isFresh = true;
  #giveBack: (() => void) | null = null;
  #cancelling: Cancelling | null = null;

  constructor(client: pg.PoolClient, fence: Fence, recentTexts: RecentTexts) {
    this.client = client;
    this.#fence = fence;
    const prefix = fence.isLasting ? "s" : `${randomBytes(6).toString("hex")}_`;
    this.#prepared = new PreparedTexts(fence.keepsStatements ? recentTexts : null, prefix);
    if (fence.isLasting) return;
    fenceQueries(client, () => {
      const pin = this.#othersPin;
      const ahead = this.ahead(pin);
      const holds = (): void => this.holds(pin);
      return fence.needsBlock && this.isIdle
        ? { ahead: [begin, ...ahead], end: commit, holds }
        : { ahead, end: null, holds };
    });
  }

  /** Whether no transaction is open, which a statement would become a part of. */
  get isIdle(): boolean {
    const status = this.client.getTransactionStatus();
    return status === "I" || status === null;
  }

  /** Whether what it is pinned to lasts from one transaction to the next. */
  get keepsPin(): boolean {
    return this.#fence.isLasting;
  }

  isPinnedTo({ tenantId, plans }: Pin): boolean {
    return this.#pin?.tenantId === tenantId && this.#pin.plans === plans;
  }

  /** What goes in front of a statement, so that it is fenced: nothing where the connection is so already. */
  ahead(pin: Pin): readonly Piece[] {
    if (this.#fence.isLasting && this.isPinnedTo(pin)) return none;
    const pinning = this.#fence.pin(pin);
    if (this.#isTrusted) return pinning;
    const processId: unknown = Reflect.get(this.client, "processID");
    const looking = this.#fence.look(typeof processId === "number" ? processId : null);
    // A role that is pinned is looked at; one of the connection must be there before.
    return this.#fence.isLasting ? [looking, ...pinning] : [...pinning, looking];
  }

  /** Says that what went in front of a statement was answered. */
  holds(pin: Pin): void {
    this.#isTrusted = true;
    if (this.#fence.isLasting) this.#pin = pin;
  }

  /** Says that nobody knows what it is pinned to. */
  losePin(): void {
    this.#pin = null;
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
    try {
      return await this.#sendAlone(sent);
    } catch (error) {
      if (isStale(error)) return await this.#sendAlone(sent);
      throw error;
    }
  }

  /** Sends a statement that is a transaction of its own. Where the pin needs it, it begins and ends in the same write. */
  async #sendAlone(sent: Sent): Promise<Cells[]> {
    if (!this.#fence.needsBlock) return await this.send(sent).answer;
    this.sendTogether();
    const { answer } = this.send({ ...sent, ahead: [begin, ...(sent.ahead ?? none)] });
    const [rows] = await Promise.all([answer, this.send(commit).answer]);
    return rows;
  }

  /** Fences all that other libraries send until it is given back. */
  async pinFor(pin: Pin): Promise<void> {
    this.#othersPin = pin;
    if (!this.#fence.isLasting) return;
    const pieces = this.ahead(pin);
    const last = pieces.at(-1);
    if (last === undefined) return;
    await this.send({ ...last, ahead: pieces.slice(0, -1) }).answer;
    this.holds(pin);
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
