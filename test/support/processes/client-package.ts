import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build } from "tsdown";

const run = promisify(execFile);
const source = fileURLToPath(new URL("../../../client/", import.meta.url));

/** What a program printed and how it ended. */
export type Ran = { readonly code: number; readonly stdout: string; readonly stderr: string };

/** A directory of a program that has the client installed, built from its source as it is. */
export type ClientInstallation = {
  readonly directory: string;
  /** The package's own directory. */
  readonly packageDirectory: string;
  /** Writes a file of the program and gives its path. */
  write(name: string, text: string): Promise<string>;
  /** Runs a file with Node, with nothing in its environment but this. */
  run(name: string, env?: Readonly<Record<string, string>>): Promise<Ran>;
  remove(): Promise<void>;
};

/** Builds the package and installs it, also under the name that the documents import it by. */
export async function installClient(): Promise<ClientInstallation> {
  const directory = await mkdtemp(join(tmpdir(), "crm-gateway-client-"));
  const modules = join(directory, "node_modules");
  const packageDirectory = join(modules, "crm-gateway-client");
  await mkdir(packageDirectory, { recursive: true });
  await cp(join(source, "package.json"), join(packageDirectory, "package.json"));
  await build({ cwd: source, outDir: join(packageDirectory, "dist"), logLevel: "silent" });
  // `npm install @asteri/public-api-sdk@npm:crm-gateway-client` does this.
  await cp(packageDirectory, join(modules, "@asteri", "public-api-sdk"), { recursive: true });
  const write: ClientInstallation["write"] = async (name, text) => {
    const path = join(directory, name);
    await writeFile(path, text);
    return path;
  };
  await write("package.json", '{ "type": "module" }');
  return {
    directory,
    packageDirectory,
    write,
    run: async (name, env = {}) => {
      try {
        const options = { cwd: directory, env: { ...env }, timeout: 110_000 };
        const done = await run(process.execPath, [join(directory, name)], options);
        return { code: 0, ...done };
      } catch (error) {
        if (!isFailure(error)) throw error;
        return { code: error.code, stdout: error.stdout, stderr: error.stderr };
      }
    },
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}

function isFailure(error: unknown): error is Ran {
  return error instanceof Error && "code" in error && typeof error.code === "number";
}
