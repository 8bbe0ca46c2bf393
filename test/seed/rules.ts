/** What must hold for seeded rows: each query finds the rows that break a rule. */
export const brokenRules: Readonly<Record<string, string>> = {
  "an activity's deal belongs to its account": `
    SELECT a.id FROM activities a JOIN deals d ON d.tenant_id = a.tenant_id AND d.id = a.deal_id
    WHERE a.account_id IS DISTINCT FROM d.account_id`,
  "an activity's contact belongs to its account": `
    SELECT a.id FROM activities a JOIN contacts c ON c.tenant_id = a.tenant_id AND c.id = a.contact_id
    WHERE a.account_id IS DISTINCT FROM c.account_id`,
  "everyone who took part in an activity belongs to its account": `
    SELECT a.id FROM activities a
    JOIN activity_contacts l ON l.tenant_id = a.tenant_id AND l.activity_id = a.id
    JOIN contacts c ON c.tenant_id = l.tenant_id AND c.id = l.contact_id
    WHERE a.account_id IS DISTINCT FROM c.account_id`,
  "an activity's contact is one of its contacts": `
    SELECT a.id FROM activities a WHERE a.contact_id IS NOT NULL AND NOT EXISTS (
      SELECT FROM activity_contacts l
      WHERE l.tenant_id = a.tenant_id AND l.activity_id = a.id AND l.contact_id = a.contact_id)`,
  "an activity is not older than what it is about, and not in the future": `
    SELECT a.id FROM activities a
    LEFT JOIN deals d ON d.tenant_id = a.tenant_id AND d.id = a.deal_id
    LEFT JOIN contacts c ON c.tenant_id = a.tenant_id AND c.id = a.contact_id
    WHERE a.occurred_at < greatest(d.created_at, c.created_at) OR a.occurred_at > a.created_at
      OR a.created_at > $1`,
  "a deal's contacts belong to its account": `
    SELECT d.id FROM deals d
    JOIN deal_contacts l ON l.tenant_id = d.tenant_id AND l.deal_id = d.id
    JOIN contacts c ON c.tenant_id = l.tenant_id AND c.id = l.contact_id
    WHERE d.account_id IS DISTINCT FROM c.account_id`,
  "a deal's primary contact is one of its contacts": `
    SELECT d.id FROM deals d WHERE d.primary_contact_id IS NOT NULL AND NOT EXISTS (
      SELECT FROM deal_contacts l
      WHERE l.tenant_id = d.tenant_id AND l.deal_id = d.id AND l.contact_id = d.primary_contact_id)`,
  "a quote's deal belongs to its account and has its currency": `
    SELECT q.id FROM quotes q JOIN deals d ON d.tenant_id = q.tenant_id AND d.id = q.deal_id
    WHERE q.account_id <> d.account_id OR q.currency <> d.currency OR q.created_at < d.created_at`,
  "a manager is at the same account": `
    SELECT c.id FROM contacts c
    JOIN contacts m ON m.tenant_id = c.tenant_id AND m.id = c.reports_to_contact_id
    WHERE c.account_id IS DISTINCT FROM m.account_id`,
  "reporting lines and parents have no cycles, parents at most three levels": `
    WITH RECURSIVE up (start, tenant_id, at, depth) AS (
      SELECT id, tenant_id, reports_to_contact_id, 1 FROM contacts
      UNION ALL SELECT up.start, up.tenant_id, c.reports_to_contact_id, up.depth + 1 FROM up
      JOIN contacts c ON c.tenant_id = up.tenant_id AND c.id = up.at WHERE up.depth < 20
    ), above (start, tenant_id, at, depth) AS (
      SELECT id, tenant_id, parent_account_id, 1 FROM accounts
      UNION ALL SELECT above.start, above.tenant_id, a.parent_account_id, above.depth + 1 FROM above
      JOIN accounts a ON a.tenant_id = above.tenant_id AND a.id = above.at WHERE above.depth < 20
    )
    SELECT start FROM up WHERE depth = 20 UNION ALL SELECT start FROM above WHERE depth > 3`,
  "an account has at most one live primary contact": `
    SELECT account_id FROM contacts WHERE is_primary AND deleted_at IS NULL
    GROUP BY tenant_id, account_id HAVING count(*) > 1`,
  "a lost deal says why, a decided one when; an open one neither": `
    SELECT id FROM deals WHERE (stage LIKE 'closed%') <> (actual_close_date IS NOT NULL)
      OR (stage = 'closed_lost') <> (loss_reason IS NOT NULL)
      OR (stage = 'closed_lost') <> (loss_category IS NOT NULL)`,
  "the stage history is a chain from the creation to the stage": `
    SELECT d.id FROM deals d JOIN LATERAL (
      SELECT from_stage, to_stage, changed_at,
        lag(to_stage) OVER by_time AS before, lag(changed_at) OVER by_time AS changed_before,
        lead(to_stage) OVER by_time IS NULL AS is_last
      FROM deal_stage_changes s WHERE s.tenant_id = d.tenant_id AND s.deal_id = d.id
      WINDOW by_time AS (ORDER BY changed_at, id)
    ) s ON true
    WHERE from_stage IS DISTINCT FROM before OR changed_at <= changed_before
      OR (before IS NULL AND changed_at <> d.created_at)
      OR (is_last AND to_stage <> d.stage)
      OR (is_last AND d.actual_close_date <> (changed_at AT TIME ZONE 'UTC')::date)
    UNION ALL SELECT d.id FROM deals d WHERE NOT EXISTS (
      SELECT FROM deal_stage_changes s WHERE s.tenant_id = d.tenant_id AND s.deal_id = d.id)`,
  "a line's total is exact": `
    SELECT id FROM line_items WHERE total <> greatest(0, round(CASE discount_type
      WHEN 'amount' THEN quantity * unit_price - discount
      ELSE quantity * unit_price * (100 - discount) * 0.01 END, 4))`,
  "a quote's total is the sum of its lines": `
    SELECT q.id FROM quotes q JOIN line_items l ON l.tenant_id = q.tenant_id AND l.quote_id = q.id
    GROUP BY q.tenant_id, q.id, q.total HAVING q.total <> sum(l.total)`,
  "a line has its quote's currency and its own place": `
    SELECT l.id FROM line_items l JOIN quotes q ON q.tenant_id = l.tenant_id AND q.id = l.quote_id
    WHERE l.currency <> q.currency
    UNION ALL SELECT quote_id FROM line_items GROUP BY tenant_id, quote_id, position HAVING count(*) > 1`,
  "a quote is issued once it leaves the draft, and expired only after its last day": `
    SELECT id FROM quotes WHERE (status = 'draft') <> (date_issued IS NULL)
      OR validity_date < date_issued OR (status = 'expired' AND validity_date >= $1::date)
      OR date_issued > $1::date`,
  "a deal has at most one primary quote, and only a deal's is": `
    SELECT deal_id FROM quotes WHERE is_primary GROUP BY tenant_id, deal_id
    HAVING count(*) > 1 OR deal_id IS NULL`,
  "numbers have the year of their record, and each is given once": `
    SELECT id FROM deals WHERE deal_number !~ ('^DEAL-' || extract(year FROM created_at AT TIME ZONE 'UTC') || '-[0-9]{5,}$')
    UNION ALL SELECT id FROM quotes WHERE quote_number !~ ('^Q-' || extract(year FROM created_at AT TIME ZONE 'UTC') || '-[0-9]{5,}$')
    UNION ALL SELECT tenant_id FROM deals GROUP BY tenant_id, deal_number HAVING count(*) > 1
    UNION ALL SELECT tenant_id FROM quotes GROUP BY tenant_id, quote_number HAVING count(*) > 1`,
  "the sequences stand at the last number given": `
    SELECT * FROM (
      SELECT tenant_id, 'deal' AS kind, split_part(deal_number, '-', 2)::int AS year,
        max(split_part(deal_number, '-', 3)::int) AS last_value FROM deals GROUP BY 1, 2, 3
      UNION ALL
      SELECT tenant_id, 'quote', split_part(quote_number, '-', 2)::int,
        max(split_part(quote_number, '-', 3)::int) FROM quotes GROUP BY 1, 2, 3
    ) given FULL JOIN number_sequences s USING (tenant_id, kind, year)
    WHERE given.last_value IS DISTINCT FROM s.last_value`,
  "an account's activity times are right": `
    SELECT a.id FROM accounts a LEFT JOIN LATERAL (
      SELECT max(occurred_at) FILTER (WHERE deleted_at IS NULL) AS last, min(occurred_at) AS first
      FROM activities x WHERE x.tenant_id = a.tenant_id AND x.account_id = a.id
    ) x ON true
    WHERE a.last_activity_at IS DISTINCT FROM x.last OR a.first_contacted_at IS DISTINCT FROM x.first`,
  "a contact's last interaction is right": `
    SELECT c.id FROM contacts c WHERE c.last_interaction_at IS DISTINCT FROM (
      SELECT max(occurred_at) FROM activities x
      JOIN activity_contacts l ON l.tenant_id = x.tenant_id AND l.activity_id = x.id
      WHERE l.tenant_id = c.tenant_id AND l.contact_id = c.id AND x.deleted_at IS NULL)`,
  "a deleted account took all it contains, and nothing else has its deletion": `
    SELECT r.id FROM (
      SELECT tenant_id, id, account_id, deletion_id FROM contacts UNION ALL
      SELECT tenant_id, id, account_id, deletion_id FROM deals UNION ALL
      SELECT tenant_id, id, account_id, deletion_id FROM activities UNION ALL
      SELECT tenant_id, id, account_id, deletion_id FROM quotes UNION ALL
      SELECT l.tenant_id, l.id, q.account_id, l.deletion_id
      FROM line_items l JOIN quotes q ON q.tenant_id = l.tenant_id AND q.id = l.quote_id
    ) r JOIN accounts a ON a.tenant_id = r.tenant_id AND a.id = r.account_id
    WHERE a.deleted_at IS NOT NULL AND r.deletion_id IS DISTINCT FROM a.deletion_id`,
  "a deleted quote took its lines, and live records hang on live ones": `
    SELECT l.id FROM line_items l JOIN quotes q ON q.tenant_id = l.tenant_id AND q.id = l.quote_id
    WHERE l.deletion_id IS DISTINCT FROM q.deletion_id
    UNION ALL SELECT q.id FROM quotes q JOIN deals d ON d.tenant_id = q.tenant_id AND d.id = q.deal_id
    WHERE q.deleted_at IS NULL AND d.deleted_at IS NOT NULL
    UNION ALL SELECT a.id FROM activities a JOIN deals d ON d.tenant_id = a.tenant_id AND d.id = a.deal_id
    WHERE a.deleted_at IS NULL AND d.deleted_at IS NOT NULL
    UNION ALL SELECT a.id FROM accounts a
    JOIN accounts p ON p.tenant_id = a.tenant_id AND p.id = a.parent_account_id WHERE p.deleted_at IS NOT NULL`,
};

/** The stamps of every table with soft deletion, as one rule each. */
export function stampRule(table: string): string {
  return `
    SELECT id FROM ${table}
    WHERE num_nonnulls(deleted_at, deleted_by, deletion_id) NOT IN (0, 3)
      OR updated_at < created_at OR updated_at > $1 OR updated_at <> coalesce(deleted_at, updated_at)
      OR created_at < $1 - interval '3 years 1 day' OR version < 1
      OR (version = 1 AND updated_at <> created_at)
      OR created_by !~ '^usr-[0-9a-f-]{36}$'
      OR (substr(replace(id::text, '-', ''), 1, 12) <> lpad(to_hex((extract(epoch FROM created_at) * 1000)::bigint), 12, '0'))`;
}
