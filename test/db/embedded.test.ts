import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { attachEmbedded, startEmbedded } from "../../src/db/embedded.ts";
import { processLives } from "../../src/db/embedded-process.ts";
import { StartupError } from "../../src/lib/startup-error.ts";
import { withClient } from "../support/database/with-client.ts";

const isRoot = process.getuid?.() === 0;
const flags = ["-c", "fsync=off", "-c", "shared_buffers=16MB"];
const embeddedModule = fileURLToPath(new URL("../../src/db/embedded.ts", import.meta.url));

/** A DATA_DIR in which the database was started once, and stopped. */
let started: string;
let folder: string;
let dataDir: string;
const children: ChildProcess[] = [];

const start = () => startEmbedded({ dataDir, flags });

/** A folder for a DATA_DIR. */
async function makeFolder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), "crm-embedded-"));
  // As root the database runs as another user, who must be able to come in.
  await chmod(made, 0o711);
  return made;
}

beforeAll(async () => {
  started = join(await makeFolder(), "data");
  await (await startEmbedded({ dataDir: started, flags })).stop();
});
afterAll(() => rm(dirname(started), { recursive: true, force: true }));

beforeEach(async () => {
  folder = await makeFolder();
  dataDir = join(folder, "data");
});

/** Puts a database into DATA_DIR: a copy, since making one takes longer than most of what is tried with it. */
async function haveDatabase(): Promise<void> {
  await promisify(execFile)("cp", ["-a", started, dataDir]);
}

afterEach(async () => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  // Whatever a failed test left running is stopped by who leaves last.
  if ((await attachEmbedded({ dataDir }).catch(() => null)) !== null) await (await start()).stop();
  await rm(folder, { recursive: true, force: true });
});

function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  return withClient(url, async (client) => (await client.query(sql)).rows);
}

async function serverPid(directory = join(dataDir, "postgres")): Promise<number> {
  const text = await readFile(join(directory, "postmaster.pid"), "utf8");
  return Number(text.split("\n")[0]);
}

