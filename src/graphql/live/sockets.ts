import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { parse, type GraphQLSchema } from "graphql";
import { CloseCode, handleProtocols, makeServer } from "graphql-ws";
import { WebSocketServer, type WebSocket } from "ws";
import type { Actor } from "../../auth/actor.ts";
import { InnerRequest, InnerResponse } from "../../gate/inner-exchange.ts";
import { addTo } from "../../lib/counts.ts";
import { isRecord } from "../../lib/json.ts";
import type { EventStream, StreamEnd } from "../../limits/event-stream.ts";
import { maxBodyBytes, parseBoundedJson } from "../../limits/json-body.ts";
import { documentIdNames } from "../server/use-persisted-operations.ts";
import { asSent, eachEvent, oneAnswer, Refused, resultsOf, type Results } from "./socket-stream.ts";
import { SocketWriter } from "./socket-writer.ts";
import { callerOf, credentialNames } from "./streams.ts";

/** The most operations of one connection at once. */
const mostAtOnce = 200;
/** A connection that does not answer to its closing is cut off. */
const closeMilliseconds = 2_000;
/** Clients of graphql-ws connect again after these. */
const [serviceRestart, tryAgainLater] = [1012, 1013];

type SocketsOptions = {
  readonly schema: GraphQLSchema;
  /** Whom the headers' credential stands for; null if it does not work. */
  readonly check: (headers: IncomingHttpHeaders) => Promise<Actor | null>;
  /** The most connections of one credential. */
  readonly perKey: number;
  /** The most connections that have not said yet who they are. They have three seconds for it. */
  readonly strangers: number;
  /** Carries out a request that came in a message, as one by HTTP. `carry` gets the stream of a subscription. */
  readonly carryOut: (
    request: InnerRequest,
    response: InnerResponse,
    carry: (stream: EventStream) => Promise<StreamEnd>,
  ) => void;
};

/** One WebSocket. */
type Connection = {
  readonly socket: WebSocket;
  readonly upgrade: IncomingMessage;
  readonly exchanges: Set<InnerResponse>;
  /** The operations that have not given their first result yet, by their ids. */
  readonly opening: Map<string, InnerResponse>;
  /** What the requests in its messages come with. */
  headers: IncomingHttpHeaders;
  /** Whose it is; null until that is known. */
  caller: string | null;
  /** The payload of the message that is read just now. Its numbers are exact. */
  payload: unknown;
};

/** graphql-ws asks for a document, to know whether an operation gives one result or several. */
const severalResults = parse("subscription { events }");

/**
 * GraphQL over WebSocket (`graphql-transport-ws`). Each operation is carried out as a POST request with the
 * credential of its connection: by the same gate, limits and lanes, and with the same answers.
 */
