import { withoutExtensions } from "../support/gateway/without-extensions.ts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { send, sendBytes, type RawRequest } from "../support/gateway/raw-http.ts";

let gateway: TestGateway;
let key: string;

beforeAll(async () => {
  gateway = await startGateway({ logLevel: "silent" });
  const { slug } = await gateway.fixtures.tenant("north-harbor");
  key = await gateway.keyFor(slug);
});
afterAll(() => gateway.close());

const typename = JSON.stringify({ query: "{ __typename }" });

/** POST with the key, as JSON unless said otherwise. */
function post(raw: RawRequest & { readonly type?: string | null }) {
  const { type = "application/json", headers = [], ...rest } = raw;
  const typed = type === null ? [] : ([["content-type", type]] as const);
  return send(`${gateway.url}/graphql`, {
    ...rest,
    headers: [["x-api-key", key], ...typed, ...headers],
  });
}

/** A refusal: the status, one error with its code, no data, and nothing of a parser or a stack. */
function expectRefusal(
  answer: { status: number; body: string },
  status: number,
  message: RegExp,
): void {
  const body: unknown = JSON.parse(withoutExtensions(answer.body));
  expect({ status: answer.status, body }).toEqual({
    status,
    body: {
      errors: [{ message: expect.stringMatching(message), extensions: { code: "BAD_USER_INPUT" } }],
    },
  });
  expect(answer.body).not.toMatch(/Unexpected token|position \d|\bat \/|node_modules|SyntaxError/);
}

describe("bodies that are no operation: 400", () => {
  const bodies: readonly (readonly [string, string, RegExp])[] = [
    ["nothing", "", /not valid JSON/],
    ["half an object", '{"query": "{ __type', /not valid JSON/],
    ["JavaScript", "{query: '{ __typename }'}", /not valid JSON/],
    ["null", "null", /JSON object/],
    ["a number", "1", /JSON object/],
    ["a text", '"{ __typename }"', /JSON object/],
    ["a batch", `[${typename}]`, /[Bb]atch/],
    ["an empty batch", "[]", /[Bb]atch/],
    ["an unknown key", '{"query":"{ __typename }","persisted":1}', /persisted/],
    ["no query", "{}", /query/],
    ["a query that is none", '{"query":{"a":1}}', /query/],
    ["variables that are a list", '{"query":"{ __typename }","variables":[]}', /variables/],
    [
      "JSON 200,000 levels deep",
      `{"query":"{ __typename }","variables":{"a":${"[".repeat(200_000)}${"]".repeat(200_000)}}}`,
      /250 levels/,
    ],
    [
      "objects 100,000 levels deep",
      `{"query":"{ __typename }","extensions":${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}}`,
      /250 levels/,
    ],
    ["brackets that never close", "[".repeat(900_000), /250 levels/],
    ["a key __proto__", '{"__proto__":{"query":"{ __typename }"}}', /query/],
    ["a key constructor", '{"query":"{ __typename }","constructor":{"a":1}}', /constructor/],
    [
      "two operations and no name",
      '{"query":"query A { __typename } query B { __typename }"}',
      /operation/,
    ],
    ["only a fragment", '{"query":"fragment A on Account { id }"}', /operation/],
    ["a schema", '{"query":"type Query { a: Int }"}', /operation/],
    [
      "a name that no operation has",
      '{"query":"query A { __typename }","operationName":"B"}',
      /operation/,
    ],
  ];

  it.each(bodies)("%s", async (_name, body, message) => {
    for (const accept of ["application/json", "application/graphql-response+json"]) {
      expectRefusal(await post({ body, headers: [["accept", accept]] }), 400, message);
    }
  });

  it("bytes that are not UTF-8", async () => {
    for (const bytes of [[0xff], [0xc3, 0x28], [0xed, 0xa0, 0x80], [0xe2, 0x82]]) {
      const body = Buffer.concat([
        Buffer.from('{"query":"{ __typename } # '),
        Buffer.from(bytes),
        Buffer.from('"}'),
      ]);
      expectRefusal(await post({ body }), 400, /UTF-8/);
    }
    expectRefusal(await post({ body: Buffer.from(typename, "utf16le") }), 400, /JSON/);
  });
});

