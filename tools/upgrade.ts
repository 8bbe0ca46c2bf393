// Upgrades a gateway of an older commit to this clone's while clients ask without a pause: `npm run upgrade -- COMMIT`.
import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { startThrowaway } from "./throwaway.ts";
import { Traffic } from "./traffic.ts";

const run = promisify(execFile);
const here = fileURLToPath(new URL("..", import.meta.url));
const commit = process.argv[2] ?? "HEAD";

/** The older version's files, with this clone's packages. */
const older = await mkdtemp(join(tmpdir(), "crm-upgrade-"));
const database = await startThrowaway({ settings: ["max_connections=200"] });
const env = {
  PATH: process.env["PATH"],
  DATABASE_URL: database.url,
  PORT: "0",
  DEMO: "off",
  LOG_LEVEL: "error",
  REQUESTS_PER_MINUTE: "1000000",
  POINTS_PER_MINUTE: "1000000000",
};
const children: ChildProcess[] = [];

function crm(root: string, ...words: string[]): Promise<{ stdout: string }> {
  return run(process.execPath, ["src/start.mjs", ...words], { cwd: root, env });
}

async function serve(root: string): Promise<{ url: string; stop: () => Promise<void> }> {
  const child = spawn(process.execPath, ["src/start.mjs", "serve"], {
    cwd: root,
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.push(child);
  const url = await new Promise<string>((resolve, reject) => {
    let output = "";
    child.stdout.on("data", (chunk) => {
      output += String(chunk);
      const found = /(http:\/\/\S+)\/graphql\n/.exec(output)?.[1];
      if (found !== undefined) resolve(found);
    });
    child.once("close", () => reject(new Error(`the gateway ended: ${output}`)));
  });
  const stop = async (): Promise<void> => {
    if (child.kill("SIGTERM")) await once(child, "close");
  };
  return { url, stop };
}

try {
  await run("sh", ["-c", `git -C "${here}" archive ${commit} | tar -x -C "${older}"`]);
  await symlink(join(here, "node_modules"), join(older, "node_modules"));
  await run(process.execPath, ["prisma/generate.mjs", "--force"], { cwd: older });
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  await crm(older, "migrate");
  await crm(older, "seed", "--tenants", "1", "--accounts", "2000");
  const { stdout: tenants } = await crm(older, "tenants", "list");
  const slug = tenants.split("\n")[1]?.split(/\s+/)[1] ?? "";
  const made = await crm(older, "keys", "create", "--tenant", slug, "--scopes", "*");
  const key = made.stdout.trim();

  const before = await serve(older);
  let urls = [before.url];
  const traffic = new Traffic(key, 4, () => urls);
  await sleep(5_000);
  say(`${commit} serves: ${traffic.requests} requests`);
  const { stdout } = await crm(here, "migrate");
  say(`migrated beside it: ${stdout.trim().replaceAll("\n", ", ")}; ${traffic.requests} requests`);
  await sleep(5_000);
  const after = await serve(here);
  urls = [before.url, after.url];
  await sleep(5_000);
  say(`both serve: ${traffic.requests} requests`);
  urls = [after.url];
  // As a proxy does: no new requests to a server that is told to stop.
  await before.stop();
  await sleep(5_000);
  const { failures, ...report } = await traffic.stop();
  await after.stop();
  say(`the newer one serves alone: ${report.requests} requests, ${failures.length} failures`);
  say(
    `longest request ${report.longestRequest} ms, longest time without any answer ${report.longestSilence} ms`,
  );
  for (const failure of failures.slice(0, 5)) say(failure);
  process.exitCode = failures.length === 0 ? 0 : 1;
} finally {
  for (const child of children) child.kill("SIGKILL");
  await database.stop();
  await rm(older, { recursive: true, force: true });
}
