/** Bytes that values are printed into one behind the other. */
export class ByteWriter {
  readonly #size: number;
  bytes: Buffer;
  /** How many are written. Whoever writes by himself has made room, and moves it. */
  length = 0;
  /** What was taken before, and may be written to again. */
  #other: Buffer;

  constructor(size: number) {
    this.#size = size;
    this.bytes = Buffer.allocUnsafe(size);
    this.#other = Buffer.allocUnsafe(size);
  }

  /** Makes room for `count` more bytes. */
  room(count: number): void {
    const needed = this.length + count;
    if (needed <= this.bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, this.bytes.length * 2));
    this.bytes.copy(larger, 0, 0, this.length);
    this.bytes = larger;
  }

  /** Gives what is written, until it is asked for the next time, and begins anew. */
  take(): Buffer {
    const taken = this.bytes;
    this.bytes = this.#other;
    // One that has grown is not kept.
    this.#other = taken.length === this.#size ? taken : Buffer.allocUnsafe(this.#size);
    const { length } = this;
    this.length = 0;
    return taken.subarray(0, length);
  }
}
