import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Import } from "../../src/db/generated/prisma/client.ts";
import { operatorOf } from "../../src/auth/operator.ts";
import { pruneImports } from "../../src/imports/run/sweep.ts";
import { createTestDatabase, type TestDatabase } from "../support/database/database.ts";
import { Importer, type AskedImport } from "../support/imports/importer.ts";
import { isLong } from "../support/run/run-length.ts";
import { Fixtures, type TenantFixtures } from "../support/samples/fixtures.ts";
import { plainManner } from "./reading.ts";

const worker = fileURLToPath(new URL("../support/imports/run-process.ts", import.meta.url));

let database: TestDatabase;
let fixtures: Fixtures;
let importer: Importer;
let count = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  fixtures = await Fixtures.open(database.url);
  importer = new Importer(database.url);
});

afterAll(async () => {
  await importer.close();
  await fixtures.close();
  await database.drop();
});

const newTenant = (): Promise<TenantFixtures> => fixtures.tenant(`tenant-${++count}`);

/** Imports lines of a file, and gives the import as it is in the end. */
async function imported(
  tenantId: string,
  asked: AskedImport,
  ...lines: readonly string[]
): Promise<Import> {
  const { import: made } = await importer.stage(tenantId, asked, `${lines.join("\n")}\n`);
  await importer.runAll();
  return await state(made);
}

async function state({ tenantId, id }: Import): Promise<Import> {
  const found = await importer.service.find(operatorOf(tenantId), id);
  if (found === null) throw new Error("the import is gone");
  return found;
}

async function refusedOf(made: Import): Promise<unknown[]> {
  const told = [];
  for await (const { row, errors } of importer.service.refusedRows(made)) {
    told.push([row.number, row.cells, errors.map(({ column, message }) => [column, message])]);
  }
  return told;
}

/** How often each external id is there, live, and how many events tell of its creation. */
async function written(tenantId: string): Promise<unknown> {
  const { rows } = await fixtures.client.query(
    `SELECT t.external_id AS id, count(DISTINCT t.id)::integer AS records, count(e.id)::integer AS events
     FROM contacts t LEFT JOIN change_events e ON e.tenant_id = t.tenant_id AND e.entity_id = t.id AND e.operation = 'created'
     WHERE t.tenant_id = $1 AND t.deleted_at IS NULL GROUP BY 1 ORDER BY 1`,
    [tenantId],
  );
  return rows;
}

const counts = ({ status, rows, rowsDone, rowsCreated, rowsUpdated, rowsRefused }: Import) => ({
  status,
  rows,
  rowsDone,
  rowsCreated,
  rowsUpdated,
  rowsRefused,
});

test("writes the good rows, and tells of each refused one what the file said and why", async () => {
  const { uuid } = await newTenant();
  const made = await imported(
    uuid,
    {},
    "external_id,last_name,email",
    "a,Harbor,ada@a.example",
    "b,Quay,no email",
    "c,Dock,",
  );
  expect(counts(made)).toEqual({
    status: "done",
    rows: 3,
    rowsDone: 3,
    rowsCreated: 2,
    rowsUpdated: 0,
    rowsRefused: 1,
  });
  expect(await refusedOf(made)).toEqual([
    [
      3,
      { external_id: "b", last_name: "Quay", email: "no email" },
      [["email", "Invalid email address"]],
    ],
  ]);
  expect(await written(uuid)).toEqual([
    { id: "a", records: 1, events: 1 },
    { id: "c", records: 1, events: 1 },
  ]);
});

const header = "external_id,last_name";
const people = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, place) => `p${from + place},Person ${from + place}`);

