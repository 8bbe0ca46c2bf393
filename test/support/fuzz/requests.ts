import { createHash } from "node:crypto";
import type { GraphQLSchema } from "graphql";
import { Random } from "../../../src/seed/random.ts";
import type { FuzzRequest } from "./client.ts";
import { garbled, garbledBytes, hostileJson } from "./hostile-values.ts";
import { makeOperation, type FuzzOperation } from "./operations.ts";

type FuzzWorld = {
  readonly schema: GraphQLSchema;
  readonly ids: readonly string[];
  readonly keys: readonly string[];
};

/** A request made of a number: the same number, the same request. */
export type Make = (seed: number) => FuzzRequest;

function bodyOf({ query, variables }: FuzzOperation): string {
  const pairs = [...variables].map(([name, json]) => `${JSON.stringify(name)}:${json}`);
  return `{"query":${JSON.stringify(query)},"variables":{${pairs.join(",")}}}`;
}

export class RequestMaker {
  readonly #world: FuzzWorld;

  constructor(world: FuzzWorld) {
    this.#world = world;
  }

  /** Documents as the schema has them, and the same with some of their text exchanged. */
  readonly document: Make = (seed) => {
    const random = new Random(`document ${seed}`);
    const made = this.#operation(random, 0.01);
    const query = random.chance(0.5) ? made.query : garbled(random, made.query);
    return this.#post(random, bodyOf({ ...made, query }));
  };

  /** Values by their types, and others in their place. */
  readonly variables: Make = (seed) => {
    const random = new Random(`variables ${seed}`);
    return this.#post(random, bodyOf(this.#operation(random, random.pick([0.02, 0.1, 0.4]))));
  };

  /** Bodies that are nearly JSON, nearly a request, or neither. */
  readonly body: Make = (seed) => {
    const random = new Random(`body ${seed}`);
    const good = bodyOf(this.#operation(random, 0.05));
    const member = (name: string) => `${JSON.stringify(name)}:${hostileJson(random)}`;
    const names = [
      "query",
      "variables",
      "operationName",
      "extensions",
      "documentId",
      "id",
      "__proto__",
      "x",
    ];
    const body = random.weighted<() => string | Buffer>([
      [() => garbledBytes(random, Buffer.from(good)), 4],
      [() => garbled(random, good), 3],
      [() => good.slice(0, random.between(0, good.length)), 1],
      [() => `{${random.some(random.between(0, 4), names).map(member).join(",")}}`, 3],
      [() => `${good.slice(0, -1)},${member(random.pick(names))}}`, 3],
      [() => hostileJson(random), 2],
      [() => `[${good},${good}]`, 1],
      [() => Buffer.from(good, "utf16le"), 1],
      [() => `\ufeff${good}`, 1],
      [() => Buffer.from(good, "latin1"), 1],
      [
        () =>
          good.replaceAll(/[{:,}]/g, (sign) => sign + random.pick(["", " ", "\n", "\t", "/**/"])),
        1,
      ],
      [() => good + "\n".repeat(random.pick([1, 1_000, 1_100_000])), 1],
    ])();
    return this.#post(random, body);
  };

  /** Everything around the operation: methods, paths, headers, ids of documents. */
  readonly around: Make = (seed) => {
    const random = new Random(`around ${seed}`);
    const operation = this.#operation(random, 0.05);
    const hash = createHash("sha256").update(operation.query).digest("hex");
    const persisted = `{"persistedQuery":{"version":${random.pick(["1", "2", '"1"'])},"sha256Hash":${JSON.stringify(random.pick([hash, hash.slice(1), "", hash.toUpperCase()]))}}}`;
    const method = random.weighted([
      ["POST", 10],
      ["GET", 6],
      ...["PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "TRACE", "QUERY", "PROPFIND"].map(
        (name) => [name, 0.5] as const,
      ),
    ]);
    const search = new URLSearchParams();
    if (method !== "POST" || random.chance(0.1)) {
      search.set(
        "query",
        random.chance(0.2) ? garbled(random, operation.query).slice(0, 3_000) : operation.query,
      );
      if (random.chance(0.8)) {
        const pairs = [...operation.variables].map(
          ([name, json]) => `${JSON.stringify(name)}:${json}`,
        );
        search.set("variables", `{${pairs.join(",")}}`.slice(0, 3_000));
      }
      if (random.chance(0.2))
        search.set(
          "extensions",
          random.chance(0.5) ? persisted : hostileJson(random).slice(0, 2_000),
        );
      if (random.chance(0.1))
        search.set(
          random.pick(["documentId", "id", "operationName", "x"]),
          random.pick([hash, "Fuzz", ""]),
        );
    }
    const path = random.weighted([
      ["/graphql", 20],
      ...[
        "/",
        "/graphql/",
        "//graphql",
        "/%67raphql",
        "/healthz",
        "/readyz",
        "/metrics",
        "/../etc/passwd",
        "/graphql%00",
        "/graphql;a=1",
        "/graphiql/",
        "/graphql?query",
        "/favicon.ico",
      ].map((other) => [other, 0.3] as const),
    ]);
    const good = bodyOf(operation);
    const body = random.chance(0.3) ? `${good.slice(0, -1)},"extensions":${persisted}}` : good;
    const query = search.size === 0 ? "" : `${path.includes("?") ? "&" : "?"}${search.toString()}`;
    return {
      method,
      path: `${path}${query}`.slice(0, 12_000),
      ...this.#framed(
        random,
        random.chance(0.7),
        method === "GET" || method === "HEAD" ? null : body,
      ),
    };
  };

