import pg from "pg";
import { faultOf } from "./fence-fault.ts";
import type { Piece } from "./fence.ts";
import { unprepared } from "./prepared-texts.ts";
import { printedOf, Statement, writePiece } from "./statement.ts";

/**
 * Begins or ends a transaction, and neither reads nor writes: it needs no fence. Inside a transaction that has failed it
 * must come alone.
 */
const bounds = /^\s*(BEGIN|COMMIT|ROLLBACK|SET TRANSACTION)\b/i;

type QueryCallback = (error: Error | undefined, result?: pg.QueryResult) => void;

/** What fences a query. */
type Fencing = {
  /** The statements that go in front of it. */
  readonly ahead: readonly Piece[];
  /** The one that ends the transaction, if it begins in front of the query. */
  readonly end: Piece | null;
  /** Called when they have succeeded. */
  readonly holds: () => void;
};
const unfenced: Fencing = { ahead: [], end: null, holds: () => undefined };

/** Has each query of other libraries fenced by itself, on a connection whose pin does not last. */
export function fenceQueries(client: pg.PoolClient, fencing: () => Fencing): void {
  const query: (...parameters: unknown[]) => unknown = client.query.bind(client);
  const answerOf = (config: pg.QueryConfig, ahead: readonly Piece[]) =>
    new Promise<pg.QueryResult>((resolve, reject) => {
      const settle: QueryCallback = (error, result) =>
        error == null && result !== undefined ? resolve(result) : reject(error);
      query(new FencedQuery(config, settle, ahead));
    });
  const fencedAnswerOf = async (config: pg.QueryConfig): Promise<pg.QueryResult> => {
    const { ahead, end, holds } = bounds.test(config.text) ? unfenced : fencing();
    const answer = answerOf(config, ahead);
    const ended = end === null ? null : answerOf({ text: end.text }, []);
    const [result] = await Promise.all([answer, ended]);
    holds();
    return result;
  };
  const fenced = (...parameters: unknown[]): unknown => {
    const [first, second] = parameters;
    if (first instanceof Statement) return query(first);
    const answer = fencedAnswerOf(queryOf(first, second));
    const callback = parameters.at(-1);
    if (typeof callback !== "function") return answer;
    return void answer.then(
      (result) => callback(undefined, result),
      (error: unknown) => callback(error),
    );
  };
  Object.defineProperty(client, "query", { value: fenced, configurable: true, writable: true });
}

/** A query as libraries give it: its text or an object, then maybe its values. */
function queryOf(first: unknown, second: unknown): pg.QueryConfig {
  const values = Array.isArray(second) ? { values: second } : {};
  if (typeof first === "string") return { text: first, ...values };
  const isObject = typeof first === "object" && first !== null && !("submit" in first);
  if (isObject && "text" in first && typeof first.text === "string") {
    return { ...first, text: first.text, ...values };
  }
  throw new TypeError("with FENCE=transaction a query is a text, or an object with a text");
}

/** A query of `pg`'s with what fences it in front, in one round trip. It is one statement, however it was given. */
class FencedQuery extends pg.Query {
  readonly #pieces: readonly Piece[];
  /** How many of those in front of it have not ended yet. */
  #ahead: number;

  constructor(config: pg.QueryConfig, callback: QueryCallback, pieces: readonly Piece[]) {
    super(config, callback);
    this.#pieces = pieces;
    this.#ahead = pieces.length;
  }

  /** Several statements in one text would leave the transaction that the first is fenced in. */
  override requiresPreparation(): boolean {
    return true;
  }

  override prepare(connection: pg.Connection): void {
    for (const piece of this.#pieces) writePiece(connection, unprepared, printedOf(piece));
    super.prepare(connection);
  }

  override handleDataRow(message: { readonly fields: (string | null)[] }): void {
    if (this.#ahead === 0) super.handleDataRow(message);
    else this.#pieces.at(-this.#ahead)?.heard?.(message.fields);
  }

  override handleCommandComplete(message: unknown, connection: pg.Connection): void {
    if (this.#ahead === 0) super.handleCommandComplete(message, connection);
    else this.#ahead -= 1;
  }

  override handleError(error: unknown, connection: pg.Connection): void {
    super.handleError(faultOf(error) ?? error, connection);
  }
}
