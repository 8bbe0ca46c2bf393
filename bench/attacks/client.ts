// Requests of attackers: they count what comes back and keep none of it.
import { Agent, request } from "node:http";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { Place } from "./attack.ts";

export type Sent = {
  readonly path: string;
  /** A POST; a GET without it. */
  readonly body?: string;
  readonly key: string;
};
export type Got = {
  /** The status and the codes of errors, e.g. `200 QUERY_TOO_COMPLEX`; `hung up` when there is no answer. */
  readonly outcome: string;
  readonly milliseconds: number;
  readonly bytes: number;
  /** The beginning and the end of the body. */
  readonly text: string;
};

/** So much of an answer's beginning and end is kept, in which its errors stand. */
const keptBytes = 4_000;
const patienceMilliseconds = 40_000;

export const crm = "/api/v1/crm";

export function graphql(key: string, query: string, variables: unknown = {}): Sent {
  return { path: "/graphql", body: JSON.stringify({ query, variables }), key };
}

/** The head of a request, for those who write to a socket. */
export function rawRequest({ path, body, key }: Sent): string {
  const head = `${body === undefined ? "GET" : "POST"} ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Api-Key: ${key}\r\n`;
  if (body === undefined) return `${head}\r\n`;
  return `${head}Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

export class Client {
  readonly #agent = new Agent({ keepAlive: true });
  readonly #place: Place;

  constructor(place: Place) {
    this.#place = place;
    place.signal.addEventListener("abort", () => this.#agent.destroy(), { once: true });
  }

  /** Sends a request and reads its answer to the end. */
  send({ path, body, key }: Sent): Promise<Got> {
    const { port, signal } = this.#place;
    const began = performance.now();
    return new Promise((resolve) => {
      let [bytes, head, tail, status] = [0, "", "", 0];
      const done = (trouble?: string): void => {
        const text = `${head}${tail}`;
        const codes = new Set(
          [...text.matchAll(/"code":"([A-Z_]+)"/g)].map(([, code]) => code ?? ""),
        );
        const outcome = trouble ?? [String(status), ...codes].join(" ");
        resolve({ outcome, milliseconds: performance.now() - began, bytes, text });
      };
      const headers = { "x-api-key": key, "content-type": "application/json" };
      const method = body === undefined ? "GET" : "POST";
      const options = {
        agent: this.#agent,
        host: "127.0.0.1",
        port,
        path,
        method,
        headers,
        signal,
      };
      const sent = request(options, (response) => {
        status = response.statusCode ?? 0;
        response.on("data", (chunk: Buffer) => {
          bytes += chunk.length;
          if (head.length < keptBytes) head += chunk.toString("latin1", 0, keptBytes);
          else tail = (tail + chunk.toString("latin1", chunk.length - keptBytes)).slice(-keptBytes);
        });
        response.once("end", () => done());
        response.once("error", () => done(`${status} cut off`));
      });
      sent.setTimeout(patienceMilliseconds, () => sent.destroy(new Error("no answer in 40 s")));
      sent.once("error", (error) =>
        done(signal.aborted ? "given up" : `hung up: ${error.message}`),
      );
      sent.end(body);
    });
  }
}

/** Sends what `next` gives, one after the other on so many connections, until the signal comes. */
export async function attackWith(
  place: Place,
  clients: number,
  next: (turn: number) => Sent & { readonly label?: string },
  onGot: (got: Got) => Promise<void> | void = () => undefined,
): Promise<void> {
  const client = new Client(place);
  let turn = 0;
  const work = async (): Promise<void> => {
    while (!place.signal.aborted) {
      const { label = "", ...sent } = next((turn += 1));
      const got = await client.send(sent);
      if (got.outcome === "given up") return;
      place.tally.add(`${label} ${got.outcome}`.trim(), got.milliseconds, got.bytes);
      await onGot(got);
      const isRefused = /^(429|503|hung)|RATE_LIMITED|UNAVAILABLE/.test(got.outcome);
      if (isRefused) await pause(250, place.signal);
    }
  };
  await Promise.all(Array.from({ length: clients }, work));
}

/** Waits, not beyond the signal. */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, { signal }).catch(() => undefined);
}

/** A connection that asks and never reads more than the first bytes of the answer. */
export class DeafSocket {
  /** The status of the answer that it does not read; 0 before it came. */
  status = 0;
  readonly #socket: Socket;

  constructor(port: number, bytes: string) {
    this.#socket = connect(port, "127.0.0.1");
    this.#socket.on("error", () => undefined);
    this.#socket.once("readable", () => {
      const chunk: unknown = this.#socket.read();
      if (chunk instanceof Buffer) this.status = Number(chunk.toString("latin1", 9, 12));
    });
    this.#socket.write(bytes);
  }

  /** Whether the server has closed it. It is told by the look before, since it must write something for that. */
  isClosed(): boolean {
    if (!this.#socket.destroyed) this.#socket.write("\r\n");
    return this.#socket.destroyed;
  }

  destroy(): void {
    this.#socket.destroy();
  }
}
