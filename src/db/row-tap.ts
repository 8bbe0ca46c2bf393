import type { Duplex } from "node:stream";

/** PostgreSQL's code of a row, and the length of a message's head. */
const dataRow = 0x44;
const headBytes = 5;

/** Reads a row at its place: the number of its cells, then each cell's length and bytes, as PostgreSQL sends them. */
export type OnRow = (bytes: Buffer, start: number) => void;

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
    this.#parts.push(chunk);
    this.#length += chunk.length;
    if (this.#length < this.#needed) return;
    const bytes = this.#parts.length === 1 ? chunk : Buffer.concat(this.#parts, this.#length);
    let at = 0;
    let passed = 0;
    this.#needed = headBytes;
    while (bytes.length - at >= headBytes) {
      const end = at + 1 + bytes.readInt32BE(at + 1);
      if (end > bytes.length) {
        this.#needed = end - at;
        break;
      }
      if (bytes[at] === dataRow) {
        if (at > passed) this.#pass(bytes.subarray(passed, at));
        this.#onRow(bytes, at + headBytes);
        passed = end;
      }
      at = end;
    }
    const rest = bytes.subarray(at);
    this.#parts = rest.length === 0 ? [] : [rest];
    this.#length = rest.length;
    // Last, since it may end the reading.
    if (at > passed) this.#pass(bytes.subarray(passed, at));
  };
}

function isListener(value: unknown): value is (...values: unknown[]) => void {
  return typeof value === "function";
}
