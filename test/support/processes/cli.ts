import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { bareEnvironment } from "./environment.ts";

/** How a command ended. */
export type Ended = { readonly code: number; readonly output: string; readonly errors: string };

export const launcher = fileURLToPath(new URL("../../../src/start.mjs", import.meta.url));

/** Runs `crm` to its end, with nothing in its environment but what is given. */
export function runCli(
  words: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Ended> {
  return new Promise((resolve) => {
    const options = { env: { ...bareEnvironment, ...env } };
    execFile(process.execPath, [launcher, ...words], options, (error, output, errors) => {
      const code = error === null ? 0 : Number(error.code);
      resolve({ code, output: output.trimEnd(), errors: errors.trimEnd() });
    });
  });
}
