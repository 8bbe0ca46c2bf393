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

type QueryCallback = (error: Error | undefined, result: pg.QueryResult) => void;

/** The statements that go in front of a query, and a callback for when they have succeeded. */
type Fencing = { readonly pieces: readonly Piece[]; readonly holds: () => void };

/** Has each query of other libraries fenced by itself, on a connection whose pin does not last. */
export function fenceQueries(client: pg.PoolClient, fencing: () => Fencing): void {
  const query: (...parameters: unknown[]) => unknown = client.query.bind(client);
  const fenced = (...parameters: unknown[]): unknown => {
    const [first, second] = parameters;
    if (first instanceof Statement) return query(first);
    const config = queryOf(first, second);
    const { pieces, holds } = bounds.test(config.text) ? unfenced : fencing();
    const send = (callback: QueryCallback): unknown =>
      query(
        new FencedQuery(
          config,
          (error, result) => {
            if (error == null) holds();
            callback(error, result);
          },
          pieces,
        ),
      );
    const callback = parameters.at(-1);
    if (typeof callback === "function") return void send((...answer) => callback(...answer));
    return new Promise((resolve, reject) => {
      send((error, result) => (error == null ? resolve(result) : reject(error)));
    });
  };
  Object.defineProperty(client, "query", { value: fenced, configurable: true, writable: true });
}

const unfenced: Fencing = { pieces: [], holds: () => undefined };

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
  }

  override handleCommandComplete(message: unknown, connection: pg.Connection): void {
    if (this.#ahead === 0) super.handleCommandComplete(message, connection);
    else this.#ahead -= 1;
  }

  override handleError(error: unknown, connection: pg.Connection): void {
    super.handleError(faultOf(error) ?? error, connection);
  }
}
