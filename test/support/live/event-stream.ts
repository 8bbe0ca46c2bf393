import { isRecord } from "../../../src/lib/json.ts";

/** An event as it stands in a stream of server-sent events. */
export type SentEvent = { readonly event: string; readonly id: string; readonly data: string };

/** What is asked for in a stream, and by which headers. */
export type Opened = {
  readonly query: string;
  readonly variables?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
};

/** A subscription over server-sent events, read event by event as a client does. */
export class EventStream {
  readonly status: number;
  readonly headers: Headers;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #decoder = new TextDecoder();
  #text = "";

  private constructor(response: Response) {
    this.status = response.status;
    this.headers = response.headers;
    if (response.body === null) throw new Error("an answer without a body");
    this.#reader = response.body.getReader();
  }

  /** Opens one by POST, with an API key or a token. */
  static async open(
    url: string,
    key: string,
    { query, variables = {}, headers = {} }: Opened,
  ): Promise<EventStream> {
    return new EventStream(
      await fetch(`${url}/graphql`, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          accept: "text/event-stream",
          ...(key.startsWith("crm_") ? { "x-api-key": key } : { authorization: `Bearer ${key}` }),
          ...headers,
        },
        body: JSON.stringify({ query, variables }),
      }),
    );
  }

  /** The same by GET, as EventSource sends it. */
  static async get(url: string, key: string, query: string, headers = {}): Promise<EventStream> {
    const target = `${url}/graphql?query=${encodeURIComponent(query)}`;
    const all = { accept: "text/event-stream", "x-api-key": key, ...headers };
    return new EventStream(await fetch(target, { headers: all }));
  }

  /** The next event; null at the end of the stream. What only shows that it lives is left out. */
  async next(): Promise<SentEvent | null> {
    for (;;) {
      const end = this.#text.indexOf("\n\n");
      if (end >= 0) {
        const block = this.#text.slice(0, end);
        this.#text = this.#text.slice(end + 2);
        const event = read(block);
        if (event !== null) return event;
        continue;
      }
      const { done, value } = await this.#reader.read();
      if (done) return null;
      this.#text += this.#decoder.decode(value, { stream: true });
    }
  }

  /** The data of the next events, of the one field that they have. */
  async data(count = 1): Promise<Readonly<Record<string, unknown>>[]> {
    const found: Readonly<Record<string, unknown>>[] = [];
    while (found.length < count) {
      const next = await this.next();
      const body: unknown = JSON.parse(next?.data ?? "null");
      const data = isRecord(body) && isRecord(body["data"]) ? Object.values(body["data"])[0] : null;
      if (!isRecord(data)) throw new Error(`no data: ${JSON.stringify(next)}`);
      found.push(data);
    }
    return found;
  }

  /** The first error of the next event. */
  async error(): Promise<{
    readonly message: string;
    readonly extensions: Record<string, unknown>;
  }> {
    const next = await this.next();
    const body: { errors?: { message: string; extensions: Record<string, unknown> }[] } =
      JSON.parse(next?.data ?? "{}");
    const [error] = body.errors ?? [];
    if (error === undefined) throw new Error(`no error: ${JSON.stringify(next)}`);
    return error;
  }

  /** Ends it, as a client that goes. */
  async close(): Promise<void> {
    await this.#reader.cancel();
  }
}

function read(block: string): SentEvent | null {
  const fields = { event: "", id: "", data: "" };
  for (const line of block.split("\n")) {
    const [, name, value = ""] = /^(event|id|data): ?(.*)$/.exec(line) ?? [];
    if (name === "event" || name === "id" || name === "data") fields[name] = value;
  }
  return fields.event === "" ? null : fields;
}