describe("bodies over 1 MB: 413", () => {
  const large = Buffer.from(JSON.stringify({ query: `{ __typename } #${"x".repeat(1_000_000)}` }));

  it("at once", async () => {
    expectRefusal(await post({ body: large }), 413, /1,000,000 bytes/);
  });

  it("in chunks, without a length", async () => {
    const chunks = Array.from({ length: 40 }, () => Buffer.alloc(100_000, " "));
    expectRefusal(await post({ body: [...chunks, large] }), 413, /1,000,000 bytes/);
  });

  it("and just under it is read", async () => {
    const body = { query: "{ __typename }", variables: { unused: "x".repeat(999_000) } };
    const answer = await post({ body: JSON.stringify(body) });
    expect([answer.status, withoutExtensions(answer.body)]).toEqual([
      200,
      '{"data":{"__typename":"Query"}}',
    ]);
  });
});

describe("bodies that are not JSON as it is: 415", () => {
  const types = [
    "text/plain",
    "text/plain;charset=UTF-8",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/graphql",
    "application/jsonp",
    "application/json; charset=iso-8859-1",
    "",
  ];

  it.each(types)("content-type %s", async (type) => {
    expectRefusal(await post({ type, body: typename }), 415, /content-type: application\/json/);
  });

  it("no content-type", async () => {
    expectRefusal(
      await post({ type: null, body: typename }),
      415,
      /content-type: application\/json/,
    );
  });

  it.each(["gzip", "br", "deflate", "GZIP, identity"])("content-encoding %s", async (encoding) => {
    expectRefusal(
      await post({ body: typename, headers: [["content-encoding", encoding]] }),
      415,
      /content-encoding/,
    );
  });

  it.each([
    "application/json",
    "Application/JSON; Charset=UTF-8",
    'application/json;charset="utf-8"',
  ])("but %s is read", async (type) => {
    expect((await post({ type, body: typename })).status).toBe(200);
  });
});

describe("an Accept that no answer meets", () => {
  const create =
    'mutation { createAccount(input: { name: "Unheard" }) { account { id } userErrors { message } } }';

  it.each(["image/png", "text/html", ",", "application/json; charset=utf-16"])(
    "%s: 406, and nothing is written",
    async (accept) => {
      const body = JSON.stringify({ query: create });
      expect((await post({ body, headers: [["accept", accept]] })).status).toBe(406);
      const query = '{ accounts(where: { name: { eq: "Unheard" } }) { totalCount } }';
      const found = await post({ body: JSON.stringify({ query }) });
      expect(withoutExtensions(found.body)).toBe('{"data":{"accounts":{"totalCount":0}}}');
    },
  );

  it.each(["", "*/*", "application/*", "text/html, */*;q=0.1", "Application/JSON; Charset=UTF-8"])(
    "but %s is met",
    async (accept) => {
      expect((await post({ body: typename, headers: [["accept", accept]] })).status).toBe(200);
    },
  );
});

describe("brackets in texts", () => {
  it("are no levels", async () => {
    const text = '[{"\\'.repeat(300);
    const answer = await post({
      body: JSON.stringify({ query: "{ __typename }", variables: { text } }),
    });
    expect(withoutExtensions(answer.body)).toBe('{"data":{"__typename":"Query"}}');
  });
});

describe("a malformed idempotency-key", () => {
  it.each(["", "a\tb", "x".repeat(256)])("is nothing to a query: %j", async (idempotencyKey) => {
    const answer = await post({ body: typename, headers: [["idempotency-key", idempotencyKey]] });
    expect([answer.status, withoutExtensions(answer.body)]).toEqual([
      200,
      '{"data":{"__typename":"Query"}}',
    ]);
  });
});

describe("other methods: 405 with what is allowed", () => {
  it.each(["PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"])("%s", async (method) => {
    const answer = await post({ method, ...(method === "HEAD" ? {} : { body: typename }) });
    expect([answer.status, answer.headers["allow"]]).toEqual([405, "GET, POST"]);
  });
});

describe("what is hardly HTTP", () => {
  const alive = async (): Promise<void> => {
    expect((await send(`${gateway.url}/healthz`, { method: "GET" })).status).toBe(200);
  };
  const targets = [
    "//",
    "//graphql",
    "///",
    "/graphql/",
    "/%67raphql",
    "/%",
    "/\\",
    "http://localhost/graphql",
    "http://[",
    "*",
  ];

  it.each(targets)("the target %s is not served, and the server lives", async (target) => {
    const answer = await sendBytes(
      gateway.url,
      `GET ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 40[014] /);
    await alive();
  });

  it.each(["", "[", "a b", "a/b", "x:y", "localhost:99999"])("the Host %s: 400", async (host) => {
    const answer = await sendBytes(
      gateway.url,
      `POST /graphql HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\nX-Api-Key: ${key}\r\nContent-Type: application/json\r\nContent-Length: ${typename.length}\r\n\r\n${typename}`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).not.toContain("node_modules");
    await alive();
  });
});
