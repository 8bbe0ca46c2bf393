import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TenantFixtures } from "../support/samples/fixtures.ts";
import type { TestGateway } from "../support/gateway/gateway.ts";
import { send } from "../support/gateway/raw-http.ts";
import { startTenant } from "../support/gateway/one-tenant.ts";

const lists = ["accounts", "contacts", "deals", "activities", "quotes", "line-items"] as const;
const integration = ["/api/v1/integration/customers", "/v1/customers", "/v1/customer"];
const customers = "/api/public/v1/customers";

let gateway: TestGateway;
let tenant: TenantFixtures;
let key: string;
/** The path of a record of each list. */
let records: ReadonlyMap<string, string>;

beforeAll(async () => {
  ({ gateway, tenant, key } = await startTenant("north"));
  const account = await tenant.account();
  const contact = await tenant.contact(account);
  const quote = await tenant.quote(account, null);
  const made = {
    accounts: account,
    contacts: contact,
    deals: await tenant.deal(account),
    activities: await tenant.activity(account),
    quotes: quote,
    "line-items": await tenant.lineItem(quote),
  };
  records = new Map([
    ...lists.map((list) => [`/api/v1/crm/${list}`, made[list].id] as const),
    ...integration.map((list) => [list, contact.uuid] as const),
    [customers, account.uuid],
  ]);
});
afterAll(() => gateway.close());

const paths = [...lists.map((list) => `/api/v1/crm/${list}`), ...integration, customers];
const recordOf = (list: string): string => `${list}/${records.get(list) ?? ""}`;

const ask = (method: string, path: string) =>
  send(`${gateway.url}${path}`, {
    method,
    headers: [
      ["x-api-key", key],
      ["x-organization-id", tenant.uuid],
    ],
  });

describe.each(paths)("%s", (list) => {
  it("answers HEAD as GET, without the body", async () => {
    for (const path of [list, recordOf(list)]) {
      const [get, head] = [await ask("GET", path), await ask("HEAD", path)];
      expect([get.status, head.status, head.body]).toEqual([200, 200, ""]);
      const told = ({ headers }: typeof get) => ({
        type: headers["content-type"],
        etag: headers["etag"],
      });
      expect(told(head)).toEqual(told(get));
      const left = ({ headers }: typeof get) => Number(headers["x-ratelimit-remaining"]);
      expect(left(get) - left(head)).toBe(1);
    }
  });

  it("is the same with a slash behind it", async () => {
    for (const path of [list, recordOf(list)]) {
      const [plain, slashed] = [await ask("GET", path), await ask("GET", `${path}/`)];
      expect([slashed.status, slashed.body]).toEqual([200, plain.body]);
    }
  });

  it("has no other method: 405 with what is allowed", async () => {
    const isChanged = list.startsWith("/api/v1/crm/") && !list.endsWith("/activities");
    const one = isChanged ? "GET, HEAD, PATCH, DELETE" : "GET, HEAD";
    const expected = [
      [list, ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"], "GET, HEAD, POST"],
      [recordOf(list), ["PUT", "POST", "OPTIONS", "TRACE"], one],
      [recordOf(list), isChanged ? [] : ["PATCH", "DELETE"], one],
    ] as const;
    for (const [path, methods, allow] of expected) {
      for (const method of methods) {
        const { status, headers, body } = await ask(method, path);
        expect([method, status, headers["allow"]]).toEqual([method, 405, allow]);
        const error = `There is no such method at this path; there are ${allow}.`;
        expect(JSON.parse(body)).toEqual({ error });
      }
    }
  });
});

describe("a path at which nothing is", () => {
  it.each([
    "/api/",
    "/api/v1/crm",
    "/api/v1/crm/",
    "/api/v1/crm/account",
    "/api/v1/crm/Accounts",
    "/api/v1/crm/accounts/a/b",
    "/api/v1/crm//accounts",
    "/api/v2/crm/accounts",
    "/api/public/v1/customers/a/contacts",
    "/api/v1/integration",
    "/v1/",
    "/v1/accounts",
    "/api/v1/crm/accounts%2F",
    "/api/%00",
    "/api/%",
  ])("%s: 404, as JSON, to any method", async (path) => {
    for (const method of ["GET", "POST", "PATCH", "DELETE"]) {
      const { status, headers, body } = await ask(method, path);
      expect([status, headers["content-type"]]).toEqual([404, "application/json; charset=utf-8"]);
      expect(JSON.parse(body)).toEqual({ error: expect.stringContaining("Nothing is served") });
    }
  });
});
