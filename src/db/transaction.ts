import type { Connection } from "./connection.ts";
import type { Piece, Pin } from "./fence.ts";
import { Opening } from "./opening.ts";
import { RowTap, type OnRow } from "./row-tap.ts";
import type { Asking } from "./prepared-texts.ts";
import { isStale, isStatementError, type Cells, type Sent } from "./statement.ts";
import type { Work } from "./work.ts";

/** One transaction. Statements go out in order without waiting for each other; answers come in the same order. */
export type Transaction = {
  /** Whether Citus carries it out on other nodes. */
  readonly isDistributed: boolean;
  rows(text: string, values: readonly unknown[]): Promise<Cells[]>;
  /**
   * Sends a statement without an answer, in the round trip of the next one. If it fails, the next one (which may be the
   * commit) fails with its error.
   */
  send(text: string, values: readonly unknown[]): void;
  /**
   * Reads rows of a statement in portions, as binary. PostgreSQL sends each row as it makes it, where FETCH would gather
   * them first.
   */
  portions(name: string, text: string, values: readonly unknown[]): (rows: number) => Promise<void>;
  /** Hands over the rows of later statements as bytes. It ends when it is closed, or with the transaction. */
  tap(onRow: OnRow): RowTap;
  /**
   * Reads after the commit, in its round trip. It is called once at most. Null if the transaction was not committed. A
   * failure of the statement does not affect the commit.
   */
  readBehind(text: string, values: readonly unknown[]): Promise<Cells[] | null>;
};

export type TransactionOptions = {
  /** How its statements are asked for. */
  readonly asking?: Asking;
  /** Whether it only reads, and all of it from one snapshot. */
  readonly isSnapshot?: boolean;
  /** Whether nothing that it writes is in the log of changes, so that nobody is told of its commit. */
  readonly isUnlogged?: boolean;
};

/** A statement that waits for the commit. */
type Behind = Piece & {
  readonly resolve: (rows: Cells[] | null | Promise<Cells[]>) => void;
};

/** The transaction that a connection is in, from its pin to its end. */
export class OpenTransaction implements Transaction {
  readonly #connection: Connection;
  readonly #pin: Pin;
  readonly #work: Work | undefined;
  readonly #opening: Opening;
  readonly #sent: Promise<unknown>[] = [];
  /** Statements without an answer. They are sent ahead of one with an answer, so that PostgreSQL answers them together. */
  readonly #waiting: Piece[] = [];
  #pinned: Promise<unknown> | null = null;
  #tap: RowTap | null = null;
  #asked: Behind | null = null;
  #isOver = false;
  #isGivenUp = false;
  /** How its statements are asked for behind the first round trip, which can begin again on the spot. */
  #asking: Asking;
  readonly #isSnapshot: boolean;
  /** The read behind the commit, once both are sent. */
  behind: { readonly rows: Promise<Cells[]>; readonly resolve: Behind["resolve"] } | null = null;

  constructor(
    connection: Connection,
    pin: Pin,
    work: Work | undefined,
    { asking = "once", isSnapshot = false }: TransactionOptions,
  ) {
    this.#connection = connection;
    this.#pin = pin;
    this.#work = work;
    this.#asking = asking;
    this.#isSnapshot = isSnapshot;
    this.#opening = new Opening((sent) => this.#send(sent), connection.keepsPin);
  }

  get isDistributed(): boolean {
    return this.#connection.isDistributed;
  }

