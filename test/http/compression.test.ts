import { request, type IncomingHttpHeaders } from "node:http";
import { buffer } from "node:stream/consumers";
import { once } from "node:events";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startGateway, type TestGateway } from "../support/gateway/gateway.ts";

let gateway: TestGateway;
let key: string;
const notes = "Northern contract; ".repeat(100);
const names = Array.from({ length: 40 }, (_, index) => `North Harbor ${index}`);

beforeAll(async () => {
  gateway = await startGateway({ logLevel: "silent" });
  const tenant = await gateway.fixtures.tenant("compressed");
  for (const name of names) await tenant.account({ name, customFields: { notes } });
  key = await gateway.keyFor("compressed");
});
afterAll(() => gateway.close());

type Asked = { readonly path?: string; readonly method?: string; readonly query?: string };
type Answered = {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
};

const many = "{ accounts(first: 40) { nodes { id name } } }";

/** An answer as it comes over the wire. */
async function ask(
  { path = "/graphql", method = "POST", query = many }: Asked,
  headers: Readonly<Record<string, string>>,
): Promise<Answered> {
  const sent = request(`${gateway.url}${path}`, {
    method,
    agent: false,
    headers: { "x-api-key": key, "content-type": "application/json", ...headers },
  });
  sent.end(method === "POST" ? JSON.stringify({ query }) : undefined);
  const [response] = await once(sent, "response");
  return {
    status: response.statusCode,
    headers: response.headers,
    bytes: await buffer(response),
  };
}

const lists: readonly [string, Asked][] = [
  ["GraphQL", {}],
  ["REST", { path: "/api/v1/crm/accounts?limit=40", method: "GET" }],
];

describe.each(lists)("a list over %s", (_name, asked) => {
  it.each([
    ["br", "br", brotliDecompressSync],
    ["gzip", "gzip", gunzipSync],
    ["gzip, deflate, br", "br", brotliDecompressSync],
    ["GZIP;q=0.8, br;q=0", "gzip", gunzipSync],
  ])("is sent to who accepts %s as %s, whole", async (accepted, coding, decompress) => {
    const { headers, bytes } = await ask(asked, { "accept-encoding": accepted });
    expect(headers["content-encoding"]).toBe(coding);
    expect(headers.vary).toBe("origin, accept-encoding");
    expect(headers["content-length"]).toBe(String(bytes.length));
    const text = decompress(bytes).toString();
    expect(bytes.length).toBeLessThan(text.length / 2);
    expect(names.filter((name) => !text.includes(`"${name}"`))).toEqual([]);
  });

  it.each(["identity", "br;q=0, gzip;q=0", "deflate", "", "*;q=0, identity"])(
    "is sent as it is to who accepts %j",
    async (accepted) => {
      const { headers, bytes } = await ask(asked, { "accept-encoding": accepted });
      expect(headers).not.toHaveProperty("content-encoding");
      // It depends on that header all the same.
      expect(headers.vary).toBe("origin, accept-encoding");
      expect(JSON.parse(bytes.toString())).toHaveProperty("data");
    },
  );
});

describe("nothing is gained by compressing", () => {
  it("an answer of less than 1 KB", async () => {
    const { headers, bytes } = await ask({ query: "{ __typename }" }, { "accept-encoding": "br" });
    expect(headers).not.toHaveProperty("content-encoding");
    expect(headers.vary).toBe("origin");
    expect(JSON.parse(bytes.toString())).toHaveProperty("data", { __typename: "Query" });
  });
});

it.each(["br", "gzip", "identity"])("HEAD has the headers of GET for %s", async (accepted) => {
  const path = "/api/v1/crm/accounts?limit=40";
  const told = ["content-encoding", "content-length", "content-type", "vary"];
  const [head, get] = await Promise.all(
    ["HEAD", "GET"].map((method) => ask({ path, method }, { "accept-encoding": accepted })),
  );
  const of = (answer?: Answered) => told.map((name) => answer?.headers[name]);
  expect([head?.status, ...of(head)]).toEqual([200, ...of(get)]);
  expect(of(get)[1]).toBe(String(get?.bytes.length));
});

it("a record's ETag is that of its version, however it is sent", async () => {
  const { bytes } = await ask({ path: "/api/v1/crm/accounts?limit=1", method: "GET" }, {});
  const { data } = JSON.parse(bytes.toString());
  const path = `/api/v1/crm/accounts/${data[0].id}`;
  const codings = ["identity", "br", "gzip"];
  const read = await Promise.all(
    codings.map((coding) => ask({ path, method: "GET" }, { "accept-encoding": coding })),
  );
  expect(read.map(({ headers }) => headers["content-encoding"])).toEqual([undefined, "br", "gzip"]);
  expect(read.map(({ headers }) => headers.etag)).toEqual(['"1"', '"1"', '"1"']);
});

it("the page of the explorer is compressed, and its key is next to nothing that a caller chose", async () => {
  const { headers, bytes } = await ask(
    { path: "/graphql?query=chosen-by-a-caller", method: "GET" },
    { accept: "text/html", "accept-encoding": "gzip", "x-chosen": "chosen-by-a-caller" },
  );
  expect(headers["content-encoding"]).toBe("gzip");
  const page = gunzipSync(bytes).toString();
  expect(page).toContain("x-api-key");
  expect(page).not.toContain("chosen-by-a-caller");
});
