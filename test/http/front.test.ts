import { once } from "node:events";
import { createServer, request as send, type Server } from "node:http";
import { Hono } from "hono";
import { afterAll, beforeAll, expect, it } from "vitest";
import { portOf } from "../../src/cli/http.ts";
import { Work } from "../../src/db/work.ts";
import { RequestContext, type GateEnv } from "../../src/gate/request-context.ts";
import { answering, pathIn, routeTo } from "../../src/http/front.ts";

let server: Server;

beforeAll(async () => {
  const app = new Hono<GateEnv>({ getPath: pathIn });
  app.all("/error", () => {
    throw new Error("an error");
  });
  app.all("/text", () => {
    // Libraries throw such things.
    throw "a text";
  });
  app.all(
    "/there",
    answering(({ response }) => void response.end("there")),
  );
  const end = ({ response }: RequestContext, status: number, text: string): void => {
    response.writeHead(status).end(text);
  };
  const route = routeTo(app, {
    direct: new Map(),
    refuse: (context) => end(context, 400, "refused"),
    fail: (context, error) =>
      end(context, 500, `failed: ${error instanceof Error ? error.message : String(error)}`),
  });
  server = createServer((request, response) => {
    const known = { id: "", path: "", address: "", work: new Work() };
    void route(new RequestContext({ request, response, ...known }));
  });
  server.listen(0);
  await once(server, "listening");
});
afterAll(() => server.close());

it.each([
  ["/there?and=more", 200, "there"],
  ["/error", 500, "failed: an error"],
  ["/text", 500, "failed: a text"],
  ["/a\\b", 400, "refused"],
])("%s is answered %s: %s", async (path, status, text) => {
  const sent = send({ port: portOf(server), path, agent: false }).end();
  const [response] = await once(sent, "response");
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  expect([response.statusCode, Buffer.concat(chunks).toString()]).toEqual([status, text]);
});
