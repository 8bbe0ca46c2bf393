// The floor of all gateways: node:http and a named statement that builds the answer's text, as the owner, without
// credentials. A request is POST /<statement> with the values as a JSON list.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import pg from "pg";
import { floorQueries } from "../queries/reads.ts";
import { floorWrites } from "./floor-writes.ts";
import { statementOf, type Statement } from "../queries/statement.ts";
import { serve } from "./serve.ts";

const pool = new pg.Pool({ connectionString: process.argv[2], options: "-c timezone=UTC" });
const statements = new Map<string, Statement>(
  floorQueries.flatMap((query) => {
    const both = [statementOf(query), statementOf(query, true)];
    return both.map((statement) => [`/${encodeURIComponent(statement.name)}`, statement] as const);
  }),
);

async function answerOf(path: string, body: string): Promise<string> {
  const values: string[] = JSON.parse(body);
  const write = floorWrites.get(path);
  if (write !== undefined) return write(pool, values);
  const statement = statements.get(path);
  if (statement === undefined) throw new Error(`no statement ${path}`);
  const { rows } = await pool.query<[string]>({ ...statement, values, rowMode: "array" });
  return rows[0]?.[0] ?? "";
}

function readBody(request: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    let body = "";
    request.setEncoding("utf8");
    request.on("data", (chunk: string) => (body += chunk));
    request.on("end", () => resolve(body));
    request.on("error", reject);
  });
}

async function send(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await answerOf(request.url ?? "", await readBody(request));
  response.writeHead(200, {
    "content-type": "application/json; charset=utf-8",
    "content-length": Buffer.byteLength(body),
  });
  response.end(body);
}

const server = createServer((request, response) => {
  send(request, response).catch((error: unknown) => {
    response.writeHead(500).end(String(error));
  });
});
await serve(server, () => pool.end());
