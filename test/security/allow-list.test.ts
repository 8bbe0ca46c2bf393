import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readManifest } from "../../src/graphql/server/manifest.ts";
import { StartupError } from "../../src/lib/startup-error.ts";
import { schema } from "../support/gateway/schema.ts";
import { at, startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { send, type RawAnswer } from "../support/gateway/raw-http.ts";
import { withoutExtensions } from "../support/gateway/without-extensions.ts";

const names =
  "query Names($n: Int!) {\n  accounts(first: $n) {\n    nodes {\n      name\n    }\n  }\n}";
const rename =
  "mutation Create($input: CreateAccountInput!) { createAccount(input: $input) { account { name } userErrors { message } } }";
const hashOf = (text: string, algorithm = "sha256"): string =>
  createHash(algorithm).update(text).digest("hex");

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "manifest-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function write(name: string, content: unknown): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
}

/** The same operations as each tool writes them, with the ids that it makes. */
const manifests: readonly (readonly [string, object, (text: string) => string])[] = [
  [
    "graphql-codegen's persisted-documents.json",
    { [hashOf(names, "sha1")]: names, [hashOf(rename, "sha1")]: rename },
    (text) => hashOf(text, "sha1"),
  ],
  [
    "the same with ids of GraphQL over HTTP",
    { [`sha256:${hashOf(names)}`]: names, [`sha256:${hashOf(rename)}`]: rename },
    (text) => `sha256:${hashOf(text)}`,
  ],
  [
    "Apollo's apollo-persisted-query-manifest",
    {
      format: "apollo-persisted-query-manifest",
      version: 1,
      operations: [
        { id: hashOf(names), name: "Names", type: "query", body: names },
        { id: hashOf(rename), name: "Create", type: "mutation", body: rename },
      ],
    },
    (text) => hashOf(text),
  ],
];

describe.each(manifests)("with %s", (name, content, idOf) => {
  let gateway: TestGateway;
  let key: string;

  beforeAll(async () => {
    const path = await write(`${hashOf(name)}.json`, content);
    gateway = await startGateway({ logLevel: "silent", env: { OPERATIONS: path } });
    const tenant = await gateway.fixtures.tenant("north-harbor");
    await tenant.account({ name: "Harborview" });
    key = await gateway.keyFor(tenant.slug);
  });
  afterAll(() => gateway.close());

  const post = (body: object, accept = "application/json"): Promise<RawAnswer> =>
    send(`${gateway.url}/graphql`, {
      headers: [
        ["x-api-key", key],
        ["content-type", "application/json"],
        ["accept", accept],
      ],
      body: JSON.stringify(body),
    });
  const variables = { n: 1 };
  const expected = { data: { accounts: { nodes: [{ name: "Harborview" }] } } };

  it("has an operation for the banner, which runs", async () => {
    const path = await write(`${hashOf(name)}.json`, content);
    const { example } = readManifest(path, schema);
    expect(example).toEqual({ documentId: idOf(names), variables: { n: 10 } });
    const { body } = await post(example ?? {});
    expect(JSON.parse(withoutExtensions(body))).toEqual(expected);
  });

  it("its operations run: by id, by Apollo's hash, by their text", async () => {
    const bare = idOf(names).replace("sha256:", "");
    const requests = [
      { documentId: idOf(names) },
      { id: idOf(names) },
      { extensions: { persistedQuery: { version: 1, sha256Hash: bare } } },
      { query: names },
      { query: names.replaceAll(/\s+/g, " ") },
      { query: names, documentId: idOf(names) },
      { documentId: idOf(names), operationName: "Names" },
    ];
    for (const request of requests) {
      const { body } = await post({ ...request, variables });
      expect([request, JSON.parse(withoutExtensions(body))]).toEqual([request, expected]);
    }
    const { body } = await post({ id: idOf(rename), variables: { input: { name: "New" } } });
    expect(at(JSON.parse(body), "data", "createAccount", "account", "name")).toBe("New");
  });

  it("nothing else does", async () => {
    const other = "{ tenant { slug } }";
    const requests: readonly object[] = [
      { query: other },
      { query: `${names} query Other ${other}` },
      { query: names.replace("name", "name email") },
      { query: names, documentId: idOf(rename) },
      { query: other, documentId: idOf(names) },
      { query: other, extensions: { persistedQuery: { version: 1, sha256Hash: hashOf(other) } } },
      { query: "{ __schema { description } }" },
      { query: "{ __typename }" },
      { query: "" },
      { query: "\u0000{" },
      { query: names + " ".repeat(900_000) },
      { documentId: hashOf(other) },
      { documentId: "" },
      { documentId: "__proto__" },
      { documentId: "constructor" },
      {},
    ];
    for (const request of requests) {
      for (const [accept, status] of [
        ["application/json", 200],
        ["application/graphql-response+json", 400],
      ] as const) {
        const answer = await post({ ...request, variables }, accept);
        expect(answer.body).toMatch(
          /"message":"This gateway runs only the operations of its manifest/,
        );
        expect(answer.body).toContain('"code":"BAD_USER_INPUT"');
        expect(answer.body).not.toContain('"data"');
        expect(answer.status).toBe(status);
      }
    }
  });

  it("GraphiQL has no place there", async () => {
    const page = await fetch(`${gateway.url}/graphql`, { headers: { accept: "text/html" } });
    expect(page.headers.get("content-type")).not.toContain("text/html");
    expect((await page.text()).includes("graphiql")).toBe(false);
  });
});

describe("a manifest that cannot be used ends the start, and says why", () => {
  const complaint = async (name: string, content: unknown): Promise<string> => {
    try {
      readManifest(await write(name, content), schema);
    } catch (error) {
      if (error instanceof StartupError) return error.message;
      throw error;
    }
    throw new Error("the manifest was accepted");
  };

  it("every operation that the schema does not allow, by its id", async () => {
    const message = await complaint("invalid.json", {
      one: "{ nothing }",
      two: "{",
      three: "{ __schema { description } }",
      four: names,
    });
    expect(message).toMatch(/^OPERATIONS: .*invalid\.json/);
    expect(message).toMatch(/^ {2}one: .*"nothing"/m);
    expect(message).toMatch(/^ {2}two: Syntax Error/m);
    expect(message).toMatch(/^ {2}three: .*introspection/m);
    expect(message).not.toContain("four");
  });

  it.each([
    ["no-json.json", "{", /not JSON/],
    ["list.json", [], /no manifest/],
    ["numbers.json", { a: 1 }, /no manifest/],
    [
      "version.json",
      { format: "apollo-persisted-query-manifest", version: 2, operations: [] },
      /no manifest/,
    ],
  ])("%s", async (name, content, message) => {
    expect(await complaint(name, content)).toMatch(message);
  });

  it("no file", () => {
    expect(() => readManifest(join(folder, "nowhere.json"), schema)).toThrow(
      /cannot be read: is there such a file/,
    );
  });
});
