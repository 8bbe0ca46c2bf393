// W7 by hand: it writes the same rows as the gateway, with log and history, in one transaction of named statements.
import type pg from "pg";
import { v7 as uuidv7 } from "uuid";

type Write = (pool: pg.Pool, values: readonly string[]) => Promise<string>;
type Line = {
  readonly description: string;
  readonly quantity: string;
  readonly unit_price: string;
};
export type QuoteInput = {
  readonly account_id: string;
  readonly deal_id: string;
  readonly name: string;
  readonly currency: string;
  readonly line_items: readonly Line[];
};

const actor = "floor";
const logLock = "SELECT pg_advisory_xact_lock(4715003, hashtext($1))";
const insertEvents = `INSERT INTO change_events (tenant_id, id, position, ends_transaction, entity_type, entity_id, operation, version, actor, occurred_at, changes)
  SELECT $1::uuid, e.id, l.position + e.place, e.place = jsonb_array_length($3::jsonb), e.entity_type, e.entity_id, e.operation, e.version, '${actor}', $2::timestamptz, e.changes
  FROM (SELECT coalesce(max(position), 0) AS position FROM change_events WHERE tenant_id = $1::uuid) l,
  ROWS FROM (jsonb_to_recordset($3::jsonb) AS (id uuid, entity_type text, entity_id uuid, operation change_operation, version integer, changes jsonb))
    WITH ORDINALITY AS e(id, entity_type, entity_id, operation, version, changes, place)`;

const drawNumber = `WITH drawn AS (
    INSERT INTO number_sequences AS s (tenant_id, kind, year, last_value)
    SELECT id, 'quote', extract(year FROM now() AT TIME ZONE time_zone)::integer, 1 FROM tenants WHERE id = $1::uuid
    ON CONFLICT (tenant_id, kind, year) DO UPDATE SET last_value = s.last_value + 1 RETURNING year, last_value
  ) SELECT 'Q-' || year || '-' || lpad(last_value::text, greatest(5, length(last_value::text)), '0') FROM drawn`;

/** Like the gateway, it locks the parents against deletion. */
const insertQuote = `WITH parents AS MATERIALIZED (
    SELECT a.id AS account_id, d.id AS deal_id FROM accounts a JOIN deals d ON d.tenant_id = a.tenant_id AND d.account_id = a.id
    WHERE a.tenant_id = $1::uuid AND a.id = $3::uuid AND d.id = $4::uuid AND a.deleted_at IS NULL AND d.deleted_at IS NULL FOR KEY SHARE
  ), lines AS (
    INSERT INTO line_items (tenant_id, id, quote_id, description, quantity, unit_price, total, currency, position, created_at, created_by, updated_at, updated_by)
    SELECT $1::uuid, l.id, $2::uuid, l.description, l.quantity, l.unit_price, round(l.quantity * l.unit_price, 4), $7, l.position, $8::timestamptz, '${actor}', $8::timestamptz, '${actor}'
    FROM json_to_recordset($9::json) AS l(id uuid, description text, quantity numeric, unit_price numeric, position integer)
    RETURNING id, description, quantity, unit_price, discount, total, position
  ), quote AS (
    INSERT INTO quotes (tenant_id, id, account_id, deal_id, name, quote_number, currency, total, created_at, created_by, updated_at, updated_by)
    SELECT $1::uuid, $2::uuid, account_id, deal_id, $5, $6, $7, (SELECT sum(total) FROM lines), $8::timestamptz, '${actor}', $8::timestamptz, '${actor}' FROM parents
    RETURNING *
  )
  SELECT '{"data":' || json_build_object('createQuote', json_build_object('quote', json_build_object(
    'id', 'qte-' || q.id, 'quoteNumber', q.quote_number, 'name', q.name, 'currency', q.currency, 'total', trim_scale(q.total)::text,
    'lineItems', json_build_object('nodes', (SELECT json_agg(json_build_object('id', 'lin-' || l.id, 'description', l.description,
      'quantity', trim_scale(l.quantity)::text, 'unitPrice', trim_scale(l.unit_price)::text, 'discount', trim_scale(l.discount)::text,
      'total', trim_scale(l.total)::text, 'position', l.position) ORDER BY l.position) FROM lines l))
  ), 'userErrors', '[]'::json)) || '}' FROM quote q`;

