import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { send, type RawAnswer, type RawRequest } from "../support/gateway/raw-http.ts";

const origin = "https://app.example.com";
let gateway: TestGateway;
let open: TestGateway;
let closed: TestGateway;
let key: string;

beforeAll(async () => {
  const env = { CORS_ORIGINS: `${origin}, http://localhost:3000` };
  gateway = await startGateway({ logLevel: "silent", env });
  open = await startGateway({ logLevel: "silent", env: { CORS_ORIGINS: "*" } });
  closed = await startGateway({ logLevel: "silent" });
  const { slug } = await gateway.fixtures.tenant("north-harbor");
  key = await gateway.keyFor(slug);
});
afterAll(() => Promise.all([gateway, open, closed].map((started) => started.close())));

const preflight = (to: TestGateway, from: string, path = "/graphql"): Promise<RawAnswer> =>
  send(`${to.url}${path}`, {
    method: "OPTIONS",
    headers: [
      ["origin", from],
      ["access-control-request-method", "POST"],
      ["access-control-request-headers", "content-type,x-api-key"],
    ],
  });
const ask = (to: TestGateway, headers: RawRequest["headers"] = []): Promise<RawAnswer> =>
  send(`${to.url}/graphql`, {
    headers: [["content-type", "application/json"], ...headers],
    body: '{"query":"{ __typename }"}',
  });

/** The names of the CORS headers in an answer. */
const allowances = ({ headers }: RawAnswer): readonly string[] =>
  Object.keys(headers).filter((name) => name.startsWith("access-control-"));

describe("a page of an origin that is allowed", () => {
  it("may ask before it has a credential", async () => {
    const answer = await preflight(gateway, origin);
    expect([answer.status, answer.body]).toEqual([204, ""]);
    expect(answer.headers).toMatchObject({
      "access-control-allow-origin": origin,
      "access-control-allow-methods": "GET, POST, PATCH, PUT, DELETE",
      "access-control-max-age": "7200",
      vary: "origin",
    });
    const allowed = String(answer.headers["access-control-allow-headers"]).split(", ");
    expect(allowed).toEqual(
      expect.arrayContaining([
        "content-type",
        "x-api-key",
        "authorization",
        "idempotency-key",
        "x-organization-id",
        "x-department-id",
      ]),
    );
  });

  it("may read answers, refusals and what is said about its quota", async () => {
    for (const headers of [[["x-api-key", key]], []] as const) {
      const answer = await ask(gateway, [["origin", origin], ...headers]);
      expect(answer.status).toBe(headers.length === 0 ? 401 : 200);
      expect(answer.headers["access-control-allow-origin"]).toBe(origin);
      const exposed = String(answer.headers["access-control-expose-headers"]).split(", ");
      expect(exposed).toEqual(
        expect.arrayContaining(["x-request-id", "retry-after", "x-ratelimit-remaining"]),
      );
    }
  });

  it("never sends what the browser has of its own: cookies", async () => {
    for (const to of [gateway, open]) {
      const answers = [await preflight(to, origin), await ask(to, [["origin", origin]])];
      for (const answer of answers) {
        expect(answer.headers).not.toHaveProperty("access-control-allow-credentials");
      }
    }
  });

  it("is any page with *", async () => {
    const answer = await preflight(open, "https://elsewhere.example");
    expect([answer.status, answer.headers["access-control-allow-origin"]]).toEqual([204, "*"]);
  });
});

describe("a page of this machine", () => {
  const local = ["http://localhost:5173", "http://127.0.0.1:3000", "http://localhost"];

  it("is allowed without configuration, outside of production", async () => {
    for (const from of local) {
      const asked = await preflight(closed, from);
      expect([asked.status, asked.headers["access-control-allow-origin"]]).toEqual([204, from]);
    }
    const production = await startGateway({ env: { NODE_ENV: "production" } });
    for (const from of local) expect((await preflight(production, from)).status).toBe(403);
    await production.close();
  });

  it("is no page that only looks like one", async () => {
    for (const from of [
      "http://localhost.evil.example:5173",
      "http://evil.example:5173#http://localhost:1",
      "http://127.0.0.1.nip.io:80",
      "http://127.0.0.2:80",
      "https://localhost:5173",
      "http://localhost:*",
      "http://localhost:5173/",
      "http://localhost:5173,http://evil.example",
      "file://",
      "null",
    ]) {
      const asked = await preflight(closed, from);
      expect([from, asked.status, allowances(asked)]).toEqual([from, 403, []]);
    }
  });
});

