import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, request as forward } from "node:http";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { at, listAt } from "../support/gateway/gateway.ts";
import { startTenant } from "../support/gateway/one-tenant.ts";
import { bareEnvironment } from "../support/processes/environment.ts";
import { launcher, runCli } from "../support/processes/cli.ts";

let started: Awaited<ReturnType<typeof startTenant>>;
let folder: string;

beforeAll(async () => {
  started = await startTenant("north-harbor", { runsJobs: true });
  folder = await mkdtemp(join(tmpdir(), "imports-"));
});
afterAll(async () => {
  await started.gateway.close();
  await rm(folder, { recursive: true });
});

const env = () => ({ DATABASE_URL: started.gateway.databaseUrl, LOG_LEVEL: "silent" });

async function fileOf(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

const crm = (kind: string, path: string, ...flags: readonly string[]) =>
  runCli(["import", kind, path, "--tenant", "north-harbor", ...flags], env());

async function emails(prefix: string): Promise<unknown[]> {
  const path = `/api/v1/crm/contacts?email[starts_with]=${prefix}&sort=email`;
  const { body } = await started.rest.get(path);
  return listAt(body, "data").map((one) => at(one, "email"));
}

test("crm import sends a file to a gateway that runs, with a key", async () => {
  const { gateway, key } = started;
  const keyFile = await fileOf("key", `${key}\n`);
  const path = await fileOf("far.csv", "email,last_name,Zonk\nfar1@x.example,One,1\nno,Two,2\n");
  const send = (...flags: readonly string[]) =>
    runCli(
      ["import", "contacts", path, "--url", gateway.url, "--api-key-file", keyFile, ...flags],
      {},
    );
  expect(await send()).toMatchObject({ code: 1, errors: expect.stringContaining("add --yes") });
  const open = await send("--yes");
  expect(open).toMatchObject({ code: 1, output: "" });
  expect(open.errors).toContain('No field was found for "Zonk"');
  const refused = join(folder, "far-refused.csv");
  const done = await send("--yes", "--unmapped", "ignore", "--errors", refused);
  expect(done).toMatchObject({
    code: 0,
    output: "2 of 2 rows done: 1 created, 0 updated, 0 unchanged, 1 refused",
  });
  expect(done.errors).toMatch(/^last_name +last_name +guessed$/m);
  expect(await readFile(refused, "utf8")).toContain("3,email,");
  expect(await emails("far")).toEqual(["far1@x.example"]);
  const wrong = await send("--yes", "--unmapped", "ignore", "--dates", "y");
  expect(wrong).toMatchObject({ code: 1, errors: expect.stringContaining("dates: ") });
  const nowhere = await runCli(
    ["import", "contacts", path, "--url", "http://127.0.0.1:9", "--api-key-file", keyFile, "--yes"],
    {},
  );
  expect(nowhere.errors).toContain("http://127.0.0.1:9 cannot be reached");
});

test("crm import leaves an import alone that another sender has let wait", async () => {
  const { gateway, key } = started;
  const keyFile = await fileOf("waiting-key", key);
  const text = "email,Zonk\nwaiting@x.example,1\n";
  const path = await fileOf("waiting.csv", text);
  const imports = `${gateway.url}/api/v1/crm/imports`;
  const sent = await fetch(`${imports}?entity=contacts`, {
    method: "POST",
    headers: { "x-api-key": key, "content-type": "application/octet-stream" },
    body: text,
  });
  const { id, status } = z.object({ id: z.string(), status: z.string() }).parse(await sent.json());
  expect(status).toBe("waiting");
  const flags = ["--url", gateway.url, "--api-key-file", keyFile, "--yes"];
  const again = await runCli(["import", "contacts", path, ...flags], {});
  expect(again.errors).toContain("was imported before");
  expect(again.errors).toContain('No field was found for "Zonk"');
  const { body } = await started.rest.get(`/api/v1/crm/imports/${id}`);
  expect(body).toMatchObject({ status: "waiting" });
});

test("crm import follows an import through a gateway that is busy or out of reach for a while", async () => {
  const { gateway, key } = started;
  const keyFile = await fileOf("busy-key", key);
  const path = await fileOf("busy.csv", "email,last_name\nbusy1@x.example,One\n");
  let looks = 0;
  // In front of the gateway, under a path of its own.
  const proxy = createServer((request, response) => {
    const isLook = request.method === "GET";
    if (isLook) looks += 1;
    if (isLook && looks === 1) {
      request.socket.destroy();
      return;
    }
    if (isLook && looks < 4) {
      response.writeHead(503, { "retry-after": "0" }).end("{}");
      return;
    }
    const { method, headers, url = "" } = request;
    const to = new URL(url.replace(/^\/crm/, ""), gateway.url);
    const passed = forward(to, { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    request.pipe(passed);
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  const address = proxy.address();
  const port = typeof address === "object" ? address?.port : 0;
  const url = `http://127.0.0.1:${port}/crm/`;
  const done = await runCli(
    ["import", "contacts", path, "--url", url, "--api-key-file", keyFile, "--yes"],
    {},
  );
  expect(done).toMatchObject({ code: 0, output: expect.stringContaining("1 created") });
  expect(looks).toBeGreaterThan(3);
  proxy.close();
});

test("crm import shows the mapping, tries, imports, and writes refused rows to a file", async () => {
  const path = await fileOf(
    "people.csv",
    "Mail,last_name,Zonk\ncli1@x.example,One,1\nnonsense,Two,2\ncli3@x.example,Three,3\n",
  );
  const flags = ["--map", "Mail=email", "--key", "email", "--unmapped", "ignore"];
  const asked = await crm("contacts", path, ...flags);
  expect(asked).toMatchObject({ code: 1, output: "" });
  expect(asked.errors).toMatch(/^3 rows \(csv, utf-8, ","\)$/m);
  expect(asked.errors).toMatch(/^Mail +email +given$/m);
  expect(asked.errors).toMatch(/^last_name +last_name +guessed$/m);
  expect(asked.errors).toContain("add --yes");
  const tried = await crm("contacts", path, ...flags, "--dry-run");
  expect(tried).toMatchObject({
    code: 0,
    output: "3 of 3 rows tried, and nothing written: 2 created, 0 updated, 0 unchanged, 1 refused",
  });
  expect(tried.errors).toMatch(/^Row 3, Mail: /m);
  const nowhere = join(folder, "nowhere", "refused.csv");
  expect(await crm("contacts", path, ...flags, "--yes", "--errors", nowhere)).toEqual({
    code: 1,
    output: "",
    errors: `--errors ${nowhere} cannot be written (ENOENT).`,
  });
  expect(await emails("cli")).toEqual([]);
  const refused = join(folder, "refused.csv");
  const done = await crm("contacts", path, ...flags, "--yes", "--errors", refused);
  expect(done).toMatchObject({
    code: 0,
    output: "3 of 3 rows done: 2 created, 0 updated, 0 unchanged, 1 refused",
  });
  expect(done.errors).toContain("100 %  3 / 3 rows");
  expect(await readFile(refused, "utf8")).toMatch(
    /^\ufeffimport_row,import_column,import_error,Mail,last_name,Zonk\r\n3,Mail,.*,nonsense,Two,2\r\n$/,
  );
  expect(await emails("cli")).toEqual(["cli1@x.example", "cli3@x.example"]);
  const again = await crm("contacts", path, ...flags, "--yes");
  expect(again.errors).toContain("was imported before");
  const mended = await fileOf(
    "mended.csv",
    (await readFile(refused, "utf8")).replace("nonsense", "cli2@x.example"),
  );
  expect(await crm("contacts", mended, ...flags, "--yes")).toMatchObject({
    code: 0,
    output: "1 of 1 rows done: 1 created, 0 updated, 0 unchanged, 0 refused",
  });
});

test("crm import says what is wrong with its options and its file, by their names", async () => {
  const path = await fileOf("some.csv", "email,Zonk\nw@x.example,1\n");
  const wrong = ["--country", "Germany", "--encoding", "utf-7"];
  expect(await crm("people", path, "--yes", ...wrong)).toMatchObject({
    code: 1,
    errors: expect.stringMatching(
      /^<kind> must be accounts, .*\n--country must be .*\n--encoding must be a label .*shift_jis/,
    ),
  });
  const stray = await crm("contacts", path, "--yes", "--key", "email");
  expect(stray.code).toBe(1);
  expect(stray.errors).toMatch(/^Zonk +-$/m);
  expect(stray.errors).toContain('No field was found for "Zonk": name one with --map');
  const missing = await crm("contacts", join(folder, "none.csv"), "--yes");
  expect(missing).toMatchObject({
    code: 1,
    errors: expect.stringContaining("cannot be read (ENOENT)"),
  });
  const broken = await fileOf("broken.csv", 'email\n"a\n');
  expect(await crm("contacts", broken, "--yes")).toMatchObject({
    code: 1,
    errors: expect.stringContaining("broken.csv: Line 2: "),
  });
  const aborted = await fileOf("aborted.csv", "email,last_name\nab1@x.example,A\nnonsense,B\n");
  const ended = await crm("contacts", aborted, "--yes", "--key", "email", "--on-error", "abort");
  expect(ended).toMatchObject({ code: 1, output: expect.stringContaining("rows failed") });
  expect(await emails("ab")).toEqual([]);
});

test("Ctrl-C cancels an import, and says how much of it stays", async () => {
  const rows = Array.from({ length: 30_000 }, (_, row) => `stop${row}@x.example,Stop`);
  const path = await fileOf("long.csv", `email,last_name\n${rows.join("\n")}\n`);
  const words = ["import", "contacts", path, "--tenant", "north-harbor", "--key", "email", "--yes"];
  const child = spawn(process.execPath, [launcher, ...words], {
    env: { ...bareEnvironment, ...env() },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let errors = "";
  child.stderr.on("data", (chunk: Buffer) => {
    errors += chunk.toString();
    // Once: a second one ends it at once.
    if (/^\d+ % /m.test(errors) && !child.killed) child.kill("SIGINT");
  });
  const code = await new Promise((resolve) => child.once("close", resolve));
  expect([code, errors]).toEqual([
    130,
    expect.stringMatching(
      /Cancelled(\. Nothing was written| after [\d,]+ rows\. The records that were written stay)\./,
    ),
  ]);
  const query = "{ imports(first: 1) { nodes { status rowsDone rowsCreated } } }";
  const data = await started.gateway.data(started.key, query);
  const [found] = listAt(at(data, "imports"), "nodes");
  expect(at(found, "status")).toBe("cancelled");
  const count = await started.rest.get("/api/v1/crm/contacts?last_name=Stop&limit=1");
  expect(at(count.body, "pagination", "count")).toBe(at(found, "rowsCreated"));
});
