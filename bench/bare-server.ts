// The floor of all gateways: node:http, one prepared statement, JSON.stringify. node bench/bare-server.ts <url> <file>
import { readFile } from "node:fs/promises";
import { createServer, type ServerResponse } from "node:http";
import pg from "pg";
import { listen, portOf } from "../src/cli/http.ts";

/** The server's input: the statement of the list, and the names of its columns. */
export type BareList = {
  readonly tenantId: string;
  readonly text: string;
  readonly values: readonly unknown[];
  readonly keys: readonly string[];
  readonly limit: number;
};

/** k.id, k.total, k.before, k.beyond: then come the columns of the record. */
const firstColumn = 4;

async function serve(databaseUrl: string, file: string): Promise<void> {
  const list: BareList = JSON.parse(await readFile(file, "utf8"));
  const { tenantId, text, keys, limit } = list;
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    options: `-c role=crm_gateway -c timezone=UTC -c app.tenant_id=${tenantId}`,
  });
  const answer = async (): Promise<string> => {
    const { rows } = await pool.query<unknown[]>({
      name: "list",
      text,
      values: [...list.values],
      rowMode: "array",
    });
    const data = rows
      .slice(0, limit)
      .map((row) =>
        Object.fromEntries(keys.map((key, index) => [key, row[firstColumn + index] ?? null])),
      );
    return JSON.stringify({ data, pagination: { count: Number(rows[0]?.[1] ?? 0), limit } });
  };
  const send = async (response: ServerResponse): Promise<void> => {
    const body = await answer();
    response.writeHead(200, { "content-type": "application/json; charset=utf-8" });
    response.end(body);
  };
  const server = createServer((_request, response) => {
    send(response).catch(() => response.destroy());
  });
  await listen(server, "127.0.0.1", 0);
  process.send?.(portOf(server));
  process.on("message", (message) => {
    const { user, system } = process.cpuUsage();
    if (message === "cpu") process.send?.((user + system) / 1_000);
    if (message !== "stop") return;
    server.closeAllConnections();
    server.close();
    void pool.end().then(() => process.disconnect());
  });
}

if (import.meta.main) await serve(process.argv[2] ?? "", process.argv[3] ?? "");