/** Another process, in a group of its own, that starts the database and leaves on SIGINT. */
async function otherProcess(): Promise<ChildProcess> {
  const code = `
    import pg from ${JSON.stringify(import.meta.resolve("pg"))};
    import { startEmbedded } from ${JSON.stringify(embeddedModule)};
    const database = await startEmbedded(${JSON.stringify({ dataDir, flags })});
    process.on("SIGINT", async () => {
      await new Promise((resolve) => setTimeout(resolve, 300));
      const client = new pg.Client(database.url);
      await client.connect();
      console.log((await client.query("select 'still here' as text")).rows[0].text);
      await client.end();
      await database.stop();
      process.exit(0);
    });
    setInterval(() => undefined, 1000);
    console.log("started");
  `;
  const child = spawn(process.execPath, ["--input-type=module", "-e", code], {
    detached: true,
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.push(child);
  await once(child.stdout, "data");
  return child;
}

describe("the embedded database", () => {
  test("keeps its data over a restart, can be attached to while it runs, and stops when told to", async () => {
    expect(await attachEmbedded({ dataDir })).toBeNull();
    await haveDatabase();
    const first = await start();
    expect(first).toMatchObject({ attached: false, directory: join(dataDir, "postgres") });
    await query(first.url, "create table kept as select 1 as value");
    const attached = await attachEmbedded({ dataDir });
    expect(attached).toMatchObject({ url: first.url, attached: true });
    await attached?.stop();
    expect(await query(first.url, "select value from kept")).toEqual([{ value: 1 }]);
    const pid = await serverPid();
    await first.stop();
    await first.stop();
    expect(processLives(pid)).toBe(false);
    expect(await attachEmbedded({ dataDir })).toBeNull();
    const second = await start();
    expect(await query(second.url, "select value from kept")).toEqual([{ value: 1 }]);
    await second.stop();
  });

  test("is a fresh one after its folder was deleted, for all who start it at once, and stopped by the last to leave", async () => {
    await haveDatabase();
    const first = await start();
    await query(first.url, "create table kept ()");
    await first.stop();
    await rm(dataDir, { recursive: true });
    // The leftovers of an interrupted first start.
    const rubbish = join(dataDir, "postgres.init-99999999-abcd", "data");
    await mkdir(rubbish, { recursive: true });
    await writeFile(join(rubbish, "PG_VERSION"), "18\n");
    const all = await Promise.all([start(), start(), start()]);
    expect(new Set(all.map(({ url }) => url)).size).toBe(1);
    expect(all.filter(({ attached }) => !attached)).toHaveLength(1);
    const pid = await serverPid();
    const [last, ...others] = all.toSorted((a, b) => Number(b.attached) - Number(a.attached));
    const url = last?.url ?? "";
    expect(await query(url, "select to_regclass('kept') as name")).toEqual([{ name: null }]);
    await Promise.all(others.map((database) => database.stop()));
    await expectGoodText(url);
    await last?.stop();
    expect(processLives(pid)).toBe(false);
    expect((await readdir(dataDir)).toSorted()).toEqual(["postgres", "postgres.log"]);
  });
});

/** It sorts text as people expect, knows letters beyond ASCII, and speaks UTC. */
async function expectGoodText(url: string): Promise<void> {
  const rows = await query(
    url,
    "select name from unnest('{b,A,a,B,é,f,Zoë}'::text[]) as name order by name",
  );
  expect(rows.map(({ name }) => name)).toEqual(["a", "A", "b", "B", "é", "f", "Zoë"]);
  await query(url, "create extension pg_trgm");
  expect(
    await query(
      url,
      `select cardinality(show_trgm('Жук')) as trigrams, lower('ÉÄ') as lower,
              current_setting('TimeZone') as zone, version() like 'PostgreSQL 18%' as version`,
    ),
  ).toEqual([{ trigrams: 4, lower: "éä", zone: "UTC", version: true }]);
}

describe("after a crash", () => {
  test("a server whose process was killed is adopted and stopped", async () => {
    await haveDatabase();
    const child = await otherProcess();
    child.kill("SIGKILL");
    await once(child, "exit");
    const pid = await serverPid();
    expect(processLives(pid)).toBe(true);
    const adopted = await start();
    expect(adopted.attached).toBe(true);
    await adopted.stop();
    expect(await attachEmbedded({ dataDir })).toBeNull();
  });

  test("a killed server starts again with what was committed", async () => {
    await haveDatabase();
    const first = await start();
    await query(first.url, "create table kept as select 1 as value");
    process.kill(await serverPid(), "SIGKILL");
    const second = await start();
    expect(await query(second.url, "select value from kept")).toEqual([{ value: 1 }]);
    await Promise.all([first.stop(), second.stop()]);
  });

  test.for(["live stranger", "empty"])("a stale postmaster.pid: %s", async (kind) => {
    await haveDatabase();
    const path = join(dataDir, "postgres", "postmaster.pid");
    const stranger = `${process.pid}\n${join(dataDir, "postgres")}\n1\n5432\n\n\n\nready\n`;
    await writeFile(path, kind === "empty" ? "" : stranger);
    if (kind === "empty") await agedTenMinutes(path);
    const database = await start();
    expect(database.attached).toBe(false);
    await database.stop();
  });
});

async function agedTenMinutes(path: string): Promise<void> {
  const then = new Date(Date.now() - 600_000);
  await utimes(path, then, then);
}

test("Ctrl-C reaches our whole process group, but not the database under a server that drains", async () => {
  await haveDatabase();
  const child = await otherProcess();
  const pid = await serverPid();
  const output = child.stdout === null ? null : once(child.stdout, "data");
  process.kill(-(child.pid ?? 0), "SIGINT");
  expect(String((await output)?.[0])).toContain("still here");
  await once(child, "exit");
  expect(processLives(pid)).toBe(false);
});

describe("what the operator can mend is one line", () => {
  test("data of another major version", async () => {
    await haveDatabase();
    await writeFile(join(dataDir, "postgres", "PG_VERSION"), "16\n");
    await expect(start()).rejects.toThrow(/made by PostgreSQL 16, this is 18/);
    await expect(start()).rejects.toThrow(StartupError);
  });

  test("a folder that holds something else", async () => {
    await mkdir(join(dataDir, "postgres"), { recursive: true });
    await writeFile(join(dataDir, "postgres", "notes.txt"), "mine");
    await expect(start()).rejects.toThrow(/holds something that is not a database/);
    expect(await readdir(dataDir)).toEqual(["postgres"]);
  });

  test("a DATA_DIR that cannot be made", async () => {
    await writeFile(dataDir, "a file");
    await expect(start()).rejects.toThrow(StartupError);
  });
});

describe.runIf(isRoot)("as root, under a folder that is closed to others", () => {
  test("the database lies where its user can reach it, and follows DATA_DIR", async () => {
    await chmod(folder, 0o700);
    const lines: string[] = [];
    const first = await startEmbedded({ dataDir, flags, log: (line) => lines.push(line) });
    const outside = [dirname(first.directory)];
    try {
      expect(first.directory.startsWith(folder)).toBe(false);
      expect(lines.join("\n")).toContain(first.directory);
      await query(first.url, "create table kept ()");
      await first.stop();

      const again = await start();
      expect(again.directory).toBe(first.directory);
      await again.stop();

      const pointer = await readFile(join(dataDir, "postgres.json"), "utf8");
      await rm(dataDir, { recursive: true });
      const fresh = await start();
      outside.push(dirname(fresh.directory));
      expect(await query(fresh.url, "select to_regclass('kept') as name")).toEqual([
        { name: null },
      ]);
      await fresh.stop();

      const copy = join(folder, "copy");
      await mkdir(copy);
      await writeFile(join(copy, "postgres.json"), await readFile(join(dataDir, "postgres.json")));
      await expect(startEmbedded({ dataDir: copy, flags })).rejects.toThrow(/is a copy of/);
      await writeFile(join(dataDir, "postgres.json"), pointer.replace("data-", "gone-"));
      await expect(start()).rejects.toThrow(/is gone/);
    } finally {
      for (const path of outside) await rm(path, { recursive: true, force: true });
    }
  });
});
