import { ApiKeys } from "../auth/api-keys.ts";
import type { Database } from "../db/database.ts";
import { formatId } from "../lib/id.ts";
import { createKey } from "../modules/api-key/operator.ts";
import { seedDemo } from "../seed/demo.ts";
import type { OnProgress } from "../seed/seed.ts";
import { type DemoTenant, readDemoFile } from "./demo-file.ts";
import { logToErrors } from "./open.ts";
import { startProgress } from "./progress.ts";

/** The demo's tenants, in the order they are shown. */
const demoSlugs = ["north-harbor", "blue-ridge"];
/** Whoever tries the demo out, with a load test too, shall not meet a quota. */
const requestsPerMinute = 100_000;
const logger = { debug: () => undefined };

/**
 * Makes sure that the demo's tenants are there, and that there is a key for each: the one of the
 * last start while it still opens the tenant, otherwise a new one.
 */
export async function prepareDemo(options: {
  url: string;
  database: Database;
  dataDir: string;
}): Promise<DemoTenant[]> {
  const { url, database, dataDir } = options;
  const progress = startProgress(process.stderr);
  const onProgress: OnProgress = (accounts, total) =>
    progress.update(accounts, total, "of demo data", "accounts");
  await seedDemo({ url, onProgress }).finally(progress.end);
  const remembered = (await readDemoFile(dataDir, logToErrors))?.tenants ?? [];
  const result: DemoTenant[] = [];
  for (const { slug, id } of await findTenants(database)) {
    const known = remembered.find((tenant) => tenant.slug === slug)?.apiKey;
    const apiKey =
      known !== undefined && (await opens(database, known, id))
        ? known
        : await makeKey(database, slug);
    result.push({ slug, id: formatId("ten", id), apiKey });
  }
  return result;
}

/** The owner looks: the server's role sees no tenant before it is pinned to one. */
async function findTenants(database: Database): Promise<{ slug: string; id: string }[]> {
  const sql = `SELECT slug, id FROM tenants WHERE slug = ANY($1) ORDER BY array_position($1, slug)`;
  return database.asOwner(async (client) => {
    const { rows } = await client.query<{ slug: string; id: string }>(sql, [demoSlugs]);
    return rows;
  });
}

/** Whether the key works and belongs to this tenant; the database may be another than last time. */
async function opens(database: Database, apiKey: string, tenantId: string): Promise<boolean> {
  const found = await new ApiKeys({ pool: database.pool, requestsPerMinute, logger }).check(apiKey);
  return "actor" in found && found.actor.tenantId === tenantId;
}

async function makeKey(database: Database, tenantSlug: string): Promise<string> {
  const options = { tenantSlug, scopes: ["*"], name: "demo", env: "demo", requestsPerMinute };
  return (await createKey(database, options)).key;
}
