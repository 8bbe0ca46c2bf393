import pg from "pg";
import utils from "pg/lib/utils.js";
import { faultOf } from "./fence-fault.ts";
import type { Piece } from "./fence.ts";
import { unprepared, type Asking, type Preparing, type Texts } from "./prepared-texts.ts";
import type { Work } from "./work.ts";

/** A row as PostgreSQL printed it. */
export type Cells = (string | null)[];

/** A statement with its values as PostgreSQL reads them. */
type Printed = Piece & { readonly values: (string | Buffer | null)[] };

/** A statement that is to be sent. */
export type Sent = Piece & {
  /** Statements in front of it in the same round trip, such as a pin. Their rows are dropped. */
  readonly ahead?: readonly Piece[];
  /** The work that counts the characters of each row. Rows are dropped once its `countRead` returns false. */
  readonly work?: Pick<Work, "countRead"> | null;
  /** `usual` unless it says otherwise. */
  readonly asking?: Asking;
};

/** Writes a statement for PostgreSQL to run, without the Sync that ends a round trip. */
export function writePiece(
  connection: pg.Connection,
  preparing: Pick<Preparing, "name" | "isNew">,
  { text, values, probe, portal }: Printed,
): void {
  if (portal !== undefined) return writePortion(connection, portal, text, values);
  const { name, isNew } = probe === undefined ? preparing : { name: probe, isNew: true };
  if (isNew) connection.parse({ name, text, types: [] }, true);
  connection.bind({ statement: name, values }, true);
  connection.execute(null, true);
  if (probe !== undefined) connection.close({ type: "S", name: probe }, true);
}

/** Asks for the next rows of a portal. Without the Describe that `pg` would send, nothing tells what they are. */
function writePortion(
  connection: pg.Connection,
  { name, isOpen, rows }: NonNullable<Piece["portal"]>,
  text: string,
  values: Printed["values"],
): void {
  if (!isOpen) {
    connection.parse({ name: "", text, types: [] }, true);
    connection.bind({ portal: name, statement: "", binary: true, values }, true);
  }
  connection.execute({ portal: name, rows }, true);
}

/** A statement with its values as PostgreSQL reads them. @throws for a value that cannot be printed */
export const printedOf = (piece: Piece): Printed => ({
  ...piece,
  values: piece.values.map((value) => utils.prepareValue(value)),
});

/** The statement failed, and the connection is as good as before. */
export function isStatementError(reason: unknown): reason is pg.DatabaseError {
  return reason instanceof pg.DatabaseError && reason.severity === "ERROR";
}

/** A prepared statement no longer exists. */
const unknownStatement = "26000";

/** A statement was prepared, and then one of its tables was altered. The same state has other reasons too. */
const isOutdated = (reason: unknown): boolean =>
  isStatementError(reason) && reason.code === "0A000" && reason.routine === "RevalidateCachedQuery";

/** The connection cannot use what it has prepared: sent again, the text is prepared again. */
export const isStale = (reason: unknown): boolean =>
  isOutdated(reason) || (isStatementError(reason) && reason.code === unknownStatement);

/** A function was made anew between a statement's plan and its call. PostgreSQL has no better code for it. */
export const isOfOldFunction = (reason: unknown): boolean =>
  isOutdated(reason) || (isStatementError(reason) && reason.code === "XX000");

/**
 * A statement in `pg`'s pipeline. Its text is prepared when it comes again. `pg`'s own queries would have PostgreSQL
 * describe the columns each time, and would make a parser for each column.
 */
export class Statement implements pg.Submittable {
  readonly sent: Sent;
  readonly #prepared: Texts;
  readonly #answer = Promise.withResolvers<Cells[]>();
  readonly #rows: Cells[] = [];
  #written: readonly Printed[] = [];
  /** How many of the statements in front have not ended yet. */
  #ahead = 0;
  /** Prepared statements that it closes. */
  readonly #closed: string[] = [];

  constructor(sent: Sent, prepared: Texts) {
    this.sent = sent;
    this.#prepared = prepared;
  }

  get text(): string {
    return this.sent.text;
  }

  /** The texts of the statements in front of it, and its own. */
  get texts(): readonly string[] {
    return this.#pieces.map(({ text }) => text);
  }

  get #pieces(): readonly Piece[] {
    const { ahead } = this.sent;
    return ahead === undefined ? [this.sent] : [...ahead, this.sent];
  }

  /** Its rows, or a rejection with its error. */
  get answer(): Promise<Cells[]> {
    return this.#answer.promise;
  }

  /** Writes it to the connection. `pg` calls this and the methods below. */
  submit(connection: pg.Connection): void {
    // Values come first, since one that cannot be printed throws.
    const pieces = this.#pieces.map(printedOf);
    const { asking = "usual" } = this.sent;
    const ways = pieces.map(({ text, comesOnce }) =>
      comesOnce === true ? unprepared : this.#prepared.use(text, asking),
    );
    const { room } = this.#prepared;
    if (room !== null && ways.some(({ name, isNew }) => isNew && name !== "")) {
      pieces.splice(-1, 0, printedOf(room));
      ways.splice(-1, 0, unprepared);
    }
    this.#written = pieces;
    this.#ahead = pieces.length - 1;
    connection.stream.cork();
    // One Sync for all: if one fails, PostgreSQL skips those behind it, and undoes those before it but for a commit.
    for (const [place, piece] of pieces.entries()) {
      const way = ways[place] ?? unprepared;
      for (const name of way.forgotten) connection.close({ type: "S", name }, true);
      this.#closed.push(...way.forgotten);
      writePiece(connection, way, piece);
    }
    connection.sync();
    connection.stream.uncork();
  }

  handleDataRow({ fields }: { readonly fields: Cells }): void {
    if (this.#ahead > 0) return this.#written.at(-1 - this.#ahead)?.heard?.(fields);
    const { work = null } = this.sent;
    if (work !== null) {
      let characters = 0;
      for (const cell of fields) characters += cell?.length ?? 0;
      if (!work.countRead(characters)) return;
    }
    this.#rows.push(fields);
  }

  handleCommandComplete(): void {
    // A statement in front has ended. The statement itself ends with handleReadyForQuery.
    this.#ahead -= 1;
  }

  handlePortalSuspended(): void {
    // Its portion has ended, and the portal has more.
  }

  handleReadyForQuery(): void {
    this.#answer.resolve(this.#rows);
  }

  handleError(error: unknown): void {
    // PostgreSQL skips everything behind the error.
    for (const text of this.texts) this.#prepared.forget(text);
    this.#prepared.closeAgain(this.#closed);
    this.#answer.reject(faultOf(error) ?? error);
  }
}

// `pg` pipelines only instances of its own Query. All methods that are not overridden come from there.
Object.setPrototypeOf(Statement.prototype, pg.Query.prototype);
