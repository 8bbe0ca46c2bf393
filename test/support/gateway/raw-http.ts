import { once } from "node:events";
import { request } from "node:http";
import { connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";

export type RawAnswer = {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: string;
};

export type RawRequest = {
  readonly method?: string;
  /** Pairs, so that a header can come twice. */
  readonly headers?: readonly (readonly [string, string])[];
  /** Sent in chunks when it is a list. */
  readonly body?: string | Uint8Array | readonly Uint8Array[];
};

/** Sends a request as it stands, with nothing added that a well-behaved client would add. */
export async function send(url: string, raw: RawRequest = {}): Promise<RawAnswer> {
  const { method = "POST", headers = [], body } = raw;
  const names = [...new Set(headers.map(([name]) => name))];
  const outgoing = request(url, {
    method,
    agent: false,
    headers: Object.fromEntries(
      names.map((name) => {
        const values = headers.filter((header) => header[0] === name).map(([, value]) => value);
        // Node takes no list for a header that can come once only, such as Host.
        return [name, values.length === 1 ? values[0] : values];
      }),
    ),
  });
  const answered = once(outgoing, "response");
  // The server may refuse and close before it has read everything.
  outgoing.on("error", () => undefined);
  if (body === undefined || typeof body === "string" || body instanceof Uint8Array) {
    if (body !== undefined && !names.includes("content-length")) {
      outgoing.setHeader("content-length", Buffer.byteLength(body));
    }
    outgoing.end(body);
  } else {
    for (const chunk of body) outgoing.write(chunk);
    outgoing.end();
  }
  const [response] = await answered;
  return { status: response.statusCode, headers: response.headers, body: await text(response) };
}

/**
 * Sends bytes as they are and gives all that comes back until the server closes, but for interim answers: those come
 * where an answer takes long, since this client has ended its side.
 */
export async function sendBytes(url: string, bytes: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.end(bytes, "latin1");
  return (await text(socket)).replaceAll(/HTTP\/1\.1 1\d\d [^]*?\r\n\r\n/g, "");
}

/** The same from a client that would go on: it never ends its side by itself. `then` sends more, as it likes. */
export async function sendUnfinished(
  url: string,
  bytes: string,
  then: (socket: Socket) => void = () => undefined,
): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect({ port: Number(port), host: hostname });
  const chunks: Buffer[] = [];
  socket.on("data", (chunk) => chunks.push(chunk));
  // The server may close while more is on its way.
  socket.on("error", () => undefined);
  const closed = new Promise((resolve) => socket.once("close", resolve));
  socket.write(bytes, "latin1");
  then(socket);
  await closed;
  return Buffer.concat(chunks).toString();
}
