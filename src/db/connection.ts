import { randomBytes } from "node:crypto";
import type pg from "pg";
import { Cancelling } from "./cancel.ts";
import { sharesStatements, type Fence, type Piece, type Pin } from "./fence.ts";
import { fenceQueries } from "./fenced-query.ts";
import { PreparedTexts, type RecentTexts, type Texts } from "./prepared-texts.ts";
import { isStale, Statement, type Cells, type Sent } from "./statement.ts";

/** What the connections of a pool prepare. */
type TextsOfPool = { readonly recent: RecentTexts; readonly shared: Texts };

const none: readonly Piece[] = [];
const begin: Piece = {
  text: "BEGIN ISOLATION LEVEL READ COMMITTED",
  values: [],
  comesOnce: true,
};
/**
 * Ends a transaction that has failed as well: it rolls that back, and does not fail, as it would if it were prepared and
 * gone.
 */
const commit: Piece = { text: "COMMIT", values: [], comesOnce: true };
const nobody: Pin = { tenantId: "", plans: "auto" };

/** A connection of the pool: its pin, its prepared statements, and the turn that it serves. */
export class Connection {
  readonly client: pg.PoolClient;
  readonly #fence: Fence;
  readonly #allTexts: TextsOfPool;
  /** None is prepared before a look has told whose the connection is. */
  #texts: Texts;
  #pin: Pin | null = null;
  /** What queries of other libraries are fenced to. */
  #othersPin: Pin = nobody;
  /** Whether it has been seen to hold the fence. */
  #isTrusted = false;
  /** Whether it was used since the last sweep for idle connections. */
  isFresh = true;
  #giveBack: (() => void) | null = null;
  #cancelling: Cancelling | null = null;

  constructor(client: pg.PoolClient, fence: Fence, texts: TextsOfPool) {
    this.client = client;
    this.#fence = fence;
    this.#allTexts = texts;
    this.#texts = new PreparedTexts(fence.isLasting && fence.keepsStatements ? texts.recent : null);
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

  /** Whether Citus carries its statements out on other nodes. */
  get isDistributed(): boolean {
    return this.#fence.needsBlock;
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
    const look = this.#fence.look(typeof processId === "number" ? processId : null);
    const looking = { ...look, heard: this.#hears };
    // A role that is pinned is looked at; one of the connection must be there before.
    return this.#fence.isLasting ? [looking, ...pinning] : [...pinning, looking];
  }

  /** Chooses how texts are prepared, by what a look found. */
  readonly #hears = (found: readonly (string | null)[]): void => {
    const { recent, shared } = this.#allTexts;
    if (this.#fence.isLasting || !this.#fence.keepsStatements) return;
    const prefix = `${randomBytes(6).toString("hex")}_`;
    this.#texts = sharesStatements(found) ? shared : new PreparedTexts(recent, prefix);
  };

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
    const statement = new Statement(sent, this.#texts);
    this.client.query(statement);
    return statement;
  }

  /**
   * The rows of a statement outside of transactions. PostgreSQL refuses what it does not have prepared as it should be
   * before it runs, so the text is sent again, once `mayRepeat` has passed.
   */
  async answer(
    sent: Sent,
    mayRepeat: () => Promise<void> = () => Promise.resolve(),
  ): Promise<Cells[]> {
    try {
      return await this.#sendAlone(sent);
    } catch (error) {
      if (!isStale(error)) throw error;
      await mayRepeat();
      return await this.#sendAlone({ ...sent, asking: "afresh" });
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
