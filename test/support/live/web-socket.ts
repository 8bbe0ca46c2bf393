import { once } from "node:events";
import type { Client } from "graphql-ws";
import { WebSocket } from "ws";

/** A WebSocket that speaks for itself, with the messages and the close that it gets. */
export function openSocket(
  url: string,
  headers: Readonly<Record<string, string>> = {},
  protocols: readonly string[] = ["graphql-transport-ws"],
) {
  const socket = new WebSocket(url, [...protocols], { headers });
  socket.on("error", () => undefined);
  const messages: unknown[] = [];
  socket.on("message", (data) =>
    messages.push(JSON.parse(Buffer.isBuffer(data) ? data.toString() : "")),
  );
  const closed = once(socket, "close").then(([code]: unknown[]) => Number(code));
  return {
    socket,
    messages,
    closed,
    opened: once(socket, "open"),
    send: (message: unknown) =>
      socket.send(typeof message === "string" ? message : JSON.stringify(message)),
    next: async (count: number) => {
      while (messages.length < count) await once(socket, "message");
      return messages[count - 1];
    },
  };
}

type Result = { readonly data?: unknown; readonly errors?: readonly { extensions?: unknown }[] };

/** The first result of an operation, or the errors or the close event that it fails with. */
export async function firstOf(client: Client, query: string, variables = {}): Promise<unknown> {
  try {
    const { value } = await client.iterate({ query, variables }).next();
    const { data, errors }: Result = value ?? {};
    return errors === undefined ? data : { data, errors };
  } catch (error) {
    return error;
  }
}
