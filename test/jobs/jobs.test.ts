import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { pino } from "pino";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { DeadWorkers } from "../../src/jobs/dead-workers.ts";
import { Jobs } from "../../src/jobs/jobs.ts";
import { defineTask, type Run } from "../../src/jobs/task.ts";
import { withClient } from "../support/database/with-client.ts";
import { captureLog } from "../support/gateway/captured-log.ts";
import { createTestDatabase, type TestDatabase } from "../support/database/database.ts";

let database: TestDatabase;
let client: pg.Client;
const logger = pino({ level: "silent" });
const opened: Jobs[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  client = new pg.Client(database.url);
  await client.connect();
});

afterAll(async () => {
  await Promise.all(opened.map((jobs) => jobs.close()));
  await client.end();
  await database.drop();
});

function open(log: ConstructorParameters<typeof Jobs>[0]["logger"] = logger): Jobs {
  const jobs = new Jobs({ url: database.url, logger: log });
  opened.push(jobs);
  return jobs;
}

const workOf = (run: (number: number, run: Run) => Promise<void>) =>
  defineTask({
    name: "test.work",
    payload: z.object({ number: z.int() }),
    run: ({ number }, how) => run(number, how),
  });

/** A process that keeps what its jobs were given. */
function startWorker(
  work: (run: Run) => Promise<void> = () => Promise.resolve(),
  log: ConstructorParameters<typeof Jobs>[0]["logger"] = logger,
) {
  const ran: number[] = [];
  const heard = new Set<() => void>();
  const jobs = open(log);
  const keep = workOf(async (number, run) => {
    ran.push(number);
    for (const hear of heard) hear();
    await work(run);
  });
  jobs.run([keep], { atOnce: 5 });
  const until = (count: number): Promise<void> =>
    new Promise((resolve) => {
      const hear = () => void (ran.length >= count && resolve());
      heard.add(hear);
      hear();
    });
  return { jobs, ran, until };
}

const job = (number: number, more = {}) => ({ task: "test.work", payload: { number }, ...more });
const waiting = async (): Promise<number> => {
  const { rows } = await client.query("SELECT count(*)::int AS n FROM graphile_worker.jobs");
  return Number(rows[0]?.n);
};

test("the first who needs the engine makes it, others beside it; a key holds one waiting job", async () => {
  const first = open();
  const second = open();
  await Promise.all([
    first.add([job(1, { key: "a" }), job(2)]),
    second.add([job(3, { runAt: new Date("2999-01-01") })]),
  ]);
  await second.add([job(4, { key: "a" })]);
  expect(await waiting()).toBe(3);
  const { until, ran, jobs } = startWorker();
  await until(2);
  expect(ran.toSorted((a, b) => a - b)).toEqual([2, 4]);
  await jobs.close();
  expect(await waiting()).toBe(1);
  await client.query("DELETE FROM graphile_worker._private_jobs");
});

test("the engine is made without a complaint while others add jobs all the time", async () => {
  for (let round = 0; round < 2; round += 1) {
    await client.query("DROP SCHEMA graphile_worker CASCADE");
    const complaints: unknown[] = [];
    const complain = (complaint: unknown): void => void complaints.push(complaint);
    const jobs = open({ info: complain, warn: complain, error: complain });
    let isMade = false;
    const adding = [1, 2, 3].map(() =>
      withClient(database.url, async (other) => {
        const text =
          "SELECT graphile_worker.add_jobs(ARRAY(SELECT ('test.work', '{\"number\":1}'::json, 'q', now(), 3::smallint, 'k', NULL, NULL)::graphile_worker.job_spec))";
        // At first there is no engine, and then some of them meet its maker in a deadlock.
        while (!isMade) await other.query(text).catch(() => undefined);
      }),
    );
    const ran = new Promise<void>((resolve) => {
      jobs.run([workOf(async () => resolve())], { atOnce: 5 });
    });
    await jobs.add([job(1)]);
    await ran;
    isMade = true;
    await Promise.all(adding);
    await jobs.close();
    expect(complaints).toEqual([]);
    await client.query("DELETE FROM graphile_worker._private_jobs");
  }
});

test("of two processes one takes each job, and a queue's jobs run in turn", async () => {
  const workers = [startWorker(), startWorker()];
  const numbers = Array.from({ length: 24 }, (_, index) => index);
  await open().add(numbers.map((number) => job(number, { queue: number < 4 ? "q" : undefined })));
  await expect
    .poll(() => workers.flatMap(({ ran }) => ran).toSorted((a, b) => a - b), { timeout: 30_000 })
    .toEqual(numbers);
  await Promise.all(workers.map(({ jobs }) => jobs.close()));
  expect(await waiting()).toBe(0);
});

test("a job that is told that the process ends may end itself, and is done", async () => {
  const { jobs, until } = startWorker(
    ({ stopping }) => new Promise((resolve) => stopping.addEventListener("abort", () => resolve())),
  );
  await jobs.add([job(1)]);
  await until(1);
  await jobs.close();
  expect(await waiting()).toBe(0);
});

