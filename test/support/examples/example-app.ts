import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { env } from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { freePort } from "../../../tools/pgbouncer.ts";

const run = promisify(execFile);
const folderOf = (name: string): string =>
  fileURLToPath(new URL(`../../../examples/${name}/`, import.meta.url));

/** As a person's shell has it, with the Node that runs the tests first. NODE_ENV=test would make another build. */
const { NODE_ENV: _, VITEST: __, ...others } = env;
const shell = { ...others, PATH: `${dirname(process.execPath)}:${env["PATH"] ?? ""}` };

/** Installs what an example depends on, exactly as its lock file says, unless that was done before. */
export async function install(name: string): Promise<void> {
  const changed = async (file: string): Promise<number> =>
    (await stat(join(folderOf(name), file)).catch(() => null))?.mtimeMs ?? 0;
  if ((await changed("node_modules/.package-lock.json")) > (await changed("package-lock.json")))
    return;
  const words = ["ci", "--no-audit", "--no-fund", "--prefer-offline"];
  await run("npm", words, { cwd: folderOf(name), env: shell });
}

/** Generates types, checks them and builds the page; gives the manifest of its operations. */
export async function build(name: string, url: string): Promise<string> {
  const cwd = folderOf(name);
  const words = ["run", "build"];
  await run("npm", words, { cwd, env: { ...shell, VITE_CRM_URL: `${url}/graphql` } });
  const manifests = ["src/gql/persisted-documents.json", "src/__generated__/operations.json"];
  return manifests.map((file) => join(cwd, file)).find(existsSync) ?? "";
}

/** A server of a page, with tokens for it. */
export type Site = { readonly origin: string; close(): Promise<void> };

/** Serves the page: as it was built (`preview`), or from its sources (`dev`). */
export async function serveSite(
  name: string,
  command: "preview" | "dev",
  settings: Readonly<Record<string, string>>,
): Promise<Site> {
  const port = await freePort();
  const vite = ["node_modules/vite/bin/vite.js", command, "--host", "127.0.0.1", "--strictPort"];
  const child = spawn(process.execPath, [...vite, "--port", String(port)], {
    cwd: folderOf(name),
    env: { ...shell, ...settings },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  // Read to its end: what it says later must have a reader, too.
  const said = new Promise<void>((resolve, reject) => {
    child.stdout.on("data", (chunk) => {
      output += String(chunk);
      if (output.includes(String(port))) resolve();
    });
    child.stdout.on("end", () => reject(new Error(`Vite ended: ${output}`)));
  });
  await said;
  return {
    origin: `http://127.0.0.1:${port}`,
    close: async () => {
      const exited = once(child, "exit");
      child.kill();
      await exited;
    },
  };
}
