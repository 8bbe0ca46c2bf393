import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import pg from "pg";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { asTenant, FencedPool } from "../../src/db/fenced-pool.ts";
import { tellError } from "../../src/graphql/server/errors.ts";
import { createTestDatabase, type TestDatabase } from "../support/database/database.ts";
import { patience } from "../support/database/waiting.ts";

const tenantId = "0190aaaa-0000-7000-8000-000000000001";
let database: TestDatabase;
let pool: FencedPool;
let closeProxy: () => void;
let watcher: pg.Client;
const sockets = new Set<Socket>();

/** How many statements sleep in the database; one whose connection was cut may sleep on. */
async function sleeping(): Promise<number> {
  const { rows } = await watcher.query(
    "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'",
  );
  return rows.length;
}

/** Cuts every connection without a word, as a failing network or server does. */
function cut(): void {
  for (const socket of sockets) socket.resetAndDestroy();
}

beforeAll(async () => {
  database = await createTestDatabase();
  const target = new URL(database.url);
  const proxy = createServer((near) => {
    const far = connect(Number(target.port), target.hostname);
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket);
      socket.on("error", () => other.destroy());
      socket.on("close", () => sockets.delete(socket));
      socket.pipe(other);
    }
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  closeProxy = () => proxy.close();
  watcher = new pg.Client({ connectionString: database.url });
  await watcher.connect();
  const address = proxy.address();
  const url = new URL(database.url);
  url.port = String(typeof address === "object" && address !== null ? address.port : 0);
  pool = new FencedPool({ url: url.href, maxConnections: 1 });
});
afterAll(async () => {
  await pool.close();
  closeProxy();
  await watcher.end();
  await database.drop();
});

// What nobody listens to would end the process, and here the run.
it.each<[string, () => Promise<unknown>]>([
  ["a read", () => pool.forTenant(tenantId).rows("SELECT pg_sleep(30)", [])],
  [
    "a statement of another library",
    () => asTenant(tenantId, () => pool.query("SELECT pg_sleep(30)")),
  ],
  [
    "a checked-out connection",
    () =>
      asTenant(tenantId, async () => {
        const client = await pool.connect();
        try {
          return await client.query("SELECT pg_sleep(30)");
        } finally {
          client.release(true);
        }
      }),
  ],
])(
  "%s whose connection is cut fails alone, as UNAVAILABLE, and the next one is answered",
  async (_, work) => {
    const before = await sleeping();
    const outcome = work().catch((error: unknown) => error);
    await vi.waitFor(async () => expect(await sleeping()).toBe(before + 1), patience);
    cut();
    expect(tellError(await outcome, "id").error.extensions["code"]).toBe("UNAVAILABLE");
    expect(await pool.forTenant(tenantId).rows("SELECT 1", [])).toEqual([["1"]]);
  },
);

it.each(["ENOTFOUND", "ENOENT", "ECONNREFUSED", "EAI_AGAIN", "ENETUNREACH"])(
  "%s from the database's address is UNAVAILABLE",
  (code) => {
    const error = Object.assign(new Error("x"), { code, syscall: "connect" });
    expect(tellError(error, "id").error.extensions["code"]).toBe("UNAVAILABLE");
  },
);
