import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { bareEnvironment } from "./environment.ts";

const launcher = fileURLToPath(new URL("../../../src/start.mjs", import.meta.url));

/** A gateway as operators run it: `crm serve` in a process of its own. */
export type CliGateway = {
  readonly url: string;
  /** Where its metrics are; empty when they have no port of their own. */
  readonly metricsUrl: string;
  /** All that it has printed so far, on standard output and on standard error. */
  output(): string;
  /** What it has printed on standard error. */
  log(): string;
  /** Stops it as an operator does and waits for its end. Gives its exit code. */
  stop(): Promise<number | null>;
};

export async function startCliGateway(env: Readonly<Record<string, string>>): Promise<CliGateway> {
  const child = spawn(process.execPath, [launcher, "serve"], {
    env: { ...bareEnvironment, PORT: "0", DEMO: "off", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const printed: Buffer[] = [];
  const logged: Buffer[] = [];
  child.stderr.on("data", (chunk: Buffer) => logged.push(chunk));
  const output = (): string => Buffer.concat(printed).toString();
  const log = (): string => Buffer.concat(logged).toString();
  await new Promise<void>((resolve, reject) => {
    child.stdout.on("data", (chunk: Buffer) => {
      printed.push(chunk);
      if (output().includes("/graphql\n")) setTimeout(resolve, 50);
    });
    child.once("close", () => reject(new Error(`the gateway ended: ${output()}${log()}`)));
  });
  return {
    url: /(http:\/\/\S+)\/graphql/.exec(output())?.[1] ?? "",
    metricsUrl: /Metrics +(\S+)/.exec(output())?.[1] ?? "",
    output,
    log,
    stop: async () => {
      if (child.exitCode === null && child.kill("SIGTERM")) await once(child, "close");
      return child.exitCode;
    },
  };
}
