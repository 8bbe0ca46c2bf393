import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { captureLog } from "../support/gateway/captured-log.ts";
import type { TenantFixtures } from "../support/samples/fixtures.ts";
import {
  at,
  listAt,
  recordAt,
  startGateway,
  type TestGateway,
} from "../support/gateway/gateway.ts";
import { limitedKey } from "../support/gateway/limits.ts";
import { restClient, type RestAnswer, type RestClient } from "../support/rest/client.ts";

const crm = "/api/v1/crm";
const integration = "/api/v1/integration/customers";
const nobody = "0190aaaa-0000-7000-8000-000000000000";

let gateway: TestGateway;
let north: TenantFixtures;
let blue: TenantFixtures;
let rest: RestClient;

beforeAll(async () => {
  gateway = await startGateway({ logLevel: "silent" });
  north = await gateway.fixtures.tenant("north");
  blue = await gateway.fixtures.tenant("blue");
  rest = restClient(gateway, { "x-api-key": await gateway.keyFor("north") });
});
afterAll(() => gateway.close());

/** Status and body; the keys of the body in their order. */
function expectAnswer(answer: RestAnswer, status: number, body: Readonly<Record<string, unknown>>) {
  expect({ status: answer.status, body: answer.body }).toEqual({ status, body });
  expect(Object.keys(recordAt(answer.body))).toEqual(Object.keys(body));
}

const create = async (path: string, body: unknown): Promise<RestAnswer> => {
  const answer = await rest.post(path, body);
  expect(answer.status).toBe(201);
  return answer;
};
const locationOf = ({ headers }: RestAnswer): string => headers.get("location") ?? "";

describe("400: what is wrong with a body", () => {
  it("is told all at once, each thing under its name, and nothing is written", async () => {
    const answer = await rest.post(`${crm}/contacts`, {
      email: "nobody",
      account_id: `con-${nobody}`,
      phone: "12345",
      is_primary: "yes",
      birthday: "tomorrow",
      tags: ["a", 1],
      custom_fields: [],
      nick_name: "Ned",
      __typename: "Contact",
    });
    expectAnswer(answer, 400, { error: "Invalid request payload", issues: expect.any(Array) });
    const issues = new Map(
      Object.values(recordAt(answer.body, "issues")).map((issue) => [
        String(at(issue, "path")),
        at(issue, "message"),
      ]),
    );
    expect([...issues.keys()].toSorted()).toEqual([
      "__typename",
      "account_id",
      "birthday",
      "custom_fields",
      "email",
      "is_primary",
      "nick_name",
      "phone",
      "tags.1",
    ]);
    expect(issues.get("email")).toBe("Invalid email address");
    expect(issues.get("nick_name")).toBe("nick_name is not a field of this input; remove it.");
    expect(issues.get("account_id")).toContain("send acc-<uuid> or the bare UUID");
    expect(at((await rest.get(`${crm}/contacts`)).body, "pagination", "count")).toBe(0);
  });

  it("is told with its place in a list", async () => {
    const account = await north.account();
    const line_items = [{ quantity: 1 }, { quantity: "many", color: "red" }];
    const answer = await rest.post(`${crm}/quotes`, { account_id: account.id, line_items });
    const paths = listAt(answer.body, "issues").map((issue) => String(at(issue, "path")));
    expect([answer.status, paths.toSorted()]).toEqual([
      400,
      ["line_items.1.color", "line_items.1.quantity"],
    ]);
  });

  it("is a reference to what does not exist, is deleted or another tenant's: the same bytes", async () => {
    const theirs = await blue.account();
    const deleted = await north.account({ deletedAt: "2026-02-03T04:05:06.000Z" });
    const answers = [];
    for (const id of [nobody, theirs.id, deleted.id]) {
      answers.push(await rest.post(`${crm}/deals`, { account_id: id }));
    }
    const issues = [{ path: "account_id", message: "There is no such Account." }];
    for (const answer of answers) {
      expectAnswer(answer, 400, { error: "Invalid request payload", issues });
    }
  });

  it("is a customer of the integration API without a last name", async () => {
    const answer = await rest.post(integration, { first_name: "John", fax: "1" });
    expectAnswer(answer, 400, {
      error: "Invalid request payload",
      issues: [
        { path: "fax", message: "fax is not a field of this input; remove it." },
        { path: "last_name", message: "last_name is needed." },
      ],
    });
  });

  it("is a change to fields that there are not", async () => {
    const location = locationOf(await create(`${crm}/accounts`, { name: "Whole" }));
    const answer = await rest.patch(location, { name: "Half", nme: "x" });
    expect([answer.status, at(answer.body, "issues", 0, "path")]).toEqual([400, "nme"]);
    expect(at((await rest.get(location)).body, "name")).toBe("Whole");
  });
});

