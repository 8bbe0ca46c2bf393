// The data of all sides, seeded once, with one account that has 10,000 activities; and the gateway's keys.
import type pg from "pg";
import { openDatabase } from "../../src/db/database.ts";
import { migrate } from "../../src/db/migrate.ts";
import { createKey } from "../../src/modules/api-key/operator.ts";
import { seed } from "../../src/seed/seed.ts";

export type Tenant = {
  readonly id: string;
  readonly key: string;
  /** The key of the application that all records belong to. */
  readonly appKey: string;
  readonly deals: readonly string[];
};

export type World = {
  /** The first tenant is read, the second is written to. */
  readonly tenants: readonly Tenant[];
  /** Accounts of the first tenant by their number of calls. The first one has 2,000 among 10,000 activities. */
  readonly busyAccounts: readonly string[];
  /** Open deals of the second tenant with their accounts. */
  readonly openDeals: readonly { readonly id: string; readonly accountId: string }[];
};

const tenantCount = 10;
const manyActivities = 10_000;
const tenantsInOrder = "SELECT id, slug FROM tenants ORDER BY length(slug), slug";
export const appId = "app-bench";

/** Seeds an empty database, and makes new keys. */
export async function makeWorld(url: string, accounts: number): Promise<World> {
  await migrate({ url });
  const database = openDatabase({ url });
  try {
    if (!(await database.asOwner(hasTenants))) {
      const setDefault = (value: string) => (client: pg.Client) => setApplication(client, value);
      await database.asOwner(setDefault(`'${appId}'`));
      await seed({ url, tenants: tenantCount, accounts, seed: 15 });
      await database.asOwner(setDefault("NULL"));
      await database.asOwner(makeBusy);
    }
    const found = await database.asOwner(async (client) => {
      const { rows } = await client.query<{ id: string; slug: string }>(tenantsInOrder);
      const [read, written] = rows;
      if (read === undefined || written === undefined) throw new Error("too few tenants");
      const busyAccounts = await accountsByCalls(client, read.id);
      const deals = new Map<string, readonly string[]>();
      for (const { id } of rows) deals.set(id, await dealsOf(client, id));
      return { rows, deals, busyAccounts, openDeals: await openDeals(client, written.id) };
    });
    const tenants: Tenant[] = [];
    for (const { id, slug } of found.rows) {
      const keyOf = async (options: { appId?: string }): Promise<string> => {
        const all = { tenantSlug: slug, scopes: ["*"], name: "bench", env: "test", ...options };
        return (await createKey(database, all)).key;
      };
      tenants.push({
        id,
        key: await keyOf({}),
        appKey: await keyOf({ appId }),
        deals: found.deals.get(id) ?? [],
      });
    }
    const { busyAccounts, openDeals: open } = found;
    return { tenants, busyAccounts, openDeals: open };
  } finally {
    await database.close();
  }
}

async function ids(client: pg.Client, text: string, values: readonly unknown[]): Promise<string[]> {
  const { rows } = await client.query<{ id: string }>(text, [...values]);
  return rows.map(({ id }) => id);
}

async function hasTenants(client: pg.Client): Promise<boolean> {
  return (await ids(client, "SELECT id FROM tenants", [])).length > 0;
}

/** Sets the default application of new records, so that its keys see all seeded records by one more condition. */
async function setApplication(client: pg.Client, value: string): Promise<void> {
  for (const table of ["accounts", "contacts", "deals", "quotes", "line_items", "activities"]) {
    await client.query(`ALTER TABLE ${table} ALTER COLUMN app_id SET DEFAULT ${value}`);
  }
}

/** Gives one account 10,000 activities. */
async function makeBusy(client: pg.Client): Promise<void> {
  const [busy] = await ids(client, tenantsInOrder, []);
  const [account] = await ids(
    client,
    "SELECT id FROM accounts WHERE tenant_id = $1 AND deleted_at IS NULL ORDER BY created_at, id LIMIT 1",
    [busy],
  );
  await client.query(
    `INSERT INTO activities (tenant_id, id, app_id, account_id, type, subject, occurred_at, created_at, updated_at)
     SELECT $1, md5('busy' || i)::uuid, '${appId}', $2, (ARRAY['call','email','meeting','note','task']::activity_type[])[1 + i % 5], 'Activity ' || i, at, at, at
     FROM (SELECT i, date_trunc('day', now()) - i * interval '47 minutes' AS at FROM generate_series(1, $3::integer) i) made`,
    [busy, account, manyActivities],
  );
  await client.query("VACUUM (ANALYZE)");
}

const accountsByCalls = (client: pg.Client, tenantId: string): Promise<string[]> =>
  ids(
    client,
    `SELECT a.id FROM accounts a JOIN activities c ON c.tenant_id = a.tenant_id AND c.account_id = a.id
     WHERE a.tenant_id = $1 AND a.deleted_at IS NULL AND c.deleted_at IS NULL AND c.type = 'call'
     GROUP BY a.id ORDER BY count(*) DESC, a.id LIMIT 40`,
    [tenantId],
  );

const dealsOf = (client: pg.Client, tenantId: string): Promise<string[]> =>
  ids(
    client,
    "SELECT id FROM deals WHERE tenant_id = $1 AND deleted_at IS NULL ORDER BY md5(id::text) LIMIT 100",
    [tenantId],
  );

async function openDeals(client: pg.Client, tenantId: string): Promise<World["openDeals"]> {
  const { rows } = await client.query<{ id: string; accountId: string }>(
    `SELECT d.id, d.account_id AS "accountId" FROM deals d JOIN accounts a ON a.tenant_id = d.tenant_id AND a.id = d.account_id
     WHERE d.tenant_id = $1 AND d.deleted_at IS NULL AND a.deleted_at IS NULL AND d.stage IN ('lead', 'qualified', 'proposal', 'negotiation')
     ORDER BY md5(d.id::text)`,
    [tenantId],
  );
  return rows;
}
