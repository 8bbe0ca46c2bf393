import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { at, recordAt, startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { restClient, type RestClient } from "../support/rest/client.ts";

let gateway: TestGateway;
let rest: RestClient;
/** Ids of records that others can name. */
let account: string;
let manager: string;
let deal: string;

beforeAll(async () => {
  gateway = await startGateway();
  await gateway.fixtures.tenant("north");
  rest = restClient(gateway, { "x-api-key": await gateway.keyFor("north") });
  account = String((await made("accounts", { name: "Holding" }))["id"]);
  manager = String((await made("contacts", { account_id: account, last_name: "Chief" }))["id"]);
  deal = String((await made("deals", { account_id: account, name: "Dredging" }))["id"]);
});
afterAll(() => gateway.close());

/** The record as it is created, and read again. */
async function made(
  path: string,
  body: Readonly<Record<string, unknown>> | string,
): Promise<Readonly<Record<string, unknown>>> {
  const answer = await rest.post(`/api/v1/crm/${path}`, body);
  expect([answer.status, answer.body]).toEqual([201, answer.body]);
  expect((await rest.get(answer.headers.get("location") ?? "")).text).toBe(answer.text);
  return recordAt(answer.body);
}

const bare = (id: string): string => id.slice(id.indexOf("-") + 1);
const day = "2026-11-30T00:00:00.000Z";
const custom_fields = { berth: 7, tides: [1.5, null, { high: true }], π: "€" };
const common = { tags: ["a", "B"], custom_fields, source: "import", source_type: "backend" };

describe("a record says what was sent, in the document's formats", () => {
  it("account", async () => {
    const sent = {
      ...common,
      owner_id: "usr-1",
      name: "North",
      legal_name: "North Ltd.",
      industry: "713930",
      sub_industry: "Marinas",
      website: "https://north.example",
      phone: "+1 404",
      addresses: [
        {
          kind: "office",
          line1: "1 Quay",
          line2: null,
          city: "A",
          state: "GA",
          postcode: "30301",
          country: "US",
        },
      ],
      annual_revenue: 1234567.89,
      employee_count: 12,
      lifecycle_stage: "customer",
      lead_source: "rfp",
      health_score: "green",
      parent_account_id: account,
      description: "Line\nline",
      first_contacted_at: "2026-03-18T15:40:12.000Z",
    };
    const record = await made("accounts", { ...sent, domain: "https://www.North.example/a" });
    expect(record).toMatchObject({ ...sent, domain: "north.example", last_activity_at: null });
  });

  it("contact", async () => {
    const sent = {
      ...common,
      account_id: account,
      first_name: "Nora",
      last_name: "Harbor",
      email: "Nora@north.example",
      job_title: "Pilot",
      seniority: "senior",
      decision_role: "champion",
      is_primary: true,
      linkedin_url: "https://linkedin.com/in/nora",
      reports_to_contact_id: manager,
      opted_in: true,
      opted_in_at: "2026-03-18T15:40:12.345Z",
      gdpr_consent: { basis: "consent", at: "2026-03-18" },
    };
    const record = await made("contacts", { ...sent, phone: "+1 (404) 555-0128", birthday: day });
    expect(record).toMatchObject({
      ...sent,
      display_name: "Nora Harbor",
      phone: "+14045550128",
      last_interaction_at: null,
      birthday: "2026-11-30T00:00:00.000Z",
    });
  });

  it("deal", async () => {
    const sent = {
      ...common,
      account_id: account,
      owner_id: "usr-1",
      name: "Big",
      deal_number: "DEAL-2026-00417",
      pipeline_id: "main",
      stage: "closed_lost",
      value: 1500.5,
      currency: "EUR",
      probability: 12.5,
      forecast_category: "commit",
      expected_close_date: day,
      actual_close_date: day,
      next_followup_date: day,
      deal_type: "new",
      deal_source: "rfp",
      competitors: ["South"],
      loss_reason: "Price",
      loss_category: "price",
      closure_notes: "None",
      primary_contact_id: manager,
      contact_ids: [manager],
      rfp_record_id: "rfp-1",
      proposal_ids: ["p-1"],
      attachment_refs: ["a/b"],
      linked_task_ids: ["tsk-1"],
    };
    const record = await made("deals", sent);
    expect(record).toMatchObject({ ...sent, quote_ids: [] });
    const [entry] = Object.values(recordAt(record, "audit_log"));
    expect(Object.keys(recordAt(entry))).toEqual(["from", "to", "at", "by"]);
    expect(entry).toEqual({
      from: null,
      to: "closed_lost",
      at: record["created_at"],
      by: record["created_by"],
    });
  });

  it("activity, under both names of what has two", async () => {
    const sent = {
      ...common,
      account_id: account,
      deal_id: deal,
      contact_id: manager,
      contact_ids: [manager],
      activity_type: "Site visit",
      subject: "Berth 7",
      description: "*Markdown*",
      activity_date: "2026-03-18T15:40:12.000Z",
      due_date: "2026-03-19T00:00:00.000Z",
      completed_at: "2026-03-18T16:00:00.000Z",
      status: "completed",
      priority: "high",
      direction: "outbound",
      outcome: "good",
      actor_type: "user",
      performed_by_user_id: "usr-2",
      participants: [{ id: "usr-1", role: "host" }],
      linked_trace_id: "trace-1",
      attachment_refs: ["a/b"],
      recurrence: { every: "week" },
      reminder_sent: true,
      type: "meeting",
      owner_id: "usr-1",
    };
    expect(await made("activities", sent)).toMatchObject({
      ...sent,
      notes: sent.description,
      occurred_at: sent.activity_date,
    });
    const call = await made("activities", { account_id: account, activity_type: "Call" });
    expect(call).toMatchObject({ activity_type: "Call", type: "call" });
    const plain = await made("activities", { account_id: account, type: "email", notes: "n" });
    expect(plain).toMatchObject({ activity_type: "email", description: "n" });
    expect((await rest.get(`/api/v1/crm/accounts/${account}`)).body).toMatchObject({
      last_activity_at: plain["occurred_at"],
    });
  });

  it("quote with its line items, and a line item by itself", async () => {
    const sent = {
      ...common,
      owner_id: "usr-1",
      name: "Offer",
      quote_number: "Q-2026-00892",
      account_id: account,
      deal_id: deal,
      currency: "EUR",
      status: "sent",
      date_issued: day,
      validity_date: day,
      contract_duration: "12 months",
      is_primary: true,
      notes: "Net 30",
    };
    const line = { description: "Sweeping", quantity: 2.5, unit_price: 10.1, discount: 10 };
    const percent = { ...line, discount_type: "percent" };
    const record = await made("quotes", { ...sent, line_items: [line, percent] });
    expect(record).toMatchObject({ ...sent, value: 37.975, total: 37.975, valid_until: day });
    const items = Object.values(recordAt(record, "line_items"));
    expect(items.map((item) => recordAt(item))).toEqual([
      { ...line, id: at(items[0], "id"), total: 15.25, currency: "EUR", discount_type: "amount" },
      { ...percent, id: at(items[1], "id"), total: 22.725, currency: "EUR" },
    ]);
    expect(Object.keys(recordAt(items[0]))).toEqual([
      "id",
      "description",
      "quantity",
      "unit_price",
      "discount",
      "total",
      "currency",
      "discount_type",
    ]);
    const item = await rest.get(`/api/v1/crm/line-items/${String(at(items[0], "id"))}`);
    expect(item.body).toMatchObject({ ...line, quote_id: record["id"], total: 15.25 });
    expect((await rest.get(`/api/v1/crm/deals/${deal}`)).body).toMatchObject({
      quote_ids: [record["id"]],
    });
  });

  it("takes ids bare, days as days, instants of any offset, and gives them in one form", async () => {
    const record = await made("deals", {
      account_id: bare(account).toUpperCase(),
      contact_ids: [bare(manager)],
      expected_close_date: "2026-11-30",
      next_followup_date: "2026-11-30T23:30:00-01:00",
    });
    expect(record).toMatchObject({
      account_id: account,
      contact_ids: [manager],
      expected_close_date: day,
      next_followup_date: "2026-12-01T00:00:00.000Z",
    });
    const activity = { account_id: account, occurred_at: "2026-03-18T16:40:12.3456+01:00" };
    expect(await made("activities", activity)).toMatchObject({
      occurred_at: "2026-03-18T15:40:12.345Z",
    });
  });
});

describe("a number is a JSON number, without loss", () => {
  it.each([
    ["0", "0"],
    ["-0", "0"],
    ["-0.0000", "0"],
    ["1e3", "1000"],
    ["10.50", "10.5"],
    ['"10.50"', "10.5"],
    ["-1234.5678", "-1234.5678"],
    ["0.0001", "0.0001"],
    ["1E-4", "0.0001"],
    ["999999999999999.9999", "999999999999999.9999"],
    ["123456789012345.6789", "123456789012345.6789"],
    ['"-123456789012345.6789"', "-123456789012345.6789"],
    ["0.10000000000000000000", "0.1"],
    ["1000000000000000e-1", "100000000000000"],
    ["1.0500000000000000e+01", "10.5"],
    ["-12345.00000000000000e-4", "-1.2345"],
    ["12.3456789000000000E+003", "12345.6789"],
    ["null", "null"],
  ])("%s is given as %s", async (sent, shown) => {
    const body = `{"account_id":"${account}","value":${sent}}`;
    const answer = await rest.post("/api/v1/crm/deals", body);
    expect([answer.status, answer.text]).toEqual([
      201,
      expect.stringContaining(`"value":${shown},`),
    ]);
  });

  it("is exact in a line item of a quote too, in and out", async () => {
    const line = '{"quantity":3,"unit_price":123456789012.3456,"discount":0.0001}';
    const body = `{"account_id":"${account}","line_items":[${line}]}`;
    const answer = await rest.post("/api/v1/crm/quotes", body);
    expect(answer.status).toBe(201);
    expect(answer.text).toContain('"unit_price":123456789012.3456,');
    expect(answer.text).toContain('"total":370370367037.0367,');
    const found = await rest.get("/api/v1/crm/quotes?total=370370367037.0367");
    expect(at(found.body, "pagination", "count")).toBe(1);
  });
});
