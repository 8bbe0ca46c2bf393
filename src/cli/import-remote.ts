import { readFile, writeFile } from "node:fs/promises";
import { basename } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { StartupError } from "../lib/startup-error.ts";
import {
  strayColumns,
  tellCancelled,
  tellMapping,
  tellRefusedFile,
  tellSummary,
} from "./import-told.ts";
import { logToErrors } from "./open.ts";
import { startProgress } from "./progress.ts";
import type { CommandContext } from "./run-command.ts";

/** How often a gateway is asked how far an import is. */
const lookMilliseconds = 1_000;
/** How long a gateway may be out of reach meanwhile. */
const patienceMilliseconds = 300_000;

const importSchema = z.object({
  id: z.string(),
  columns: z.array(
    z.object({
      column: z.string(),
      field: z.string().nullable(),
      guessed: z.boolean(),
      note: z.string().nullable(),
    }),
  ),
  unmapped: z.array(z.string()),
  format: z.string().nullable(),
  encoding: z.string().nullable(),
  delimiter: z.string().nullable(),
  dry_run: z.boolean(),
  status: z.string(),
  status_reason: z.string().nullable(),
  rows: z.number(),
  rows_done: z.number(),
  rows_created: z.number(),
  rows_updated: z.number(),
  rows_unchanged: z.number(),
  rows_refused: z.number(),
  rows_per_second: z.number(),
  seconds_left: z.number().nullable(),
  created_at: z.string(),
  finished_at: z.string().nullable(),
  errors: z.string().nullable(),
});
type Shown = z.infer<typeof importSchema>;

const refusalSchema = z.object({
  issues: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  error: z.string().optional(),
});

/** A gateway that runs, and what is asked of it. */
export type Remote = {
  readonly url: string;
  readonly apiKeyFile: string;
  /** The parameters of `POST /api/v1/crm/imports`. */
  readonly options: readonly (readonly [name: string, value: string])[];
  /** Where the refused rows go. */
  readonly errors: string | null;
};

/** Sends a file to a gateway, and follows the import to its end. The exit code: 1 if it has not come to its end. */
export async function importThrough(
  remote: Remote,
  file: { readonly name: string; readonly bytes: AsyncIterable<Uint8Array> },
  context: CommandContext,
): Promise<number> {
  const ask = await asker(remote);
  const query = new URLSearchParams(remote.options.map(([name, value]) => [name, value]));
  if (file.name !== "-") query.set("file_name", basename(file.name));
  const sent = await ask("POST", `/api/v1/crm/imports?${query}`, file.bytes);
  let last = importSchema.parse(await sent.json());
  tellMapping({ ...last, columns: last.columns });
  const isNew = sent.status !== 200;
  if (!isNew) {
    logToErrors(`This file was imported before, at ${last.created_at}; --force imports it again.`);
  }
  const path = `/api/v1/crm/imports/${last.id}`;
  if (last.status === "waiting") {
    // Another one may wait for its sender.
    if (isNew) await ask("POST", `${path}/cancel`);
    throw new StartupError(strayColumns(last.unmapped));
  }
  let isLost = false;
  context.onClose(async () => {
    if (last.finished_at !== null || isLost) return;
    last = importSchema.parse(await (await ask("POST", `${path}/cancel`)).json());
    tellCancelled(last.rows_done);
  });
  const progress = startProgress(process.stderr);
  for (; ; await sleep(lookMilliseconds)) {
    const answer = await patiently(() => ask("GET", path)).catch((error: unknown) => {
      isLost = true;
      logToErrors(`The import goes on at the gateway: GET ${path} shows it.`);
      throw error;
    });
    last = importSchema.parse(await answer.json());
    progress.update(last.rows_done, last.rows, left(last));
    if (last.finished_at !== null) break;
  }
  progress.end();
  tellSummary({
    rows: last.rows,
    rowsDone: last.rows_done,
    rowsCreated: last.rows_created,
    rowsUpdated: last.rows_updated,
    rowsUnchanged: last.rows_unchanged,
    rowsRefused: last.rows_refused,
    what: last.dry_run ? "tried, and nothing written" : last.status,
    reason: last.status_reason,
  });
  if (last.errors !== null) await fetchRefused(await ask("GET", last.errors), remote.errors);
  return last.status === "done" ? 0 : 1;
}

