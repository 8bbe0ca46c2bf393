import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { pino } from "pino";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { operatorOf } from "../../src/auth/operator.ts";
import type { Import } from "../../src/db/generated/prisma/client.ts";
import { pruneImports } from "../../src/imports/run/sweep.ts";
import { openImports } from "../../src/open-imports.ts";
import { patience } from "../support/database/waiting.ts";
import { Importer } from "../support/imports/importer.ts";
import { counts, header, OwnImports, people } from "../support/imports/own-imports.ts";
import { isLong } from "../support/run/run-length.ts";

const worker = fileURLToPath(new URL("../support/imports/run-process.ts", import.meta.url));

let own: OwnImports;

beforeAll(async () => {
  own = await OwnImports.open();
});
afterAll(() => own.close());

/** What `written` says of these people, each of whom is there once. */
const each = (rows: number) =>
  people(0, rows)
    .map((line) => ({ id: line.split(",")[0], records: 1, events: 1 }))
    .toSorted((one, two) => (String(one.id) < String(two.id) ? -1 : 1));

test("the same file answers the import that it made, unless it is forced or means something else", async () => {
  const { uuid } = await own.newTenant();
  const file = `${header}\n${people(0, 2).join("\n")}\n`;
  const first = await own.importer.stage(uuid, {}, file);
  await own.importer.runAll();
  const [half, rest] = [file.slice(0, 20), file.slice(20)];
  const second = await own.importer.stage(uuid, {}, half, rest);
  expect([first.isNew, second.isNew, second.import.id]).toEqual([true, false, first.import.id]);
  const third = await own.importer.stage(uuid, { mode: "upsert", key: "external_id" }, file);
  const fourth = await own.importer.stage(
    uuid,
    { mode: "upsert", key: "external_id", force: true },
    file,
  );
  expect([third.isNew, fourth.isNew]).toEqual([true, true]);
  await own.importer.runAll();
  expect(counts(await own.state(fourth.import))).toMatchObject({
    rowsDone: 2,
    rowsCreated: 0,
    rowsUpdated: 0,
    rowsRefused: 0,
  });
  const other = await own.newTenant();
  expect((await own.importer.stage(other.uuid, {}, file)).isNew).toBe(true);
  own.importer.queue.length = 0;
});

test("stops at the first chunk with a refused row if it is told to, and says what stays", async () => {
  const { uuid } = await own.newTenant();
  const lines = [...people(0, 1_500), "p1500,"];
  const made = await own.imported(
    uuid,
    { onError: "abort" },
    "external_id,email",
    ...lines.map((line) => line.replace(/,Person (\d+)/, ",p$1@a.example")),
    "x,no email",
  );
  expect(counts(made)).toMatchObject({ status: "failed", rowsCreated: 1_000, rowsRefused: 1 });
  expect(made.statusReason).toContain("Row 1503 was refused");
  expect(await own.written(uuid)).toHaveLength(1_000);
});

test("an import that is to stop at a refused row stops there, also if its process fails meanwhile", async () => {
  const { uuid } = await own.newTenant();
  const { client } = own.fixtures;
  await client.query(`
    CREATE SEQUENCE ends;
    CREATE FUNCTION fail_once() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
      IF NEW.status = 'failed' AND nextval('ends') = 1 THEN RAISE EXCEPTION 'gone' USING ERRCODE = '57P01'; END IF;
      RETURN NEW;
    END $$;
    CREATE TRIGGER fail_once BEFORE UPDATE ON imports FOR EACH ROW EXECUTE FUNCTION fail_once()`);
  const lines = people(0, 1_500).with(700, `${"x".repeat(300)},X`);
  const made = await own.imported(uuid, { onError: "abort" }, header, ...lines);
  await client.query(
    "DROP TRIGGER fail_once ON imports; DROP FUNCTION fail_once; DROP SEQUENCE ends",
  );
  expect(counts(made)).toMatchObject({ status: "failed", rowsCreated: 0, rowsRefused: 1 });
  expect(await own.written(uuid)).toEqual([]);
  const waits = await own.imported(
    uuid,
    { entity: "account", map: { parent: "parent_account.name" }, onError: "abort" },
    "name,parent",
    "A,nobody",
    "B,",
  );
  expect(counts(waits)).toMatchObject({ status: "failed", rowsCreated: 1, rowsRefused: 1 });
  expect(waits.statusReason).toContain("Row 2 was refused");
  expect(waits.statusReason).toContain("rows that were written meanwhile stay");
});

