import cluster from "node:cluster";
import { setTimeout as sleep } from "node:timers/promises";
import { type Config, loadConfig } from "../config.ts";
import { GatewayError } from "../lib/errors.ts";
import { StartupError } from "../lib/startup-error.ts";

/** What a command works with. */
export type CommandContext = {
  config: Config;
  /** Registers what is to be closed when the command ends or is interrupted, the last one first. */
  onClose(close: () => Promise<void>): void;
  /** Aborted by a second signal: whoever still waits for something stops waiting. */
  hurry: AbortSignal;
};

/**
 * Runs a command to its end and exits: with the code it returns, 1 after a mistake of the
 * operator (one line, no stack), or `interruptedCode` once everything is closed after SIGINT or
 * SIGTERM.
 */
export async function runCommand(
  action: (context: CommandContext) => Promise<number | void>,
  options: { interruptedCode?: number } = {},
): Promise<void> {
  const closers: (() => Promise<void>)[] = [];
  const hurry = new AbortController();
  const interrupted = Promise.withResolvers<number>();
  let signals = 0;
  const onSignal = (): void => {
    signals += 1;
    if (signals === 1) interrupted.resolve(options.interruptedCode ?? 130);
    if (signals === 2) hurry.abort();
  };
  process.on("SIGTERM", onSignal);
  // A terminal sends SIGINT to workers too. Their primary tells them when to end.
  process.on("SIGINT", () => {
    if (cluster.isPrimary) onSignal();
  });
  if (cluster.isWorker) {
    process.on("message", (message) => {
      if (message === "hurry" || (message === "stop" && signals === 0)) onSignal();
    });
  }
  let isCutOff = false;
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    // `crm … | head` closes our output early, which is no failure. A full disk is one.
    isCutOff = error.code !== "EPIPE";
    if (isCutOff) report(new StartupError(`The output cannot be written: ${error.message}.`));
    interrupted.resolve(isCutOff ? 1 : 0);
  });
  let code: number;
  try {
    const config = loadConfig();
    if (config.startedByNpm) onParentGone(onSignal);
    const context: CommandContext = {
      config,
      onClose: (close) => closers.push(close),
      hurry: hurry.signal,
    };
    const work = action(context).then((result) => result ?? 0);
    // After a signal the command's own failure is a consequence of what we close under it.
    work.catch(() => undefined);
    code = await Promise.race([work, interrupted.promise]);
  } catch (error) {
    report(error);
    code = 1;
  }
  // A database that cannot be stopped in a moment is adopted by the next start.
  const tooLong = Promise.withResolvers<void>();
  hurry.signal.addEventListener("abort", () => void sleep(1_000).then(() => tooLong.resolve()));
  await Promise.race([closeAll(closers), tooLong.promise]);
  if (hurry.signal.aborted) code = 130;
  // A failed write is told after its callback.
  process.stdout.write("", () => setImmediate(() => process.exit(isCutOff ? 1 : code)));
}

/** npm dies of SIGTERM without passing it on; a server whose npm was told to stop is meant to stop too. */
function onParentGone(stop: () => void): void {
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    stop();
  }, 250);
  watch.unref();
}

async function closeAll(closers: (() => Promise<void>)[]): Promise<void> {
  // A command that is interrupted early may still register something while the others close.
  for (let close = closers.pop(); close !== undefined; close = closers.pop()) {
    await close().catch(report);
  }
}

function report(error: unknown): void {
  process.stderr.write(`${describe(error)}\n`);
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof StartupError || error instanceof GatewayError) return error.message;
  // What the system or the database refuses (a full disk, a missing privilege) says enough itself;
  // everything else is a mistake of ours, and its stack is wanted.
  if ("code" in error && typeof error.code === "string") return `${error.message} (${error.code})`;
  return error.stack ?? error.message;
}

/** Prints one line on standard output. */
export function say(line = ""): void {
  process.stdout.write(`${line}\n`);
}
