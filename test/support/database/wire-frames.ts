/** One message of PostgreSQL's protocol. */
export type Frame = {
  /** Its letter; "" for a client's first message, which has none. */
  readonly type: string;
  readonly bytes: Buffer;
};

/** Cuts one direction of a connection into messages: a letter, a length that counts itself, a body. */
export class FrameReader {
  #rest = Buffer.alloc(0);
  #hasLetters: boolean;

  constructor(from: "client" | "server") {
    this.#hasLetters = from === "server";
  }

  /** The messages that are complete with this chunk. */
  read(chunk: Buffer): Frame[] {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    const frames: Frame[] = [];
    for (;;) {
      const start = this.#hasLetters ? 1 : 0;
      if (this.#rest.length < start + 4) return frames;
      const length = start + this.#rest.readUInt32BE(start);
      if (this.#rest.length < length) return frames;
      frames.push({
        type: this.#rest.toString("latin1", 0, start),
        bytes: this.#rest.subarray(0, length),
      });
      this.#hasLetters = true;
      this.#rest = this.#rest.subarray(length);
    }
  }
}

/** Knows the SQL of a connection's messages, also of those that only name a prepared statement. */
export class StatementTexts {
  readonly #prepared = new Map<string, string>();

  /** The SQL of a Query, Parse or Bind message; "" where there is none. */
  textOf({ type, bytes }: Frame): string {
    const [first = "", second = ""] = bytes.toString("utf8", 5).split("\0", 2);
    if (type === "Q") return first;
    if (type === "P") this.#prepared.set(first, second);
    return this.#prepared.get(type === "P" ? first : second) ?? "";
  }
}
