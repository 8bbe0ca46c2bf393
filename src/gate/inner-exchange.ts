import { IncomingMessage, ServerResponse, type IncomingHttpHeaders } from "node:http";
import type { Socket } from "node:net";

/** A request with a JSON body that came in a message of a WebSocket, as Node gives those that come over HTTP. */
export class InnerRequest extends IncomingMessage {
  constructor(
    upgrade: { readonly socket: Socket; readonly url?: string | undefined },
    headers: IncomingHttpHeaders,
    body: string,
  ) {
    super(upgrade.socket);
    this.method = "POST";
    this.url = upgrade.url ?? "/";
    this.httpVersion = "1.1";
    this.headers = {
      ...headers,
      "content-type": "application/json",
      "content-length": String(Buffer.byteLength(body)),
      accept: "application/json",
    };
    this.push(body);
    this.push(null);
    this.complete = true;
  }

  /** Node's own would read on from the socket. */
  override _read(): void {}
}

/** The response to such a request, which is kept as a text. */
export class InnerResponse extends ServerResponse {
  readonly #parts: Buffer[] = [];
  #isWhole = false;

  constructor(request: IncomingMessage) {
    super(request);
    // Node's own asks whether everything has gone to a socket.
    Object.defineProperty(this, "writableFinished", { get: () => this.#isWhole });
  }

  /** The body; empty if it was abandoned before its end. */
  get text(): string {
    return this.#isWhole ? Buffer.concat(this.#parts).toString() : "";
  }

  override write(chunk: unknown, encoding?: unknown, callback: unknown = encoding): boolean {
    this.#keep(chunk);
    // A part has left: the next one may come.
    if (typeof callback === "function") process.nextTick(callback);
    return true;
  }

  override end(chunk?: unknown): this {
    if (this.#isWhole) return this;
    if (!this.headersSent) this.writeHead(this.statusCode);
    this.#keep(chunk);
    this.#isWhole = true;
    this.emit("finish");
    this.emit("close");
    return this;
  }

  /** Nobody waits for it any more. */
  abandon(): void {
    if (this.#isWhole || this.destroyed) return;
    this.destroyed = true;
    this.emit("close");
  }

  #keep(chunk: unknown): void {
    if (typeof chunk === "string" || Buffer.isBuffer(chunk)) this.#parts.push(Buffer.from(chunk));
  }
}
