// The processes that are compared, and how one of them is asked once.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { startGatewayProcess, type GatewayProcess } from "../gateway-process.ts";
import type { HttpRequest, SideName } from "./requests.ts";

const folder = import.meta.dirname;

/** That no load meets; all other limits are the default ones. */
const quotas = { REQUESTS_PER_MINUTE: "1000000000", POINTS_PER_MINUTE: "1000000000" };
const production = { NODE_ENV: "production", GRAPHILE_ENV: "production" };

/** Each is told the database's URL, tells its port, and serves until it is stopped; the gateway, of this clone or
 * another, with quotas that no load meets. */
export function startSide(
  side: SideName,
  databaseUrl: string,
  clone = join(folder, "../.."),
): Promise<GatewayProcess> {
  const gateway = resolve(clone, "bench/gateway-process.ts");
  if (side === "gateway") return startGatewayProcess(databaseUrl, gateway, quotas);
  return startGatewayProcess(databaseUrl, join(folder, "sides", `${side}.ts`), production);
}

/** Installs what PostGraphile needs, once. */
export async function installPeers(): Promise<void> {
  if (existsSync(join(folder, "node_modules/postgraphile"))) return;
  const child = spawn("npm", ["ci", "--no-audit", "--no-fund"], {
    cwd: folder,
    stdio: ["ignore", 2, 2],
  });
  const [code]: unknown[] = await once(child, "exit");
  if (code !== 0) throw new Error("npm ci failed in bench/peers");
}

/** Asks once; what is not answered with data is thrown. */
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