test("a key twice in the file is refused with the number of the first row, also in another chunk", async () => {
  const { uuid } = await newTenant();
  const again = ["p0,Again", "p1500,Also again"];
  const made = await imported(
    uuid,
    { mode: "upsert", key: "external_id" },
    header,
    ...people(0, 1_600),
    ...again,
  );
  expect(counts(made)).toMatchObject({ status: "done", rowsCreated: 1_600, rowsRefused: 2 });
  const told = (first: number) =>
    `external_id is the same as in row ${first} of the file; keep one of the two rows.`;
  expect(await refusedOf(made)).toEqual([
    [1_602, { external_id: "p0", last_name: "Again" }, [["external_id", told(2)]]],
    [1_603, { external_id: "p1500", last_name: "Also again" }, [["external_id", told(1_502)]]],
  ]);
});

test("the same file answers the import that it made, unless it is forced or means something else", async () => {
  const { uuid } = await newTenant();
  const file = `${header}\n${people(0, 2).join("\n")}\n`;
  const first = await importer.stage(uuid, {}, file);
  await importer.runAll();
  const [half, rest] = [file.slice(0, 20), file.slice(20)];
  const second = await importer.stage(uuid, {}, half, rest);
  expect([first.isNew, second.isNew, second.import.id]).toEqual([true, false, first.import.id]);
  const third = await importer.stage(uuid, { mode: "upsert", key: "external_id" }, file);
  const fourth = await importer.stage(
    uuid,
    { mode: "upsert", key: "external_id", force: true },
    file,
  );
  expect([third.isNew, fourth.isNew]).toEqual([true, true]);
  await importer.runAll();
  expect(counts(await state(fourth.import))).toMatchObject({
    rowsDone: 2,
    rowsCreated: 0,
    rowsUpdated: 0,
    rowsRefused: 0,
  });
  const other = await newTenant();
  expect((await importer.stage(other.uuid, {}, file)).isNew).toBe(true);
  importer.queue.length = 0;
});

test("creates, changes, or only changes, by keys of any kind", async () => {
  const { uuid } = await newTenant();
  await imported(uuid, { entity: "account" }, "external_id,name,domain", "acme,Acme,acme.example");
  const by = async (key: string, mode: "upsert" | "update", ...lines: readonly string[]) =>
    counts(await imported(uuid, { entity: "account", mode, key }, ...lines));
  expect(
    await by("domain", "upsert", "domain,name", "acme.example,Acme 2", "new.example,New"),
  ).toMatchObject({ rowsCreated: 1, rowsUpdated: 1 });
  expect(await by("name", "update", "name,industry", "Acme 2,Steel", "Nobody,Air")).toMatchObject({
    rowsUpdated: 1,
    rowsRefused: 1,
  });
  const { rows } = await fixtures.client.query(
    "SELECT id, name, industry FROM accounts WHERE tenant_id = $1 AND external_id = 'acme'",
    [uuid],
  );
  expect(rows).toMatchObject([{ name: "Acme 2", industry: "Steel" }]);
  expect(await by("id", "update", "id,name", `acc-${rows[0].id},Acme 3`)).toMatchObject({
    rowsUpdated: 1,
  });
  await expect(by("phone", "update", "phone,name", "1,A")).rejects.toThrow(
    "key: must be one of name, external_id",
  );
  await expect(by("id", "upsert", "id,name", "1,A")).rejects.toThrow(
    "key: cannot be id with upsert",
  );
});

