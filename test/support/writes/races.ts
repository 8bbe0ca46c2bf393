import { patientEnvironment } from "../run/patience.ts";
import { withoutExtensions } from "../gateway/without-extensions.ts";
import { createHttpServer } from "../../../src/http/http-server.ts";
import { listen, portOf } from "../../../src/cli/http.ts";
import { loadConfig } from "../../../src/config.ts";
import { openDatabase } from "../../../src/db/database.ts";
import { startComparison } from "../compile/comparison.ts";
import { schema } from "../gateway/schema.ts";
import { expectWritten, idOf, mutationText, type Outcome, outcomesIn } from "./mutation.ts";
import { createGateway } from "../../../src/server.ts";
import { at, startGateway, type Answer, type TestGateway } from "../gateway/gateway.ts";

type Arguments = Readonly<Record<string, unknown>>;

/** An answer as it came over the wire. */
export type Reply = { readonly status: number; readonly text: string; readonly answer: Answer };

type SendOptions = {
  readonly variables?: Arguments;
  readonly idempotencyKey?: string;
  /** Another credential than the track's own. */
  readonly key?: string;
  /** Which of the two gateways is asked: 0 or 1; the first unless said. */
  readonly through?: number;
};

/** Two gateways on one database, each with its small pool, and a tenant whose key may do anything. */
export type RaceTrack = TestGateway & {
  /** Of both. */
  readonly urls: readonly [string, string];
  readonly key: string;
  readonly tenantId: string;
  /** Sends an operation and gives the answer byte for byte. */
  send(query: string, options?: SendOptions): Promise<Reply>;
  /** Sends a mutation of one field, e.g. `write("updateAccount", { id, input })`; `through` names the gateway. */
  write(field: string, args: Arguments, through?: number): Promise<Outcome>;
  /** The same for a batch: one result for each row. */
  writeMany(field: string, args: Arguments, through?: number): Promise<Outcome[]>;
  /** Creates a record that must be good, and gives its id. */
  make(type: string, input: Arguments): Promise<string>;
  /** Rows of a statement by the database's owner; ids with prefixes are taken as their UUIDs. */
  sql(text: string, ...values: readonly unknown[]): Promise<Record<string, unknown>[]>;
  /** How many deadlocks PostgreSQL has broken in this database since the last call. */
  deadlocks(): Promise<number>;
};

type RaceTrackOptions = {
  /** `silent` where errors are provoked. */
  readonly logLevel?: "error" | "silent";
};

/** Opens the track; call `close` when the file is done. */
export async function startRaceTrack({
  logLevel = "error",
}: RaceTrackOptions = {}): Promise<RaceTrack> {
  const gateway = await startGateway({ logLevel });
  const second = await startSecond(gateway.databaseUrl, logLevel);
  const tenant = await gateway.fixtures.tenant("racing");
  const ownKey = await gateway.keyFor(tenant.slug);
  const { client } = gateway.fixtures;
  let counted = 0;

  const send: RaceTrack["send"] = async (query, options = {}) => {
    const { variables = {}, idempotencyKey, through = 0, key = ownKey } = options;
    const response = await fetch(`${through === 0 ? gateway.url : second.url}/graphql`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        accept: "application/graphql-response+json",
        "x-api-key": key,
        ...(idempotencyKey === undefined ? {} : { "idempotency-key": idempotencyKey }),
      },
      body: JSON.stringify({ query, variables }),
    });
    const text = withoutExtensions(await response.text());
    const answer: Answer = JSON.parse(text);
    return { status: response.status, text, answer };
  };
  const writeMany: RaceTrack["writeMany"] = async (field, args, through = 0) => {
    const query = mutationText(field, { args: Object.keys(args), selection: "id version" });
    const { answer, text } = await send(query, { variables: args, through });
    if (answer.errors !== undefined) throw new Error(`${field} failed: ${text}`);
    return outcomesIn(field, at(answer.data, field));
  };
  const write: RaceTrack["write"] = async (field, args, through) => {
    const [written] = await writeMany(field, args, through);
    if (written === undefined) throw new Error(`${field} answered nothing`);
    return written;
  };
  return {
    ...gateway,
    urls: [gateway.url, second.url],
    key: ownKey,
    tenantId: tenant.uuid,
    send,
    write,
    writeMany,
    make: async (type, input) => {
      return idOf(expectWritten(await write(`create${type}`, { input })));
    },
    sql: async (text, ...values) => {
      const { rows } = await client.query<Record<string, unknown>>(text, values.map(bare));
      return rows;
    },
    deadlocks: async () => {
      for (const { pool } of [gateway.database, second.database]) {
        // Each session counts for itself, and tells when it is told to.
        const sessions = await Promise.all(Array.from({ length: poolSize }, () => pool.connect()));
        await Promise.all(sessions.map((one) => one.query("SELECT pg_stat_force_next_flush()")));
        for (const session of sessions) session.release();
      }
      const { rows } = await client.query<{ deadlocks: string }>(
        "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()",
      );
      const total = Number(rows[0]?.deadlocks);
      const since = total - counted;
      counted = total;
      return since;
    },
    close: async () => {
      await second.close();
      await gateway.close();
    },
  };
}

/** As many as a gateway of {@link startGateway} has. */
const poolSize = 5;

/** Another gateway on the same database, with a pool of its own: what another process would be. */
export async function startSecond(
  url: string,
  logLevel: "error" | "silent",
  env: Readonly<Record<string, string>> = {},
  compiled = true,
) {
  const config = loadConfig({ ...patientEnvironment, LOG_LEVEL: logLevel, ...env });
  const database = openDatabase({ url, maxConnections: poolSize, pool: config.pool });
  const comparison = startComparison(url, schema);
  const { onCompiled } = comparison;
  const gateway = createGateway({ schema, database, config, demo: null, compiled, onCompiled });
  const server = createHttpServer(gateway.requestListener, config.http);
  await listen(server, "127.0.0.1", 0);
  return {
    url: `http://127.0.0.1:${portOf(server)}`,
    database,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await gateway.close();
      await database.close();
      await comparison.close();
    },
  };
}

/** Starts `count` at once; `work` gets each one's number, from 0. */
export function race<Result>(
  count: number,
  work: (index: number) => Promise<Result>,
): Promise<Result[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => work(index)));
}

/** The ids of those that were written. */
export const idsOf = (outcomes: readonly Outcome[]): string[] =>
  outcomes.flatMap(({ id }) => id ?? []);

/** All that was wrong, as one list, each with its path as one text. */
export const errorsOf = (outcomes: readonly Outcome[]) =>
  outcomes.flatMap(({ userErrors }) =>
    userErrors.map((error) => ({ ...error, path: error.path.join(".") })),
  );

/** `acc-<uuid>` → `<uuid>`, also in lists. */
function bare(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(bare);
  return typeof value === "string" ? value.replace(/^[a-z]+-(?=[0-9a-f]{8}-)/, "") : value;
}