export class Sockets {
  readonly #options: SocketsOptions;
  readonly #sockets = new WebSocketServer({
    noServer: true,
    maxPayload: maxBodyBytes + 10_000,
    perMessageDeflate: false,
    handleProtocols: (protocols) => handleProtocols(protocols),
  });
  readonly #server = makeServer<Record<string, unknown>, Connection>({
    onConnect: ({ extra, connectionParams }) => this.#connect(extra, connectionParams ?? {}),
    onSubscribe: async ({ extra }, id) => ({
      schema: this.#options.schema,
      document: severalResults,
      contextValue: await this.#ask(extra, id, extra.payload),
    }),
    // The results that the request gave.
    subscribe: ({ contextValue }) => resultsOf(contextValue),
    onNext: (_context, _id, _payload, _args, result) => asSent(result),
    onError: (_context, _id, _payload, errors) => {
      const [error] = errors;
      const reason = error?.originalError;
      return reason instanceof Refused ? reason.errors : undefined;
    },
  });
  readonly #byCaller = new Map<string, number>();
  #strangers = 0;
  #isClosing = false;

  constructor(options: SocketsOptions) {
    this.#options = options;
  }

  /** Whether there is room for another connection. */
  get hasRoom(): boolean {
    return !this.#isClosing && this.#strangers < this.#options.strangers;
  }

  /** Makes a connection a WebSocket. */
  take(upgrade: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#sockets.handleUpgrade(upgrade, socket, head, (opened) => this.#open(opened, upgrade));
  }

  /** Has all clients come again elsewhere. */
  close(): void {
    this.#isClosing = true;
    for (const socket of this.#sockets.clients) end(socket, serviceRestart, "Service restart");
  }

  #open(socket: WebSocket, upgrade: IncomingMessage): void {
    const connection: Connection = {
      socket,
      upgrade,
      exchanges: new Set(),
      opening: new Map(),
      headers: {},
      caller: null,
      payload: null,
    };
    const writer = new SocketWriter(socket);
    this.#strangers += 1;
    // Its close follows.
    socket.on("error", () => undefined);
    const closed = this.#server.opened(
      {
        protocol: socket.protocol,
        send: (text) => writer.send(text),
        close: (code = CloseCode.InternalServerError, reason = "") => end(socket, code, reason),
        onMessage: (receive) => {
          socket.on("message", (data) => {
            const text = Buffer.isBuffer(data) ? data.toString() : "";
            void this.#receive(connection, text, receive);
          });
        },
      },
      connection,
    );
    socket.once("close", (code, reason) => {
      if (connection.caller === null) this.#strangers -= 1;
      else addTo(this.#byCaller, connection.caller, -1);
      for (const exchange of connection.exchanges) exchange.abandon();
      void closed(code, reason.toString());
    });
  }

  async #receive(
    connection: Connection,
    text: string,
    receive: (text: string) => Promise<void>,
  ): Promise<void> {
    try {
      const message = parseBoundedJson(text, "The message is not valid JSON.");
      const { type, id, payload = null } = isRecord(message) ? message : {};
      connection.payload = payload;
      if (type === "complete") giveUp(connection, String(id));
    } catch {
      return end(connection.socket, CloseCode.BadRequest, "Invalid message received");
    }
    try {
      // It takes the payload before it waits for anything.
      await receive(text);
    } catch {
      end(connection.socket, CloseCode.InternalServerError, "Internal server error");
    }
  }

  async #connect(
    connection: Connection,
    params: Readonly<Record<string, unknown>>,
  ): Promise<boolean> {
    const { socket, upgrade } = connection;
    const headers = headersOf(upgrade, params);
    let actor: Actor | null;
    try {
      actor = headers === null ? null : await this.#options.check(headers);
    } catch {
      end(socket, tryAgainLater, "Credentials cannot be checked just now");
      return false;
    }
    if (actor === null || headers === null) {
      end(socket, CloseCode.Unauthorized, "Unauthorized");
      return false;
    }
    const caller = callerOf(actor);
    if ((this.#byCaller.get(caller) ?? 0) >= this.#options.perKey) {
      end(socket, tryAgainLater, "The credential has too many connections");
      return false;
    }
    if (socket.readyState !== socket.OPEN) return false;
    this.#strangers -= 1;
    addTo(this.#byCaller, caller, 1);
    connection.caller = caller;
    connection.headers = headers;
    return true;
  }

  /** The results of an operation. For one that its client ended meanwhile the promise stays open: its id may be another's. */
  #ask(connection: Connection, id: string, payload: unknown): Promise<Results> {
    const { socket, upgrade, headers, exchanges, opening } = connection;
    if (exchanges.size >= mostAtOnce) {
      const message = `A connection has at most ${mostAtOnce} operations at once; end one of them first.`;
      const error = { message, extensions: { code: "RATE_LIMITED" } };
      return Promise.resolve(oneAnswer(JSON.stringify({ errors: [error] })));
    }
    const request = new InnerRequest(upgrade, headers, JSON.stringify(toParams(payload)));
    const response = new InnerResponse(request);
    exchanges.add(response);
    opening.set(id, response);
    return new Promise((settle) => {
      const resolve = (results: Results): void => {
        if (opening.get(id) !== response) return;
        opening.delete(id);
        settle(results);
      };
      response.once("close", () => {
        exchanges.delete(response);
        if (response.statusCode === 401) end(socket, CloseCode.Unauthorized, "Unauthorized");
        resolve(oneAnswer(response.text));
      });
      this.#options.carryOut(request, response, async (stream) => {
        if (response.destroyed) {
          // The client went while its subscription opened: nobody reads the stream.
          stream.close();
          return { kind: "closed" };
        }
        const ended = Promise.withResolvers<StreamEnd>();
        response.once("close", () => {
          stream.close();
          ended.resolve({ kind: "closed" });
        });
        resolve(eachEvent(stream, ended.resolve));
        const over = await ended.promise;
        if (over.kind === "interrupted") end(socket, serviceRestart, "Service restart");
        if (over.kind === "refused" && over.code === "UNAUTHENTICATED") {
          end(socket, CloseCode.Unauthorized, "Unauthorized");
        }
        response.end();
        return over;
      });
    });
  }
}

/** Ends an operation that has not given anything yet. What it opens is closed. */
function giveUp({ opening }: Connection, id: string): void {
  const response = opening.get(id);
  opening.delete(id);
  response?.abandon();
}

/**
 * The headers of a connection's requests: its own, and the members of its init message that have the name of one. Null if
 * the two contradict.
 */
function headersOf(
  { headers }: IncomingMessage,
  params: Readonly<Record<string, unknown>>,
): IncomingHttpHeaders | null {
  const found: IncomingHttpHeaders = {};
  for (const name of credentialNames) {
    const given = headers[name];
    if (given !== undefined) found[name] = given;
  }
  for (const [key, value] of Object.entries(params)) {
    const name = key.toLowerCase();
    if (!credentialNames.includes(name) || value == null) continue;
    if (typeof value !== "string") return null;
    if (found[name] !== undefined && found[name] !== value) return null;
    found[name] = value;
  }
  return found;
}

/** The body of the request. A message must have a text, which is empty if an id names the document. */
function toParams(payload: unknown): object {
  if (!isRecord(payload)) return {};
  const { query, ...others } = payload;
  const { extensions } = payload;
  const isNamed =
    documentIdNames.some((name) => typeof others[name] === "string") ||
    (isRecord(extensions) && extensions["persistedQuery"] !== undefined);
  return query === "" && isNamed ? others : payload;
}

function end(socket: WebSocket, code: number, reason: string): void {
  if (socket.readyState !== socket.OPEN) return;
  socket.close(code, reason);
  const timer = setTimeout(() => socket.terminate(), closeMilliseconds);
  socket.once("close", () => clearTimeout(timer));
}
