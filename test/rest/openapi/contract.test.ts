import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startGateway, type TestGateway } from "../../support/gateway/gateway.ts";
import { assertDocumented, type Answered } from "../../support/rest/openapi-contract.ts";

let gateway: TestGateway;
let answered: Answered;

const path = "/api/v1/crm/accounts";

beforeAll(async () => {
  gateway = await startGateway();
  await gateway.fixtures.tenant("north");
  const key = await gateway.keyFor("north");
  const response = await fetch(`${gateway.url}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-api-key": key },
    body: '{"name":"North"}',
  });
  const { status, headers } = response;
  answered = { method: "POST", path, status, headers, text: await response.text() };
});
afterAll(() => gateway.close());

/** The answer with its JSON changed. */
const withJson = (change: (record: Record<string, unknown>) => void): Answered => {
  const record: Record<string, unknown> = JSON.parse(answered.text);
  change(record);
  return { ...answered, text: JSON.stringify(record) };
};
const withHeader = (name: string, value: string | null): Answered => {
  const headers = new Headers(answered.headers);
  if (value === null) headers.delete(name);
  else headers.set(name, value);
  return { ...answered, headers };
};

describe("the contract that every answer of the tests is held to", () => {
  it("is met by an answer of the server", () => {
    expect(() => assertDocumented(answered)).not.toThrow();
  });

  it.each<[string, () => Answered, RegExp]>([
    ["a key is missing", () => withJson((record) => delete record["domain"]), /domain/],
    ["a key is new", () => withJson((record) => (record["planet"] = "x")), /planet/],
    ["an id has no prefix", () => withJson((r) => (r["id"] = String(r["id"]).slice(4))), /\/id/],
    ["a number is text", () => withJson((record) => (record["version"] = "1")), /\/version/],
    [
      "an instant has no milliseconds",
      () => withJson((r) => (r["created_at"] = "2026-01-01T00:00:00Z")),
      /created_at/,
    ],
    [
      "an instant is none",
      () => withJson((r) => (r["created_at"] = "2026-13-01T00:00:00.000Z")),
      /created_at/,
    ],
    [
      "an enum has another value",
      () => withJson((r) => (r["source_type"] = "moon")),
      /source_type/,
    ],
    [
      "null stands where a value always is",
      () => withJson((r) => (r["display_name"] = null)),
      /display_name/,
    ],
    [
      "the quota's headers are missing",
      () => withHeader("x-ratelimit-remaining", null),
      /X-RateLimit-Remaining/,
    ],
    ["a header is no number", () => withHeader("x-ratelimit-limit", "many"), /X-RateLimit-Limit/],
    ["the version is missing", () => withHeader("etag", null), /ETag/],
    ["the path of the new record is missing", () => withHeader("location", null), /Location/],
    ["the type is another", () => withHeader("content-type", "text/html"), /content-type/],
    ["the body is no JSON", () => ({ ...answered, text: "{" }), /no JSON/],
    ["the status is not the operation's", () => ({ ...answered, status: 202 }), /202/],
    ["there is no such method", () => ({ ...answered, method: "PUT" }), /405/],
    ["there is no such path", () => ({ ...answered, path: "/api/v1/crm/planets" }), /404/],
  ])("is not met when %s", (_, change, complaint) => {
    expect(() => assertDocumented(change())).toThrow(complaint);
  });
});