describe("401", () => {
  it.each([crm + "/deals", integration])("%s: who is nobody is told so alone", async (path) => {
    const bodies = [];
    const wrong: Record<string, string>[] = [
      {},
      { "x-api-key": "hello" },
      { authorization: "Bearer a.b.c" },
    ];
    for (const headers of wrong) {
      const stranger = restClient(gateway, headers);
      bodies.push(await stranger.get(path), await stranger.post(path, {}));
    }
    for (const answer of bodies) {
      expectAnswer(answer, 401, { error: "Invalid API key or token" });
      expect(answer.headers.get("www-authenticate")).toBe("Bearer");
      expect(answer.headers.get("x-ratelimit-limit")).toBeNull();
    }
  });
});

describe("403", () => {
  it("names the scopes that are missing, those of what a record shows too", async () => {
    const reader = restClient(gateway, {
      "x-api-key": await gateway.keyFor("north", ["read:quotes", "write:quotes"]),
    });
    const error = "API key missing required scopes";
    const lines = { error, missingScopes: ["read:line_items"] };
    expectAnswer(await reader.get(`${crm}/quotes`), 403, lines);
    expectAnswer(await reader.post(`${crm}/quotes`, {}), 403, lines);
    const deals = { error, missingScopes: ["write:deals", "read:deals"] };
    expectAnswer(await reader.delete(`${crm}/deals/${nobody}`), 403, deals);
    const customers = { error, missingScopes: ["write:customers"] };
    expectAnswer(await reader.post(integration, {}), 403, customers);
  });

  it.each([
    ["another tenant's", async () => (await blue.department("Sales")).id],
    ["nobody's", async () => nobody],
    ["no id", async () => "Sales"],
  ])("a department that is %s: the same bytes, and nothing is written", async (_name, id) => {
    const headers = { "x-department-id": await id() };
    const answer = await rest.post(integration, { last_name: "Strange" }, headers);
    expectAnswer(answer, 403, {
      error: "X-Department-Id does not name a department of the credential; send its id.",
    });
    const { body } = await rest.get(`${integration}?last_name=Strange`);
    expect(at(body, "pagination", "count")).toBe(0);
  });
});

describe("404", () => {
  it("is the same for what is unknown, deleted or another tenant's, whatever is asked", async () => {
    const theirs = await blue.deal(await blue.account());
    const own = await north.account();
    const deleted = await north.deal(own, { deletedAt: "2026-02-03T04:05:06.000Z" });
    for (const id of [`deal-${nobody}`, theirs.id, theirs.uuid, deleted.id]) {
      const path = `${crm}/deals/${id}`;
      const answers = [await rest.get(path), await rest.delete(path), await rest.patch(path, {})];
      answers.push(await rest.patch(path, { name: "x" }, { "if-match": '"1"' }));
      for (const answer of answers) expectAnswer(answer, 404, { error: "Deal not found" });
    }
    const { status, text } = await rest.get(`${crm}/line-items/${nobody}`);
    expect([status, text]).toEqual([404, '{"error":"Line item not found"}']);
    expectAnswer(await rest.get(`${integration}/${nobody}`), 404, { error: "Customer not found" });
  });

  it("is not what text that is no id of the kind gets: 400 on the id", async () => {
    const account = await north.account();
    for (const id of ["1", account.id, "deal-1", "%00", "x".repeat(2_000)]) {
      for (const answer of [
        await rest.get(`${crm}/deals/${id}`),
        await rest.patch(`${crm}/deals/${id}`, {}),
        await rest.delete(`${crm}/deals/${id}`),
      ]) {
        expect([answer.status, at(answer.body, "issues", 0, "path")]).toEqual([400, "id"]);
        expect(answer.text.length).toBeLessThan(300);
      }
    }
  });
});