test("a dry run tells what would be, and writes nothing", async () => {
  const { uuid } = await own.newTenant();
  const made = await own.imported(
    uuid,
    { dryRun: true, map: { company: "account.name" }, createMissing: ["account"] },
    "last_name,company,email",
    "A,New Ltd,a@a.example",
    "B,,no email",
  );
  expect(counts(made)).toMatchObject({
    status: "done",
    rowsDone: 2,
    rowsCreated: 1,
    rowsRefused: 1,
  });
  const { rows } = await own.fixtures.client.query(
    "SELECT (SELECT count(*)::int FROM change_events WHERE tenant_id = $1) AS events, (SELECT count(*)::int FROM accounts WHERE tenant_id = $1) AS accounts",
    [uuid],
  );
  expect(rows).toEqual([{ events: 0, accounts: 0 }]);
});

test("waits until it is said what happens to columns that go nowhere", async () => {
  const { uuid } = await own.newTenant();
  const made = await own.imported(uuid, {}, "last_name,zzyzx", "Harbor,17");
  expect(made.status).toBe("waiting");
  const actor = operatorOf(uuid);
  await expect(own.importer.service.start(actor, made.id, "wait")).rejects.toThrow(
    'for the columns "zzyzx"',
  );
  await own.importer.service.start(actor, made.id, "custom_fields");
  await own.importer.runAll();
  expect(counts(await own.state(made))).toMatchObject({ status: "done", rowsCreated: 1 });
  const { rows } = await own.fixtures.client.query(
    "SELECT custom_fields FROM contacts WHERE tenant_id = $1",
    [uuid],
  );
  expect(rows).toEqual([{ custom_fields: { zzyzx: "17" } }]);
});

test("ends when it is cancelled, or when its credential works no more, and says why", async () => {
  const tenant = await own.newTenant();
  const file = `${header}\n${people(0, 3).join("\n")}\n`;
  const { import: made } = await own.importer.stage(tenant.uuid, {}, file);
  await own.importer.service.cancel(operatorOf(tenant.uuid), made.id);
  await own.importer.runAll();
  expect(await own.state(made)).toMatchObject({ status: "cancelled", rowsDone: 0 });
  const key = await tenant.make("apiKey", {
    name: "k",
    environment: "test",
    secretHash: Buffer.alloc(32, 7),
    scopes: ["write:contacts"],
  });
  const actor = await own.importer.apiKeys.actorOf(key.uuid);
  if (actor === null) throw new Error("the key does not work");
  const { import: second } = await own.importer.stage(actor, { force: true }, file);
  await own.fixtures.client.query("UPDATE api_keys SET revoked_at = now() WHERE id = $1", [
    key.uuid,
  ]);
  await own.importer.apiKeys.forget(key.uuid);
  await own.importer.runAll();
  expect(await own.state(second)).toMatchObject({
    status: "failed",
    rowsDone: 0,
    statusReason: expect.stringContaining("works no more"),
  });
  expect(await own.written(tenant.uuid)).toEqual([]);
  await expect(
    own.importer.stage({ ...actor, scopes: ["read:contacts"] }, {}, file),
  ).rejects.toThrow("write:contacts");
});

test("an upload that breaks off or cannot be read leaves nothing, and one that stands still is deleted", async () => {
  const { uuid } = await own.newTenant();
  await expect(
    own.importer.stage(uuid, {}, `${header}\n${people(0, 1_200).join("\n")}\n"a,b`),
  ).rejects.toThrow("never closed");
  const left = () =>
    own.fixtures.client
      .query("SELECT status FROM imports WHERE tenant_id = $1", [uuid])
      .then(({ rows }) => rows);
  expect(await left()).toEqual([]);
  // The turn of an upload ends with it, so that the next one is read while others have requests.
  own.importer.load = 1;
  const noText = `%PDF${"-".repeat(100_000)}`;
  await expect(own.importer.stage(uuid, {}, noText)).rejects.toThrow("this is a PDF");
  const { import: made } = await own.importer.stage(uuid, {}, `${header}\na,b\n`);
  own.importer.load = 0;
  await own.fixtures.client.query(
    "UPDATE imports SET status = 'uploading', touched_at = now() - interval '16 minutes' WHERE id = $1",
    [made.id],
  );
  await pruneImports((text, values) =>
    own.fixtures.client.query(text, [...values]).then(({ rows }) => rows),
  );
  expect(await left()).toEqual([]);
  own.importer.queue.length = 0;
});

