import type pg from "pg";

/** The tenant that is measured, and others of the same make beside it. */
export const measuredTenant = "00000000-0000-7000-8000-000000000001";

/** So many deals of the measured tenant with an activity each, a quarter as many of each of four others; ten to an account. */
export async function makeDeals(client: pg.Client, deals: number): Promise<void> {
  await client.query(
    `INSERT INTO tenants (id, slug, name)
     SELECT ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, 'tenant-' || n, 'Tenant ' || n
     FROM generate_series(1, 5) n`,
  );
  const owners = `CASE WHEN n = 1 THEN $1::integer ELSE $1 / 4 END`;
  await client.query(
    `INSERT INTO accounts (tenant_id, id, name)
     SELECT t.id, md5(t.id || 'account' || i)::uuid, 'Account ' || i
     FROM tenants t CROSS JOIN LATERAL (SELECT right(t.slug, 1)::integer AS n) x,
       generate_series(0, ${owners} / 10 - 1) i`,
    [deals],
  );
  // In the order of time, as they come: the tenants' rows lie among each other.
  await client.query(
    `INSERT INTO deals (tenant_id, id, account_id, deal_number, owner_id, stage, value, currency, probability,
       expected_close_date, loss_reason, loss_category, created_at, updated_at, deleted_at)
     SELECT tenant, md5(tenant || 'deal' || i)::uuid, md5(tenant || 'account' || i % (total / 10))::uuid,
       'DEAL-' || i, CASE WHEN random() < 0.96 THEN 'usr-' || floor(random() * 200) END, stage,
       CASE WHEN random() < 0.9 THEN round((random() * 90000)::numeric, 2) END,
       (ARRAY['USD','USD','USD','USD','EUR','GBP'])[1 + floor(random() * 6)],
       CASE WHEN random() < 0.9 THEN floor(random() * 101) END,
       CASE WHEN random() < 0.85 THEN at::date + floor(random() * 220)::integer END, 'Price', 'price', at, at,
       CASE WHEN random() < 0.03 THEN at END
     FROM (
       SELECT t.id AS tenant, total, i, timestamptz '2024-11-01Z' + i * interval '2 years' / total AS at,
         (ARRAY['lead','qualified','proposal','negotiation','closed_won','closed_won','closed_lost','closed_lost'])[1 + floor(random() * 8)] AS stage
       FROM tenants t CROSS JOIN LATERAL (SELECT right(t.slug, 1)::integer AS n) x
         CROSS JOIN LATERAL (SELECT ${owners} AS total) y, generate_series(0, total - 1) i
       OFFSET 0
     ) made ORDER BY at`,
    [deals],
  );
  await client.query(
    `INSERT INTO activities (tenant_id, id, account_id, deal_id, type, occurred_at)
     SELECT tenant_id, md5(id || 'activity')::uuid, account_id, id, 'call', created_at FROM deals WHERE tenant_id = $1 ORDER BY created_at`,
    [measuredTenant],
  );
  await client.query("VACUUM (ANALYZE) tenants, accounts, deals, activities");
}
