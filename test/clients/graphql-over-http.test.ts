import { withoutExtensions } from "../support/gateway/without-extensions.ts";
import { serverAudits } from "graphql-http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { at, startGateway, type TestGateway } from "../support/gateway/gateway.ts";

let gateway: TestGateway;
let key: string;

beforeAll(async () => {
  gateway = await startGateway();
  const { slug } = await gateway.fixtures.tenant("north-harbor");
  key = await gateway.keyFor(slug);
});
afterAll(() => gateway.close());

/** fetch as a client with a key does it. */
const fetchWithKey = (input: string | URL | Request, init: RequestInit = {}): Promise<Response> => {
  const headers = new Headers(init.headers);
  headers.set("x-api-key", key);
  return fetch(input, { ...init, headers });
};

describe("graphql-http's server audits, all of them: MUST, SHOULD and MAY", () => {
  const audits = serverAudits({ url: () => `${gateway.url}/graphql`, fetchFn: fetchWithKey });

  it("are the 61 that this was written with, or more", () => {
    expect(audits.length).toBeGreaterThanOrEqual(61);
  });

  it.each(audits.map((audit) => [audit.name, audit] as const))("%s", async (_name, audit) => {
    const result = await audit.fn();
    expect(result.status === "ok" ? "ok" : result.reason).toBe("ok");
  });
});

describe("GET", () => {
  const get = (parameters: Readonly<Record<string, string>>): Promise<Response> =>
    fetchWithKey(`${gateway.url}/graphql?${new URLSearchParams(parameters).toString()}`);

  it("takes query, operationName and variables from the address", async () => {
    const response = await get({
      query: "query A($n: Int!) { accounts(first: $n) { totalCount } } query B { __typename }",
      operationName: "A",
      variables: JSON.stringify({ n: 1 }),
    });
    expect(response.status).toBe(200);
    expect(at(await response.json(), "data")).toEqual({ accounts: { totalCount: 0 } });
  });

  it("does not run a mutation: 405 with Allow, though it knows none yet", async () => {
    const response = await get({ query: "mutation { anything }" });
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toBe("POST");
    const body = await response.json();
    expect(body).toMatchObject({ errors: [{ extensions: { code: "BAD_USER_INPUT" } }] });
    expect(body).not.toHaveProperty("data");
  });

  it.each(["variables", "extensions"])("refuses %s that are not JSON: 400", async (name) => {
    const response = await get({ query: "{ __typename }", [name]: "{not json" });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      errors: [{ message: `The parameter ${name} is not valid JSON.` }],
    });
  });
});

describe("the status of an operation that is refused as a whole", () => {
  const post = (accept: string, body: object): Promise<Response> =>
    fetchWithKey(`${gateway.url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json", accept },
      body: JSON.stringify(body),
    });
  const refused: readonly (readonly [string, object])[] = [
    ["syntax", { query: "{" }],
    ["an unknown field", { query: "{ nothing }" }],
    [
      "a variable of the wrong type",
      { query: "query ($n: Int!) { accounts(first: $n) { totalCount } }", variables: { n: "x" } },
    ],
  ];

  it.each(refused)("%s: 400 as graphql-response+json, 200 as plain JSON", async (_name, body) => {
    const modern = await post("application/graphql-response+json", body);
    expect(modern.status).toBe(400);
    expect(modern.headers.get("content-type")).toBe(
      "application/graphql-response+json; charset=utf-8",
    );
    const plain = await post("application/json", body);
    expect(plain.status).toBe(200);
    expect(plain.headers.get("content-type")).toBe("application/json; charset=utf-8");
    const [modernBody, plainBody] = [await modern.text(), await plain.text()].map((text): unknown =>
      JSON.parse(withoutExtensions(text)),
    );
    expect(modernBody).toEqual(plainBody);
    expect(modernBody).toMatchObject({ errors: [{ extensions: { code: "BAD_USER_INPUT" } }] });
    expect(modernBody).not.toHaveProperty("data");
  });
});
