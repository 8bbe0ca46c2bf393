import { request as httpRequest, type IncomingMessage } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { patience, untilAtRest } from "../../support/database/waiting.ts";
import { captureLog } from "../../support/gateway/captured-log.ts";
import { at, listAt, type TestGateway } from "../../support/gateway/gateway.ts";
import { startTenant } from "../../support/gateway/one-tenant.ts";
import { askFor, linesOf, recordIn } from "../../support/rest/export-client.ts";
import { idOf, type Values } from "../../support/writes/mutation.ts";
import { Writes } from "../../support/writes/writes.ts";

const log = captureLog();
let gateway: TestGateway;
let key: string;
let write: Writes;

beforeAll(async () => {
  // Two exports at once, one of a tenant.
  ({ gateway, key } = await startTenant("exports", { maxConnections: 8, logTo: log.stream }));
  write = new Writes(gateway, key);
});
afterAll(() => gateway.close());

const ask = (path: string, headers: Readonly<Record<string, string>> = {}) =>
  askFor(`${gateway.url}/api/v1/crm${path}`, { "x-api-key": key, ...headers });

describe("an export that does not come to its end", () => {
  let large: Readonly<Record<string, string>>;

  beforeAll(async () => {
    large = { "x-api-key": await largeTenant("large") };
  });

  it("has the place of its tenant while its client does not read, and gives it back when that goes", async () => {
    const { request } = await begin(large);
    const second = await ask("/contacts/export", large);
    expect([second.status, second.headers["retry-after"]]).toEqual([429, "5"]);
    expect(JSON.parse(second.body.toString())).toMatchObject({ limit: 1, window: "at_once" });
    // Others are served meanwhile, exports too.
    expect((await ask("/contacts", large)).status).toBe(200);
    expect((await ask("/contacts/export")).status).toBe(200);
    request.destroy();
    await untilFree();
    expect((await ask("/contacts/export", large)).trailers["x-rows-sent"]).toBe("0");
    // Its first rows alone are more than is printed ahead.
    const { body, trailers } = await ask("/accounts/export", large);
    expect([linesOf(body).length, trailers["x-rows-sent"]]).toEqual([2_001, "2000"]);
    expect(log.lines()).toEqual([]);
  });

  it.each(["identity", "gzip", "zstd"])(
    "is cut where its backend is killed, so that the client sees it: %s",
    async (coding) => {
      const told = log.lines().length;
      const { request, response } = await begin({ ...large, "accept-encoding": coding });
      expect(response.headers["content-encoding"] ?? "identity").toBe(coding);
      const { rowCount } = await gateway.fixtures.client.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND state <> 'idle' AND query LIKE 'SELECT %FROM "accounts" t %'
           AND pid <> pg_backend_pid()`,
      );
      expect(rowCount).toBe(1);
      const failure = new Promise<unknown>((resolve) => response.once("error", resolve));
      response.resume();
      expect(await failure).toMatchObject({ code: "ECONNRESET" });
      expect([response.complete, response.trailers]).toEqual([false, {}]);
      request.destroy();
      await untilFree();
      // Told once, with what it was asked for, and not as what nobody has handled.
      expect(log.lines().slice(told)).toMatchObject([
        { msg: "unexpected error", operation: "exportAccounts" },
      ]);
      expect((await ask("/contacts/export", large)).trailers["x-rows-sent"]).toBe("0");
    },
  );

  it("is cut when it takes longer than the operator lets it, whoever reads", async () => {
    const own = await startTenant("late", { env: { EXPORT_TIMEOUT: "3s" } });
    try {
      await own.gateway.fixtures.client.query(
        `INSERT INTO accounts (id, tenant_id, name, description, created_at, updated_at)
         SELECT gen_random_uuid(), (SELECT id FROM tenants), 'x', repeat(md5(n::text), 3000), now(), now()
         FROM generate_series(1, 300) AS n`,
      );
      const { request, response } = await begin({ "x-api-key": own.key }, own.gateway, "300");
      // It reads now and then, and is there all the time.
      response.read(10_000);
      await expect
        .poll(() => own.gateway.database.pool.load, patience)
        .toEqual({ taken: 0, waiting: 0 });
      const failure = new Promise<unknown>((resolve) => response.once("error", resolve));
      response.resume();
      expect(await failure).toMatchObject({ code: "ECONNRESET" });
      request.destroy();
      await untilAtRest(own.gateway);
    } finally {
      await own.gateway.close();
    }
  });

  /** A tenant with more than the system takes before anybody reads, in four times what is read at once; gives a key. */
  async function largeTenant(slug: string): Promise<string> {
    await gateway.fixtures.tenant(slug);
    const own = await gateway.keyFor(slug);
    const inputs = Array.from({ length: 1_000 }, (_, place) => ({ name: `Large ${place}` }));
    for (const _ of [1, 2]) await new Writes(gateway, own).mutateMany("createAccounts", { inputs });
    // Hardly compressible.
    await gateway.fixtures.client.query(
      `UPDATE accounts SET description =
         (SELECT string_agg(md5(accounts.id::text || place), '') FROM generate_series(1, 600) AS place)
       WHERE name LIKE 'Large %'`,
    );
    return own;
  }

  /** Begins an export that is not read for now. */
  async function begin(
    headers: Readonly<Record<string, string>>,
    of: TestGateway = gateway,
    rows = "2000",
  ) {
    const request = httpRequest(`${of.url}/api/v1/crm/accounts/export`, { headers });
    request.on("error", () => undefined);
    const begun = new Promise<IncomingMessage>((resolve, reject) => {
      request.once("error", reject);
      request.once("response", (response) => resolve(response.pause()));
    });
    request.end();
    const response = await begun;
    response.on("error", () => undefined);
    expect([response.statusCode, response.headers["x-rows"]]).toEqual([200, rows]);
    return { request, response };
  }

  /** No connection is kept, by the gateway or in the database. */
  async function untilFree(): Promise<void> {
    await expect.poll(() => gateway.database.pool.load, patience).toEqual({ taken: 0, waiting: 0 });
    await untilAtRest(gateway);
  }
});

describe("an export of everything", () => {
  it("while 8 writers write, with the log from its position, is the tables as they are", async () => {
    const account_id = idOf(await write.create("Account", { name: "Busy" }));
    let isOver = false;
    const writer = async (number: number): Promise<void> => {
      for (let round = 0; !isOver; round += 1) {
        const name = `${number}-${round}`;
        const contact = await write.created("Contact", { last_name: name, account_id });
        await write.updated("Contact", String(contact["id"]), {
          last_name: `${name}!`,
          city: "Bern",
        });
        if (round % 3 === 0) await write.delete("Contact", String(contact["id"]));
        await write.created("Deal", { name, account_id, value: "12.50" });
      }
    };
    const writers = Promise.all(Array.from({ length: 8 }, (_, number) => writer(number)));
    await expect.poll(() => countOf("contacts")).toBeGreaterThan(20);
    const { body, trailers } = await ask("/export?include_deleted=true");
    const before = await countOf("contacts");
    await expect.poll(() => countOf("contacts")).toBeGreaterThan(before + 20);
    isOver = true;
    await writers;

    const [start, ...lines] = linesOf(body);
    const end = lines.pop();
    expect(String(at(end, "_end", "rows"))).toBe(trailers["x-rows-sent"]);
    const copy = new Map<string, Record<string, unknown>>();
    for (const line of lines) {
      const record = recordIn(at(line, "record"));
      copy.set(String(record["id"]), record);
    }
    await follow(String(at(start, "_start", "position")), copy);

    const { body: now } = await ask("/export?include_deleted=true");
    const live = linesOf(now)
      .slice(1, -1)
      .map((line) => at(line, "record"));
    expect(live.length).toBe(copy.size);
    for (const record of live) {
      const kept = copy.get(String(at(record, "id"))) ?? {};
      const keys = Object.keys(recordIn(record)).filter((name) => !derived.has(name));
      expect(told(kept, keys)).toEqual(told(recordIn(record), keys));
    }
  });

  async function countOf(table: string): Promise<number> {
    const { rows } = await gateway.fixtures.client.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM ${table}`,
    );
    return rows[0]?.count ?? 0;
  }

  /** Applies the log behind a position, as a reader of it would: each change tells a field's new value. */
  async function follow(
    position: string,
    copy: Map<string, Record<string, unknown>>,
  ): Promise<void> {
    let after = position;
    for (;;) {
      const data = await gateway.data(
        key,
        `query ($after: String) { changes(first: 100, after: $after, orderBy: [{ position: asc }]) {
          nodes { recordId tenantId version occurredAt actor changes { field new } } pageInfo { endCursor hasNextPage } } }`,
        { after },
      );
      for (const event of listAt(data, "changes", "nodes")) {
        const id = String(at(event, "recordId"));
        const record = copy.get(id) ?? { id };
        copy.set(id, record);
        record["version"] = at(event, "version");
        record["tenant_id"] = at(event, "tenantId");
        record["updated_at"] = at(event, "occurredAt");
        record["updated_by"] = at(event, "actor");
        for (const change of listAt(event, "changes")) {
          record[String(at(change, "field"))] = at(change, "new");
        }
        record["is_deleted"] = (record["deleted_at"] ?? null) !== null;
      }
      if (at(data, "changes", "pageInfo", "hasNextPage") !== true) return;
      after = String(at(data, "changes", "pageInfo", "endCursor"));
    }
  }

  /** What the log leaves out, since it follows from the rest: a name from its parts, the history from the events. */
  const derived = new Set(["display_name", "audit_log"]);

  const told = (record: Values, keys: readonly string[]): Values =>
    Object.fromEntries(keys.map((name) => [name, plain(record[name] ?? null)]));

  /** One notation for the log's texts and for numbers, days and instants of REST; what is empty counts as null. */
  function plain(value: unknown): unknown {
    if (typeof value === "string") {
      if (/^-?\d+(\.\d+)?$/.test(value)) return Number(value);
      return /^\d{4}-\d\d-\d\d(T|$)/.test(value) ? new Date(value).getTime() : value;
    }
    return typeof value === "object" && Object.keys(value ?? {}).length === 0 ? null : value;
  }
});
