import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { pipeline, Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { Busboy, type BusboyFileStream } from "@fastify/busboy";
import { badRequest, GatewayError } from "../../lib/errors.ts";
import { headerOf } from "../../lib/headers.ts";
import { answerOf } from "../answer.ts";
import { Refused } from "../error-answers.ts";

/** A client that sends less is too slow, once it was waited for as long as for any body. */
const leastBytesPerMillisecond = 10;
/** The most characters of the options in a form. */
const maxOptions = 1_000_000;

/** What is taken of a client. */
export type UploadLimits = {
  readonly maxBytes: number;
  /** How long it may be waited for in all, in milliseconds, beside the time that its bytes may take. */
  readonly patience: number;
};

/** What is sent: the bytes of a file, and what a form says in front of it. */
export type SentFile = {
  readonly bytes: AsyncIterable<Uint8Array>;
  /** The JSON in the part `options` of a form; null without one. */
  readonly options: string | null;
  /** Of a form's file. */
  readonly fileName: string | null;
  readonly type: string;
};

/** The types of files, and the format of each; null where it is found out. */
const formatOf: Readonly<Record<string, "csv" | "ndjson" | "json" | null>> = {
  "text/csv": "csv",
  "text/tab-separated-values": "csv",
  "application/x-ndjson": "ndjson",
  "application/jsonl": "ndjson",
  "application/json": "json",
  "application/octet-stream": null,
};

/** The types that a file can be sent as. */
export const fileTypes = Object.keys(formatOf);
const formType = "multipart/form-data";

/** The format that a media type stands for; null where it says nothing of it. */
export const formatNamed = (type: string) =>
  Object.hasOwn(formatOf, type) ? (formatOf[type] ?? null) : null;

/**
 * Opens the body of a request as a file, or a form with one. It is read as it comes: whoever reads it holds it back.
 *
 * @throws GatewayError with status 415 or 413, Refused with 408; its bytes throw them, too
 */
export async function openBody(
  request: IncomingMessage,
  { maxBytes, patience }: UploadLimits,
): Promise<SentFile> {
  const contentType = headerOf(request.headers, "content-type") ?? "";
  const [type = ""] = contentType
    .toLowerCase()
    .split(";", 1)
    .map((part) => part.trim());
  if (type !== formType && !Object.hasOwn(formatOf, type)) {
    const text = `Send the file as ${[...fileTypes, formType].join(", ")}.`;
    throw badRequest(text, 415);
  }
  if (Number(request.headers["content-length"] ?? 0) > maxBytes) throw tooLarge(maxBytes);
  const bytes = bounded(uncompressed(request, paced(request, patience)), maxBytes);
  if (type !== formType) return { bytes, options: null, fileName: null, type };
  return await formIn(bytes, contentType);
}

/** The bytes of a body as they come, from a client that goes on sending. */
async function* paced(request: IncomingMessage, patience: number): AsyncGenerator<Uint8Array> {
  const chunks = request.iterator({ destroyOnReturn: false });
  let [waited, bytes] = [0, 0];
  for (;;) {
    const since = performance.now();
    const left = patience + bytes / leastBytesPerMillisecond - waited;
    const next = await inTime(chunks.next(), left).catch((error: unknown) => {
      throw error instanceof Refused ? error : badRequest("The file ends too early.");
    });
    if (next.done === true) return;
    waited += performance.now() - since;
    const chunk: Buffer = next.value;
    bytes += chunk.length;
    yield chunk;
  }
}

async function inTime<Result>(result: Promise<Result>, milliseconds: number): Promise<Result> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(tooSlow()), Math.max(0, milliseconds));
  try {
    return await Promise.race([result, late.promise]);
  } finally {
    clearTimeout(timer);
    // It may still fail, with nobody to hear.
    result.catch(() => undefined);
  }
}

function tooSlow(): Refused {
  const error = "The file comes too slowly; send at least 10 KB a second.";
  return new Refused("BAD_USER_INPUT", answerOf(408, { error }));
}