/** Asks again while a gateway is busy, restarted or out of reach: what it does goes on meanwhile. */
async function patiently(ask: () => Promise<Response>): Promise<Response> {
  const until = performance.now() + patienceMilliseconds;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof Passing) || performance.now() > until) throw error;
      await sleep(error.milliseconds);
    }
  }
}

const left = ({ status, rows_per_second: speed, seconds_left: seconds }: Shown): string => {
  if (status === "queued") return "waiting";
  return seconds === null ? "" : `${Math.round(speed)} a second, ${seconds} s left`;
};

async function fetchRefused(answer: Response, path: string | null): Promise<void> {
  if (path === null || answer.body === null) {
    await answer.body?.cancel();
    return logToErrors("Add --errors refused.csv to write all refused rows to a file.");
  }
  await writeFile(path, answer.body);
  tellRefusedFile(path);
}

/** A failure that will pass, and after how long it may be tried again. */
class Passing extends StartupError {
  readonly milliseconds: number;

  constructor(message: string, milliseconds: number, options?: ErrorOptions) {
    super(message, options);
    this.milliseconds = milliseconds;
  }
}

type Ask = (
  method: "GET" | "POST",
  path: string,
  body?: AsyncIterable<Uint8Array>,
) => Promise<Response>;

/** Asks a gateway with the key in a file. What it refuses is an error with its words. */
async function asker({ url, apiKeyFile }: Remote): Promise<Ask> {
  const key = await readFile(apiKeyFile, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw new StartupError(`--api-key-file ${apiKeyFile} cannot be read (${error.code}).`);
  });
  if (!/^[\x21-\x7e]+$/.test(key.trim())) {
    throw new StartupError(`--api-key-file ${apiKeyFile} holds no key.`);
  }
  if (!/^https?:\/\//.test(url) || !URL.canParse(url)) {
    throw new StartupError(`--url must be a gateway's address, such as https://crm.example.com.`);
  }
  return async (method, path, body) => {
    const headers = {
      "x-api-key": key.trim(),
      ...(body === undefined ? {} : { "content-type": "application/octet-stream" }),
    };
    const sent = body === undefined ? {} : { body: streamOf(body), duplex: "half" };
    // A key is for the address that was said.
    const init: RequestInit = { method, headers, redirect: "error", ...sent };
    // An address may have a path of its own, where a proxy puts the gateway.
    const address = new URL(`${url.replace(/\/+$/, "")}${path}`);
    const answer = await fetch(address, init).catch((cause: unknown) => {
      throw new Passing(`${url} cannot be reached, or redirects.`, lookMilliseconds, {
        cause,
      });
    });
    if (answer.ok) return answer;
    const words = await wordsOf(answer);
    const pause = 1_000 * Number(answer.headers.get("retry-after") ?? 1);
    const willPass = answer.status === 429 || answer.status >= 500;
    throw willPass ? new Passing(words, pause || lookMilliseconds) : new StartupError(words);
  };
}

/** The bytes as fetch takes them, read as they are sent. */
function streamOf(bytes: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> {
  const iterator = bytes[Symbol.asyncIterator]();
  return new ReadableStream({
    pull: async (controller) => {
      const next = await iterator.next();
      if (next.done === true) controller.close();
      else controller.enqueue(next.value);
    },
  });
}

async function wordsOf(answer: Response): Promise<string> {
  const text = await answer.text();
  let body: unknown = null;
  try {
    body = JSON.parse(text);
  } catch {
    // A proxy's page.
  }
  const { issues = [], error = `it answers ${answer.status}.` } =
    refusalSchema.safeParse(body).data ?? {};
  return issues.length > 0
    ? issues.map(({ path, message }) => `${path}: ${message}`).join("\n")
    : error;
}
