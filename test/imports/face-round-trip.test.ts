import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { at } from "../support/gateway/gateway.ts";
import { startTenant } from "../support/gateway/one-tenant.ts";
import { patience } from "../support/database/waiting.ts";
import { restClient } from "../support/rest/client.ts";

type Started = Awaited<ReturnType<typeof startTenant>>;
type Row = Readonly<Record<string, unknown>>;
let started: Started;

/** In the order in which they name each other, with what of each is another record's, by its external id. */
const kinds = {
  accounts: ["parent_account_id:parent_account.external_id"],
  contacts: [
    "account_id:account.external_id",
    "reports_to_contact_id:reports_to_contact.external_id",
  ],
  deals: [
    "account_id:account.external_id",
    "primary_contact_id:primary_contact.external_id",
    "contact_ids:-",
  ],
  activities: [
    "account_id:account.external_id",
    "deal_id:deal.external_id",
    "contact_id:contact.external_id",
    "contact_ids:-",
  ],
  // Its line items come by themselves.
  quotes: ["account_id:account.external_id", "deal_id:deal.external_id", "line_items:-"],
  "line-items": ["quote_id:quote.external_id"],
} as const;
type Kind = keyof typeof kinds;
const names = ["accounts", "contacts", "deals", "activities", "quotes", "line-items"] as const;

/** The same with what names a record of the same kind left out. */
const selfless = (query: string): string =>
  query.replace(/(parent_account_id|reports_to_contact_id)%3A[^&]*/g, "$1%3A-");

/** When and by whom something was written, and in what version. */
const stamps = new Set(
  "tenant_id created_at updated_at created_by updated_by version audit_log".split(" "),
);

beforeAll(async () => {
  started = await startTenant("from", { runsJobs: true });
  await fill();
});
afterAll(() => started.gateway.close());

/** One of each kind with all sorts of values; each record's external id is its id. */
async function fill(): Promise<void> {
  const post = async (kind: Kind, body: Row): Promise<string> => {
    const made = await started.rest.post(`/api/v1/crm/${kind}`, body);
    expect([made.status, made.text]).toEqual([201, made.text]);
    return String(at(made.body, "id"));
  };
  const above = await post("accounts", { name: '=Above, "quoted"', domain: "above.example" });
  const account = await post("accounts", {
    name: "'Ärger & Söhne",
    parent_account_id: above,
    email: "office@aerger.example",
    phone: "+49 30 901820",
    website: "https://aerger.example/",
    annual_revenue: "1234567.89",
    employee_count: 12,
    health_score: "good",
    description: "line one\nline two; with, separators\tand tabs",
    custom_fields: { region: "north", size: 3, nested: { deep: [1, "x", null] }, "with.dot": true },
    tags: ["a,b", "=c", "plain"],
    addresses: [
      { kind: "billing", line1: "Hafen 1", city: "Köln", postcode: "01234", country: "DE" },
    ],
  });
  const chief = await post("contacts", {
    first_name: "Noor",
    last_name: "O'Hara",
    email: "noor@aerger.example",
    account_id: account,
    opted_in: true,
    gdpr_consent: true,
  });
  await post("contacts", {
    last_name: "-dash",
    email: "dash@aerger.example",
    account_id: account,
    reports_to_contact_id: chief,
    phone: "+1 404 555 0100",
    custom_fields: { birthday: "1990-01-31" },
  });
  const deal = await post("deals", {
    name: "+1 deal",
    account_id: account,
    primary_contact_id: chief,
    stage: "proposal",
    value: "999999999.99",
    currency: "EUR",
    probability: "35.5",
    expected_close_date: "2027-03-31",
    competitors: ["One", "Two, Inc."],
  });
  await post("activities", {
    account_id: account,
    deal_id: deal,
    contact_id: chief,
    type: "call",
    subject: "@home",
    notes: "spoke\r\nlong",
    occurred_at: "2026-10-25T01:30:00.123Z",
  });
  const quote = await post("quotes", {
    account_id: account,
    deal_id: deal,
    name: "＝Quote",
    currency: "EUR",
    validity_date: "2027-01-31",
    notes: "\tindented",
  });
  await post("line-items", {
    quote_id: quote,
    description: "Work, by the hour",
    quantity: "2.5",
    unit_price: "80.10",
    discount: "10",
    discount_type: "percent",
  });
  await post("line-items", { quote_id: quote, description: "Flat", quantity: 1, unit_price: 100 });
  const { client } = started.gateway.fixtures;
  for (const [table, prefix] of Object.entries(prefixes)) {
    await client.query(`UPDATE ${table} SET external_id = $1 || '-' || id::text`, [prefix]);
  }
}

const prefixes = {
  accounts: "acc",
  contacts: "con",
  deals: "deal",
  activities: "act",
  quotes: "qte",
  line_items: "lin",
};

