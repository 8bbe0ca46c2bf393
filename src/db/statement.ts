import pg from "pg";
import utils from "pg/lib/utils.js";
import type { PreparedTexts } from "./prepared-texts.ts";
import type { Work } from "./work.ts";

/** A row as PostgreSQL printed it. */
export type Cells = (string | null)[];

/** The session settings that a connection is pinned to: the tenant whose rows it sees, and the mode of planning. */
export type Pin = {
  readonly tenantId: string;
  readonly plans: "force_generic_plan" | "force_custom_plan" | "auto";
};

/** A statement that is to be sent. */
export type Sent = {
  readonly text: string;
  readonly values: readonly unknown[];
  /** A pin that is set first. The statement only runs if the pin succeeds. */
  readonly pin?: Pin | null;
  /** The work that counts the characters of each row. Rows are dropped once its `countRead` returns false. */
  readonly work?: Pick<Work, "countRead"> | null;
};

const pinText =
  "SELECT set_config('app.tenant_id', $1, false), set_config('plan_cache_mode', $2, false)";
const pinValues = ({ tenantId, plans }: Pin): string[] => [tenantId, plans];

/** A statement that only pins a connection. */
export const pinTo = (pin: Pin): Sent => ({ text: pinText, values: pinValues(pin) });

/** The statement failed, and the connection is as good as before. */
export function isStatementError(reason: unknown): reason is pg.DatabaseError {
  return reason instanceof pg.DatabaseError && reason.severity === "ERROR";
}

/**
 * A statement in `pg`'s pipeline. Its text is prepared when it comes again. `pg`'s own queries would have PostgreSQL
 * describe the columns each time, and would make a parser for each column.
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
    this.#isPinning = sent.pin != null;
  }

  get text(): string {
    return this.#sent.text;
  }

  /** Its rows, or a rejection with its error. */
  get answer(): Promise<Cells[]> {
    return this.#answer.promise;
  }

  /** Whether it used a prepared statement, which may be out of date because a table has changed. */
  get wasPrepared(): boolean {
    return this.#wasPrepared;
  }

  /** Writes it to the connection. `pg` calls this and the methods below. */
  submit(connection: pg.Connection): void {
    const { text, pin = null } = this.#sent;
    // Values come first, since one that cannot be printed throws.
    const values = this.#sent.values.map((value) => utils.prepareValue(value));
    connection.stream.cork();
    // One Sync for both: PostgreSQL skips the statement if the pin fails, and undoes the pin if the statement fails.
    if (pin !== null) this.#write(connection, pinText, pinValues(pin));
    this.#write(connection, text, values);
    connection.sync();
    connection.stream.uncork();
  }

  #write(connection: pg.Connection, text: string, values: (string | Buffer | null)[]): void {
    const { name, isNew, forgotten } = this.#prepared.use(text);
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
    // This completes the pin, if there was one. The statement ends with handleReadyForQuery.
    this.#isPinning = false;
  }

  handleReadyForQuery(): void {
    this.#answer.resolve(this.#rows);
  }

  handleError(error: unknown): void {
    this.#prepared.forget(this.#sent.text);
    if (this.#sent.pin != null) this.#prepared.forget(pinText);
    this.#answer.reject(error);
  }
}

// `pg` pipelines only instances of its own Query. All methods that are not overridden come from there.
Object.setPrototypeOf(Statement.prototype, pg.Query.prototype);
