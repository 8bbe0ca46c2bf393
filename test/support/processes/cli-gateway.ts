import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { patientEnvironment } from "../run/patience.ts";
import { bareEnvironment } from "./environment.ts";

const launcher = fileURLToPath(new URL("../../../src/start.mjs", import.meta.url));

/** A command of `crm` that runs until it is stopped. */
export type CliProcess = {
  readonly pid: number;
  /** All that it has printed so far, on standard output and on standard error. */
  output(): string;
  /** What it has printed on standard error. */
  log(): string;
  /** Stops it as an operator does and waits for its end. Gives its exit code. */
  stop(): Promise<number | null>;
};

/** A gateway as operators run it: `crm serve` in a process of its own. */
export type CliGateway = CliProcess & {
  readonly url: string;
  /** Where its metrics are; empty when they have no port of their own. */
  readonly metricsUrl: string;
};

type Environment = Readonly<Record<string, string>>;

const { NODE_ENV: _, ...patience } = patientEnvironment;

/** Starts one, with limits that a test does not meet unless it sets them. */
export async function startCliGateway(env: Environment): Promise<CliGateway> {
  const served = await start(
    "serve",
    { ...patience, PORT: "0", DEMO: "off", ...env },
    "/graphql\n",
  );
  return {
    ...served,
    url: /(http:\/\/\S+)\/graphql/.exec(served.output())?.[1] ?? "",
    metricsUrl: /Metrics +(\S+)/.exec(served.output())?.[1] ?? "",
  };
}

/** `crm work` in a process of its own. */
export const startCliWorker = (env: Environment): Promise<CliProcess> =>
  start("work", env, "Running jobs");

async function start(command: string, env: Environment, sign: string): Promise<CliProcess> {
  const child = spawn(process.execPath, [launcher, command], {
    env: { ...bareEnvironment, ...env },
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
      if (output().includes(sign)) setTimeout(resolve, 50);
    });
    child.once("close", () => reject(new Error(`crm ${command} ended: ${output()}${log()}`)));
  });
  return {
    pid: child.pid ?? 0,
    output,
    log,
    stop: async () => {
      if (child.exitCode === null && child.kill("SIGTERM")) await once(child, "close");
      return child.exitCode;
    },
  };
}