test("a job is marked as done after its connections were lost", async () => {
  const { jobs, until } = startWorker(async () => {
    await client.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE application_name = 'crm-gateway jobs' AND datname = current_database()`,
    );
  });
  await jobs.add([job(1)]);
  await until(1);
  await expect.poll(waiting, { timeout: 30_000 }).toBe(0);
  await jobs.close();
});

test("a job is marked as done by a server that had no room for that, or only read, just then", async () => {
  const { jobs, until } = startWorker();
  await jobs.add([job(1, { runAt: new Date("2999-01-01") })]);
  await client.query(`
    CREATE SEQUENCE marks;
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      CASE nextval('marks')
        WHEN 1 THEN RAISE EXCEPTION 'too many connections' USING ERRCODE = '53300';
        WHEN 2 THEN RAISE EXCEPTION 'only reads' USING ERRCODE = '25006';
        ELSE RETURN OLD;
      END CASE;
    END $$;
    CREATE TRIGGER refuse BEFORE DELETE ON graphile_worker._private_jobs FOR EACH ROW EXECUTE FUNCTION refuse()`);
  await jobs.add([job(2), job(3)]);
  await until(2);
  await expect.poll(waiting, { timeout: 60_000 }).toBe(1);
  await client.query("DROP TRIGGER refuse ON graphile_worker._private_jobs");
  // The process goes on with jobs.
  await jobs.add([job(4)]);
  await until(3);
  await jobs.close();
  expect(await waiting()).toBe(1);
  await client.query("DELETE FROM graphile_worker._private_jobs");
});

test("jobs are fetched again soon after a server that only read for a while, with a line at either end", async () => {
  const log = captureLog();
  const { jobs, ran, until } = startWorker(undefined, pino(log.stream));
  await jobs.add([job(1)]);
  await until(1);
  await client.query(`
    CREATE SEQUENCE fetches;
    CREATE FUNCTION refuse_fetch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF nextval('fetches') <= 9 THEN RAISE EXCEPTION 'only reads' USING ERRCODE = '25006'; END IF;
      RETURN NEW;
    END $$;
    CREATE TRIGGER refuse_fetch BEFORE UPDATE ON graphile_worker._private_jobs FOR EACH ROW EXECUTE FUNCTION refuse_fetch()`);
  await jobs.add([job(2)]);
  // With pauses that grow it would be some three minutes.
  await until(2);
  await client.query("DROP TRIGGER refuse_fetch ON graphile_worker._private_jobs");
  expect(ran).toEqual([1, 2]);
  await jobs.close();
  expect(log.lines().map(({ level, msg }) => [level, msg])).toEqual([
    [50, "trouble with jobs"],
    [30, "jobs are fetched again"],
  ]);
  expect(log.lines()[0]?.["cause"]).toMatchObject({ code: "25006" });
});

/** How many processes are known to be alive. */
async function alive(): Promise<number> {
  const { rows } = await client.query(
    "SELECT count(*)::int AS n FROM pg_locks WHERE locktype = 'advisory' AND classid = 4715017 AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
  );
  return Number(rows[0]?.n);
}

test("jobs are run again after the engine has ended by itself, since its schema was made anew", async () => {
  const { jobs, until } = startWorker();
  await jobs.add([job(1)]);
  await until(1);
  await expect.poll(waiting, { timeout: 30_000 }).toBe(0);
  await expect.poll(alive, { timeout: 30_000 }).toBe(1);
  // As after a backup without it: whoever adds the next job makes it, and the engine takes that for a newer version's work.
  await client.query("DROP SCHEMA graphile_worker CASCADE");
  await open().add([job(2)]);
  await until(2);
  expect(process.exitCode).toBeUndefined();
  await jobs.add([job(3)]);
  await until(3);
  // The engine that has ended counts as alive no more.
  await expect.poll(alive, { timeout: 30_000 }).toBe(1);
  await jobs.close();
  expect(await waiting()).toBe(0);
});

test("a job of a process that is killed is given back when it is seen to be dead twice", async () => {
  const script = fileURLToPath(new URL("../support/jobs/hanging-worker.ts", import.meta.url));
  const child = spawn(process.execPath, [script, database.url], { stdio: ["ignore", "pipe", 2] });
  await open().add([job(7)]);
  await new Promise((resolve) => child.stdout?.once("data", resolve));
  const pool = new pg.Pool({ connectionString: database.url, max: 1 });
  const look = new DeadWorkers(pool);
  const locked = async () =>
    (await client.query("SELECT FROM graphile_worker.jobs WHERE locked_by IS NOT NULL")).rowCount;
  // It lives, and says so once it listens, which may be after its first job.
  await expect.poll(alive, { timeout: 30_000 }).toBe(1);
  await look.unlock();
  await look.unlock();
  expect(await locked()).toBe(1);
  child.kill("SIGKILL");
  await once(child, "exit");
  await expect
    .poll(
      async () => {
        await look.unlock();
        return await locked();
      },
      { timeout: 30_000 },
    )
    .toBe(0);
  await pool.end();
  const { until, jobs } = startWorker();
  await until(1);
  await jobs.close();
  expect(await waiting()).toBe(0);
});

test("a process ends soon while the server is away", async () => {
  const { jobs, until } = startWorker();
  await jobs.add([job(1)]);
  await until(1);
  const elsewhere = new URL(database.url);
  const name = elsewhere.pathname.slice(1);
  elsewhere.pathname = "/postgres";
  await withClient(String(elsewhere), async (other) => {
    await other.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
    try {
      await client.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
      );
      // A fetch of jobs waits by now.
      await sleep(2_000);
      await jobs.close();
    } finally {
      await other.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS true`);
    }
    await expect(jobs.add([job(2)])).rejects.toThrow("after calling end");
  });
});
