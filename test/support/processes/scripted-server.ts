import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import { text } from "node:stream/consumers";
import { listen, portOf } from "../../../src/cli/http.ts";

/** A request as the server got it. */
type Received = {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** When it came, in milliseconds of a clock that only goes forward. */
  readonly at: number;
};

/** What is done with a request. */
export type Turn = (response: ServerResponse) => void;

/** A server that fails as it is told to, which the gateway cannot be made to do at will. */
export type ScriptedServer = {
  readonly url: string;
  /** What came since the last script, in order. */
  readonly received: Received[];
  /** Sets what is done with the next requests, one after the other; the last one is done with all that follow. */
  script(...turns: readonly Turn[]): void;
  close(): void;
};

/** Starts one; call `close` when the file is done. */
export async function startScriptedServer(): Promise<ScriptedServer> {
  const received: Received[] = [];
  let turns: readonly Turn[] = [];
  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const at = performance.now();
    // A sender that ends in the middle has sent nothing.
    const body = await text(request).catch(() => undefined);
    if (body === undefined) return;
    const { method = "", url: path = "", headers } = request;
    received.push({ method, path, headers, body, at });
    turns[Math.min(received.length, turns.length) - 1]?.(response);
  };
  const server = createServer((request, response) => void take(request, response));
  await listen(server, "127.0.0.1", 0);
  return {
    url: `http://127.0.0.1:${portOf(server)}`,
    received,
    script: (...next) => {
      turns = next;
      received.length = 0;
    },
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Answers with JSON. */
export function reply(
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Turn {
  return (response) => {
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(JSON.stringify(body));
  };
}

/** Breaks the connection without a word. */
export const hangUp: Turn = (response) => response.socket?.destroy();

/** Begins an answer and breaks off in the middle of it. */
export const breakOff: Turn = (response) => {
  response.writeHead(200, { "content-type": "application/json", "content-length": "1000" });
  response.write('{"data": [', () => response.socket?.destroy());
};

/** Says nothing. */
export const silence: Turn = () => undefined;