  /** Pins the connection, ahead of BEGIN or behind it. */
  begin(): void {
    const connection = this.#connection;
    const fencing = connection.ahead(this.#pin);
    if (connection.keepsPin) {
      const last = fencing.at(-1);
      if (last !== undefined) this.#pinned = this.#send({ ...last, ahead: fencing.slice(0, -1) });
      // Uncertain until it is answered.
      connection.losePin();
    }
    // READ COMMITTED is said aloud: writers rely on seeing what was committed while they waited for a lock.
    const level = this.#isSnapshot ? "REPEATABLE READ READ ONLY" : "READ COMMITTED";
    this.send(`BEGIN ISOLATION LEVEL ${level}`);
    if (!connection.keepsPin) this.#waiting.push(...fencing);
  }

  readonly rows = async (text: string, values: readonly unknown[]): Promise<Cells[]> => {
    return await this.#answered({ text, values });
  };

  readonly send = (text: string, values: readonly unknown[] = []): void => {
    if (this.#work !== undefined) this.#work.statements += 1;
    this.#waiting.push({ text, values });
  };

  readonly portions = (name: string, text: string, values: readonly unknown[]) => {
    let isOpen = false;
    return async (rows: number): Promise<void> => {
      const portal = { name, isOpen, rows };
      isOpen = true;
      await this.#answered({ text, values, portal, comesOnce: true });
    };
  };

  readonly tap = (onRow: OnRow): RowTap => {
    this.#tap?.close();
    this.#tap = new RowTap(this.#connection.client.connection.stream, onRow);
    return this.#tap;
  };

  readonly readBehind = (text: string, values: readonly unknown[]): Promise<Cells[] | null> => {
    const { promise, resolve } = Promise.withResolvers<Cells[] | null>();
    this.#asked = { text, values, resolve };
    return promise;
  };

  /** Sends COMMIT and the read behind it. `answered` tells whether it was committed. */
  async commit(): Promise<void> {
    this.#tap?.close();
    await this.#opening.ready();
    // Travels with what was sent last. If one of those failed, this rolls back.
    void this.#query({ text: "COMMIT", values: [] });
    this.#isOver = true;
    if (this.#asked === null) return;
    const { resolve, ...read } = this.#asked;
    const ahead = this.#connection.keepsPin ? [] : this.#connection.ahead(this.#pin);
    const sent = { ...read, ahead, work: this.#work ?? null };
    const rows = this.#connection.answer(sent, () => this.answered());
    // The caller gets its failure as well.
    rows.catch(() => undefined);
    this.behind = { rows, resolve };
  }

  /** Waits for all answers. @throws the first failure in the order of sending, which is the reason of the rest */
  async answered(): Promise<void> {
    for (const answer of await this.settled()) {
      if (answer.status === "rejected") throw answer.reason;
    }
  }

  settled(): Promise<PromiseSettledResult<unknown>[]> {
    return Promise.allSettled(this.#sent);
  }

  /** Sends nothing of it any more. */
  giveUp(): void {
    this.#tap?.close();
    this.#isOver = true;
    this.#isGivenUp = true;
    this.#asked?.resolve(null);
  }

  /** Rolls back; gives whether the connection is as good as new. */
  async rollBack(): Promise<boolean> {
    const rolledBack = this.#connection.client.query("ROLLBACK");
    const [pin, ...others] = await Promise.allSettled([this.#pinned, ...this.#sent, rolledBack]);
    const isSound = others.every(
      (answer) => answer.status === "fulfilled" || isStatementError(answer.reason),
    );
    if (!isSound || pin.status === "rejected") return false;
    if (this.#opening.isOpen) this.#connection.holds(this.#pin);
    return true;
  }

  async #answered(piece: Piece): Promise<Cells[]> {
    const answer = this.#query(piece);
    // The pin is answered before this is; had it failed, nothing behind it counts.
    await this.#pinned;
    return await answer;
  }

  #query(piece: Piece): Promise<Cells[]> {
    if (this.#work !== undefined) this.#work.statements += 1;
    return this.#opening.send({ ...piece, ahead: this.#waiting.splice(0) });
  }

  #send(sent: Sent): Promise<Cells[]> {
    this.#work?.throwIfStopped();
    if (this.#isOver) throw new Error("the transaction is over");
    const connection = this.#connection;
    connection.sendTogether();
    const { isOpen } = this.#opening;
    const asking = isOpen || this.#asking === "afresh" ? this.#asking : "usual";
    const first = connection.send({ ...sent, asking }).answer;
    const answer = isOpen ? first : this.#orBegunAgain(first, sent);
    // Without its rows, which a long transaction would gather.
    const ended = answer.then(() => undefined);
    this.#sent.push(ended);
    // Heard again below; unheard here, it would end the process when `work` has failed before.
    ended.catch(() => undefined);
    return answer;
  }

  /** The answer of the first round trip. If something is not prepared, nothing of it was done: it begins again. */
  async #orBegunAgain(first: Promise<Cells[]>, sent: Sent): Promise<Cells[]> {
    try {
      return await first;
    } catch (error) {
      if (!isStale(error) || this.#isGivenUp || this.#work?.stopped != null) throw error;
      this.#asking = "afresh";
      const ahead = [rollback, ...(sent.ahead ?? [])];
      return await this.#connection.send({ ...sent, ahead, asking: "afresh" }).answer;
    }
  }
}

const rollback: Piece = { text: "ROLLBACK", values: [], comesOnce: true };
