import type { OutgoingHttpHeaders } from "node:http";
import { patienceFor, type EventStream, type StreamEnd } from "./event-stream.ts";
import { drained, type Recipient } from "./send-answer.ts";

/** How often a stream without events shows that it lives. */
const aliveMilliseconds = 15_000;

/**
 * An event without a name and with empty data: EventSource gives it to listeners of `message`, and clients of GraphQL
 * pass over it, since their events have names. A comment would be seen by nobody.
 */
const alive = "data:\n\n";
const complete = "event: complete\ndata:\n\n";

/** No proxy keeps, changes, compresses or holds back a stream. */
const headers: OutgoingHttpHeaders = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-cache, no-store, no-transform",
  "x-accel-buffering": "no",
};

/**
 * Sends the events of a subscription as server-sent events (GraphQL over SSE, distinct connections mode). It ends with
 * `complete`, or without it if the client should come again: EventSource and graphql-sse then do so by themselves.
 */
export async function sendEvents(
  to: Recipient,
  stream: EventStream,
  more: OutgoingHttpHeaders,
): Promise<StreamEnd> {
  const { response } = to;
  const { events } = stream;
  response.once("close", () => stream.close());
  if (response.destroyed) stream.close();
  response.writeHead(200, { ...headers, ...more });
  // Some browsers show a stream only when something of it has come.
  response.write(":\n\n");
  const timer = setInterval(() => {
    // What waits already would keep a dead connection alive.
    if (!response.writableNeedDrain) response.write(alive);
  }, aliveMilliseconds);
  probe(to);
  try {
    for (;;) {
      const next = await events.next();
      if (next.done === true) {
        const { value: end } = next;
        if (end.kind === "refused") {
          await write(to, `event: next\ndata: ${end.body}\n\n${complete}`);
        } else if (end.kind === "complete") await write(to, complete);
        return next.value;
      }
      for (const { body, cursor } of next.value) {
        if (response.destroyed) break;
        await write(to, `event: next\nid: ${cursor}\ndata: ${body}\n\n`);
      }
      timer.refresh();
    }
  } finally {
    clearInterval(timer);
    stream.close();
    if (!response.destroyed) response.end();
  }
}

/** How often a client that has ended its side is looked after, and how many times. */
const probeMilliseconds = 250;
const probes = 8;

/** A client that has ended its side may read on, or be gone. What is written to one that is gone closes the connection. */
function probe({ response }: Recipient): void {
  response.req.socket.once("end", () => {
    let left = probes;
    const timer = setInterval(() => {
      left -= 1;
      if (left === 0 || response.destroyed) clearInterval(timer);
      else if (!response.writableNeedDrain && !response.writableEnded) response.write(alive);
    }, probeMilliseconds);
  });
}

/** Writes a part of the stream, and waits until it has left. A client that does not take it is let go. */
async function write(to: Recipient, text: string): Promise<void> {
  const { response } = to;
  if (response.destroyed || response.write(text)) return;
  const bytes = Buffer.byteLength(text);
  const timer = setTimeout(() => response.req.socket.destroy(), patienceFor(bytes));
  await drained(response);
  clearTimeout(timer);
}
