import pg from "pg";
import utils from "pg/lib/utils.js";
import type { PreparedTexts } from "./prepared-texts.ts";

/** A row as PostgreSQL printed it. */
type Cells = (string | null)[];

type StatementOptions = {
  readonly text: string;
  readonly values: readonly unknown[];
  /** What its connection has prepared; null for what is planned for this one time and its values. */
  readonly prepared: PreparedTexts | null;
  /** Told the characters of each row; once it says false, no more rows are kept. */
  readonly countRead?: ((characters: number) => boolean) | null;
};

/**
 * One statement on its way through a connection; its text is prepared there when it comes again. For a query of `pg`,
 * PostgreSQL would describe the columns each time, and `pg` would make parsers for each of them.
 */
export class Statement implements pg.Submittable {
  readonly text: string;
  readonly #values: readonly unknown[];
  readonly #prepared: PreparedTexts | null;
  readonly #countRead: ((characters: number) => boolean) | null;
  readonly #answer = Promise.withResolvers<Cells[]>();
  readonly #rows: Cells[] = [];
  #wasPrepared = false;

  constructor({ text, values, prepared, countRead = null }: StatementOptions) {
    this.text = text;
    this.#values = values;
    this.#prepared = prepared;
    this.#countRead = countRead;
  }

  /** Its rows, or why it failed. */
  get answer(): Promise<Cells[]> {
    return this.#answer.promise;
  }

  /** Whether it named what was prepared before: that may be out of date, since a table is another one by now. */
  get wasPrepared(): boolean {
    return this.#wasPrepared;
  }

  /** Writes it. Called by `pg`, as all below. */
  submit(connection: pg.Connection): void {
    // First, since a value that cannot be printed throws.
    const values = this.#values.map((value) => utils.prepareValue(value));
    const { name = "", isNew = true, forgotten = [] } = this.#prepared?.use(this.text) ?? {};
    this.#wasPrepared = !isNew;
    connection.stream.cork();
    for (const gone of forgotten) connection.close({ type: "S", name: gone }, true);
    if (isNew) connection.parse({ name, text: this.text, types: [] }, true);
    connection.bind({ statement: name, values }, true);
    connection.execute(null, true);
    connection.sync();
    connection.stream.uncork();
  }

  handleDataRow({ fields }: { readonly fields: Cells }): void {
    if (this.#countRead !== null) {
      let characters = 0;
      for (const cell of fields) characters += cell?.length ?? 0;
      if (!this.#countRead(characters)) return;
    }
    this.#rows.push(fields);
  }

  handleCommandComplete(): void {
    // The end comes with handleReadyForQuery.
  }

  handleReadyForQuery(): void {
    this.#answer.resolve(this.#rows);
  }

  handleError(error: unknown): void {
    this.#prepared?.forget(this.text);
    this.#answer.reject(error);
  }
}

// `pg` sends queries without waiting for one another only when they are its own; whatever is not overridden is its.
Object.setPrototypeOf(Statement.prototype, pg.Query.prototype);
