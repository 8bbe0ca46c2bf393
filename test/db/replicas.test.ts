import pg from "pg";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { makeSecret } from "../../src/auth/api-key.ts";
import { checkReplicas } from "../../src/db/check-server.ts";
import { migrate } from "../../src/db/migrate.ts";
import { startThrowaway, type ThrowawayDatabase } from "../../tools/throwaway.ts";
import { startReplica, type Replica } from "../support/database/replica.ts";
import { at, listAt } from "../support/gateway/gateway.ts";
import { EventStream } from "../support/live/event-stream.ts";
import { startCliGateway, type CliGateway } from "../support/processes/cli-gateway.ts";
import { casesOf } from "../support/run/run-length.ts";
import { Fixtures } from "../support/samples/fixtures.ts";

const slug = "north-harbor";
const pairs = casesOf(1_000, 24);

let primary: ThrowawayDatabase;
let replica: Replica;
let fixtures: Fixtures;
/** On the replica, past the gateway. */
let follower: pg.Client;
let served: CliGateway;

beforeAll(async () => {
  primary = await startThrowaway();
  await migrate({ url: primary.url });
  fixtures = await Fixtures.open(primary.url);
  await fixtures.tenant(slug);
  replica = await startReplica(primary, "2s");
  follower = new pg.Client({ connectionString: replica.url });
  follower.on("error", () => undefined);
  await follower.connect();
  served = await serve({ REPLICA_MAX_LAG: "1h" });
}, 180_000);
afterAll(async () => {
  await served.stop();
  await follower.end();
  await fixtures.close();
  await replica.stop();
  await primary.stop();
});

const serve = (env: Readonly<Record<string, string>>): Promise<CliGateway> =>
  startCliGateway({
    DATABASE_URL: primary.url,
    DATABASE_REPLICA_URLS: replica.url,
    RATE_LIMIT_STORE: "memory",
    REQUESTS_PER_MINUTE: "1000000",
    POINTS_PER_MINUTE: "100000000",
    ...env,
  });

let keys = 0;

/** A caller that has not written yet. */
async function newKey(): Promise<string> {
  keys += 1;
  const id = `0190aaaa-0000-7000-8000-${String(keys).padStart(12, "0")}`;
  const { key, hash } = makeSecret("test", id);
  await fixtures.client.query(
    `INSERT INTO api_keys (tenant_id, id, name, environment, secret_hash, scopes)
     SELECT id, $2, 'test', 'test', $3, '{*}' FROM tenants WHERE slug = $1`,
    [slug, id, hash],
  );
  return key;
}

