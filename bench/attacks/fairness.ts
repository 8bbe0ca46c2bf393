// Points 7 to 9: what was refused, or taken from others, that should not be.
import { connect } from "node:net";
import type { Attack, Place } from "./attack.ts";
import { attackWith, crm, graphql, pause, rawRequest } from "./client.ts";

const bodyBytes = 3_000_000;
/** So much of it is sent before the answer is waited for. */
const firstBytes = 1_100_000;

/** Sends a body that is too large, then the next request on the same connection if that was not closed. */
async function goOnAfter413(place: Place, path: string, isChunked: boolean): Promise<string> {
  const key = place.keys[0] ?? "";
  const socket = connect(place.port, "127.0.0.1");
  const stop = (): void => void socket.destroy();
  place.signal.addEventListener("abort", stop, { once: true });
  let received = "";
  socket.on("error", () => undefined);
  socket.on("data", (chunk: Buffer) => (received += chunk.toString("latin1")));
  const until = async (isThere: () => boolean): Promise<boolean> => {
    for (let waited = 0; waited < 6_000 && !isThere() && !socket.destroyed; waited += 20) {
      await pause(20, place.signal);
    }
    return isThere();
  };
  const part = (size: number): string =>
    isChunked ? `${size.toString(16)}\r\n${"x".repeat(size)}\r\n` : "x".repeat(size);
  const framing = isChunked ? "Transfer-Encoding: chunked" : `Content-Length: ${bodyBytes}`;
  socket.write(
    `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Api-Key: ${key}\r\nContent-Type: application/json\r\n${framing}\r\n\r\n`,
  );
  socket.write(part(firstBytes));
  const isAnswered = await until(() => received.includes("\r\n\r\n"));
  const status = isAnswered ? received.slice(9, 12) : "no answer";
  const says = /^connection: close/im.test(received) ? "close" : "keep-alive";
  // A client that is told nothing sends the rest, as Node's own does, and then uses the connection again.
  socket.write(part(bodyBytes - firstBytes) + (isChunked ? "0\r\n\r\n" : ""));
  await pause(500, place.signal);
  const before = received.length;
  socket.write(rawRequest(graphql(key, "{ viewer { tenant { slug } } }")));
  const isNextAnswered = await until(() => received.slice(before).includes("HTTP/1.1 "));
  const next = isNextAnswered ? received.slice(before).slice(9, 12) : "nothing";
  socket.destroy();
  place.signal.removeEventListener("abort", stop);
  return `${path}${isChunked ? " in chunks" : ""}: ${status} says ${says}, the next request gets ${next}`;
}

const after413: Attack = {
  point: 7,
  name: "a request after 413 on its connection",
  tenant: "big",
  run: async (place) => {
    const paths = ["/graphql", `${crm}/accounts`];
    for (let turn = 0; !place.signal.aborted; turn += 1) {
      const path = paths[turn % paths.length] ?? "";
      const found = await goOnAfter413(place, path, turn % 4 > 1);
      if (!place.signal.aborted) place.tally.add(found);
    }
  },
};

const busyKey: Attack = {
  point: 8,
  name: "one key, 16 connections, reads of 30 ms",
  tenant: "big",
  requestsPerMinute: 100_000,
  run: (place) => {
    const query = '{ deals(first: 1, where: { name: { endsWith: "zq" } }) { nodes { id } } }';
    return attackWith(place, 16, () => graphql(place.keys[0] ?? "", query));
  },
};

const fiveLevels: Attack = {
  point: 9,
  name: "a page of five levels, 5 a second",
  tenant: "big",
  run: async (place) => {
    const query = `{ accounts(first: 20) { nodes { id deals(first: 10) { nodes { id quotes(first: 10) { nodes { id
      lineItems(first: 10) { nodes { id } } } } contacts(first: 2) { nodes { id activities(first: 2) { nodes { id } } } } } } } } }`;
    const seen = new Set<string>();
    await attackWith(
      place,
      1,
      () => graphql(place.keys[0] ?? "", query),
      async ({ text }) => {
        const cost = /"cost":\{[^}]*\}/.exec(text)?.[0];
        if (cost !== undefined && !seen.has(cost) && seen.size < 3) {
          seen.add(cost);
          place.tally.add(cost);
        }
        await pause(200, place.signal);
      },
    );
  },
};

export const fairnessAttacks: readonly Attack[] = [after413, busyKey, fiveLevels];