test("imports without a job are looked for by one statement at a time", async () => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  const looks: PromiseWithResolvers<never[]>[] = [];
  const jobs = {
    add: () => Promise.resolve(),
    rows: () => {
      looks.push(Promise.withResolvers());
      return looks.at(-1)?.promise ?? Promise.resolve([]);
    },
  };
  const { apiKeys, database } = own.importer;
  const live = { watch: () => () => undefined };
  const logger = pino({ level: "silent" });
  const imports = openImports({ database, jobs, apiKeys, live, logger, atOnce: 1 });
  try {
    imports.start();
    vi.advanceTimersByTime(60_000);
    expect(looks).toHaveLength(1);
    looks[0]?.resolve([]);
    await vi.waitFor(() => {
      vi.advanceTimersByTime(5_000);
      expect(looks).toHaveLength(2);
    }, patience);
  } finally {
    imports.stop();
    vi.useRealTimers();
  }
});

test("two processes at one import write each row once", async () => {
  const { uuid } = await own.newTenant();
  const { import: made } = await own.importer.stage(
    uuid,
    {},
    `${header}\n${people(0, 3_000).join("\n")}\n`,
  );
  own.importer.queue.length = 0;
  const other = new Importer(own.database.url);
  try {
    await Promise.all([own.importer.run(made), other.run(made)]);
    // What is left where both were slow.
    await Promise.all([own.importer.runAll(), other.runAll()]);
    expect(counts(await own.state(made))).toMatchObject({
      status: "done",
      rowsDone: 3_000,
      rowsCreated: 3_000,
    });
    expect(await own.written(uuid)).toEqual(each(3_000));
  } finally {
    await other.close();
  }
});

test("a process that is killed while it imports leaves each row once, in the table and in the log", async () => {
  const kills = isLong ? 50 : 3;
  const rows = isLong ? 30_000 : 6_000;
  const map = { boss: "reports_to_contact.external_id" };
  const lines = people(0, rows);
  // In every second file of the long form some name the last one, and are tried again behind it.
  const files = [
    [header, ...lines],
    [
      `${header},boss`,
      ...lines.map((line, row) => `${line},${row % 9 === 1 ? `p${rows - 1}` : ""}`),
    ],
  ];
  let inside = 0;
  for (let turn = 0; inside < kills; turn += 1) {
    const hasBosses = isLong && turn % 2 === 1;
    const file = `${files[hasBosses ? 1 : 0]?.join("\n")}\n`;
    const { uuid } = await own.newTenant();
    const { import: made } = await own.importer.stage(uuid, hasBosses ? { map } : {}, file);
    own.importer.queue.length = 0;
    let state = await own.state(made);
    while (inside < kills && state.finishedAt === null) {
      const before = state.runner;
      await killed(made);
      state = await own.state(made);
      // It had taken the import, and did not come to its end.
      if (state.status === "running" && state.runner !== before) inside += 1;
    }
    own.importer.queue.push(made);
    await own.importer.runAll();
    expect(counts(await own.state(made))).toMatchObject({
      status: "done",
      rowsDone: rows,
      rowsCreated: rows,
    });
    expect(await own.written(uuid)).toEqual(each(rows));
  }
  console.log(`${inside} processes were killed while they imported`);
  expect(inside).toBe(kills);
});

/** Runs an import in a process that is killed at a random moment after it took it. */
async function killed(made: Import): Promise<void> {
  const { runner } = await own.state(made);
  const child = spawn(process.execPath, [worker, own.database.url, made.tenantId, made.id], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  const ended = once(child, "exit");
  while (child.exitCode === null && (await own.state(made)).runner === runner) await sleep(10);
  await Promise.race([ended, sleep(Math.random() * 700)]);
  child.kill("SIGKILL");
  await ended;
}

test("a watcher sees it from its wait to its end", async () => {
  const { uuid } = await own.newTenant();
  const { import: made } = await own.importer.stage(
    uuid,
    {},
    `${header}\n${people(0, 2_000).join("\n")}\n`,
  );
  const seen: unknown[] = [];
  const watching = (async () => {
    const { signal } = new AbortController();
    for await (const { import: now, progress } of own.importer.service.watch(
      operatorOf(uuid),
      made.id,
      signal,
    )) {
      seen.push([now.status, now.rowsDone, progress.secondsLeft]);
      if (seen.length === 1) void own.importer.runAll();
    }
  })();
  await watching;
  expect(seen[0]).toEqual(["queued", 0, null]);
  expect(seen.at(-1)).toEqual(["done", 2_000, 0]);
});
