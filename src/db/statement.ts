import pg from "pg";
import utils from "pg/lib/utils.js";
import { unprepared, type PreparedTexts } from "./prepared-texts.ts";
import type { Work } from "./work.ts";

/** A row as PostgreSQL printed it. */
export type Cells = (string | null)[];

/** What is sent. */
export type Sent = StatementOptions & {
  readonly text: string;
  readonly values: readonly unknown[];
  /** The tenant that the connection is pinned to from this statement on; it is not run unless the pin holds. */
  readonly pinnedTo?: string | null;
  /** What it is done for is told of each row; once it says false, no more rows are kept. */
  readonly work?: Pick<Work, "countRead"> | null;
};

export type StatementOptions = {
  /**
   * The plan depends on what is looked for (a word, a pattern, a path in JSON), so it is made anew each time. All other
   * statements are prepared when their text comes again.
   */
  readonly plannedEach?: boolean;
};

const pinText = "SELECT set_config('app.tenant_id', $1, false)";

/** Only pins a connection to a tenant. */
export const pinTo = (tenantId: string): Sent => ({ text: pinText, values: [tenantId] });

/** The statement failed, and the connection is as good as before. */
export function isStatementError(reason: unknown): reason is pg.DatabaseError {
  return reason instanceof pg.DatabaseError && reason.severity === "ERROR";
}

/**
 * One statement on its way through a connection; its text is prepared there when it comes again. For a query of `pg`,
 * PostgreSQL would describe the columns each time, and `pg` would make parsers for each of them.
 */
export class Statement implements pg.Submittable {
  readonly #sent: Sent;
  readonly #prepared: PreparedTexts;
  readonly #answer = Promise.withResolvers<Cells[]>();
  readonly #rows: Cells[] = [];
  #isPinning: boolean;
  #wasPrepared = false;

  constructor(sent: Sent, prepared: PreparedTexts) {
    this.#sent = sent;
    this.#prepared = prepared;
    this.#isPinning = sent.pinnedTo != null;
  }

  get text(): string {
    return this.#sent.text;
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
    const { text, pinnedTo = null, plannedEach = false } = this.#sent;
    // First, since a value that cannot be printed throws.
    const values = this.#sent.values.map((value) => utils.prepareValue(value));
    connection.stream.cork();
    // One Sync for both: PostgreSQL passes over the second when the first fails, and takes back the first with the second.
    if (pinnedTo !== null) this.#write(connection, pinText, [pinnedTo], false);
    this.#write(connection, text, values, plannedEach);
    connection.sync();
    connection.stream.uncork();
  }

  #write(
    connection: pg.Connection,
    text: string,
    values: (string | Buffer | null)[],
    plannedEach: boolean,
  ): void {
    const { name, isNew, forgotten } = plannedEach ? unprepared : this.#prepared.use(text);
    if (!isNew) this.#wasPrepared = true;
    for (const gone of forgotten) connection.close({ type: "S", name: gone }, true);
    if (isNew) connection.parse({ name, text, types: [] }, true);
    connection.bind({ statement: name, values }, true);
    connection.execute(null, true);
  }

  handleDataRow({ fields }: { readonly fields: Cells }): void {
    if (this.#isPinning) return;
    const { work = null } = this.#sent;
    if (work !== null) {
      let characters = 0;
      for (const cell of fields) characters += cell?.length ?? 0;
      if (!work.countRead(characters)) return;
    }
    this.#rows.push(fields);
  }

  handleCommandComplete(): void {
    // Of the pin, if there was one; the end of the statement comes with handleReadyForQuery.
    this.#isPinning = false;
  }

  handleReadyForQuery(): void {
    this.#answer.resolve(this.#rows);
  }

  handleError(error: unknown): void {
    this.#prepared.forget(this.#sent.text);
    if (this.#sent.pinnedTo != null) this.#prepared.forget(pinText);
    this.#answer.reject(error);
  }
}

// `pg` sends queries without waiting for one another only when they are its own; whatever is not overridden is its.
Object.setPrototypeOf(Statement.prototype, pg.Query.prototype);