  #operation(random: Random, wrong: number): FuzzOperation {
    const { schema, ids } = this.#world;
    return makeOperation({ random, schema, ids, wrong, mutations: 0.15 });
  }

  #post(random: Random, body: string | Buffer): FuzzRequest {
    return { method: "POST", path: "/graphql", ...this.#framed(random, false, body) };
  }

  #framed(
    random: Random,
    isOdd: boolean,
    body: string | Buffer | null,
  ): Pick<FuzzRequest, "headers" | "body"> {
    const headers: [string, string][] = [
      ["Host", "localhost"],
      ["X-Api-Key", random.pick(this.#world.keys)],
    ];
    if (body !== null) headers.push(["Content-Length", String(Buffer.byteLength(body))]);
    if (!isOdd || random.chance(0.7)) headers.push(["Content-Type", "application/json"]);
    else if (body !== null) headers.push(["Content-Type", random.pick(contentTypes)]);
    const types = isOdd ? accepted : accepted.slice(0, 4);
    if (random.chance(0.6)) headers.push(["Accept", random.pick(types)]);
    if (isOdd) {
      for (const [name, values] of random.some(random.between(0, 3), oddHeaders)) {
        headers.push([name, random.pick(values)]);
      }
    }
    return { headers, body };
  }
}

const contentTypes = [
  "application/json; charset=utf-8",
  "application/json;charset=UTF-16",
  "application/json, text/plain",
  "APPLICATION/JSON",
  "application/graphql-response+json",
  "application/graphql",
  "text/plain",
  "application/x-www-form-urlencoded",
  "multipart/form-data; boundary=a",
  "multipart/form-data",
  ";",
  "application/json;",
  'application/json; charset="',
];
/** What clients send, and then what they do not. */
const accepted = [
  "*/*",
  "application/json",
  "application/graphql-response+json",
  "application/graphql-response+json; charset=utf-8, application/json; q=0.9",
  "text/html",
  "text/event-stream",
  "multipart/mixed",
  "multipart/mixed;deferSpec=20220824,application/json",
  "",
  ",",
  ";q=",
  "application/json;q=abc",
  "image/png",
  `${"a/b,".repeat(2_000)}*/*`,
];
const oddHeaders: readonly (readonly [string, readonly string[]])[] = [
  ["Content-Encoding", ["identity", "gzip", "br", "x", ""]],
  [
    "Idempotency-Key",
    ["a", "", " ", "x".repeat(300), "a\tb", "\xff", "0190aaaa-0000-7000-8000-000000000000"],
  ],
  ["X-Api-Key", ["", "crm_test_x", "a".repeat(9_000)]],
  [
    "Authorization",
    ["", "Bearer", "Bearer x", "Bearer a.b.c", "Basic eDp5", "Bearer eyJhbGciOiJub25lIn0.e30."],
  ],
  ["X-Organization-Id", ["", "ten-1", "ten-0190aaaa-0000-7000-8000-000000000000", "\xff"]],
  ["X-Department-Id", ["", "dep-1", "x".repeat(500)]],
  ["X-Request-Id", ["", "a", "x".repeat(5_000), "\xe9", "a b"]],
  ["Traceparent", ["", "00-0-0-0", "x".repeat(500)]],
  ["Origin", ["null", "http://evil.example", ""]],
  ["Cookie", ["a=b", "x".repeat(4_000)]],
  ["X-Forwarded-For", ["1.2.3.4", "x", "::1, ".repeat(100)]],
  ["X-Forwarded-Proto", ["https", "javascript"]],
  ["X-Forwarded-Host", ["evil.example", "a/b"]],
  ["If-None-Match", ["*", '"a"', "W/"]],
  ["Range", ["bytes=0-0", "bytes=-1", "x"]],
  ["Apollo-Require-Preflight", ["true"]],
  ["X-Large", ["x".repeat(20_000)]],
];
