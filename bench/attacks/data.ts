// The tenants that the attacks are played in.
import type { Database } from "../../src/db/database.ts";
import { createKey } from "../../src/modules/api-key/operator.ts";
import { createTenant } from "../../src/modules/tenant/operator.ts";
import { seed } from "../../src/seed/seed.ts";
import type { GatewayProcess } from "../gateway-process.ts";
import type { TenantName } from "./attack.ts";

/** A key of a tenant that may do all; its quota is the default one unless said. */
export async function keyOf(
  database: Database,
  tenantSlug: string,
  requestsPerMinute?: number,
): Promise<string> {
  const options = { tenantSlug, scopes: ["*"], name: "attack", env: "test", requestsPerMinute };
  return (await createKey(database, options)).key;
}

/** Tenants with statistics, the first one big. */
export async function seedTenants(url: string, accounts: number): Promise<number> {
  const tenant = (slug: TenantName, count: number) =>
    seed({ url, tenants: 1, accounts: count, seed: 3, slugs: [slug] });
  return (await tenant("calm", 300)).rows + (await tenant("big", accounts)).rows;
}

/** So many rows of each kind has a tenant that is made by mutations. */
const rows = 1_000;

/** Makes a tenant by mutations, as an import does; of `wide` all hangs on one account, and long texts are put in. */
export async function makeTenant(
  gateway: GatewayProcess,
  database: Database,
  slug: TenantName,
): Promise<void> {
  await createTenant(database, { slug, name: slug, currency: "EUR", timeZone: "Etc/UTC" });
  const key = await keyOf(database, slug);
  const create = async (
    type: string,
    inputs: (index: number) => Readonly<Record<string, unknown>>,
  ): Promise<void> => {
    const query = `mutation ($inputs: [Create${type}Input!]!) { many: create${type === "Activity" ? "Activities" : `${type}s`}(inputs: $inputs) { written } }`;
    await gateway.post(key, query, {
      inputs: Array.from({ length: rows }, (_, index) => inputs(index)),
    });
  };
  await create("Account", (index) => ({
    name: `Attack ${String(index).padStart(4, "0")}`,
  }));
  const accounts = await idsOf(database, slug, "accounts");
  const account_id = (index: number): string =>
    accounts[slug === "wide" ? 500 : index % accounts.length] ?? "";
  await create("Deal", (index) => ({ account_id: account_id(index), name: `Deal ${index}` }));
  await create("Contact", (index) => ({ account_id: account_id(index), last_name: `C ${index}` }));
  const deals = await idsOf(database, slug, "deals");
  await create("Activity", (index) => ({
    activity_type: "note",
    subject: `Note ${index}`,
    account_id: account_id(index),
    deal_id: deals[index],
  }));
  if (slug === "wide") await lengthen(database);
}

async function idsOf(database: Database, slug: TenantName, table: string): Promise<string[]> {
  return database.asOwner(async (client) => {
    const select = `SELECT t.id FROM ${table} t JOIN tenants ON tenants.id = t.tenant_id WHERE slug = $1 ORDER BY t.id`;
    return (await client.query<{ id: string }>(select, [slug])).rows.map(({ id }) => id);
  });
}

/** The first hundred accounts of `wide` get texts of some 160 KB, the last 25 such that each character is printed as six. */
async function lengthen(database: Database): Promise<void> {
  await database.asOwner(async (client) => {
    const update = `UPDATE accounts a SET description = repeat($2, 100000), custom_fields = $3
      FROM tenants t WHERE t.id = a.tenant_id AND t.slug = 'wide' AND a.name BETWEEN $1 AND $4`;
    const long = JSON.stringify({ text: "y".repeat(60_000) });
    await client.query(update, ["Attack 0000", "x", long, "Attack 0099"]);
    await client.query(update, ["Attack 0975", "\u0001", "{}", "Attack 0999"]);
  });
}