const lockDeal =
  "SELECT stage, version FROM deals WHERE tenant_id = $1::uuid AND id = $2::uuid AND deleted_at IS NULL FOR NO KEY UPDATE";
const changeStage = `WITH change AS (
    INSERT INTO deal_stage_changes (tenant_id, id, deal_id, from_stage, to_stage, changed_at, changed_by)
    VALUES ($1::uuid, $5::uuid, $2::uuid, $6, $3, $4::timestamptz, '${actor}')
  ), deal AS (
    UPDATE deals SET stage = $3, version = version + 1, updated_at = $4::timestamptz, updated_by = '${actor}'
    WHERE tenant_id = $1::uuid AND id = $2::uuid RETURNING *
  )
  SELECT '{"data":' || json_build_object('updateDeal', json_build_object('deal', json_build_object(
    'id', 'deal-' || d.id, 'name', d.name, 'stage', d.stage, 'value', trim_scale(d.value)::text), 'userErrors', '[]'::json)) || '}' FROM deal d`;

const createQuote: Write = async (pool, [tenant = "", text = ""]) => {
  const input: QuoteInput = JSON.parse(text);
  const [now, id] = [new Date().toISOString(), uuidv7()];
  const lines = input.line_items.map((line, position) => ({ ...line, id: uuidv7(), position }));
  const number = await one(pool, "number", drawNumber, [tenant]);
  const { account_id, deal_id, name, currency } = input;
  const values = [tenant, id, account_id, deal_id, name, number, currency, now];
  const created = (type: string, record: Readonly<Record<string, unknown>>) => ({
    ...event(type, String(record["id"]), "created", 1),
    changes: Object.fromEntries(Object.entries(record).map(([key, value]) => [key, [null, value]])),
  });
  return transaction(pool, async (client) => {
    const answer = await one(client, "quote", insertQuote, [...values, JSON.stringify(lines)]);
    const quote = { id, account_id, deal_id, name, currency, quote_number: number };
    const events = [created("Quote", quote), ...lines.map((line) => created("LineItem", line))];
    await log(client, tenant, now, events);
    return answer;
  });
};

const updateDeal: Write = async (pool, [tenant = "", id = "", stage = ""]) => {
  const now = new Date().toISOString();
  return transaction(pool, async (client) => {
    const { rows } = await client.query<{ stage: string; version: number }>({
      name: "lock deal",
      text: lockDeal,
      values: [tenant, id],
    });
    const [deal] = rows;
    if (deal === undefined) throw new Error("no such deal");
    const values = [tenant, id, stage, now, uuidv7(), deal.stage];
    const answer = await one(client, "stage", changeStage, values);
    const changes = { stage: [deal.stage, stage] };
    await log(client, tenant, now, [
      { ...event("Deal", id, "updated", deal.version + 1), changes },
    ]);
    return answer;
  });
};

export const floorWrites: ReadonlyMap<string, Write> = new Map([
  ["/createQuote", createQuote],
  ["/updateDeal", updateDeal],
]);

const event = (type: string, id: string, operation: string, version: number) => ({
  id: uuidv7(),
  entity_type: type,
  entity_id: id,
  operation,
  version,
});

async function log(
  client: pg.PoolClient,
  tenant: string,
  now: string,
  events: readonly object[],
): Promise<void> {
  await client.query({ name: "lock log", text: logLock, values: [tenant] });
  const values = [tenant, now, JSON.stringify(events)];
  await client.query({ name: "events", text: insertEvents, values });
}

async function one(
  client: pg.Pool | pg.PoolClient,
  name: string,
  text: string,
  values: readonly string[],
): Promise<string> {
  const { rows } = await client.query<[string]>({
    name,
    text,
    values: [...values],
    rowMode: "array",
  });
  const answer = rows[0]?.[0];
  if (answer === undefined) throw new Error(`${name}: nothing came back`);
  return answer;
}

async function transaction(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<string>,
): Promise<string> {
  const client = await pool.connect();
  try {
    await client.query("BEGIN");
    const answer = await work(client);
    await client.query("COMMIT");
    client.release();
    return answer;
  } catch (error) {
    client.release(true);
    throw error;
  }
}
