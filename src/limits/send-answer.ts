import type { OutgoingHttpHeaders, ServerResponse } from "node:http";
import type { Work } from "../db/work.ts";
import { codingOf, compress } from "../lib/compress.ts";
import type { Hold } from "../lib/held-bytes.ts";

/** The size of an answer's parts. Each is written after the previous one has left. */
const partBytes = 65_536;
/** How long the client of an answer of any length may leave a chunk of it, in milliseconds. */
export const streamPatience = 30_000;
/** A shorter answer fits one or two packets uncompressed. */
const leastCompressed = 1_024;

/** The status and the headers of an answer. */
export type Head = { readonly status: number; readonly headers: OutgoingHttpHeaders };

/** The response of an answer, and its work. */
export type Recipient = { readonly response: ServerResponse; readonly work: Work };

/**
 * Sends a whole answer, compressed if the client accepts that, and counts its bytes until the client has read them. It
 * resolves once they are counted, so that other references to the text can be freed.
 */
export async function sendWhole(
  to: Recipient,
  { status, headers }: Head,
  text: string,
): Promise<void> {
  const { response } = to;
  if (response.destroyed) return;
  const plainLength = Buffer.byteLength(text);
  const bytes = plainLength < leastCompressed ? null : await compressed(response, text);
  if (response.destroyed) return;
  const length = bytes?.length ?? plainLength;
  response.writeHead(status, { ...headers, "content-length": length });
  if (length <= partBytes) {
    // Node sends a text together with its head.
    response.end(bytes ?? text);
    // Bytes that the system has taken are not held.
    if (response.writableLength > 0) held(to, length);
  } else {
    const hold = held(to, length);
    void write(response, bytes ?? Buffer.from(text), hold).then(() => end(response));
  }
}

/** Counts an answer's bytes until they have left. */
function held(to: Recipient, length: number): Hold | undefined {
  const hold = holdFor(to);
  if (hold !== undefined) to.response.once("close", hold.free);
  hold?.take(length);
  return hold;
}

/**
 * Sends an answer in chunks. The next chunk is taken when the previous one has left, whose bytes may be used again. A
 * client that does not take a chunk within `patience` milliseconds is let go, if that is given.
 */
export async function sendStream(
  to: Recipient,
  { status, headers }: Head,
  chunks: AsyncIterable<Uint8Array>,
  patience: number | null = null,
): Promise<void> {
  const { response } = to;
  if (response.destroyed) return;
  response.writeHead(status, headers);
  for await (const chunk of chunks) {
    if (response.destroyed) break;
    const hold = holdFor(to);
    hold?.take(chunk.length);
    const stalled = patience === null ? null : setTimeout(() => response.destroy(), patience);
    await write(response, chunk, hold);
    if (stalled !== null) clearTimeout(stalled);
    hold?.free();
  }
  end(response);
}

/** The text in a coding that the client accepts, named in the headers; null if it is sent plain. */
async function compressed(response: ServerResponse, text: string): Promise<Buffer | null> {
  const { headers } = response.req;
  response.appendHeader("vary", "accept-encoding");
  const coding = codingOf([headers["accept-encoding"] ?? []].flat().join());
  // This also applies to HEAD, whose length is that of the answer to GET.
  if (coding === null) return null;
  const bytes = await compress(Buffer.from(text), coding);
  response.setHeader("content-encoding", coding);
  return bytes;
}

export function holdFor({ response, work }: Recipient): Hold | undefined {
  return work.turn?.hold(() => response.req.socket.destroy());
}

async function write(
  response: ServerResponse,
  bytes: Uint8Array,
  hold: Hold | undefined,
): Promise<void> {
  for (let at = 0; at < bytes.length && !response.destroyed; at += partBytes) {
    const part = bytes.subarray(at, at + partBytes);
    await written(response, part);
    hold?.moved(part.length);
  }
}

function end(response: ServerResponse): void {
  if (!response.destroyed) response.end();
}

/** Writes bytes; waits until the system has taken them, or the connection is closed. */
function written(response: ServerResponse, bytes: Uint8Array): Promise<void> {
  return untilClosed(response, (resolve) => void response.write(bytes, resolve));
}

/** Waits until the written bytes have left, or the connection is closed. */
export function drained(response: ServerResponse): Promise<void> {
  return untilClosed(response, (resolve) => void response.once("drain", resolve));
}

/** Begins something that ends with a call, or with the connection. */
function untilClosed(
  response: ServerResponse,
  begin: (resolve: () => void) => void,
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const over = (): void => {
    response.off("drain", over);
    response.off("close", over);
    resolve();
  };
  response.once("close", over);
  begin(over);
  return promise;
}