const tooLarge = (maxBytes: number) =>
  badRequest(
    `The file has more than ${maxBytes.toLocaleString("en")} bytes; send it in parts.`,
    413,
  );

function uncompressed(
  { headers }: IncomingMessage,
  bytes: AsyncIterable<Uint8Array>,
): AsyncIterable<Uint8Array> {
  const coding = (headerOf(headers, "content-encoding") ?? "identity").trim().toLowerCase();
  if (coding === "identity") return bytes;
  if (coding !== "gzip") throw badRequest("Send the file as it is, or compressed by gzip.", 415);
  return unzipped(bytes);
}

async function* unzipped(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  // A failure of the source comes out of the end that is read.
  const plain = pipeline(
    Readable.from(bytes, { objectMode: false }),
    createGunzip(),
    () => undefined,
  );
  try {
    for await (const chunk of plain) yield chunk;
  } catch (error) {
    const isZlib = error instanceof Error && "errno" in error && "code" in error;
    throw isZlib ? badRequest(`The file is not compressed by gzip: ${error.message}.`) : error;
  }
}

async function* bounded(
  bytes: AsyncIterable<Uint8Array>,
  maxBytes: number,
): AsyncGenerator<Uint8Array> {
  let length = 0;
  for await (const chunk of bytes) {
    length += chunk.length;
    if (length > maxBytes) throw tooLarge(maxBytes);
    yield chunk;
  }
}

/** The file in a form, and the options in front of it. */
async function formIn(bytes: AsyncIterable<Uint8Array>, contentType: string): Promise<SentFile> {
  const limits = { fieldSize: maxOptions, fields: 1, files: 1, headerPairs: 20 };
  const { form, finished, failed } = formReader(contentType, limits);
  let options: string | null = null;
  let hasFile = false;
  const found = new Promise<SentFile>((resolve, reject) => {
    form.on("field", (name, value, _isNameCut, isCut) => {
      if (name === "options" && !isCut && !hasFile) options = value;
      else form.emit("failure", badRequest(formAdvice));
    });
    for (const limit of ["fieldsLimit", "filesLimit"] as const) {
      form.on(limit, () => form.emit("failure", badRequest(formAdvice)));
    }
    form.on("file", (_name, file, fileName, _encoding, mimeType) => {
      hasFile = true;
      file.on("error", (error) => form.emit("failure", error));
      const type = mimeType.toLowerCase();
      const fileBytes = untilEnd(file, finished, failed);
      resolve({ bytes: fileBytes, options, fileName: fileName || null, type });
    });
    form.on("finish", () => reject(badRequest(formAdvice)));
    failed.catch(reject);
  });
  pipeline(Readable.from(bytes, { objectMode: false }), form, (error) => {
    if (error != null) form.emit("failure", error);
  });
  return await found;
}

const formAdvice =
  "A form has a part `options` with JSON, if any, and then a part `file` with the file.";

function formReader(contentType: string, limits: object) {
  let form: Busboy;
  try {
    form = new Busboy({ headers: { "content-type": contentType }, limits });
  } catch {
    throw badRequest("The form has no boundary in its content-type.");
  }
  const failed = once(form, "failure").then(([error]): never => {
    throw error;
  });
  const finished = once(form, "finish");
  for (const outcome of [finished, failed]) outcome.catch(() => undefined);
  return { form, finished, failed };
}

/** A part of a form. It ends with the form, whose failure is its own: a part behind it is not passed over. */
async function* untilEnd(
  file: BusboyFileStream,
  finished: Promise<unknown>,
  failed: Promise<never>,
): AsyncGenerator<Uint8Array> {
  const chunks = file.iterator({ destroyOnReturn: false });
  const orFailed = <Value>(value: Promise<Value>): Promise<Value> =>
    Promise.race([value, failed]).catch((error: unknown) => {
      const isTold = error instanceof Refused || error instanceof GatewayError;
      throw isTold ? error : badRequest("The form ends too early.");
    });
  for (;;) {
    const next = await orFailed(chunks.next());
    if (next.done === true) break;
    yield next.value;
  }
  await orFailed(finished);
}
