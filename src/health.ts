import type { ServerResponse } from "node:http";
import type { Database } from "./db/database.ts";

/** `/healthz`: the process answers. */
export function answerHealth(response: ServerResponse): void {
  answer(response, 200, { status: "ok" });
}

/** `/readyz`: the database answers and has every migration this version needs. */
export async function answerReadiness(
  response: ServerResponse,
  database: Database,
  needed: readonly string[],
): Promise<void> {
  try {
    const { rows } = await database.pool.query<{ migration_name: string }>(
      "SELECT migration_name FROM _prisma_migrations WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL",
    );
    const applied = new Set(rows.map((row) => row.migration_name));
    const missing = needed.filter((name) => !applied.has(name));
    if (missing.length > 0) answer(response, 503, { status: "migrations missing", missing });
    else answer(response, 200, { status: "ok" });
  } catch {
    answer(response, 503, { status: "database unreachable" });
  }
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json; charset=utf-8" });
  response.end(JSON.stringify(body));
}