describe("a page of another origin", () => {
  it.each([
    "https://app.example.com.evil.example",
    "https://evil.example",
    "http://app.example.com",
    "https://app.example.com:8443",
    "https://APP.example.com",
    "null",
  ])("%s is allowed nothing", async (other) => {
    const asked = await preflight(gateway, other);
    expect([asked.status, allowances(asked)]).toEqual([403, []]);
    expect(JSON.parse(asked.body)).toEqual({
      errors: [
        { message: expect.stringContaining("CORS_ORIGINS"), extensions: { code: "FORBIDDEN" } },
      ],
    });
    const answer = await ask(gateway, [
      ["origin", other],
      ["x-api-key", key],
    ]);
    expect([allowances(answer), answer.headers["vary"]]).toEqual([[], "origin"]);
  });

  it("is every one when none was configured", async () => {
    const asked = await preflight(closed, origin);
    expect([asked.status, allowances(asked)]).toEqual([403, []]);
    expect(allowances(await ask(closed, [["origin", origin]]))).toEqual([]);
  });

  it("is told of CORS_ORIGINS by the REST APIs too", async () => {
    for (const path of ["/api/v1/crm/accounts", "/openapi.json"]) {
      const asked = await preflight(gateway, "https://evil.example", path);
      expect([asked.status, allowances(asked)]).toEqual([403, []]);
      expect(JSON.parse(asked.body)).toEqual({ error: expect.stringContaining("CORS_ORIGINS") });
    }
  });

  it("gets no mutation through by a request that needs no preflight", async () => {
    const mutation = 'mutation { createAccount(input: { name: "x" }) { account { id } } }';
    const get = await send(`${gateway.url}/graphql?query=${encodeURIComponent(mutation)}`, {
      method: "GET",
      headers: [["x-api-key", key]],
    });
    expect(get.status).toBe(405);
    for (const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]) {
      const posted = await send(`${gateway.url}/graphql`, {
        headers: [
          ["content-type", type],
          ["x-api-key", key],
        ],
        body: JSON.stringify({ query: mutation }),
      });
      expect(posted.status).toBe(415);
    }
  });
});

describe("headers", () => {
  const get = (path: string, accept = "*/*") =>
    send(`${closed.url}${path}`, { method: "GET", headers: [["accept", accept]] });

  it("of every answer keep it from being stored, framed, guessed at and embedded", async () => {
    const answers = [
      await ask(gateway, [["x-api-key", key]]),
      await ask(closed),
      await get("/healthz"),
      await get("/readyz"),
      await get("/nothing"),
      await get("/"),
    ];
    for (const { headers } of answers) {
      expect(headers).toMatchObject({
        "cache-control": "no-store",
        "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
        "cross-origin-resource-policy": "same-origin",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
      });
      expect(headers).not.toHaveProperty("server");
      expect(headers).not.toHaveProperty("x-powered-by");
    }
  });

  it("of the explorer's page let it load its own files and nothing else", async () => {
    const page = await get("/graphql", "text/html");
    expect(page.headers).toMatchObject({
      "cache-control": "no-store",
      "content-security-policy": expect.stringContaining("frame-ancestors 'none'"),
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-resource-policy": "same-origin",
      "permissions-policy": expect.stringContaining("camera=()"),
      "referrer-policy": "no-referrer",
      "x-content-type-options": "nosniff",
    });
    expect(page.headers["content-security-policy"]).toContain("script-src 'self';");
  });
});

describe("GraphiQL", () => {
  const statusWith = async (env: Readonly<Record<string, string>>): Promise<number> => {
    const started = await startGateway({ logLevel: "silent", env });
    const { status } = await send(`${started.url}/graphql`, {
      method: "GET",
      headers: [["accept", "text/html"]],
    });
    await started.close();
    return status;
  };

  it("is off in production unless it is switched on, and can be switched off elsewhere", async () => {
    expect(await statusWith({ NODE_ENV: "production" })).toBe(401);
    expect(await statusWith({ NODE_ENV: "production", GRAPHIQL: "on" })).toBe(200);
    expect(await statusWith({ GRAPHIQL: "off" })).toBe(401);
  });
});
