import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from "node:http";
import type { Duplex } from "node:stream";
import type { Config } from "../config.ts";
import { Connection, endPlainly, Response } from "./connection.ts";

/** Bytes of all headers of a request, its first line included; more is answered with 431. */
const maxHeaderBytes = 16_384;
/** The most headers of a request; clients and proxies send fewer. More is answered with 431. */
const maxHeaders = 200;
/** An idle connection stays so long: longer than load balancers keep theirs, so that they never write into a closing one. */
const keepAliveMilliseconds = 65_000;
/** A connection on which nothing moves, as of a client that does not read its answer, is closed. */
const stalledMilliseconds = 120_000;
const tooSlow = "408 Request Timeout";
/** What Node calls it when something is wrong with a request before it is one. */
const statusOf: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: "431 Request Header Fields Too Large",
  HPE_CHUNK_EXTENSIONS_OVERFLOW: "413 Content Too Large",
  ERR_HTTP_REQUEST_TIMEOUT: tooSlow,
};

/** Takes over connections that become WebSockets. */
export type Upgrades = {
  /** Whether a request asks for a WebSocket where there is one. Any other is answered as if it asked for nothing. */
  wants(request: IncomingMessage): boolean;
  take(request: IncomingMessage, socket: Duplex, head: Buffer): void;
};

/** Requests that are not read whole and answered. */
type Special = {
  readonly upgrades?: Upgrades | null;
  /** Whether a request's body may take long; what answers it watches its pace. */
  readonly isUpload?: (request: IncomingMessage) => boolean;
};

/**
 * The HTTP server that a gateway is served by, with the limits of what is read at all. What is hardly HTTP is answered
 * in one line without details.
 */
export function createHttpServer(
  listener: RequestListener,
  limits: Config["http"],
  { upgrades = null, isUpload = () => false }: Special = {},
): Server {
  const { receiveMilliseconds, maxConnections } = limits;
  const serve = (request: IncomingMessage, response: ServerResponse): void => {
    const refusal = refusalOf(request);
    if (refusal === null) {
      if (!request.complete && !isUpload(request)) awaitBody(request, receiveMilliseconds);
      listener(request, response);
    } else response.writeHead(refusal, { "content-length": 0, connection: "close" }).end();
  };
  const server = createServer(
    {
      maxHeaderSize: maxHeaderBytes,
      // Of two credentials Node would keep one; joined they are none.
      joinDuplicateHeaders: true,
      headersTimeout: receiveMilliseconds,
      // Node's own has no exceptions: `awaitBody` is it.
      requestTimeout: 0,
      connectionsCheckingInterval: Math.min(1_000, receiveMilliseconds / 4),
      keepAliveTimeout: keepAliveMilliseconds,
      ServerResponse: Response,
      shouldUpgradeCallback: (request) => upgrades?.wants(request) ?? false,
    },
    (request, response) => {
      Connection.of(request.socket).take({ request, response }, serve);
    },
  );
  // By itself Node drops the headers after the 2,000th and serves the rest.
  server.maxHeadersCount = 0;
  server.maxConnections = maxConnections;
  server.setTimeout(stalledMilliseconds);
  // A client that has sent all it wants to, and said so, gets its answers. Node has this option, and does not document it.
  Object.assign(server, { httpAllowHalfOpen: true });
  server.on("connection", (socket) => void Connection.of(socket));
  server.on("checkExpectation", (request: IncomingMessage, response: ServerResponse) => {
    Connection.of(request.socket).take({ request, response }, () => {
      response.writeHead(417, { "content-length": 0 }).end();
    });
  });
  server.on("clientError", (error, socket) => {
    const code = "code" in error && typeof error.code === "string" ? error.code : "";
    Connection.of(socket).fail(statusOf[code] ?? "400 Bad Request");
  });
  if (upgrades !== null) {
    server.on("upgrade", (request, socket, head) => upgrades.take(request, socket, head));
  }
  // Without a listener Node hangs up on CONNECT without a word.
  server.on("connect", (_request, socket) => {
    endPlainly(socket, "405 Method Not Allowed", "Allow: GET, POST\r\n");
  });
  return server;
}

/** The status of what is not looked at any further; null for a request that is. */
function refusalOf({ rawHeaders, headers }: IncomingMessage): number | null {
  if (rawHeaders.length / 2 > maxHeaders) return 431;
  const coding = headers["transfer-encoding"];
  // Node reads the chunks of any other coding and says nothing of it.
  return coding === undefined || coding.trim().toLowerCase() === "chunked" ? null : 400;
}

/** Ends the connection of a request whose body does not arrive in time. */
function awaitBody(request: IncomingMessage, milliseconds: number): void {
  const { socket } = request;
  const timer = setTimeout(() => {
    if (!request.complete) Connection.of(socket).fail(tooSlow);
  }, milliseconds);
  request.once("close", () => clearTimeout(timer));
}
