import { once } from "node:events";
import type { OutgoingHttpHeaders, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";

/** An answer is handed to its connection in such parts, each when the one before has left. */
const partBytes = 65_536;
/** Who has not taken a part for so long is slow. */
const patienceMilliseconds = 3_000;
const lookMilliseconds = 500;
/** So much may wait for anybody, however much waits for others. */
const modestBytes = 1_000_000;

type Reader = { readonly owner: string; readonly socket: Duplex; movedAt: number };

/** What is sent before a body. */
export type Head = { readonly status: number; readonly headers: OutgoingHttpHeaders };

/**
 * Sends answers and knows how many bytes of them wait to be read, in all and for each credential. The memory that they
 * have is the readers' to free, so work for those begins only while there is room. Half of it is shared out: one may hold
 * as much as it leaves to others. Once a quarter is used, slow readers' connections are closed.
 */
export class UnreadAnswers {
  readonly #most: number;
  readonly #readers = new WeakMap<ServerResponse, Reader>();
  readonly #waiting = new Set<Reader>();
  readonly #held = new Map<string, number>();
  #bytes = 0;
  #looking: NodeJS.Timeout | null = null;
  /** Told when there is room again. */
  onFreed: (() => void) | null = null;

  constructor(most: number) {
    this.#most = most;
  }

  /** Bytes that wait to be read. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether work may begin whose answer would wait for this owner too. */
  hasRoom(owner: string): boolean {
    const share = Math.max(this.#most / 2 - this.#bytes, modestBytes);
    return this.#bytes < this.#most && this.heldBy(owner) < share;
  }

  /** Bytes that wait for one owner. */
  heldBy(owner: string): number {
    return this.#held.get(owner) ?? 0;
  }

  /** Says whose answer a response will be. */
  charge(response: ServerResponse, owner: string, socket: Duplex): void {
    this.#readers.set(response, { owner, socket, movedAt: 0 });
  }

  /** Sends a whole answer. What still refers to its text need not be kept until it is read. */
  send(response: ServerResponse, { status, headers }: Head, text: string): void {
    if (response.destroyed) return;
    const bytes = Buffer.from(text);
    response.writeHead(status, { ...headers, "content-length": bytes.length });
    const free = this.#hold(response, bytes.length);
    response.once("close", free);
    if (bytes.length <= partBytes) response.end(bytes);
    else void this.#write(response, bytes).then(() => end(response));
  }

  /** Sends an answer that comes bit by bit; the next is asked for when the one before has left. */
  async sendStream(
    response: ServerResponse,
    { status, headers }: Head,
    chunks: AsyncIterable<Uint8Array>,
  ): Promise<void> {
    if (response.destroyed) return;
    response.writeHead(status, headers);
    for await (const chunk of chunks) {
      if (response.destroyed) break;
      const free = this.#hold(response, chunk.length);
      await this.#write(response, chunk).finally(free);
    }
    end(response);
  }

  async #write(response: ServerResponse, bytes: Uint8Array): Promise<void> {
    const reader = this.#readers.get(response);
    for (let at = 0; at < bytes.length && !response.destroyed; at += partBytes) {
      if (!response.write(bytes.subarray(at, at + partBytes))) await drained(response);
      if (reader !== undefined) reader.movedAt = performance.now();
    }
  }

  /** Counts bytes as waiting, until the function that it gives is called. */
  #hold(response: ServerResponse, bytes: number): () => void {
    const reader = this.#readers.get(response);
    if (reader === undefined || response.destroyed) return () => undefined;
    reader.movedAt = performance.now();
    this.#add(reader.owner, bytes);
    this.#waiting.add(reader);
    this.#looking ??= setInterval(() => this.#look(), lookMilliseconds).unref();
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.#waiting.delete(reader);
      this.#add(reader.owner, -bytes);
      this.onFreed?.();
    };
  }

  #add(owner: string, bytes: number): void {
    this.#bytes += bytes;
    const held = this.heldBy(owner) + bytes;
    if (held === 0) this.#held.delete(owner);
    else this.#held.set(owner, held);
  }

  /** Closes the connections of slow readers, if what they hold is wanted. */
  #look(): void {
    if (this.#waiting.size === 0 && this.#looking !== null) {
      clearInterval(this.#looking);
      this.#looking = null;
    }
    if (this.#bytes < this.#most / 4) return;
    const movedAt = new Map<Duplex, number>();
    // Of answers on one connection the first alone moves.
    for (const { socket, movedAt: at } of this.#waiting) {
      movedAt.set(socket, Math.max(at, movedAt.get(socket) ?? 0));
    }
    const before = performance.now() - patienceMilliseconds;
    for (const [socket, at] of movedAt) if (at < before) socket.destroy();
  }
}

function end(response: ServerResponse): void {
  if (!response.destroyed) response.end();
}

/** Waits until what was written has left, or never will. */
async function drained(response: ServerResponse): Promise<void> {
  const over = new AbortController();
  const { signal } = over;
  await Promise.race([
    once(response, "drain", { signal }),
    once(response, "close", { signal }),
  ]).catch(() => undefined);
  over.abort();
}
