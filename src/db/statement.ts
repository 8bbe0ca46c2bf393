import pg from "pg";
import utils from "pg/lib/utils.js";
import { faultOf } from "./fence-fault.ts";
import type { Piece } from "./fence.ts";
import { unprepared, type PreparedTexts, type Preparing } from "./prepared-texts.ts";
import type { Work } from "./work.ts";

/** A row as PostgreSQL printed it. */
export type Cells = (string | null)[];

/** The same with its values as PostgreSQL reads them. */
type Printed = Required<Piece> & { readonly values: (string | Buffer | null)[] };

/** A statement that is to be sent. */
export type Sent = Piece & {
  /** Statements in front of it in the same round trip, such as a pin. Their rows are dropped. */
  readonly ahead?: readonly Piece[];
  /** The work that counts the characters of each row. Rows are dropped once its `countRead` returns false. */
  readonly work?: Pick<Work, "countRead"> | null;
};

/** Writes a statement for PostgreSQL to run, without the Sync that ends a round trip. */
export function writePiece(
  connection: pg.Connection,
  { name, isNew }: Pick<Preparing, "name" | "isNew">,
  { text, values }: Printed,
): void {
  if (isNew) connection.parse({ name, text, types: [] }, true);
  connection.bind({ statement: name, values }, true);
  connection.execute(null, true);
}

/** A statement with its values as PostgreSQL reads them. @throws for a value that cannot be printed */
export const printedOf = ({ text, values, comesOnce = false }: Piece): Printed => ({
  text,
  values: values.map((value) => utils.prepareValue(value)),
  comesOnce,
});

/** The statement failed, and the connection is as good as before. */
export function isStatementError(reason: unknown): reason is pg.DatabaseError {
  return reason instanceof pg.DatabaseError && reason.severity === "ERROR";
}

/** A prepared statement no longer exists. */
const unknownStatement = "26000";

/** A statement was prepared, and then one of its tables was altered. The same state has other reasons too. */
export const isOutdated = (reason: unknown): boolean =>
  isStatementError(reason) && reason.code === "0A000" && reason.routine === "RevalidateCachedQuery";

/** The connection cannot use what it has prepared: sent again, the text is prepared again. */
export const isStale = (reason: unknown): boolean =>
  isOutdated(reason) || (isStatementError(reason) && reason.code === unknownStatement);

/**
 * A statement in `pg`'s pipeline. Its text is prepared when it comes again. `pg`'s own queries would have PostgreSQL
 * describe the columns each time, and would make a parser for each column.
 */
export class Statement implements pg.Submittable {
  readonly #sent: Sent;
  readonly #prepared: PreparedTexts;
  readonly #answer = Promise.withResolvers<Cells[]>();
  readonly #rows: Cells[] = [];
  /** How many of the statements in front have not ended yet. */
  #ahead: number;
  /** Prepared statements that it closes. */
  readonly #closed: string[] = [];

  constructor(sent: Sent, prepared: PreparedTexts) {
    this.#sent = sent;
    this.#prepared = prepared;
    this.#ahead = sent.ahead?.length ?? 0;
  }

  get text(): string {
    return this.#sent.text;
  }

  /** The texts of the statements in front of it, and its own. */
  get texts(): readonly string[] {
    return this.#pieces.map(({ text }) => text);
  }

  get #pieces(): readonly Piece[] {
    const { ahead } = this.#sent;
    return ahead === undefined ? [this.#sent] : [...ahead, this.#sent];
  }

  /** Its rows, or a rejection with its error. */
  get answer(): Promise<Cells[]> {
    return this.#answer.promise;
  }

  /** Writes it to the connection. `pg` calls this and the methods below. */
  submit(connection: pg.Connection): void {
    // Values come first, since one that cannot be printed throws.
    const printed = this.#pieces.map(printedOf);
    connection.stream.cork();
    // One Sync for all: if one fails, PostgreSQL skips those behind it, and undoes those before it but for a commit.
    for (const piece of printed) this.#write(connection, piece);
    connection.sync();
    connection.stream.uncork();
  }

  #write(connection: pg.Connection, piece: Printed): void {
    const preparing = piece.comesOnce ? unprepared : this.#prepared.use(piece.text);
    for (const name of preparing.forgotten) connection.close({ type: "S", name }, true);
    this.#closed.push(...preparing.forgotten);
    writePiece(connection, preparing, piece);
  }

  handleDataRow({ fields }: { readonly fields: Cells }): void {
    if (this.#ahead > 0) return;
    const { work = null } = this.#sent;
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
