import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from "vitest";
import { checkServer, requireVersion } from "../../src/db/check-server.ts";
import { attachEmbedded, startEmbedded } from "../../src/db/embedded.ts";
import { StartupError } from "../../src/lib/startup-error.ts";
import { createTestDatabase } from "../support/database/database.ts";
import { someOf } from "../support/run/run-length.ts";
import { bareEnvironment } from "../support/processes/environment.ts";

const launcher = fileURLToPath(new URL("../../src/start.mjs", import.meta.url));

let folder: string;
let dataDir: string;
const children: ChildProcess[] = [];

/** A folder for a DATA_DIR. */
async function makeFolder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), "crm-start-"));
  // As root the database runs as another user, who must be able to come in.
  await chmod(made, 0o711);
  return made;
}

beforeEach(async () => {
  folder = await makeFolder();
  dataDir = join(folder, "data");
});

afterEach(async () => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  const left = await attachEmbedded({ dataDir });
  if (left !== null) await (await startEmbedded({ dataDir })).stop();
  await rm(folder, { recursive: true, force: true });
});

type Outcome = { code: number | null; output: string; errors: string };

function launch(words: string[], env: Record<string, string> = {}, flags: string[] = []) {
  const child = spawn(process.execPath, [...flags, launcher, ...words], {
    env: { ...bareEnvironment, PORT: "0", DATA_DIR: dataDir, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  children.push(child);
  const ended = Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]).then(
    ([output, errors]): Outcome => ({ code: child.exitCode, output, errors }),
  );
  return { child, ended };
}

const run = (...parameters: Parameters<typeof launch>) => launch(...parameters).ended;

/** One line on standard error, exit code 1, nothing else. */
function expectOneLine({ code, output, errors }: Outcome, line: RegExp): void {
  expect(errors).toMatch(line);
  expect(errors.trimEnd()).not.toContain("\n");
  expect({ code, output }).toEqual({ code: 1, output: "" });
}

describe("the launcher", () => {
  test("says in one line that this Node cannot run TypeScript", async () => {
    const old = "Object.defineProperty(process.features, 'typescript', { value: false })";
    const flags = ["--import", `data:text/javascript,${encodeURIComponent(old)}`];
    expectOneLine(await run(["serve"], {}, flags), /needs Node 24 or newer.*npm rebuild node/);
  });

  const commands = [
    "",
    "serve",
    "migrate",
    "migrate status",
    "seed",
    "tenants create",
    "tenants list",
    "keys create",
    "keys list",
    "keys rotate",
    "keys revoke",
    "token mint",
    "schema print",
    "codegen-config",
    "doctor",
  ];
  test.for(someOf(commands))("crm %s --help", async (command) => {
    const outcome = await run([...command.split(" ").filter((word) => word !== ""), "--help"]);
    expect(outcome).toMatchObject({ code: 0, errors: "" });
    expect(outcome.output).toContain(`Usage: crm ${command}`);
  });
});

describe("what the operator can mend is one line and exit code 1", () => {
  test("bad configuration: a line for each problem", async () => {
    const { code, errors } = await run(["serve"], { PORT: "x", DEMO: "y" });
    expect({ code, lines: errors.trimEnd().split("\n").length }).toEqual({ code: 1, lines: 2 });
  });

  test("a port that is taken, before anything is made", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    const port = typeof address === "object" && address !== null ? String(address.port) : "";
    expectOneLine(await run(["serve"], { PORT: port }), /^Port \d+ on 127\.0\.0\.1 is taken/);
    expect(await readdir(folder)).toEqual([]);
    server.close();
  });

  test("a host that is not ours", async () => {
    expectOneLine(await run(["serve"], { HOST: "192.0.2.1" }), /^HOST 192\.0\.2\.1 is not an/);
  });

  test.for<[string, (url: URL) => void, RegExp]>([
    ["nobody listens", (url) => (url.port = "1"), /^Nothing listens at 127\.0\.0\.1:1:/],
    ["wrong password", (url) => (url.password = "hunter2"), /does not let crm_owner in/],
    ["no password", (url) => (url.password = ""), /does not let crm_owner in/],
    ["unknown database", (url) => (url.pathname = "/nowhere"), /There is no database nowhere/],
    ["unknown host", (url) => (url.hostname = "nowhere.invalid"), /The host nowhere\.invalid/],
  ])("DATABASE_URL: %s", async ([, change, line]) => {
    const url = new URL(inject("templateUrl"));
    change(url);
    const told = await checkServer(url.href).then(
      () => "",
      (error: unknown) => (error instanceof StartupError ? error.message : ""),
    );
    expect(told).toMatch(line);
    expect(told).not.toContain("\n");
    expect(told).not.toContain(url.password || "hunter2");
  });

  test("a DATABASE_URL that cannot be used", async () => {
    const url = new URL(inject("templateUrl"));
    url.password = "hunter2";
    const outcome = await run(["doctor"], { DATABASE_URL: url.href });
    expectOneLine(outcome, /does not let crm_owner in/);
    expect(outcome.errors).not.toContain("hunter2");
  });

  test("a PostgreSQL that is too old", () => {
    expect(() => requireVersion(140_011)).toThrow(/is version 14, crm-gateway needs 15 or newer/);
    expect(() => requireVersion(150_000)).not.toThrow();
  });

  test("an output that cannot be written, such as a file on a full disk", async () => {
    const words = ["-c", '"$0" "$@" > /dev/full', process.execPath, launcher, "schema", "print"];
    const child = spawn("sh", words, { env: bareEnvironment, stdio: ["ignore", "pipe", "pipe"] });
    children.push(child);
    const [errors] = await Promise.all([text(child.stderr), once(child, "close")]);
    const outcome = { code: child.exitCode, output: "", errors };
    expectOneLine(outcome, /^The output cannot be written: ENOSPC/);
  });

  test("an unknown tenant", async () => {
    const database = await createTestDatabase();
    const env = { DATABASE_URL: database.url };
    const create = ["keys", "create", "--tenant", "nobody", "--scopes"];
    expectOneLine(await run([...create, "read:*"], env), /^There is no tenant "nobody"/);
    await database.drop();
  });
});

