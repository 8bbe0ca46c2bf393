// The processes that are compared, and single requests to them.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { startGatewayProcess, type GatewayProcess } from "../gateway-process.ts";
import type { HttpRequest, SideName } from "./requests.ts";

const folder = import.meta.dirname;

/** Quotas that no load reaches; all other limits are the defaults. */
const quotas = { REQUESTS_PER_MINUTE: "1000000000", POINTS_PER_MINUTE: "1000000000" };
const production = { NODE_ENV: "production", GRAPHILE_ENV: "production" };

/** Starts a side on a database. The gateway can be that of another clone. */
export function startSide(
  side: SideName,
  databaseUrl: string,
  clone = join(folder, "../.."),
): Promise<GatewayProcess> {
  const gateway = resolve(clone, "bench/gateway-process.ts");
  if (side === "gateway") return startGatewayProcess(databaseUrl, gateway, quotas);
  return startGatewayProcess(databaseUrl, join(folder, "sides", `${side}.ts`), production);
}

/** Installs PostGraphile, unless it is installed already. */
export async function installPeers(): Promise<void> {
  if (existsSync(join(folder, "node_modules/postgraphile"))) return;
  const child = spawn("npm", ["ci", "--no-audit", "--no-fund"], {
    cwd: folder,
    stdio: ["ignore", 2, 2],
  });
  const [code]: unknown[] = await once(child, "exit");
  if (code !== 0) throw new Error("npm ci failed in bench/peers");
}

/** The cursor in the answer to a read of a page; "" if it has none. */
export const endCursorIn = (text: string): string =>
  /"endCursor" ?: ?"([^"]+)"/.exec(text)?.[1] ?? "";

/** Sends one request. @throws if the answer has no data. */
export async function askOnce({ port }: GatewayProcess, request: HttpRequest): Promise<string> {
  const { path, headers, body } = request;
  const response = await fetch(`http://127.0.0.1:${port}${path}`, {
    method: "POST",
    headers,
    body,
  });
  const text = await response.text();
  if (!text.startsWith('{"data":'))
    throw new Error(`${body.slice(0, 500)}\n${response.status} ${text.slice(0, 1_000)}`);
  return text;
}
