import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TenantFixtures } from "../support/samples/fixtures.ts";
import { at, listAt, recordAt, type TestGateway } from "../support/gateway/gateway.ts";
import { restClient, type RestAnswer, type RestClient } from "../support/rest/client.ts";
import { startTenant } from "../support/gateway/one-tenant.ts";

const path = "/api/public/v1/customers";

let gateway: TestGateway;
let north: TenantFixtures;
let key: string;
let rest: RestClient;

beforeAll(async () => {
  ({ gateway, tenant: north, key } = await startTenant("north"));
  rest = clientOf(key, north);
});
afterAll(() => gateway.close());

const clientOf = (apiKey: string, { id }: { readonly id: string }): RestClient =>
  restClient(gateway, { "x-api-key": apiKey, "x-organization-id": id });

let count = 0;
/** A customer that is complete but for its name. */
const body = (values: Readonly<Record<string, unknown>>) => ({
  account_type: "business",
  email: `customer${(count += 1)}@example.com`,
  phone: "+1-404-555-0128",
  ...values,
});

async function created(values: Readonly<Record<string, unknown>>): Promise<unknown> {
  const answer = await rest.post(path, body(values));
  expect(answer.status).toBe(201);
  return at(answer.body, "data");
}

const issuesOf = ({ body: answer }: RestAnswer) =>
  listAt(answer, "issues").map((issue) => String(at(issue, "path")));

/** The account and its primary contact as GraphQL has them. */
const graphOf = async (id: unknown): Promise<unknown> => {
  const data = await gateway.data(
    key,
    `query ($id: ID!) { account(id: $id) {
      name legalName displayName email phone accountType version
      contacts { nodes { firstName lastName displayName company email phone isPrimary } }
    } }`,
    { id },
  );
  return at(data, "account");
};

describe("the name of a customer", () => {
  it.each([
    [{ display_name: "Shown", company_name: "Company", first_name: "Nora" }, "Shown"],
    [{ company_name: "Company", first_name: "Nora", last_name: "Harbor" }, "Company"],
    [{ display_name: null, company_name: "Company" }, "Company"],
    [{ display_name: "  ", company_name: " Company " }, "Company"],
    [{ first_name: "Nora", last_name: "Harbor" }, "Nora Harbor"],
    [{ display_name: "", company_name: "", first_name: " Nora ", last_name: "" }, "Nora"],
    [{ last_name: "Harbor" }, "Harbor"],
  ])("of %j is %s", async (values, name) => {
    expect(at(await created(values), "display_name")).toBe(name);
  });

  it.each([{}, { display_name: "  " }, { company_name: null, first_name: "", last_name: "\t" }])(
    "of %j is missing: an issue on display_name, and nothing is written",
    async (values) => {
      const before = await rest.get(path);
      const answer = await rest.post(path, body(values));
      expect(answer.status).toBe(400);
      expect(at(answer.body, "error")).toBe("Invalid request payload");
      expect(issuesOf(answer)).toEqual(["display_name"]);
      expect((await rest.get(path)).text).toBe(before.text);
    },
  );
});

describe("a customer", () => {
  it("is an account with its primary contact", async () => {
    const email = "ops@northerborfacilities.com";
    const names = { company_name: "North Harbor", first_name: "Nora", last_name: "Harbor" };
    const record = await created({ ...names, display_name: "Harbor", email });
    expect(await graphOf(at(record, "id"))).toEqual({
      name: "Harbor",
      legalName: "North Harbor",
      displayName: "Harbor",
      email,
      phone: "+1-404-555-0128",
      accountType: "business",
      version: 1,
      contacts: {
        nodes: [
          {
            firstName: "Nora",
            lastName: "Harbor",
            displayName: "Nora Harbor",
            company: "North Harbor",
            email,
            phone: "+1-404-555-0128",
            isPrimary: true,
          },
        ],
      },
    });
  });

  it.each(["+1-404-555-0128", "(404) 555 0128 ext. 7", "call Nora", "0"])(
    "keeps its phone as it is sent: %s",
    async (phone) => {
      const record = await created({ display_name: "Phone", phone });
      expect(at(record, "phone")).toBe(phone);
      const read = await rest.get(`${path}/${String(at(record, "id"))}`);
      expect(at(read.body, "data", "phone")).toBe(phone);
    },
  );

  it("is refused with all that is wrong, each thing under its name", async () => {
    const answer = await rest.post(path, {
      account_type: "company",
      email: "nobody",
      phone: 5,
      company: "x",
      display_name: ["x"],
    });
    expect(answer.status).toBe(400);
    expect(issuesOf(answer).toSorted()).toEqual([
      "account_type",
      "company",
      "display_name",
      "email",
      "phone",
    ]);
    const nothing = await rest.post(path, {});
    expect(issuesOf(nothing).toSorted()).toEqual([
      "account_type",
      "display_name",
      "email",
      "phone",
    ]);
  });

  it("that was read can be sent back: what the server keeps is ignored", async () => {
    const record = recordAt(await created({ display_name: "Read" }));
    const again = await rest.post(path, { ...record, email: "again@example.com" });
    expect(again.status).toBe(201);
    const made = recordAt(again.body, "data");
    expect(made["id"]).not.toBe(record["id"]);
    expect(made).toEqual({
      ...record,
      id: made["id"],
      created_at: made["created_at"],
      email: "again@example.com",
    });
  });

  it("can be asked for by its bare id and by its prefixed one", async () => {
    const id = String(at(await created({ display_name: "Twice" }), "id"));
    const bare = await rest.get(`${path}/${id}`);
    for (const form of [`acc-${id}`, id.toUpperCase()]) {
      const answer = await rest.get(`${path}/${form}`);
      expect([answer.status, answer.text]).toEqual([200, bare.text]);
    }
  });
});

