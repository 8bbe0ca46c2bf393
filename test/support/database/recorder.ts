import type pg from "pg";
import type { FencedPool } from "../../../src/db/fenced-pool.ts";
import { Statement } from "../../../src/db/statement.ts";

/** One statement as it was sent, and how many rows came back. */
type RecordedStatement = { readonly text: string; rows: number };

/** Remembers the statements that go through a pool. */
export type Recorder = {
  /** What was sent since the last `clear`, without the fence's pin, the look-up of the key, the note of its use and what wakes listeners. */
  all(): readonly RecordedStatement[];
  /** The same with those. */
  everything(): readonly RecordedStatement[];
  clear(): void;
};

const housekeeping =
  /crm-gateway fence|set_config\('app\.tenant_id'|SET LOCAL app\.tenant_id|find_api_key|note_api_key_use|pg_notify|FROM pg_locks/;

/** Watches every connection that the pool opens from now on. */
export function recordStatements(pool: FencedPool): Recorder {
  let recorded: RecordedStatement[] = [];
  /** What a statement on Citus begins and ends with, where it is a transaction of its own. */
  const bounds = new WeakSet<RecordedStatement>();
  pool.on("connect", (client: pg.PoolClient) => {
    let isAlone = false;
    const query: (...parameters: unknown[]) => unknown = client.query.bind(client);
    const watched = (...parameters: unknown[]): unknown => {
      const [sent] = parameters;
      const statement: RecordedStatement = { text: textOf(sent), rows: 0 };
      if (sent instanceof Statement) {
        const onCitus = sent.texts.some((text) => text.startsWith("SET LOCAL app.tenant_id"));
        for (const text of sent.texts.slice(0, -1)) {
          const ahead = { text, rows: 0 };
          recorded.push(ahead);
          if (!onCitus || !text.startsWith("BEGIN")) continue;
          isAlone = true;
          bounds.add(ahead);
        }
      }
      recorded.push(statement);
      if (isAlone && statement.text === "COMMIT") {
        isAlone = false;
        bounds.add(statement);
      }
      if (sent instanceof Statement) {
        sent.answer.then(
          ({ length }) => (statement.rows = length),
          () => undefined,
        );
        return query(...parameters);
      }
      const last = parameters.at(-1);
      if (typeof last === "function") {
        const callback: (...results: unknown[]) => unknown = last.bind(undefined);
        parameters[parameters.length - 1] = (error: unknown, result: unknown) => {
          statement.rows = rowsOf(result);
          return callback(error, result);
        };
        return query(...parameters);
      }
      return Promise.resolve(query(...parameters)).then((result) => {
        statement.rows = rowsOf(result);
        return result;
      });
    };
    Object.defineProperty(client, "query", { value: watched, configurable: true });
  });
  return {
    all: () => recorded.filter((one) => !housekeeping.test(one.text) && !bounds.has(one)),
    everything: () => recorded,
    clear: () => {
      recorded = [];
    },
  };
}

function textOf(query: unknown): string {
  if (typeof query === "string") return query;
  return typeof query === "object" && query !== null && "text" in query ? String(query.text) : "";
}

function rowsOf(result: unknown): number {
  return typeof result === "object" && result !== null && "rowCount" in result
    ? Number(result.rowCount)
    : 0;
}