async function exported(key: string, kind: Kind, format: string): Promise<string> {
  const answer = await fetch(
    `${started.gateway.url}/api/v1/crm/${kind}/export?format=${format}&sort=external_id`,
    { headers: { "x-api-key": key } },
  );
  const text = await answer.text();
  expect([answer.status, text]).toEqual([200, text]);
  return text;
}

/** Sends a file, and gives the import once it has ended. */
async function imported(key: string, text: string, query: string, format: string): Promise<Row> {
  const rest = restClient(started.gateway, { "x-api-key": key });
  const answer = await fetch(`${started.gateway.url}/api/v1/crm/imports?${query}`, {
    method: "POST",
    headers: {
      "x-api-key": key,
      "content-type": format === "csv" ? "text/csv" : "application/x-ndjson",
    },
    body: text,
  });
  const made: unknown = await answer.json();
  expect([answer.status, made]).toEqual([202, made]);
  let found: unknown;
  const path = `/api/v1/crm/imports/${String(at(made, "id"))}`;
  await expect
    .poll(async () => {
      found = (await rest.get(path)).body;
      return at(found, "finished_at");
    }, patience)
    .not.toBeNull();
  const refused = await fetch(`${started.gateway.url}${path}/errors.csv`, {
    headers: { "x-api-key": key },
  });
  return { ...Object(found), refused: await refused.text() };
}

/** The records of a tenant without stamps, with each id as the external id that stands for it. */
async function recordsOf(key: string): Promise<Record<string, Row[]>> {
  const rows: Row[][] = [];
  // One after the other: a tenant has one export at once.
  for (const kind of names) {
    const lines = (await exported(key, kind, "ndjson")).trimEnd().split("\n");
    rows.push(lines.map((line): Row => JSON.parse(line)).filter((row) => !("_end" in row)));
  }
  const ids = new Map(rows.flat().map((row) => [String(row["id"]), String(row["external_id"])]));
  const told = (row: Row): Row => {
    const kept = Object.entries(row).filter(([name]) => !stamps.has(name) && name !== "id");
    const text = JSON.stringify(Object.fromEntries(kept));
    return JSON.parse(
      text.replaceAll(/"((?:acc|con|deal|act|qte|lin)-[-0-9a-f]{36})"/g, (all, id) =>
        JSON.stringify(ids.get(id) ?? id),
      ),
    );
  };
  return Object.fromEntries(names.map((kind, index) => [kind, (rows[index] ?? []).map(told)]));
}

/** The tenant's records as they are stored, with their links and its log. */
async function stateOf(): Promise<unknown> {
  const { client } = started.gateway.fixtures;
  const tables = [...Object.keys(prefixes), "deal_contacts", "activity_contacts", "change_events"];
  const rows = tables.map(
    (table) => `SELECT to_jsonb(t) AS row FROM ${table} t WHERE tenant_id = $1`,
  );
  const found = await client.query(
    `SELECT row FROM (${rows.join(" UNION ALL ")}) AS r ORDER BY 1`,
    [started.tenant.uuid],
  );
  return found.rows;
}

describe.each(["csv", "ndjson"])("an export as %s", (format) => {
  it("imported into the same tenant changes nothing: no version, no event", async () => {
    const before = await stateOf();
    for (const kind of names) {
      const text = await exported(started.key, kind, format);
      const byId = "mode=update&key=id";
      // Activities are a log: they have no upserts.
      for (const how of kind === "activities" ? [byId] : ["key=external_id", byId]) {
        const query = `entity=${kind}&${how}&unmapped=ignore&force=true`;
        const told = await imported(started.key, text, query, format);
        expect({ kind, how, ...told }).toMatchObject({
          status: "done",
          rows_created: 0,
          rows_updated: 0,
          rows_unchanged: told["rows"],
          rows_refused: 0,
        });
      }
    }
    expect(await stateOf()).toEqual(before);
  });

  it("imported into an empty tenant by external ids is the same, but for ids and stamps", async () => {
    const slug = `into-${format}`;
    await started.gateway.fixtures.tenant(slug);
    const key = await started.gateway.keyFor(slug);
    for (const kind of names) {
      const text = await exported(started.key, kind, format);
      const maps = kinds[kind].map((map) => `&map=${encodeURIComponent(map)}`).join("");
      const how = kind === "activities" ? "mode=create" : "key=external_id";
      const query = `entity=${kind}&${how}&unmapped=ignore${maps}`;
      // A row finds no record of its own chunk: those that name others of their kind come twice.
      const turns = kind === "accounts" || kind === "contacts" ? [selfless(query), query] : [query];
      for (const turn of turns) {
        const { status, rows_refused, refused } = await imported(key, text, turn, format);
        expect([kind, status, rows_refused, refused]).toEqual([kind, "done", 0, refused]);
      }
    }
    expect(await recordsOf(key)).toEqual(await recordsOf(started.key));
  });
});
