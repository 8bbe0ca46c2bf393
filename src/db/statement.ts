import pg from "pg";
import utils from "pg/lib/utils.js";
import type { PreparedTexts } from "./prepared-texts.ts";
import type { Work } from "./work.ts";

/** A row as PostgreSQL printed it. */
export type Cells = (string | null)[];

/** What a connection is pinned to: the tenant whose rows it sees, and how what it runs is planned. */
export type Pin = {
  readonly tenantId: string;
  readonly plans: "force_generic_plan" | "force_custom_plan" | "auto";
};

/** What is sent. */
export type Sent = {
  readonly text: string;
  readonly values: readonly unknown[];
  /** What the connection is pinned to from this statement on; it is not run unless the pin holds. */
  readonly pin?: Pin | null;
  /** What it is done for is told of each row; once it says false, no more rows are kept. */
  readonly work?: Pick<Work, "countRead"> | null;
};

const pinText =
  "SELECT set_config('app.tenant_id', $1, false), set_config('plan_cache_mode', $2, false)";
const pinValues = ({ tenantId, plans }: Pin): string[] => [tenantId, plans];

/** Only pins a connection. */
export const pinTo = (pin: Pin): Sent => ({ text: pinText, values: pinValues(pin) });

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
    this.#isPinning = sent.pin != null;
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
    const { text, pin = null } = this.#sent;
    // First, since a value that cannot be printed throws.
    const values = this.#sent.values.map((value) => utils.prepareValue(value));
    connection.stream.cork();
    // One Sync for both: PostgreSQL passes over the second when the first fails, and takes back the first with the second.
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
    // Of the pin, if there was one; the end of the statement comes with handleReadyForQuery.
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

// `pg` sends queries without waiting for one another only when they are its own; whatever is not overridden is its.
Object.setPrototypeOf(Statement.prototype, pg.Query.prototype);
