import {
  ServerResponse,
  type IncomingMessage,
  type OutgoingHttpHeader,
  type OutgoingHttpHeaders,
} from "node:http";
import type { Duplex } from "node:stream";
import { isRecord } from "../lib/json.ts";

/** The time for which a refused request is read on: closing at once would reset the connection and lose the answer. */
const lingerMilliseconds = 2_000;
/** How often a client that has ended its side, and waits for answers, is looked after. */
const probeMilliseconds = 500;
/** The most requests that may wait for their answers on one connection: clients pipeline a few at most. */
const maxPipelined = 100;
/** The most of them that are carried out at once. The rest wait, so that one connection does not hold up the others. */
const maxAtOnce = 2;
/** Then a connection is opened anew, so that load spreads over processes that came later. */
const maxRequests = 10_000;

const connections = new WeakMap<Duplex, Connection>();
const answering = new WeakMap<ServerResponse, Connection>();

type Exchange = { readonly request: IncomingMessage; readonly response: ServerResponse };
type Serve = (request: IncomingMessage, response: ServerResponse) => void;

/** One client's connection: the requests on it that are yet to be answered, and how it ends. */
export class Connection {
  readonly #socket: Duplex;
  /** In the order of coming, which is that of the answers. */
  readonly #open: Exchange[] = [];
  readonly #waiting: (() => void)[] = [];
  #requests = 0;
  /** Nothing is taken any more: the answer that says so is given, or will be. */
  #isEnding = false;
  #isBroken = false;

  constructor(socket: Duplex) {
    this.#socket = socket;
    socket.once("end", () => this.#probe());
  }

  /** The connection that a socket is, from its first byte to its last. */
  static of(socket: Duplex): Connection {
    const known = connections.get(socket);
    if (known !== undefined) return known;
    const made = new Connection(socket);
    connections.set(socket, made);
    return made;
  }

  /** An answer is given now. */
  static answers(response: ServerResponse): void {
    const { req: request } = response;
    const connection = answering.get(response);
    if (connection !== undefined && !isWhole(request)) connection.#endAfter({ request, response });
  }

  /**
   * Has a request carried out, unless it comes behind the last one that is answered. Not at once: all that came together
   * is counted before, and a short body, which came with its headers, is read by then.
   */
  take(exchange: Exchange, serve: Serve): void {
    if (this.#isEnding) return;
    // What waits there has memory that its client alone could free.
    if (this.#open.length >= maxPipelined) hangUp(this.#socket);
    if (this.#socket.destroyed) return;
    this.#open.push(exchange);
    const { request, response } = exchange;
    answering.set(response, this);
    response.on("close", () => {
      this.#open.splice(this.#open.indexOf(exchange), 1);
      const next = this.#waiting.shift();
      if (next !== undefined) setImmediate(next);
    });
    const start = (): void => {
      if (!this.#socket.destroyed) serve(request, response);
    };
    if (this.#open.length > maxAtOnce) this.#waiting.push(start);
    else setImmediate(start);
    this.#requests += 1;
    if (this.#requests >= maxRequests) {
      this.#isEnding = true;
      response.setHeader("connection", "close");
    }
  }

  /**
   * Ends the connection with the answer that is given now, since the body of its request is not all there. Node would
   * close it with the answer, and what is still on its way would reset it before the client has read that.
   */
  #endAfter({ request, response }: Exchange): void {
    this.#isEnding = true;
    response.setHeader("connection", "close");
    this.#endBy(() => this.#socket.end());
    response.once("finish", () => {
      destroyLater(this.#socket);
      request.resume();
    });
  }

  /** What comes in is no HTTP, or does not come: says so after the answers to what came before, and closes. */
  fail(status: string): void {
    this.#isEnding = true;
    if (this.#isBroken) return;
    this.#isBroken = true;
    const before = this.#open.findLast(({ request }) => isWhole(request));
    if (before === undefined) return this.#refuse(status);
    this.#endBy(() => undefined);
    before.response.once("close", () => this.#refuse(status));
  }

  /** What Node does after the last answer. */
  #endBy(destroySoon: () => void): void {
    Object.assign(this.#socket, { destroySoon });
  }

  #refuse(status: string): void {
    if (this.#socket.destroyed || this.#socket.writableEnded) return;
    const isHalfAnswered = this.#open.some(
      ({ response }) => response.headersSent && !response.writableFinished,
    );
    if (isHalfAnswered) this.#socket.destroy();
    else endPlainly(this.#socket, status);
  }

  /**
   * A client that has ended its side may wait for its answers, or be gone; to the server both look alike. An interim
   * answer tells: it resets the connection of one that is gone, and then its queries are cancelled.
   */
  #probe(): void {
    if (this.#open.length === 0) return;
    const timer = setInterval(() => {
      const [first] = this.#open;
      if (first === undefined || first.response.headersSent) return;
      // HTTP/1.0 has no interim answers.
      if (first.request.httpVersion === "1.1") first.response.writeProcessing();
    }, probeMilliseconds);
    this.#socket.once("close", () => clearInterval(timer));
  }
}

/** Whether all of a request has come in. */
function isWhole({ complete, headers }: IncomingMessage): boolean {
  const isEmpty =
    headers["transfer-encoding"] === undefined && Number(headers["content-length"] ?? 0) === 0;
  return complete || isEmpty;
}

/** An answer that ends the connection when it comes before the whole request, whatever it says and wherever it is given. */
export class Response extends ServerResponse {
  override writeHead(
    status: number,
    message?: string,
    headers?: OutgoingHttpHeaders | OutgoingHttpHeader[],
  ): this;
  override writeHead(status: number, headers?: OutgoingHttpHeaders | OutgoingHttpHeader[]): this;
  override writeHead(
    status: number,
    first?: string | OutgoingHttpHeaders | OutgoingHttpHeader[],
    headers?: OutgoingHttpHeaders | OutgoingHttpHeader[],
  ): this {
    Connection.answers(this);
    return typeof first === "string"
      ? super.writeHead(status, first, headers)
      : super.writeHead(status, first);
  }
}

/** Ends a connection with a status and no more. */
export function endPlainly(socket: Duplex, status: string, headers = ""): void {
  socket.on("error", () => undefined);
  socket.end(`HTTP/1.1 ${status}\r\n${headers}Connection: close\r\nContent-Length: 0\r\n\r\n`);
  destroyLater(socket);
  socket.resume();
}

/**
 * Closes a connection at once, amidst what came in. Node would go on to make thousands of requests of that, and an error
 * with its stack for each. Node has this member, and does not document it.
 */
function hangUp(socket: Duplex): void {
  if ("parser" in socket && isRecord(socket.parser)) {
    Object.assign(socket.parser, { onIncoming: () => 0 });
  }
  socket.destroy();
}

function destroyLater(socket: Duplex): void {
  const timer = setTimeout(() => socket.destroy(), lingerMilliseconds);
  socket.once("close", () => clearTimeout(timer));
}