test("writes nothing of rows that say what their record is, however they say it", async () => {
  const { uuid } = await newTenant();
  const columns = "external_id,name,annual_revenue,custom_fields,tags,first_contacted_at";
  await imported(
    uuid,
    { entity: "account" },
    columns,
    'a,Acme,500000,"{""size"": 1, ""in"": [1.5, null]}",x;y,2026-03-18T15:40:12Z',
    "b,Quay,1,,,",
  );
  const lines = [
    columns,
    'a,  Acme ,500000.0,"{""in"":[1.50,null],""size"":1.0}","[""x"",""y""]",2026-03-18 16:40:12.000+01:00',
    "b,Quay 2,1,,,",
  ];
  const again = { entity: "account", mode: "upsert", key: "external_id" } as const;
  const tried = await imported(uuid, { ...again, dryRun: true }, ...lines);
  const made = await imported(uuid, again, ...lines);
  expect(await refusedOf(made)).toEqual([]);
  const { rows } = await fixtures.client.query(
    `SELECT r.external_id, r.version, e.changes FROM accounts r
     LEFT JOIN change_events e ON e.tenant_id = r.tenant_id AND e.entity_id = r.id AND e.operation = 'updated' WHERE r.tenant_id = $1 ORDER BY 1`,
    [uuid],
  );
  expect(rows).toEqual([
    { external_id: "a", version: 1, changes: null },
    { external_id: "b", version: 2, changes: { name: ["Quay", "Quay 2"] } },
  ]);
  for (const one of [tried, made]) {
    expect(counts(one)).toMatchObject({ rowsDone: 2, rowsCreated: 0, rowsUpdated: 1 });
  }
  await imported(uuid, {}, "external_id,last_name,phone", "a,Berg,+49 30 901820");
  const called = await imported(
    uuid,
    { mode: "upsert", key: "external_id", manner: { ...plainManner, country: "DE" } },
    "external_id,last_name,phone",
    "a,Berg,030 / 90 18 20",
  );
  expect(counts(called)).toMatchObject({ rowsDone: 1, rowsUpdated: 0, rowsRefused: 0 });
});

test("finds the records that rows name, and tells of those that are not there or not clear", async () => {
  const tenant = await newTenant();
  const theirs = await (await newTenant()).account({ name: "Theirs" });
  const acme = await tenant.account({ name: "Acme", externalId: "acme" });
  const twins = [await tenant.account({ name: "Twin" }), await tenant.account({ name: "Twin" })];
  const by = async (map: Readonly<Record<string, string>>, ...lines: readonly string[]) => {
    const made = await imported(tenant.uuid, { map }, ...lines);
    return { ...counts(made), told: JSON.stringify(await refusedOf(made)) };
  };
  const byName = ["last_name,company", "A,Acme", "B,Twin", "C,Nobody", "D,Theirs"];
  const { told, ...named } = await by({ company: "account.name" }, ...byName);
  expect(named).toMatchObject({ rowsCreated: 1, rowsRefused: 3 });
  const ids = twins
    .map(({ id }) => id)
    .toSorted()
    .join(", ");
  expect(told).toContain(`company is not clear: two accounts have the name \\"Twin\\": ${ids}`);
  expect(told).toContain('company names no Account: none has the name \\"Nobody\\"');
  expect(told).toContain('company names no Account: none has the name \\"Theirs\\"');
  const byKey = await by({ key: "account_external_id" }, "last_name,key", "E,acme");
  expect(byKey).toMatchObject({ rowsCreated: 1 });
  const byId = await by({ account_id: "account_id" }, "last_name,account_id", `F,${theirs.id}`);
  expect(byId).toMatchObject({
    rowsRefused: 1,
    told: expect.stringContaining("There is no such Account."),
  });
  const { rows } = await fixtures.client.query(
    "SELECT DISTINCT account_id FROM contacts WHERE tenant_id = $1",
    [tenant.uuid],
  );
  expect(rows).toEqual([{ account_id: acme.uuid }]);
  const created = await imported(
    tenant.uuid,
    { map: { company: "account.name" }, createMissing: ["account"] },
    "last_name,company",
    "G,New Ltd",
    "H,New Ltd",
  );
  expect(counts(created)).toMatchObject({ rowsCreated: 2 });
  const accounts = await fixtures.client.query(
    "SELECT count(*)::int AS n FROM accounts WHERE tenant_id = $1 AND name = 'New Ltd'",
    [tenant.uuid],
  );
  expect(accounts.rows).toEqual([{ n: 1 }]);
});

test("rows name records of their own kind that earlier chunks of the file made", async () => {
  const { uuid } = await newTenant();
  const firms = Array.from({ length: 2_000 }, (_, place) =>
    place < 1_000 ? `f${place},Firm,` : `f${place},Firm,f${place - 1_000}`,
  );
  const map = { parent: "parent_account.external_id" };
  const made = await imported(
    uuid,
    { entity: "account", map },
    "external_id,name,parent",
    ...firms,
  );
  expect(counts(made)).toMatchObject({ rowsCreated: 2_000, rowsRefused: 0 });
});