describe("the list of customers", () => {
  it("is what the filters leave, in pages", async () => {
    const tenant = await gateway.fixtures.tenant("listed");
    const client = clientOf(await gateway.keyFor("listed"), tenant);
    for (let index = 0; index < 5; index += 1) {
      await tenant.account({
        name: `Customer ${index}`,
        accountType: index % 2 === 0 ? "individual" : "business",
        email: `c${index}@example.com`,
        phone: `+1-404-555-010${index}`,
      });
    }
    const emailsOf = (answer: RestAnswer) =>
      listAt(answer.body, "data").map((record) => at(record, "email"));
    const filtered = [
      ["account_type=business", ["c3@example.com", "c1@example.com"]],
      ["email=c2@example.com", ["c2@example.com"]],
      ["phone=%2B1-404-555-0104", ["c4@example.com"]],
      ["display_name=Customer%200", ["c0@example.com"]],
      ["account_type=business&email=c2@example.com", []],
    ] as const;
    for (const [query, emails] of filtered) {
      const answer = await client.get(`${path}?${query}`);
      expect([query, answer.status, emailsOf(answer)]).toEqual([query, 200, emails]);
      expect(at(answer.body, "pagination")).toEqual({
        count: emails.length,
        limit: 25,
        next_cursor: null,
      });
    }
    const seen: unknown[] = [];
    let query = "limit=2";
    for (let page = 0; page < 3; page += 1) {
      const answer = await client.get(`${path}?${query}`);
      seen.push(...emailsOf(answer));
      const { next_cursor, ...rest_ } = recordAt(answer.body, "pagination");
      expect(rest_).toEqual({ count: 5, limit: 2 });
      expect(next_cursor === null).toBe(page === 2);
      query = `limit=2&cursor=${encodeURIComponent(String(next_cursor))}`;
    }
    expect(seen).toEqual([4, 3, 2, 1, 0].map((index) => `c${index}@example.com`));
  });

  it.each(["limit=0", "limit=101", "limit=x", "cursor=x", "name=x", "sort=email", "q=x"])(
    "refuses %s, which it does not have",
    async (query) => {
      const answer = await rest.get(`${path}?${query}`);
      expect([answer.status, issuesOf(answer)]).toEqual([400, [query.split("=")[0]]]);
    },
  );
});

describe("a key that was issued for an application", () => {
  it("sees its own customers, and no others, on every face", async () => {
    const tenant = await gateway.fixtures.tenant("apps");
    const own = await gateway.keyFor("apps", ["*"]);
    const { client } = gateway.fixtures;
    await client.query("UPDATE api_keys SET app_id = 'app-1' WHERE id = $1", [own.split("_")[2]]);
    const other = await tenant.account({ name: "Other", appId: "app-2", email: "other@x.example" });
    const app = clientOf(own, tenant);
    const made = await app.post(path, body({ display_name: "Own" }));
    expect(made.status).toBe(201);
    const list = await app.get(path);
    expect(listAt(list.body, "data")).toEqual([at(made.body, "data")]);
    expect(at(list.body, "pagination", "count")).toBe(1);
    expect((await app.get(`${path}/${other.uuid}`)).text).toBe('{"error":"Customer not found"}');
    expect((await app.get(`/api/v1/crm/accounts/${other.id}`)).status).toBe(404);
    const record = await app.get(`/api/v1/crm/accounts/${String(at(made.body, "data", "id"))}`);
    expect(at(record.body, "app_id")).toBe("app-1");
    const people = await app.get("/api/v1/integration/customers");
    expect(at(people.body, "pagination", "count")).toBe(1);
    const all = await clientOf(await gateway.keyFor("apps"), tenant).get(path);
    expect(at(all.body, "pagination", "count")).toBe(2);
  });

  it("is told of a taken email, and not of the record that another application owns", async () => {
    const own = await gateway.keyFor("apps");
    const { client } = gateway.fixtures;
    await client.query("UPDATE api_keys SET app_id = 'app-1' WHERE id = $1", [own.split("_")[2]]);
    const app = restClient(gateway, { "x-api-key": own });
    const answer = await app.post("/api/v1/crm/accounts", { email: "other@x.example" });
    expect([answer.status, recordAt(answer.body)]).toEqual([
      409,
      { error: expect.any(String), field: "email", existing: null },
    ]);
  });
});