async function ask(key: string, query: string, to = served): Promise<unknown> {
  const response = await fetch(`${to.url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-api-key": key },
    body: JSON.stringify({ query }),
  });
  const answer: unknown = await response.json();
  const data = at(answer, "data");
  if (data === null) throw new Error(JSON.stringify(answer));
  return data;
}

async function create(key: string, name: string): Promise<string> {
  const data = await ask(
    key,
    `mutation { createAccount(input: { name: "${name}" }) { account { id } userErrors { message } } }`,
  );
  return String(at(data, "createAccount", "account", "id"));
}

/** How many accounts of that name a caller sees. */
async function count(key: string, name: string, to = served): Promise<number> {
  const query = `{ accounts(where: { name: { eq: "${name}" } }) { nodes { id } } }`;
  return listAt(await ask(key, query, to), "accounts", "nodes").length;
}

/**
 * Has a caller make an account while the replica stands still, and looks then; again until what is expected is seen, since
 * the gateway has to learn first that the replica had followed so far.
 */
async function whileItStands(writer: string, look: (name: string) => Promise<void>): Promise<void> {
  await vi.waitFor(async () => {
    const { rows } = await fixtures.client.query<{ lsn: string }>(
      "SELECT pg_current_wal_lsn() AS lsn",
    );
    const hasFollowed = "SELECT pg_last_wal_replay_lsn() >= $1::pg_lsn AS followed";
    await vi.waitFor(async () => {
      const answer = await follower.query<{ followed: boolean }>(hasFollowed, [rows[0]?.lsn]);
      expect(answer.rows).toEqual([{ followed: true }]);
    }, 30_000);
    await follower.query("SELECT pg_wal_replay_pause()");
    try {
      const name = `Standing ${performance.now()}`;
      await create(writer, name);
      await look(name);
    } finally {
      await follower.query("SELECT pg_wal_replay_resume()");
    }
  }, 110_000);
}

describe("a replica that follows two seconds later", () => {
  it("shows what others wrote once it is there, and the primary shows a caller its own at once", async () => {
    const [writer, reader] = [await newKey(), await newKey()];
    await whileItStands(writer, async (name) => {
      expect(await count(writer, name)).toBe(1);
      // Only the replica can show none.
      expect(await count(reader, name)).toBe(0);
      expect(await count(writer, name)).toBe(1);
    });
    // The writer's queries come back to the replica.
    await whileItStands(await newKey(), async (name) => {
      expect(await count(writer, name)).toBe(0);
    });
  }, 240_000);

  it("shows a caller what it was told of: its list, its import's rows, an event", async () => {
    const writer = await newKey();
    const account = await create(writer, "With a deal");
    await ask(
      writer,
      `mutation { createDeal(input: { account_id: "${account}", name: "A deal" }) { userErrors { code } } }`,
    );
    await whileItStands(writer, async (name) => {
      const setter = await newKey();
      await ask(
        setter,
        `mutation { setPicklist(input: { list: dealStages, values: [{ value: "lead", label: "${name}" }] }) { userErrors { code } } }`,
      );
      const { pipeline } = z
        .object({ pipeline: z.array(z.object({ label: z.string() })) })
        .parse(await ask(setter, "{ pipeline { label } }"));
      expect(pipeline).toEqual([{ label: name }]);

      const importer = await newKey();
      const imports = `${served.url}/api/v1/crm/imports`;
      const headers = { "x-api-key": importer, "content-type": "text/csv" };
      const sent = await fetch(`${imports}?entity=accounts&format=csv`, {
        method: "POST",
        headers,
        body: `name\nImported ${name}\n`,
      });
      const path = `${imports}/${String(at(await sent.json(), "id"))}`;
      await vi.waitFor(async () => {
        const found = await fetch(path, { headers: { "x-api-key": importer } });
        expect(await found.json()).toMatchObject({ status: "done", rows_created: 1 });
      }, 60_000);
      expect(await count(importer, `Imported ${name}`)).toBe(1);

      const listener = await newKey();
      const query = "subscription { accountChanged { account { name } } }";
      const stream = await EventStream.open(served.url, listener, { query });
      await create(writer, `Told of ${name}`);
      expect(await stream.data(1)).toEqual([{ account: { name: `Told of ${name}` } }]);
      expect(await count(listener, `Told of ${name}`)).toBe(1);
      await stream.close();
      // Only the replica can show none.
      expect(await count(await newKey(), `Told of ${name}`)).toBe(0);
    });
  }, 240_000);

  it(`shows a caller what it wrote, in ${pairs} pairs of a write and a read`, async () => {
    const names = Array.from({ length: pairs }, (_, index) => `Pair ${index}`);
    const callers: string[] = [];
    for (let number = 0; number < 8; number += 1) callers.push(await newKey());
    const caller = async (key: string): Promise<number[]> => {
      const seen: number[] = [];
      for (let name = names.pop(); name !== undefined; name = names.pop()) {
        const id = await create(key, name);
        seen.push(await count(key, name));
        const data = await ask(key, `{ account(id: "${id}") { name } }`);
        expect(at(data, "account", "name")).toBe(name);
      }
      return seen;
    };
    const seen = await Promise.all(callers.map(caller));
    expect(seen.flat()).toEqual(Array.from({ length: pairs }, () => 1));
  }, 300_000);

  it("gets no queries while it is further behind than allowed, nor does one that does not answer", async () => {
    const [writer, reader] = [await newKey(), await newKey()];
    const impatient = await serve({
      REPLICA_MAX_LAG: "1s",
      DATABASE_REPLICA_URLS: `postgres://nobody@127.0.0.1:1/none,${replica.url}`,
    });
    try {
      expect(impatient.log()).toContain("No queries go to the replica at 127.0.0.1:1 yet");
      await whileItStands(writer, async (name) => {
        await vi.waitFor(async () => expect(await count(reader, name, impatient)).toBe(1), 30_000);
        expect(await count(reader, name)).toBe(0);
      });
    } finally {
      await impatient.stop();
    }
  }, 240_000);
});

describe("DATABASE_REPLICA_URLS", () => {
  it("refuses a server that follows no other", async () => {
    const told: string[] = [];
    const check = checkReplicas([replica.url, primary.url], (line) => told.push(line));
    await expect(check).rejects.toThrow("is no replica");
    expect(told).toEqual([]);
  });

  it("has the primary answer when its replica is stopped", async () => {
    const [writer, reader] = [await newKey(), await newKey()];
    await follower.end();
    await replica.stop();
    await create(writer, "Alone");
    await vi.waitFor(async () => expect(await count(reader, "Alone")).toBe(1), 30_000);
  }, 120_000);
});