describe("serve", () => {
  // The first one makes its database.
  let served: string;
  beforeAll(async () => {
    served = await makeFolder();
  });
  beforeEach(() => {
    dataDir = join(served, "data");
  });
  afterAll(() => rm(served, { recursive: true, force: true }));

  test("runs until SIGTERM; commands beside it share its database; then nothing is left", async () => {
    const { child, ended } = launch(["serve"], { DEMO: "off" });
    const url = await ready(child);
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    const before = (await attachEmbedded({ dataDir }))?.url;
    const doctor = await run(["doctor"]);
    expect(doctor).toMatchObject({ code: 0, errors: "" });
    expect((await attachEmbedded({ dataDir }))?.url).toBe(before);
    child.kill("SIGTERM");
    expect(await ended).toMatchObject({ code: 0, errors: "" });
    expect(await attachEmbedded({ dataDir })).toBeNull();
  });

  test("stops when npm has gone without passing the signal on", async () => {
    // npm runs a script through a shell, and dies with it of the signal that was meant for the server.
    const shell = spawn("sh", ["-c", '"$0" "$1" serve; true', process.execPath, launcher], {
      env: {
        ...bareEnvironment,
        PORT: "0",
        DATA_DIR: dataDir,
        DEMO: "off",
        npm_lifecycle_event: "start",
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    children.push(shell);
    const url = await ready(shell);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    shell.kill("SIGKILL");
    await expect.poll(() => attachEmbedded({ dataDir })).toBeNull();
    await expect(fetch(`${url}/healthz`)).rejects.toThrow();
  });

  test("keeps the demo's keys over restarts, and makes new ones when demo.json is gone", async () => {
    const first = await demoKeys();
    expect(first).toHaveLength(2);
    expect(await demoKeys()).toEqual(first);
    expect((await stat(join(dataDir, "demo.json"))).mode & 0o777).toBe(0o600);
    await rm(join(dataDir, "demo.json"));
    const fresh = await demoKeys();
    expect(new Set([...first, ...fresh]).size).toBe(4);
  });
});

async function demoKeys(): Promise<string[]> {
  const { child, ended } = launch(["serve"]);
  const url = await ready(child);
  const file: { url: string; tenants: { apiKey: string }[] } = JSON.parse(
    await readFile(join(dataDir, "demo.json"), "utf8"),
  );
  expect(file.url).toBe(url);
  for (const { apiKey } of file.tenants) {
    const response = await fetch(`${url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-api-key": apiKey },
      body: JSON.stringify({ query: "{ tenant { slug } }" }),
    });
    expect(response.status).toBe(200);
  }
  child.kill("SIGTERM");
  expect((await ended).code).toBe(0);
  return file.tenants.map(({ apiKey }) => apiKey);
}

/** The URL in the banner, once it is printed. */
function ready(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = "";
    child.stdout?.on("data", (chunk) => {
      output += String(chunk);
      const url = /(http:\/\/\S+)\/graphql/.exec(output)?.[1];
      if (url !== undefined) resolve(url);
    });
    child.once("close", () => reject(new Error(`the server ended: ${output}`)));
  });
}
