import type { Duplex } from "node:stream";

/** PostgreSQL's code of a row, and the length of a message's head. */
const dataRow = 0x44;
const headBytes = 5;

/** Reads a row at its place: the number of its cells, then each cell's length and bytes, as PostgreSQL sends them. */
export type OnRow = (bytes: Buffer, start: number, end: number) => void;

/**
 * Takes the rows out of what a connection receives before `pg` reads them: it would make a text of each cell, which takes
 * longer than to print most. All else goes on to `pg`.
 */
export class RowTap {
  readonly #stream: Duplex;
  readonly #onRow: OnRow;
  readonly #pass: (bytes: Buffer) => void;
  readonly #listener: (...values: unknown[]) => void;
  /** The beginning of a message whose end has not come yet. */
  #parts: Buffer[] = [];
  #length = 0;
  #needed = headBytes;
  #isClosed = false;

  /** @throws if `pg` does not read the connection by one listener */
  constructor(stream: Duplex, onRow: OnRow) {
    const [listener, ...others] = stream.listeners("data");
    if (!isListener(listener) || others.length > 0) throw new Error("pg reads in another way");
    this.#stream = stream;
    this.#onRow = onRow;
    this.#listener = listener;
    this.#pass = (bytes) => {
      Reflect.apply(listener, stream, [bytes]);
    };
    stream.removeListener("data", listener);
    stream.on("data", this.#take);
  }

  /** Lets PostgreSQL wait. */
  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }

  /** Leaves all that comes from now on to `pg`. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const stream = this.#stream;
    const rest = Buffer.concat(this.#parts);
    stream.removeListener("data", this.#take);
    stream.on("data", this.#listener);
    this.#parts = [];
    if (rest.length > 0) this.#pass(rest);
    stream.resume();
  }

  readonly #take = (chunk: Buffer): void => {
    const start = this.#length === 0 ? 0 : this.#complete(chunk);
    if (this.#length > 0) return;
    const end = this.#read(chunk, start);
    if (end === chunk.length) return;
    this.#parts = [chunk.subarray(end)];
    this.#length = chunk.length - end;
    this.#needed = this.#length < headBytes ? headBytes : endOf(chunk, end) - end;
  };

  /** Completes the message that has begun, if it can; gives how much of the chunk is a part of it. */
  #complete(chunk: Buffer): number {
    let at = 0;
    while (this.#length > 0 && at < chunk.length) {
      const part = chunk.subarray(at, at + this.#needed - this.#length);
      this.#parts.push(part);
      this.#length += part.length;
      at += part.length;
      if (this.#length < this.#needed) break;
      const message = Buffer.concat(this.#parts, this.#length);
      this.#needed = endOf(message, 0);
      if (this.#needed > this.#length) {
        this.#parts = [message];
        continue;
      }
      this.#parts = [];
      this.#length = 0;
      this.#read(message, 0);
    }
    return at;
  }

  /** Reads the whole messages; gives where the last of them ends. */
  #read(bytes: Buffer, start: number): number {
    let at = start;
    let passed = start;
    while (bytes.length - at >= headBytes) {
      const end = endOf(bytes, at);
      if (end > bytes.length) break;
      if (bytes[at] === dataRow) {
        if (at > passed) this.#pass(bytes.subarray(passed, at));
        this.#onRow(bytes, at + headBytes, end);
        passed = end;
      }
      at = end;
    }
    if (at > passed) this.#pass(bytes.subarray(passed, at));
    return at;
  }
}

/** Where the message at a place ends, by its head. */
const endOf = (bytes: Buffer, at: number): number => at + 1 + bytes.readInt32BE(at + 1);

function isListener(value: unknown): value is (...values: unknown[]) => void {
  return typeof value === "function";
}
