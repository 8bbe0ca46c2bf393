import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { at, startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { send, type RawAnswer } from "../support/gateway/raw-http.ts";
import { withoutExtensions } from "../support/gateway/without-extensions.ts";

let gateway: TestGateway;
let key: string;
let otherKey: string;

beforeAll(async () => {
  gateway = await startGateway({ logLevel: "silent" });
  const north = await gateway.fixtures.tenant("north-harbor");
  const blue = await gateway.fixtures.tenant("blue-ridge");
  await north.account({ name: "Harborview" });
  key = await gateway.keyFor(north.slug);
  otherKey = await gateway.keyFor(blue.slug);
  // Its quota is not what is tried here.
  await gateway.fixtures.client.query("UPDATE api_keys SET requests_per_minute = 1000000");
});
afterAll(() => gateway.close());

const hashOf = (text: string): string => createHash("sha256").update(text).digest("hex");
const apollo = (sha256Hash: string, version: unknown = 1) => ({
  extensions: { persistedQuery: { version, sha256Hash } },
});
const post = (body: object, as = key, accept = "application/json"): Promise<RawAnswer> =>
  send(`${gateway.url}/graphql`, {
    headers: [
      ["x-api-key", as],
      ["content-type", "application/json"],
      ["accept", accept],
    ],
    body: JSON.stringify(body),
  });
const get = (parameters: Readonly<Record<string, string>>): Promise<RawAnswer> =>
  send(`${gateway.url}/graphql?${new URLSearchParams(parameters).toString()}`, {
    method: "GET",
    headers: [["x-api-key", key]],
  });
const bodyOf = ({ body }: RawAnswer): unknown => JSON.parse(withoutExtensions(body));

describe("Apollo's protocol", () => {
  const query = "query Names($n: Int!) { accounts(first: $n) { nodes { name } } }";
  const hash = hashOf(query);
  const expected = { data: { accounts: { nodes: [{ name: "Harborview" }] } } };

  it("asks for the text once, keeps it, and runs it by its hash for everybody, each with own rights", async () => {
    const missed = await post({ ...apollo(hash), variables: { n: 1 } });
    // Clients go by this message: Apollo's, urql's, and those of iOS and Kotlin.
    expect([missed.status, bodyOf(missed)]).toEqual([
      200,
      {
        errors: [
          { message: "PersistedQueryNotFound", extensions: { code: "PERSISTED_QUERY_NOT_FOUND" } },
        ],
      },
    ]);
    expect(missed.headers["cache-control"]).toBe("no-store");
    expect(bodyOf(await post({ ...apollo(hash), query, variables: { n: 1 } }))).toEqual(expected);
    expect(bodyOf(await post({ ...apollo(hash), variables: { n: 1 } }))).toEqual(expected);
    expect(bodyOf(await post({ ...apollo(hash), variables: { n: 1 } }, otherKey))).toEqual({
      data: { accounts: { nodes: [] } },
    });
  });

  it("works over GET, for caches between", async () => {
    const parameters = {
      extensions: JSON.stringify(apollo(hash).extensions),
      variables: JSON.stringify({ n: 1 }),
    };
    expect(bodyOf(await get(parameters))).toEqual(expected);
    expect(bodyOf(await get({ documentId: `sha256:${hash}`, variables: '{"n":1}' }))).toEqual(
      expected,
    );
  });

  it("takes documentId of GraphQL over HTTP for the same hash", async () => {
    for (const id of [{ documentId: `sha256:${hash}` }, { documentId: hash }, { id: hash }]) {
      expect(bodyOf(await post({ ...id, variables: { n: 1 } }))).toEqual(expected);
    }
  });

  it("is 400 under graphql-response+json, as other errors of the operation", async () => {
    const type = "application/graphql-response+json";
    for (const request of [
      apollo(hashOf("unknown")),
      { documentId: `sha256:${hashOf("unknown")}` },
    ]) {
      const answer = await post(request, key, type);
      expect([answer.status, bodyOf(answer)]).toEqual([
        400,
        {
          errors: [
            {
              message: "PersistedQueryNotFound",
              extensions: { code: "PERSISTED_QUERY_NOT_FOUND" },
            },
          ],
        },
      ]);
    }
  });
});

describe("is refused", () => {
  const query = "{ tenant { slug } }";
  const cases: readonly (readonly [string, object, RegExp])[] = [
    ["a hash that is another text's", { ...apollo(hashOf("{ __typename }")), query }, /SHA-256/],
    ["a hash in upper case", { ...apollo(hashOf(query).toUpperCase()), query }, /SHA-256/],
    ["another version", { ...apollo(hashOf(query), 2), query }, /version 1/],
    ["no hash", { extensions: { persistedQuery: { version: 1 } }, query }, /sha256Hash/],
    [
      "a hash that is no text",
      { extensions: { persistedQuery: { version: 1, sha256Hash: 1 } } },
      /sha256Hash/,
    ],
    ["an id that is no text", { documentId: { a: 1 } }, /as a string/],
    ["two ids that differ", { documentId: "a", id: "b" }, /one id/],
    ["an id beside another text", { documentId: "abc", query }, /SHA-256/],
    ["neither text nor id", { variables: {} }, /query is missing/],
  ];

  it.each(cases)("%s: 400", async (_name, body, message) => {
    const answer = await post(body);
    expect(answer.status).toBe(400);
    expect(at(bodyOf(answer), "errors", 0, "message")).toMatch(message);
    expect(at(bodyOf(answer), "errors", 0, "extensions", "code")).toBe("BAD_USER_INPUT");
  });

  it("a mutation by GET, though it is kept: 405", async () => {
    const mutation =
      'mutation { deleteAccount(id: "acc-0190aaaa-0000-7000-8000-000000000000") { userErrors { message } } }';
    expect((await post({ ...apollo(hashOf(mutation)), query: mutation })).status).toBe(200);
    const parameters = { extensions: JSON.stringify(apollo(hashOf(mutation)).extensions) };
    expect((await get(parameters)).status).toBe(405);
  });
});

describe("what is kept", () => {
  const isKept = async (query: string): Promise<boolean> =>
    !(await post(apollo(hashOf(query)))).body.includes("PersistedQueryNotFound");
  const register = (query: string) => post({ ...apollo(hashOf(query)), query });

  it("is valid: what is not stays out", async () => {
    for (const query of ["{", "{ nothing }", "{ accounts { nodes } }"]) {
      await register(query);
      expect(await isKept(query), query).toBe(false);
    }
  });

  it("is at most 1,000 documents: what was used longest ago goes", async () => {
    const first = "{ first: __typename }";
    await register(first);
    expect(await isKept(first)).toBe(true);
    for (let batch = 0; batch < 20; batch += 1) {
      await Promise.all(
        Array.from({ length: 50 }, (_, index) => register(`{ t${batch}_${index}: __typename }`)),
      );
    }
    expect(await isKept(first)).toBe(false);
    expect(await isKept("{ t19_49: __typename }")).toBe(true);
  });

  it("is at most 5 MB, two bytes a character", async () => {
    const large = (name: string) => `{ ${name}: __typename } #${"x".repeat(240_000)}`;
    await register(large("first"));
    expect(await isKept(large("first"))).toBe(true);
    for (let index = 0; index < 10; index += 1) await register(large(`t${index}`));
    expect(await isKept(large("first"))).toBe(false);
    expect(await isKept(large("t9"))).toBe(true);
  });
});
