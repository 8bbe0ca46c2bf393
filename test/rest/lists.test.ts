import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sortKeys } from "../../src/rest/list-query.ts";
import type { TenantFixtures } from "../support/samples/fixtures.ts";
import { at, listAt, startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { restClient, type RestAnswer, type RestClient } from "../support/rest/client.ts";
import { someOf } from "../support/run/run-length.ts";
import { resources } from "../support/rest/filters.ts";

let gateway: TestGateway;
let tenant: TenantFixtures;
let rest: RestClient;

const accounts = "/api/v1/crm/accounts";
const activities = "/api/v1/crm/activities";
const customers = "/api/public/v1/customers";

beforeAll(async () => {
  gateway = await startGateway();
  tenant = await gateway.fixtures.tenant("north");
  const key = await gateway.keyFor("north");
  rest = restClient(gateway, { "x-api-key": key, "x-organization-id": tenant.id });
});
afterAll(() => gateway.close());

/** `path: message` of all that is said to be wrong. */
function issuesOf({ status, body }: RestAnswer): string[] {
  expect([status, at(body, "error")]).toEqual([400, "Invalid request payload"]);
  return listAt(body, "issues").map(
    (issue) => `${String(at(issue, "path"))}: ${String(at(issue, "message"))}`,
  );
}

/** The names of the records that a list holds. */
async function namesIn(path: string): Promise<unknown[]> {
  const { status, text, body } = await rest.get(path);
  expect([status, text]).toEqual([200, expect.anything()]);
  return listAt(body, "data").map((item) => at(item, "name"));
}

describe("limit", () => {
  it.each(["0", "101", "-1", "1.5", "ten", "", "1e2", "0x10", " 5", "99999999999999999999"])(
    "%j is refused by every list",
    async (limit) => {
      for (const { path } of resources) {
        const answer = await rest.get(`${path}?limit=${encodeURIComponent(limit)}`);
        expect(issuesOf(answer)).toEqual(["limit: must be a whole number from 1 to 100"]);
      }
    },
  );

  it("is 25 unless said, and told in the answer", async () => {
    for (const { path } of resources) {
      expect(at((await rest.get(path)).body, "pagination", "limit")).toBe(25);
      expect(at((await rest.get(`${path}?limit=100`)).body, "pagination", "limit")).toBe(100);
    }
  });
});

describe("cursor", () => {
  const said =
    "cursor: is not a cursor of this list and order; pass next_cursor of the page before, unchanged.";
  const made = (...parts: readonly unknown[]): string =>
    Buffer.from(JSON.stringify(parts)).toString("base64url");

  it.each([
    ["empty", ""],
    ["garbage", "garbage"],
    ["no UTF-8", "_w"],
    ["no list", Buffer.from("{}").toString("base64url")],
    ["of another list", made("contact: createdAt desc,id desc", "2026-01-01", "x")],
    ["of another order", made("account: name asc,id asc", "a", "x")],
    ["too short", made("account: createdAt desc,id desc", "2026-01-01 00:00:00+00")],
    ["with an instant that is none", made("account: createdAt desc,id desc", "soon", "x")],
    ["with U+0000", made("account: createdAt desc,id desc", "\u0000", "\u0000")],
    ["with an id that is none", made("account: createdAt desc,id desc", "2026-01-01", "acc-1")],
    ["very long", "a".repeat(7000)],
  ])("that is %s is refused", async (_, cursor) => {
    expect(issuesOf(await rest.get(`${accounts}?cursor=${cursor}`))).toEqual([said]);
  });

  it("of one order is refused in another, beside all else that is wrong", async () => {
    for (const name of ["Cursor A", "Cursor B"]) await rest.post(accounts, { name });
    const page = await rest.get(`${accounts}?limit=1&sort=name`);
    const cursor = String(at(page.body, "pagination", "next_cursor"));
    const again = await rest.get(`${accounts}?limit=1&sort=name&cursor=${cursor}`);
    expect(again.status).toBe(200);
    expect(issuesOf(await rest.get(`${accounts}?sort=-name&cursor=${cursor}`))).toEqual([said]);
    expect(issuesOf(await rest.get(`${accounts}?cursor=${cursor}&limit=0&nam=x`))).toEqual([
      "limit: must be a whole number from 1 to 100",
      "nam: is not a parameter of this list; remove it.",
      said,
    ]);
  });
});

describe("sort", () => {
  it("goes by every key that it names, either way, with nulls after the values", async () => {
    for (const resource of resources) {
      for (const key of someOf(sortKeys(resource))) {
        const twice = `${key},-id`.replace(/^id,/, "");
        expect((await rest.get(`${resource.path}?limit=1&sort=${twice}`)).status).toBe(200);
      }
    }
    for (const [name, industry] of [
      ["S1", "b"],
      ["S2", null],
      ["S3", "a"],
      ["S4", "b"],
    ]) {
      await rest.post(accounts, { name, industry, health_score: "sorted" });
    }
    const sorted = (sort: string) => namesIn(`${accounts}?health_score=sorted&sort=${sort}`);
    expect(await sorted("industry,-name")).toEqual(["S3", "S4", "S1", "S2"]);
    expect(await sorted("-industry,name")).toEqual(["S1", "S4", "S3", "S2"]);
    expect(await sorted("name,-industry")).toEqual(["S1", "S2", "S3", "S4"]);
  });

  it("may be given several times, which is the same as with commas", async () => {
    const sorted = (query: string) => namesIn(`${accounts}?health_score=sorted&${query}`);
    expect(await sorted("sort=-industry&sort=-name")).toEqual(["S4", "S1", "S3", "S2"]);
    expect(await sorted("sort=-industry,-name")).toEqual(["S4", "S1", "S3", "S2"]);
    const refused = await rest.get(`${accounts}?sort=name&sort=-name&sort=`);
    expect(issuesOf(refused).map((issue) => issue.replace(/; sort by .*/, ""))).toEqual([
      "sort: has name twice; name it once",
      "sort: has an empty key",
    ]);
    const first = await rest.get(
      `${accounts}?health_score=sorted&limit=2&sort=-industry&sort=name`,
    );
    const cursor = String(at(first.body, "pagination", "next_cursor"));
    expect(await sorted(`sort=-industry,name&cursor=${cursor}`)).toEqual(["S3", "S2"]);
  });

  it("by what is no key, by nothing, by one twice or by too many is refused", async () => {
    const refused = async (sort: string) =>
      issuesOf(await rest.get(`${accounts}?sort=${sort}`)).map((issue) =>
        issue.replace(/; sort by .*/, ""),
      );
    expect(await refused("nam,tags")).toEqual(["sort: has no key nam", "sort: has no key tags"]);
    expect(await refused("")).toEqual(["sort: has an empty key"]);
    expect(await refused("name,")).toEqual(["sort: has an empty key"]);
    expect(await refused("name,-name")).toEqual(["sort: has name twice; name it once"]);
    expect(await refused("--name")).toEqual(["sort: has no key -name"]);
    const many = "name,phone,email,industry,domain,website,health_score,owner_id,source,version,id";
    expect(await refused(many)).toEqual(["sort: has at most 10 keys"]);
    const answer = await rest.get(`${customers}?sort=email`);
    expect(issuesOf(answer)).toEqual(["sort: is not a parameter of this list; remove it."]);
  });
});

describe("filters", () => {
  it("that are misspelt, of another list, given twice or empty are refused, all at once", async () => {
    const query =
      "nam=x&name[is]=x&name[]=x&name[EQ]=x&name[gt&addresses=x&stage=x&name=a&name=b&name[ne]=&where.and.0=1";
    const none = "is not a parameter of this list; remove it.";
    const comparisons =
      "has no such comparison; there are eq, ne, in, not_in, is_null, gt, gte, lt, lte, contains, starts_with, ends_with";
    expect(issuesOf(await rest.get(`${accounts}?${query}`))).toEqual([
      `nam: ${none}`,
      `name[is]: ${comparisons}`,
      `name[]: ${comparisons}`,
      `name[EQ]: ${comparisons}`,
      `name[gt: ${none}`,
      `addresses: ${none}`,
      `stage: ${none}`,
      "name: is given twice; send it once.",
      "name[ne]: is empty; give a value, or leave the parameter out",
      `where.and.0: ${none}`,
    ]);
  });

  it.each([
    ["id=con-0190aaaa-0000-7000-8000-000000000001", "id"],
    ["parent_account_id=1", "parent_account_id"],
    ["account_type=company", "account_type"],
    ["account_type[contains]=bus", "account_type[contains]"],
    ["employee_count=1e3", "employee_count"],
    ["employee_count=2147483648", "employee_count"],
    ["annual_revenue=1,000", "annual_revenue"],
    ["annual_revenue=0.00001", "annual_revenue"],
    ["annual_revenue[in]=1,,2", "annual_revenue[in]"],
    ["created_at[gte]=yesterday", "created_at[gte]"],
    ["created_at[gte]=2026-02-30", "created_at[gte]"],
    ["created_at[gte]=2026-03-18T15:40:12", "created_at[gte]"],
    ["is_deleted=yes", "is_deleted"],
    ["is_deleted[ne]=true", "is_deleted[ne]"],
    ["include_deleted=1", "include_deleted"],
    ["name[is_null]=1", "name[is_null]"],
    ["tags[is_empty]=", "tags[is_empty]"],
    ["tags[gt]=a", "tags[gt]"],
    ["name=%00", "name"],
    [`name[in]=${"a,".repeat(200)}a`, "name[in]"],
    [`q=${"a".repeat(201)}`, "q"],
    ["q=1 2 3 4 5 6 7 8 9 10 11", "q"],
  ])("%s is refused", async (query, path) => {
    expect(at((await rest.get(`${accounts}?${query}`)).body, "issues", 0, "path")).toBe(path);
    expect(issuesOf(await rest.get(`${accounts}?${query}`))).toHaveLength(1);
  });

  it("take values as they are encoded, with commas and backslashes where they are part of one", async () => {
    const names = [
      "Smith, Inc.",
      "Smith",
      " Inc.",
      "a\\b",
      "a\\,b",
      "100%",
      "50+50",
      "Ünï 日 😀",
      "&=?#",
    ];
    for (const name of names) await rest.post(accounts, { name, industry: "quoted" });
    const kept = names.map((name) => name.trim());
    for (const name of kept) {
      const filter = `industry=quoted&name=${encodeURIComponent(name)}`;
      expect(await namesIn(`${accounts}?${filter}`)).toEqual([name]);
    }
    const among = (values: string): Promise<unknown[]> =>
      namesIn(`${accounts}?industry=quoted&sort=name&name[in]=${encodeURIComponent(values)}`);
    expect(await among(String.raw`Smith\, Inc.,100%`)).toEqual(["100%", "Smith, Inc."]);
    expect(await among("Smith,Inc.")).toEqual(["Inc.", "Smith"]);
    expect(await among(String.raw`a\\\,b`)).toEqual(["a\\,b"]);
    expect(await among(String.raw`a\\b,Smith`)).toEqual(["a\\b", "Smith"]);
    expect(await among(String.raw`a\b`)).toEqual(["a\\b"]);
  });

  it("that are no percent-encoded UTF-8, or too many, are refused", async () => {
    for (const query of ["name=%ff", "name=100%"]) {
      expect(issuesOf(await rest.get(`${accounts}?${query}`))).toEqual([
        ": The query is not percent-encoded UTF-8; write % as %25.",
      ]);
    }
    const many = Array.from({ length: 101 }, (_, index) => `p${index}=1`).join("&");
    expect(issuesOf(await rest.get(`${accounts}?${many}`))).toEqual([
      ": A query has at most 100 parameters.",
    ]);
  });

  it("of every key and comparison at once, as many as there may be, are answered", async () => {
    const comparisons = [
      "eq",
      "ne",
      "gt",
      "gte",
      "lt",
      "lte",
      "contains",
      "starts_with",
      "ends_with",
    ];
    const keys = [
      "name",
      "legal_name",
      "display_name",
      "phone",
      "industry",
      "sub_industry",
      "website",
      "domain",
      "health_score",
      "owner_id",
      "source",
    ];
    const all = keys.flatMap((key) => comparisons.map((comparison) => `${key}[${comparison}]=a`));
    const { status, text } = await rest.get(`${accounts}?${all.join("&")}&limit=5`);
    expect([status, text]).toEqual([200, expect.stringContaining('"count":0')]);
  });

  it("compare instants of any offset, the plus of which may come as a space, and days by their midnight", async () => {
    const count = async (query: string): Promise<unknown> =>
      at((await rest.get(`${activities}?subject=zones&${query}`)).body, "pagination", "count");
    const account = await rest.post(accounts, { name: "Zones" });
    const account_id = at(account.body, "id");
    await rest.post(activities, {
      account_id,
      subject: "zones",
      occurred_at: "2026-03-18T23:30:00-02:00",
    });
    for (const same of [
      "2026-03-19T01:30:00Z",
      "2026-03-19T02:30:00%2B01:00",
      "2026-03-19T02:30:00+01:00",
    ]) {
      expect(await count(`activity_date=${same}`)).toBe(1);
      expect(await count(`occurred_at[gt]=${same}`)).toBe(0);
    }
    expect(await count("occurred_at[gte]=2026-03-19")).toBe(1);
    expect(await count("occurred_at[lt]=2026-03-19")).toBe(0);
  });

  it("of numbers are exact beyond 2^53", async () => {
    for (const value of ["999999999999999.9999", "999999999999999.9998"]) {
      await rest.post(accounts, `{"name":"exact ${value}","annual_revenue":${value}}`);
    }
    expect(await namesIn(`${accounts}?annual_revenue=999999999999999.9998`)).toEqual([
      "exact 999999999999999.9998",
    ]);
    expect(await namesIn(`${accounts}?annual_revenue[gt]=999999999999999.9998`)).toEqual([
      "exact 999999999999999.9999",
    ]);
  });
});

describe("what a list shows and is filtered by", () => {
  it("is an activity's type where it has no text of its own", async () => {
    const account = await rest.post(accounts, { name: "Twins" });
    const account_id = at(account.body, "id");
    for (const body of [
      { type: "call" },
      { type: "task", activity_type: "Site visit" },
      { type: "meeting" },
    ]) {
      await rest.post(activities, { account_id, subject: "twins", ...body });
    }
    const shown = async (query: string): Promise<unknown[]> => {
      const { body } = await rest.get(`${activities}?subject=twins&sort=type&${query}`);
      return listAt(body, "data").map((item) => at(item, "activity_type"));
    };
    expect(await shown("activity_type=call")).toEqual(["call"]);
    expect(await shown("activity_type[ne]=call")).toEqual(["meeting", "Site visit"]);
    expect(await shown("activity_type[in]=call,Site visit")).toEqual(["call", "Site visit"]);
    expect(await shown("activity_type[contains]=T")).toEqual(["meeting", "Site visit"]);
    expect(await shown("activity_type[ne]=Unheard of")).toEqual(["call", "meeting", "Site visit"]);
    expect(await shown("activity_type[is_null]=true")).toEqual([]);
    expect(await shown("activity_type[ends_with]=L")).toEqual(["call"]);
    expect(await shown("activity_type[starts_with]=site")).toEqual(["Site visit"]);
    // In the order of one field or the other would be in no order that anybody sees.
    expect((await rest.get(`${activities}?sort=activity_type`)).status).toBe(400);
  });

  it("is what tags hold, and whom a deal is with", async () => {
    for (const tags of [["vip", "a,b"], ["vip"], []]) {
      await rest.post(accounts, { name: tags.join("+"), industry: "tagged", tags });
    }
    const tagged = (query: string) => namesIn(`${accounts}?industry=tagged&sort=name&${query}`);
    expect(await tagged("tags=vip")).toEqual(["vip", "vip+a,b"]);
    expect(await tagged(`tags[in]=${String.raw`a\,b`},x`)).toEqual(["vip+a,b"]);
    expect(await tagged(`tags[all]=vip,${String.raw`a\,b`}`)).toEqual(["vip+a,b"]);
    expect(await tagged("tags[ne]=a,b")).toEqual(["vip", null]);
    expect(await tagged("tags[is_empty]=true")).toEqual([null]);
    const account_id = at((await rest.post(accounts, { name: "Deals" })).body, "id");
    const contact = await rest.post("/api/v1/crm/contacts", { account_id });
    const contactId = String(at(contact.body, "id"));
    const contact_ids = [contactId];
    await rest.post("/api/v1/crm/deals", { account_id, name: "with", contact_ids });
    await rest.post("/api/v1/crm/deals", { account_id, name: "without" });
    const deals = `/api/v1/crm/deals?account_id=${String(account_id)}`;
    expect(await namesIn(`${deals}&contact_ids=${contactId}`)).toEqual(["with"]);
    expect(await namesIn(`${deals}&contact_ids[is_empty]=true`)).toEqual(["without"]);
    await rest.delete(`/api/v1/crm/contacts/${contactId}`);
    expect(await namesIn(`${deals}&contact_ids=${contactId}`)).toEqual([]);
  });

  it("is deleted where that is asked for, and only then", async () => {
    const made = await rest.post(accounts, { name: "Gone", industry: "deleted" });
    await rest.post(accounts, { name: "Here", industry: "deleted" });
    await rest.delete(`${accounts}/${String(at(made.body, "id"))}`);
    const found = (query: string) => namesIn(`${accounts}?industry=deleted&sort=name${query}`);
    expect(await found("")).toEqual(["Here"]);
    expect(await found("&is_deleted=false")).toEqual(["Here"]);
    expect(await found("&is_deleted=true")).toEqual(["Gone"]);
    expect(await found("&include_deleted=true")).toEqual(["Gone", "Here"]);
    expect(await found("&include_deleted=true&is_deleted=false")).toEqual(["Here"]);
    expect(await found("&include_deleted=false&is_deleted=true")).toEqual(["Gone"]);
  });
});
