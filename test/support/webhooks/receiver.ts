import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { z } from "zod";

/** A message as a receiver got it. */
export type Received = {
  readonly path: string;
  /** The `webhook-id`. */
  readonly id: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
  readonly data: z.infer<typeof messageSchema>["data"];
};

const messageSchema = z.object({
  type: z.string(),
  data: z.looseObject({
    record_id: z.string().optional(),
    version: z.number().optional(),
    event_id: z.string().optional(),
    transition: z.string().optional(),
  }),
});

type Answer = (received: Received, response: ServerResponse, count: number) => void;

/** A server that keeps every message, and answers as its path is told to; 204 unless it is. */
export async function startReceiver() {
  const received: Received[] = [];
  const answers = new Map<string, Answer>();
  const server = createServer((request, response) => {
    // A sender that ends in the middle has sent nothing.
    const whole = text(request).catch(() => undefined);
    void whole.then((body) => {
      if (body === undefined) return undefined;
      const { data } = messageSchema.parse(JSON.parse(body));
      const path = request.url ?? "";
      const id = String(request.headers["webhook-id"]);
      const one = { path, id, headers: request.headers, body, data };
      received.push(one);
      const count = received.filter((other) => other.path === path).length;
      const answer = answers.get(path);
      if (answer === undefined) response.writeHead(204).end();
      else answer(one, response, count);
      return undefined;
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    urlOf: (path: string) => `http://127.0.0.1:${port}${path}`,
    /** How the messages to a path are answered from now on. */
    answer: (path: string, how: Answer) => void answers.set(path, how),
    at: (path: string) => received.filter((one) => one.path === path),
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

export type Receiver = Awaited<ReturnType<typeof startReceiver>>;

/** Answers with a status. */
export const status =
  (code: number, headers: Readonly<Record<string, string>> = {}): Answer =>
  (_received, response) =>
    void response.writeHead(code, headers).end(`answered ${code}`);

/** The headers that came once. */
export const textsOf = (headers: object): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      typeof value === "string" ? [[name, value]] : [],
    ),
  );