describe("409", () => {
  it("names the field whose value is taken, and shows the record that has it", async () => {
    const taken = await create(`${crm}/accounts`, { name: "First", email: "one@example.com" });
    const answer = await rest.post(`${crm}/accounts`, { email: "ONE@example.com" });
    expectAnswer(answer, 409, {
      error: expect.stringContaining("email"),
      field: "email",
      existing: taken.body,
    });
    expect(Object.keys(recordAt(answer.body, "existing"))).toEqual(
      Object.keys(recordAt(taken.body)),
    );
    const other = await create(`${crm}/accounts`, { email: "two@example.com" });
    const changed = await rest.patch(locationOf(other), { email: "one@example.com" });
    expect([changed.status, at(changed.body, "field")]).toEqual([409, "email"]);
  });

  it("shows a customer of the integration API as such", async () => {
    const body = { last_name: "Doe", email: "doe@example.com" };
    const taken = await create(integration, body);
    const answer = await rest.post(integration, body);
    expectAnswer(answer, 409, {
      error: expect.stringContaining("email"),
      field: "email",
      existing: taken.body,
    });
  });

  it("has the record as it is now, for a version in the body that it has no more", async () => {
    const location = locationOf(await create(`${crm}/accounts`, { name: "One" }));
    const current = await rest.patch(location, { name: "Two", version: 1 });
    const answer = await rest.patch(location, { name: "Three", version: 1 });
    expectAnswer(answer, 409, { error: expect.any(String), current: current.body });
    expect((await rest.get(location)).text).toBe(current.text);
  });
});

describe("412", () => {
  it("has the record as it is now, for an If-Match that it does not meet", async () => {
    const location = locationOf(await create(`${crm}/accounts`, { name: "One" }));
    const current = await rest.patch(location, { name: "Two" }, { "if-match": '"1"' });
    expect([current.status, current.headers.get("etag")]).toEqual([200, '"2"']);
    for (const ifMatch of ['"1"', '"3"', '"two"', '"99999999999"']) {
      const headers = { "if-match": ifMatch };
      for (const answer of [
        await rest.patch(location, { name: "Three" }, headers),
        await rest.delete(location, headers),
      ]) {
        expectAnswer(answer, 412, { error: expect.any(String), current: current.body });
      }
    }
    expect((await rest.get(location)).text).toBe(current.text);
    expect((await rest.patch(location, { name: "Four" }, { "if-match": "*" })).status).toBe(200);
    expect((await rest.delete(location, { "if-match": '"3"' })).status).toBe(200);
  });

  it("is 400 where If-Match names several, or another version than the body", async () => {
    const location = locationOf(await create(`${crm}/accounts`, { name: "One" }));
    const several = await rest.patch(location, { name: "Two" }, { "if-match": '"1", "2"' });
    expect([several.status, at(several.body, "error")]).toEqual([400, "Invalid request payload"]);
    const both = await rest.patch(location, { name: "Two", version: 2 }, { "if-match": '"1"' });
    expect([both.status, at(both.body, "issues", 0, "path")]).toEqual([400, "version"]);
  });
});

describe("422", () => {
  it("for an idempotency key that another request had, on any face", async () => {
    const headers = { "idempotency-key": "reused-1" };
    expect((await rest.post(`${crm}/accounts`, { name: "One" }, headers)).status).toBe(201);
    for (const answer of [
      await rest.post(`${crm}/accounts`, { name: "Two" }, headers),
      await rest.post(integration, { last_name: "One" }, headers),
    ]) {
      expectAnswer(answer, 422, { error: expect.stringMatching(/^Idempotency-Key: /) });
    }
  });
});

describe("429", () => {
  it("says what the limit is, and when to come again", async () => {
    const key = await limitedKey(gateway, "north", 1);
    const limited = restClient(gateway, { "x-api-key": key });
    expect((await limited.get(`${crm}/deals`)).status).toBe(200);
    const body = { error: "API key minute rate limit exceeded", limit: 1, window: "minute" };
    for (const answer of [await limited.get(`${crm}/deals`), await limited.post(integration, {})]) {
      expectAnswer(answer, 429, body);
      expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
    }
  });
});

describe("500", () => {
  it("says nothing but the id under which the log has it", async () => {
    const log = captureLog();
    const broken = await startGateway({ logTo: log.stream });
    try {
      await broken.fixtures.tenant("north");
      await broken.fixtures.client.query("ALTER TABLE deals RENAME TO gone");
      const client = restClient(broken, { "x-api-key": await broken.keyFor("north") });
      const answer = await client.get(`${crm}/deals`);
      const requestId = answer.headers.get("x-request-id");
      expectAnswer(answer, 500, {
        error: "Something went wrong on our side.",
        request_id: requestId,
      });
      expect(log.lines()).toMatchObject([{ requestId, msg: "unexpected error" }]);
    } finally {
      await broken.close();
    }
  });
});
