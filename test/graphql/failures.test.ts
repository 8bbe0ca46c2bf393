import { withoutExtensions } from "../support/gateway/without-extensions.ts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startGateway, type TestGateway } from "../support/gateway/gateway.ts";

let gateway: TestGateway;
let key: string;

beforeAll(async () => {
  gateway = await startGateway({ logLevel: "silent" });
  const { slug } = await gateway.fixtures.tenant("north-harbor");
  key = await gateway.keyFor(slug);
});
afterAll(() => gateway.close());

const post = (query: string, credential = key): Promise<Response> =>
  fetch(`${gateway.url}/graphql`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/graphql-response+json",
      "x-api-key": credential,
    },
    body: JSON.stringify({ query }),
  });
const uuid = /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/;
const secrets = /line_items|relation|SELECT|find_api_key|42P01|42883|node_modules|\bat .*\.ts/i;

describe("a failure of ours", () => {
  it("in a field is INTERNAL with a request id, and tells nothing of the database", async () => {
    await gateway.fixtures.client.query("DROP TABLE line_items CASCADE");
    const response = await post(
      "{ viewer { tenant { slug } } broken: lineItems { nodes { id } } }",
    );
    const body = withoutExtensions(await response.text());
    expect(body.replace("broken", "")).not.toMatch(secrets);
    const requestId = uuid.exec(body)?.[0];
    expect(JSON.parse(body)).toEqual({
      data: { viewer: { tenant: { slug: expect.any(String) } }, broken: null },
      errors: [
        {
          message: `Something went wrong on our side. Quote request id ${requestId} when you report it.`,
          locations: [{ line: 1, column: 30 }],
          path: ["broken"],
          extensions: { code: "INTERNAL", requestId },
        },
      ],
    });
  });

  it("leaves what does not need it as it was", async () => {
    const response = await post("{ accounts { totalCount } }");
    expect(withoutExtensions(await response.text())).toBe('{"data":{"accounts":{"totalCount":0}}}');
  });

  it("while credentials are looked up is 503 UNAVAILABLE, without a stack", async () => {
    // One that is not known yet.
    const fresh = await gateway.keyFor("north-harbor");
    await gateway.fixtures.client.query("ALTER FUNCTION find_api_key RENAME TO gone");
    const response = await post("{ viewer { tenant { slug } } }", fresh);
    const body = withoutExtensions(await response.text());
    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after")).toBe("1");
    expect(body).not.toMatch(secrets);
    expect(JSON.parse(body)).toMatchObject({
      errors: [{ extensions: { code: "UNAVAILABLE", requestId: expect.stringMatching(uuid) } }],
    });
    await gateway.fixtures.client.query("ALTER FUNCTION gone RENAME TO find_api_key");
    expect((await post("{ __typename }", fresh)).status).toBe(200);
  });
});
