import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from "node:http";
import type { Duplex } from "node:stream";
import type { Config } from "../config.ts";

/** Bytes of all headers of a request, its first line included; more is answered with 431. */
const maxHeaderBytes = 16_384;
/** So many headers are more than any client or proxy has a use for; more is answered with 431. */
const maxHeaders = 200;
/** An idle connection stays so long: longer than load balancers keep theirs, so that they never write into a closing one. */
const keepAliveMilliseconds = 65_000;
/** Then a connection is opened anew, so that load spreads over processes that came later. */
const maxRequestsPerConnection = 10_000;
/** A connection on which nothing moves, as of a client that does not read its answer, is closed. */
const stalledMilliseconds = 120_000;
/** What still comes in after a refusal is read so long: closing at once would reset the connection, and lose the answer. */
const lingerMilliseconds = 2_000;

/** What Node calls it when something is wrong with a request before it is one. */
const statusOf: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: "431 Request Header Fields Too Large",
  HPE_CHUNK_EXTENSIONS_OVERFLOW: "413 Content Too Large",
  ERR_HTTP_REQUEST_TIMEOUT: "408 Request Timeout",
};

/**
 * The HTTP server that a gateway is served by, with the limits of what is read at all. What is hardly HTTP is answered
 * in one line without details.
 */
export function createHttpServer(listener: RequestListener, limits: Config["http"]): Server {
  const { receiveMilliseconds, maxConnections } = limits;
  const answering = new WeakMap<Duplex, ServerResponse>();
  const server = createServer(
    {
      maxHeaderSize: maxHeaderBytes,
      // Of two credentials Node would keep one; joined they are none.
      joinDuplicateHeaders: true,
      headersTimeout: receiveMilliseconds,
      requestTimeout: receiveMilliseconds,
      connectionsCheckingInterval: Math.min(1_000, receiveMilliseconds / 4),
      keepAliveTimeout: keepAliveMilliseconds,
    },
    (request, response) => {
      const { socket } = request;
      answering.set(socket, response);
      response.once("finish", () => {
        if (!request.complete) skipRest(request, socket);
      });
      if (request.rawHeaders.length / 2 > maxHeaders) {
        response.writeHead(431, { "content-length": 0 }).end();
      } else listener(request, response);
    },
  );
  // By itself Node drops the headers after the 2,000th and serves the rest.
  server.maxHeadersCount = 0;
  server.maxConnections = maxConnections;
  server.maxRequestsPerSocket = maxRequestsPerConnection;
  server.setTimeout(stalledMilliseconds);
  server.on("clientError", (error, socket) => {
    const code = "code" in error && typeof error.code === "string" ? error.code : "";
    const response = answering.get(socket);
    const isHalfAnswered = response?.headersSent === true && !response.writableFinished;
    if (isHalfAnswered || socket.destroyed) socket.destroy();
    // What follows on what was refused is wrong again, and read to no end.
    else if (!socket.writableEnded) refuse(socket, statusOf[code] ?? "400 Bad Request");
  });
  // Without a listener Node hangs up on CONNECT without a word.
  server.on("connect", (_request, socket) => {
    refuse(socket, "405 Method Not Allowed", "Allow: GET, POST\r\n");
  });
  return server;
}

/** The answer is sent, and the body is not all there: it is too large, or who sends it has no credential. */
function skipRest(request: IncomingMessage, socket: Duplex): void {
  const timer = setTimeout(() => socket.destroy(), lingerMilliseconds);
  // Not on the connection, which has many requests.
  for (const event of ["end", "close"]) request.once(event, () => clearTimeout(timer));
  request.resume();
}

function refuse(socket: Duplex, status: string, headers = ""): void {
  socket.on("error", () => undefined);
  socket.end(`HTTP/1.1 ${status}\r\n${headers}Connection: close\r\nContent-Length: 0\r\n\r\n`);
  const timer = setTimeout(() => socket.destroy(), lingerMilliseconds);
  socket.once("close", () => clearTimeout(timer));
  socket.resume();
}
