import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { at, listAt, startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { restClient, type RestClient } from "../support/rest/client.ts";
import {
  isPlainRefusal,
  makeRestWrites,
  restWrites,
  type RestWrites,
} from "../support/rest/hostile-writes.ts";

let gateway: TestGateway;
let writes: RestWrites;
let rest: RestClient;

beforeAll(async () => {
  gateway = await startGateway();
  writes = await makeRestWrites(gateway, "north");
  rest = restClient(gateway, { "x-api-key": writes.key, "x-organization-id": writes.tenantId });
});
afterAll(() => gateway.close());

const deep = (levels: number): string => `${"[".repeat(levels)}${"]".repeat(levels)}`;

describe.each(restWrites)("%s", (write) => {
  const cases: readonly (readonly [string, string, RegExp])[] = [
    ["nothing", "", /not valid JSON/],
    ["half an object", '{"last_name": "Do', /not valid JSON/],
    ["JavaScript", "{last_name: 'Doe'}", /not valid JSON/],
    ["NaN", '{"last_name": NaN}', /not valid JSON/],
    ["two objects", "{}{}", /not valid JSON/],
    ["null", "null", /must be a JSON object/],
    ["a number", "1", /must be a JSON object/],
    ["a text", '"Doe"', /must be a JSON object/],
    ["a list of records", '[{"last_name":"Doe"}]', /must be a JSON object/],
    ["JSON 200,000 levels deep", `{"tags":${deep(200_000)}}`, /250 levels/],
    ["brackets that never close", "[".repeat(900_000), /250 levels/],
    ["more objects than are read", `{"tags":[${"{},".repeat(30_000)}{}]}`, /20,000 objects/],
    ["a key __proto__", '{"__proto__":{"last_name":"Doe"}}', /"path":"__proto__"/],
    ["a key constructor", '{"constructor":{"prototype":{}}}', /"path":"constructor"/],
    ["an unknown key", '{"nick_name":"Ned"}', /"path":"nick_name"/],
    ["a key with U+0000", '{"a\\u0000b":1}', /Invalid request payload/],
    ["U+0000", '{"last_name":"a\\u0000b"}', /"path":"last_name"/],
    ["half a surrogate pair", '{"last_name":"a\\ud800"}', /"path":"last_name"/],
    ["a number for a text", '{"last_name":1e400}', /"path":"last_name"/],
    ["an object for a text", '{"last_name":{"toString":1}}', /"path":"last_name"/],
    ["a text that is too long", `{"last_name":"${"x".repeat(1_001)}"}`, /1,000 characters/],
  ];

  it.each(cases)("%s: 400, and nothing is written", async (_name, body, message) => {
    const before = await writes.state();
    const answer = await writes.send(write, { body });
    expect([answer.status, answer.body]).toEqual([400, expect.stringMatching(message)]);
    expect(isPlainRefusal(answer)).toBe(true);
    expect(await writes.state()).toBe(before);
  });

  it("70,000 unknown keys, or one of a megabyte: 400, which tells of the first 100", async () => {
    const many = Array.from({ length: 70_000 }, (_, index) => `"x${index}":1`).join();
    const long = "é".repeat(240_000);
    for (const body of [`{${many}}`, `{"${long}":1}`, `{"last_name":"${long}","${long}":{}}`]) {
      const answer = await writes.send(write, { body });
      expect([answer.status, isPlainRefusal(answer)]).toEqual([400, true]);
      expect(answer.body.length).toBeLessThan(20_000);
    }
  });

  it("the same when its length is not told", async () => {
    const answer = await writes.send(write, {
      body: [Buffer.from('{"nick_na'), Buffer.from("me")],
    });
    expect([answer.status, isPlainRefusal(answer)]).toEqual([400, true]);
  });
});

describe("values that a record cannot hold", () => {
  const expectRefused = async (path: string, body: unknown, issue: string): Promise<void> => {
    const answer = await rest.post(`/api/v1/crm/${path}`, body);
    const paths = listAt(answer.body, "issues").map((one) => at(one, "path"));
    expect([answer.status, paths]).toEqual([400, [issue]]);
    expect(answer.text.length).toBeLessThan(1_000);
  };

  it.each([
    ["1e400", "1e400"],
    ["-1e400", "-1e400"],
    ["20 decimals", "0.12345678901234567890"],
    ["5 decimals", "1.00001"],
    ["16 digits before the point", "1234567890123456"],
    ["400 digits", "9".repeat(400)],
    ["text that is no number", '"many"'],
    ["NaN as text", '"NaN"'],
    ["Infinity as text", '"Infinity"'],
    ["a list", "[1]"],
    ["true", "true"],
    ["16 digits and an exponent", "1.234567890123456e+16"],
    ["20 decimals by an exponent", "1.2345678901234567e-3"],
  ])("a value of %s", async (_name, value) => {
    await expectRefused("accounts", `{"annual_revenue":${value}}`, "annual_revenue");
  });

  it("custom fields over 64 KB, over 20 levels, or with names that could harm", async () => {
    const levels = (count: number): string => `${'{"a":'.repeat(count)}1${"}".repeat(count)}`;
    await expectRefused("accounts", { custom_fields: { a: "x".repeat(65_536) } }, "custom_fields");
    await expectRefused("accounts", `{"custom_fields":${levels(21)}}`, "custom_fields");
    for (const name of ["__proto__", "constructor", "prototype"]) {
      const body = `{"custom_fields":{"a":[{"${name}":{"isAdmin":true}}]}}`;
      await expectRefused("accounts", body, "custom_fields");
    }
    const long = '"annual_revenue":12345678901234.5,"n":12345678901234567890';
    await expectRefused("accounts", `{"custom_fields":{${long},"__proto__":1}}`, "custom_fields");
    await expectRefused(
      "accounts",
      `{"tags":[],${long.split(",")[0]},"__proto__":{}}`,
      "__proto__",
    );
    await expectRefused("accounts", '{"custom_fields":{"a":"\\u0000"}}', "custom_fields");
    await expectRefused("accounts", '{"custom_fields":{"\\udc00":1}}', "custom_fields");
    await expectRefused("accounts", '{"custom_fields":{"a":[1e400]}}', "custom_fields");
    const most = await rest.post("/api/v1/crm/accounts", `{"custom_fields":${levels(20)}}`);
    expect(most.status).toBe(201);
  });

  it("more tags, longer ones, or what is none", async () => {
    const tags = Array.from({ length: 101 }, (_, index) => `tag ${index}`);
    await expectRefused("accounts", { tags }, "tags");
    await expectRefused("accounts", { tags: ["x".repeat(65)] }, "tags.0");
    await expectRefused("accounts", { tags: "a" }, "tags");
  });

  it("a lost deal without its reason, and a circle of parents", async () => {
    const account = await rest.post("/api/v1/crm/accounts", { name: "Top" });
    const id = String(at(account.body, "id"));
    const deal = { account_id: id, stage: "closed_lost", loss_category: "price" };
    await expectRefused("deals", deal, "loss_reason");
    const path = `/api/v1/crm/accounts/${id}`;
    const child = await rest.post("/api/v1/crm/accounts", { parent_account_id: id });
    for (const parent of [id, at(child.body, "id")]) {
      const answer = await rest.patch(path, { parent_account_id: parent });
      const issue = at(answer.body, "issues", 0, "path");
      expect([answer.status, issue]).toEqual([400, "parent_account_id"]);
    }
    expect((await rest.get(path)).text).toBe(account.text);
  });
});

describe("what looks like an attack and is only text", () => {
  it.each([
    "=HYPERLINK(1)",
    "+1+cmd|' /C calc'!A0",
    "a\r\nX-Injected: 1",
    "<script>alert(1)</script>",
    "'; DROP TABLE accounts; --",
    "a\\u0041",
    "‮abc 👩‍👩‍👧",
    "%s%n{{7*7}}${1}",
  ])("is stored and given back as it was sent: %j", async (name) => {
    const made = await rest.post("/api/v1/crm/accounts", { name, custom_fields: { [name]: name } });
    expect(made.body).toMatchObject({ name, custom_fields: { [name]: name } });
    const path = made.headers.get("location") ?? "";
    expect((await rest.get(path)).text).toBe(made.text);
    const found = await rest.get(`/api/v1/crm/accounts?name=${encodeURIComponent(name)}`);
    expect(at(found.body, "data", 0, "name")).toBe(name);
  });
});

describe("queries of lists", () => {
  it.each([
    ["__proto__=x", "__proto__"],
    ["constructor=x", "constructor"],
    ["name[__proto__]=x", "name[__proto__]"],
    ["name[gte][lt]=x", "name[gte][lt]"],
    ["custom_fields=x", "custom_fields"],
    ["name=%00", "name"],
    ["q=%00", "q"],
    ["id=x", "id"],
    ["id=con-0190aaaa-0000-7000-8000-000000000000", "id"],
    ["annual_revenue=1e400", "annual_revenue"],
    ["annual_revenue[gt]=0.12345678901234567890", "annual_revenue[gt]"],
    ["employee_count=99999999999", "employee_count"],
    ["created_at[gte]=yesterday", "created_at[gte]"],
    ["is_deleted=maybe", "is_deleted"],
    ["sort=__proto__", "sort"],
    ["sort=name,", "sort"],
    [`sort=${Array.from({ length: 11 }, () => "name").join(",")}`, "sort"],
    ["limit=1e2", "limit"],
    ["limit=-1", "limit"],
    ["limit=", "limit"],
    ["cursor=", "cursor"],
    ["cursor=%00", "cursor"],
    ["cursor=bm9uc2Vuc2U", "cursor"],
    ["limit=1&limit=2", "limit"],
    [`id[in]=${Array.from({ length: 201 }, () => "x").join(",")}`, "id[in]"],
  ])("%s: 400 on the parameter", async (query, path) => {
    const answer = await rest.get(`/api/v1/crm/accounts?${query}`);
    expect([answer.status, at(answer.body, "issues", 0, "path")]).toEqual([400, path]);
    expect(answer.text.length).toBeLessThan(3_000);
  });

  it("of a name of 8,000 letters are refused with a short answer", async () => {
    const answer = await rest.get(`/api/v1/crm/accounts?${"a".repeat(8_000)}`);
    expect([answer.status, at(answer.body, "error")]).toEqual([400, "Invalid request payload"]);
    expect(answer.text.length).toBeLessThan(1_000);
  });

  it.each(["name=%FF", "name=%ED%A0%80", "name=%E0%A4%A", "name=%"])(
    "of bytes that are no text are refused: %s",
    async (query) => {
      const answer = await rest.get(`/api/v1/crm/accounts?${query}`);
      const message = "The query is not percent-encoded UTF-8; write % as %25.";
      expect([answer.status, at(answer.body, "issues")]).toEqual([400, [{ path: "", message }]]);
    },
  );

  it("with 2,000 parameters are refused with a short answer", async () => {
    const query = Array.from({ length: 2_000 }, (_, index) => `x${index}=1`).join("&");
    const answer = await rest.get(`/api/v1/crm/accounts?${query}`);
    expect([answer.status, listAt(answer.body, "issues").length]).toEqual([400, 1]);
  });
});
