import pg from "pg";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { openDatabaseAt } from "../../src/cli/open.ts";
import { loadConfig, poolDefaults } from "../../src/config.ts";
import { FencedPool } from "../../src/db/fenced-pool.ts";
import { StartupError } from "../../src/lib/startup-error.ts";
import { Random } from "../../src/seed/random.ts";
import {
  findPgBouncer,
  startPgBouncer,
  type PgBouncer,
  type PgBouncerOptions,
} from "../../tools/pgbouncer.ts";
import { createTestDatabase } from "../support/database/database.ts";
import { at, startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { startCliGateway, startCliWorker } from "../support/processes/cli-gateway.ts";
import { runCli } from "../support/processes/cli.ts";
import { kindNames, Side } from "../support/growing/side.ts";
import { EventStream } from "../support/live/event-stream.ts";
import { startReceiver } from "../support/webhooks/receiver.ts";
import { RowWriter } from "../support/writes/row-writer.ts";
import { isLong, runSeed } from "../support/run/run-length.ts";

const executable = findPgBouncer();

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

describe.runIf(executable !== null)("behind PgBouncer", () => {
  const start = async (options: Omit<PgBouncerOptions, "executable">): Promise<PgBouncer> => {
    const pooler = await startPgBouncer({ executable: executable ?? "", ...options });
    closers.push(pooler.stop);
    return pooler;
  };

  /** A gateway that has more connections to the pooler than the pooler has to PostgreSQL, where it may share them. */
  async function startBehind(
    mode: "session" | "transaction",
    env: Readonly<Record<string, string>> = {},
    size = mode === "session" ? 8 : 3,
  ): Promise<{ gateway: TestGateway; pooler: PgBouncer }> {
    let pooler: PgBouncer | null = null;
    const gateway = await startGateway({
      route: async (databaseUrl) => (pooler = await start({ databaseUrl, mode, size })).url,
      maxConnections: 8,
      compare: false,
      env: { FENCE: "transaction", ...env },
    });
    closers.push(() => gateway.close());
    if (pooler === null) throw new Error("no pooler");
    return { gateway, pooler };
  }

  it.for([
    { mode: "session", prepared: "on" },
    { mode: "transaction", prepared: "on" },
    { mode: "transaction", prepared: "off" },
  ] as const)(
    `requests of two tenants in turn meet their own records alone: $mode mode, prepared statements $prepared (CRM_TEST_SEED=${runSeed})`,
    async ({ mode, prepared }) => {
      const { gateway } = await startBehind(mode, { PREPARED_STATEMENTS: prepared });
      const sides = await Promise.all(["ours", "theirs"].map((slug) => Side.make(gateway, slug)));
      const [ours, theirs] = sides;
      if (ours === undefined || theirs === undefined) throw new Error("no sides");
      const random = new Random(`pgbouncer ${runSeed}`);
      const requests = isLong ? 10_000 : 60;
      const wrongs: string[] = [];
      let begun = 0;
      const lane = async (): Promise<void> => {
        while (begun < requests) {
          begun += 1;
          const isOurs = random.chance(0.5);
          const [asking, other] = isOurs ? [ours, theirs] : [theirs, ours];
          const wrong = await asking.ask(random.pick(kindNames), other, begun);
          if (wrong !== null) wrongs.push(wrong);
        }
      };
      await Promise.all(Array.from({ length: 16 }, lane));
      expect(wrongs).toEqual([]);
      for (const side of sides) {
        const { found, wanted } = await side.written();
        expect(found).toEqual(wanted);
      }
    },
  );

  it("leaves prepared statements alone behind on the connection that the next client gets", async () => {
    const { gateway, pooler } = await startBehind("transaction", {}, 1);
    const [side, other] = [await Side.make(gateway, "ours"), await Side.make(gateway, "theirs")];
    for (const kind of kindNames) expect(await side.ask(kind, other, 1)).toBeNull();
    const client = new pg.Client({ connectionString: pooler.url });
    await client.connect();
    const { rows } = await client.query({
      text: `SELECT current_user, current_setting('app.tenant_id', true) AS tenant, current_setting('statement_timeout') AS timeout,
        (SELECT count(*)::integer FROM pg_prepared_statements WHERE name NOT LIKE 'crm\\_%') AS others`,
    });
    await client.end();
    expect(rows).toEqual([{ current_user: "crm_owner", tenant: "", timeout: "0", others: 0 }]);
  });

  it.for([
    ["hears of commits on DATABASE_DIRECT_URL", true],
    ["sees commits by its look at the logs without it", false],
  ] as const)("a gateway with subscriptions %s", async ([, isDirect]) => {
    const writing = await startGateway({ logLevel: "silent" });
    closers.push(() => writing.close());
    const { databaseUrl } = writing;
    const pooler = await start({ databaseUrl, mode: "transaction", size: 3 });
    const served = await startCliGateway({
      DATABASE_URL: pooler.url,
      ...(isDirect ? { DATABASE_DIRECT_URL: databaseUrl } : {}),
      FENCE: "transaction",
    });
    closers.push(async () => void (await served.stop()));
    await writing.fixtures.tenant("ours");
    const key = await writing.keyFor("ours");
    const accounts = new RowWriter(writing, key, "accounts");
    const query = "subscription { accountChanged { account { name } } }";
    const stream = await EventStream.open(served.url, key, { query });
    const names = Array.from({ length: 10 }, (_, place) => `Elsewhere ${place}`);
    for (const name of names) await accounts.made({ name });
    expect(await stream.data(names.length)).toEqual(names.map((name) => ({ account: { name } })));
    await stream.close();
  });

  it("webhooks go through `crm work`, whose engine takes DATABASE_DIRECT_URL", async () => {
    const writing = await startGateway({ logLevel: "silent" });
    closers.push(() => writing.close());
    const { databaseUrl } = writing;
    const receiver = await startReceiver();
    closers.push(async () => receiver.close());
    const pooler = await start({ databaseUrl, mode: "transaction", size: 3 });
    const worker = await startCliWorker({
      DATABASE_URL: pooler.url,
      DATABASE_DIRECT_URL: databaseUrl,
      FENCE: "transaction",
    });
    closers.push(async () => void (await worker.stop()));
    await writing.fixtures.tenant("ours");
    const key = await writing.keyFor("ours");
    const made = await writing.data(
      key,
      `mutation { createWebhook(input: {url: "${receiver.urlOf("/pooled")}", types: [Account], payload: full}) { webhook { id } } }`,
    );
    const accounts = new RowWriter(writing, key, "accounts");
    const ids = [await accounts.made({ name: "one" }), await accounts.made({ name: "two" })];
    for (const name of ["three", "four"]) {
      await accounts.update(ids.map((id) => ({ id, name })));
    }
    const versionsOf = (id: string) =>
      receiver
        .at("/pooled")
        .filter(({ data }) => data.record_id === id)
        .map(({ data }) => data.version);
    await expect
      .poll(() => ids.map(versionsOf), { timeout: 60_000 })
      .toEqual([
        [1, 2, 3],
        [1, 2, 3],
      ]);
    const id = at(made, "createWebhook", "webhook", "id");
    const lag = () =>
      writing.data(key, `{ webhook(id: "${String(id)}") { lag { waiting unread } } }`);
    await expect
      .poll(lag, { timeout: 60_000 })
      .toEqual({ webhook: { lag: { waiting: 0, unread: 0 } } });
    expect(await worker.stop()).toBe(0);
    expect(worker.log()).toBe("");
  });

  it("a statement that takes too long is ended, and the next one is answered", async () => {
    const { gateway } = await startBehind("transaction", { STATEMENT_TIMEOUT: "2s" }, 1);
    const tenant = await gateway.fixtures.tenant("ours");
    const rows = (text: string) => gateway.database.forTenant(tenant.uuid).rows(text, []);
    await expect(rows("SELECT pg_sleep(20)")).rejects.toMatchObject({ code: "57014" });
    expect(await rows("SELECT slug FROM tenants")).toEqual([["ours"]]);
  });

  describe("prepared statements, which all clients share", () => {
    /** A client that gets the same connection to PostgreSQL as the gateway. */
    async function besides({ url }: PgBouncer): Promise<pg.Client> {
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      closers.push(() => client.end());
      return client;
    }

    const kept = async (client: pg.Client, like: string): Promise<readonly Kept[]> => {
      const text =
        "SELECT name, prepare_time::text AS since FROM pg_prepared_statements WHERE statement LIKE $1";
      return (await client.query<Kept>(text, [like])).rows;
    };
    type Kept = { readonly name: string; readonly since: string };

    it("have one name in all gateways, and are prepared again where they are gone or out of date", async () => {
      const { gateway, pooler } = await startBehind("transaction", {}, 1);
      const client = await besides(pooler);
      const [side, other] = [await Side.make(gateway, "ours"), await Side.make(gateway, "theirs")];
      const limits = { ...poolDefaults, fence: "transaction" } as const;
      const second = new FencedPool({ url: pooler.url, maxConnections: 1, limits });
      closers.push(() => second.close());
      const text = "SELECT slug, $1::integer FROM tenants";
      const look = async (): Promise<void> => {
        for (const pool of [gateway.database.pool, second, gateway.database.pool]) {
          for (const { tenant } of [side, other]) {
            expect(await pool.forTenant(tenant.uuid).rows(text, [7])).toEqual([[tenant.slug, "7"]]);
          }
        }
        for (const kind of kindNames) expect(await side.ask(kind, other, 1)).toBeNull();
        const both = await second.transaction(side.tenant.uuid, async ({ rows }) => [
          ...(await rows("SELECT current_user", [])),
          ...(await rows("INSERT INTO departments SELECT LIMIT 0 RETURNING 1", [])),
        ]);
        expect(both).toEqual([["crm_gateway"]]);
      };
      await look();
      await look();
      expect(await kept(client, text)).toEqual([
        { name: expect.stringMatching(/^crm_/), since: expect.anything() },
      ]);
      await client.query("DEALLOCATE ALL");
      await look();
      // Transactions then find their first statements, and miss a later one.
      const later = [...(await kept(client, "INSERT%")), ...(await kept(client, "UPDATE%"))];
      expect(later.length).toBeGreaterThan(2);
      for (const { name } of later) await client.query(`DEALLOCATE "${name}"`);
      await look();
      for (const type of ["varchar", "text"]) {
        await gateway.fixtures.client.query(`ALTER TABLE tenants ALTER slug TYPE ${type}`);
        await look();
      }
      const { found, wanted } = await side.written();
      expect(found).toEqual(wanted);
    });

    it("stay few, whatever callers ask, and those in use stay prepared", async () => {
      const { gateway, pooler } = await startBehind("transaction", {}, 1);
      const client = await besides(pooler);
      const { uuid, slug } = await gateway.fixtures.tenant("ours");
      const rows = (text: string) => gateway.database.pool.forTenant(uuid).rows(text, []);
      const used = "SELECT slug FROM tenants";
      for (const _ of [1, 2, 3]) await rows(used);
      const before = await kept(client, used);
      expect(before).toHaveLength(1);
      for (let shape = 1; shape <= (isLong ? 400 : 160); shape += 1) {
        const text = `SELECT slug, ${shape} FROM tenants`;
        for (const _ of [1, 2, 3]) expect(await rows(text)).toEqual([[slug, String(shape)]]);
        expect(await rows(used)).toEqual([[slug]]);
      }
      expect(await kept(client, used)).toEqual(before);
      const count = (await kept(client, "%")).length;
      expect(count).toBeGreaterThan(70);
      expect(count).toBeLessThanOrEqual(151);
    });
  });

  describe("the start", () => {
    let databaseUrl: string;
    beforeAll(async () => {
      const database = await createTestDatabase();
      databaseUrl = database.url;
      return () => database.drop();
    });

    it.for(["session", "transaction"] as const)(
      "is refused where options are dropped: %s mode",
      async (mode) => {
        const settings = ["ignore_startup_parameters = options"];
        const { url } = await start({ databaseUrl, mode, settings });
        const config = loadConfig({ DATABASE_URL: url });
        const opened = openDatabaseAt(url, config, { maxConnections: 1 });
        const told = await opened.then(
          () => "",
          (error: unknown) => (error instanceof StartupError ? error.message : ""),
        );
        expect(told).toMatch(/^A pooler stands [^\n]*: set FENCE=transaction[^\n]*$/);
        expect(told).toContain("connections act as crm_owner instead of crm_gateway");
        expect(told).toContain("statement_timeout is 0 instead of 10s");
      },
    );

    it("is refused where options are refused", async () => {
      const { url } = await start({ databaseUrl, mode: "transaction" });
      const { code, errors } = await runCli(["serve"], {
        DATABASE_URL: url,
        DEMO: "off",
        PORT: "0",
      });
      expect(code).toBe(1);
      expect(errors).toMatch(/^A pooler stands .*: set FENCE=transaction[^\n]*$/);
    });

    it("works with FENCE=transaction, and migrates and makes keys past the pooler", async () => {
      const { url } = await start({ databaseUrl, mode: "transaction" });
      const env = { DATABASE_URL: url, DATABASE_DIRECT_URL: databaseUrl, FENCE: "transaction" };
      const gateway = await startCliGateway(env);
      closers.push(async () => void (await gateway.stop()));
      expect((await fetch(`${gateway.url}/readyz`)).status).toBe(200);
      const migrated = await runCli(["migrate"], env);
      expect(migrated).toMatchObject({ code: 0, output: expect.stringMatching(/up to date/) });
    });
  });
});