test("stops at the first chunk with a refused row if it is told to, and says what stays", async () => {
  const { uuid } = await newTenant();
  const lines = [...people(0, 1_500), "p1500,"];
  const made = await imported(
    uuid,
    { onError: "abort" },
    "external_id,email",
    ...lines.map((line) => line.replace(/,Person (\d+)/, ",p$1@a.example")),
    "x,no email",
  );
  expect(counts(made)).toMatchObject({ status: "failed", rowsCreated: 1_000, rowsRefused: 1 });
  expect(made.statusReason).toContain("Row 1503 was refused");
  expect(await written(uuid)).toHaveLength(1_000);
});

test("a dry run tells what would be, and writes nothing", async () => {
  const { uuid } = await newTenant();
  const made = await imported(
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
  const { rows } = await fixtures.client.query(
    "SELECT (SELECT count(*)::int FROM change_events WHERE tenant_id = $1) AS events, (SELECT count(*)::int FROM accounts WHERE tenant_id = $1) AS accounts",
    [uuid],
  );
  expect(rows).toEqual([{ events: 0, accounts: 0 }]);
});

test("waits until it is said what happens to columns that go nowhere", async () => {
  const { uuid } = await newTenant();
  const made = await imported(uuid, {}, "last_name,zzyzx", "Harbor,17");
  expect(made.status).toBe("waiting");
  const actor = operatorOf(uuid);
  await expect(importer.service.start(actor, made.id, "wait")).rejects.toThrow(
    'for the columns "zzyzx"',
  );
  await importer.service.start(actor, made.id, "custom_fields");
  await importer.runAll();
  expect(counts(await state(made))).toMatchObject({ status: "done", rowsCreated: 1 });
  const { rows } = await fixtures.client.query(
    "SELECT custom_fields FROM contacts WHERE tenant_id = $1",
    [uuid],
  );
  expect(rows).toEqual([{ custom_fields: { zzyzx: "17" } }]);
});

test("ends when it is cancelled, or when its credential works no more, and says why", async () => {
  const tenant = await newTenant();
  const file = `${header}\n${people(0, 3).join("\n")}\n`;
  const { import: made } = await importer.stage(tenant.uuid, {}, file);
  await importer.service.cancel(operatorOf(tenant.uuid), made.id);
  await importer.runAll();
  expect(await state(made)).toMatchObject({ status: "cancelled", rowsDone: 0 });
  const key = await tenant.make("apiKey", {
    name: "k",
    environment: "test",
    secretHash: Buffer.alloc(32, 7),
    scopes: ["write:contacts"],
  });
  const actor = await importer.apiKeys.actorOf(key.uuid);
  if (actor === null) throw new Error("the key does not work");
  const { import: second } = await importer.stage(actor, { force: true }, file);
  await fixtures.client.query("UPDATE api_keys SET revoked_at = now() WHERE id = $1", [key.uuid]);
  await importer.apiKeys.forget(key.uuid);
  await importer.runAll();
  expect(await state(second)).toMatchObject({
    status: "failed",
    rowsDone: 0,
    statusReason: expect.stringContaining("works no more"),
  });
  expect(await written(tenant.uuid)).toEqual([]);
  await expect(importer.stage({ ...actor, scopes: ["read:contacts"] }, {}, file)).rejects.toThrow(
    "write:contacts",
  );
});

test("an upload that breaks off or cannot be read leaves nothing, and one that stands still is deleted", async () => {
  const { uuid } = await newTenant();
  await expect(
    importer.stage(uuid, {}, `${header}\n${people(0, 1_200).join("\n")}\n"a,b`),
  ).rejects.toThrow("never closed");
  const left = () =>
    fixtures.client
      .query("SELECT status FROM imports WHERE tenant_id = $1", [uuid])
      .then(({ rows }) => rows);
  expect(await left()).toEqual([]);
  const { import: made } = await importer.stage(uuid, {}, `${header}\na,b\n`);
  await fixtures.client.query(
    "UPDATE imports SET status = 'uploading', touched_at = now() - interval '16 minutes' WHERE id = $1",
    [made.id],
  );
  await pruneImports((text, values) =>
    fixtures.client.query(text, [...values]).then(({ rows }) => rows),
  );
  expect(await left()).toEqual([]);
  importer.queue.length = 0;
});

test("two processes at one import write each row once", async () => {
  const { uuid } = await newTenant();
  const { import: made } = await importer.stage(
    uuid,
    {},
    `${header}\n${people(0, 3_000).join("\n")}\n`,
  );
  importer.queue.length = 0;
  const other = new Importer(database.url);
  try {
    await Promise.all([importer.run(made), other.run(made)]);
    expect(counts(await state(made))).toMatchObject({
      status: "done",
      rowsDone: 3_000,
      rowsCreated: 3_000,
    });
    expect(await written(uuid)).toEqual(each(3_000));
  } finally {
    await other.close();
  }
});

const each = (rows: number) =>
  people(0, rows)
    .map((line) => ({ id: line.split(",")[0], records: 1, events: 1 }))
    .toSorted((one, two) => (String(one.id) < String(two.id) ? -1 : 1));

test("a process that is killed at any moment leaves each row once, in the table and in the log", async () => {
  const kills = isLong ? 50 : 5;
  const rows = isLong ? 30_000 : 12_000;
  const { uuid } = await newTenant();
  const { import: made } = await importer.stage(
    uuid,
    {},
    `${header}\n${people(0, rows).join("\n")}\n`,
  );
  importer.queue.length = 0;
  let killed = 0;
  while (killed < kills && (await state(made)).finishedAt === null) {
    const child = spawn(process.execPath, [worker, database.url, uuid, made.id], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const ended = once(child, "exit");
    await once(child.stdout, "data");
    await Promise.race([ended, sleep(Math.random() * 700)]);
    if (child.kill("SIGKILL")) killed += 1;
    await ended;
  }
  expect(killed).toBeGreaterThan(0);
  await importer.run(made);
  importer.queue.push(made);
  await importer.runAll();
  expect(counts(await state(made))).toMatchObject({
    status: "done",
    rowsDone: rows,
    rowsCreated: rows,
  });
  expect(await written(uuid)).toEqual(each(rows));
});

test("a watcher sees it from its wait to its end", async () => {
  const { uuid } = await newTenant();
  const { import: made } = await importer.stage(
    uuid,
    {},
    `${header}\n${people(0, 2_000).join("\n")}\n`,
  );
  const seen: unknown[] = [];
  const watching = (async () => {
    const { signal } = new AbortController();
    for await (const { import: now, progress } of importer.service.watch(
      operatorOf(uuid),
      made.id,
      signal,
    )) {
      seen.push([now.status, now.rowsDone, progress.secondsLeft]);
      if (seen.length === 1) void importer.runAll();
    }
  })();
  await watching;
  expect(seen[0]).toEqual(["queued", 0, null]);
  expect(seen.at(-1)).toEqual(["done", 2_000, 0]);
});

test("numbers of new deals are drawn, and no two have one", async () => {
  const tenant = await newTenant();
  const account = await tenant.account({ name: "Acme" });
  const lines = Array.from({ length: 1_100 }, (_, place) => `Deal ${place},${account.id}`);
  const made = await imported(tenant.uuid, { entity: "deal" }, "name,account_id", ...lines);
  expect(counts(made)).toMatchObject({ rowsCreated: 1_100 });
  const { rows } = await fixtures.client.query(
    "SELECT count(DISTINCT deal_number)::int AS numbers FROM deals WHERE tenant_id = $1",
    [tenant.uuid],
  );
  expect(rows).toEqual([{ numbers: 1_100 }]);
});
