/** Bytes that texts are put into one behind the other. */
export class ByteWriter {
  readonly #size: number;
  bytes: Buffer;
  /** How many are written. Whoever writes by himself has made room, and moves it. */
  length = 0;

  constructor(size: number) {
    this.#size = size;
    this.bytes = Buffer.allocUnsafe(size);
  }

  /** Makes room for `count` more bytes. */
  room(count: number): void {
    const needed = this.length + count;
    if (needed <= this.bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, this.bytes.length * 2));
    this.bytes.copy(larger, 0, 0, this.length);
    this.bytes = larger;
  }

  /** Adds a part of other bytes. */
  add(from: Uint8Array, start = 0, end = from.length): void {
    const count = end - start;
    this.room(count);
    const { bytes } = this;
    let at = this.length;
    // A call of `set` takes longer than the copying of a few bytes.
    if (count < 48) for (let read = start; read < end; read += 1) bytes[at++] = from[read] ?? 0;
    else bytes.set(from.subarray(start, end), at);
    this.length += count;
  }

  /** Adds one; there is room. */
  put(byte: number): void {
    this.bytes[this.length++] = byte;
  }

  /** Gives what is written, and begins anew. */
  take(): Buffer {
    const taken = this.bytes.subarray(0, this.length);
    this.bytes = Buffer.allocUnsafe(this.#size);
    this.length = 0;
    return taken;
  }
}
