import pg from "pg";
import { migrate } from "../src/db/migrate.ts";
import { startThrowaway } from "../src/db/throwaway.ts";
import { makeDeals } from "./aggregate-rows.ts";
const cluster = await startThrowaway({ settings: [] });
await migrate({ url: cluster.url });
const t = Date.now();
const client = new pg.Client(cluster.url); await client.connect();
try { await makeDeals(client, 200_000); } catch (e) { console.error(e); }
await client.end();
console.log(cluster.url, Date.now() - t);
setTimeout(async () => { await cluster.stop(); process.exit(0); }, 45 * 60_000);
process.on("SIGTERM", () => { void cluster.stop().then(() => process.exit(0)); });
