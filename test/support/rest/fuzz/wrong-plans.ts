import fc from "fast-check";
import { described, isPlainObject, valid, type Plan } from "./plans.ts";
import { VersionSlot } from "./values.ts";

/** Makes a request a bad one. */
type Change = (plan: Plan) => Plan;

const withQuery =
  (name: string, value: unknown): Change =>
  (plan) => ({
    ...plan,
    query: [...plan.query.filter(([other]) => other !== name), [name, value]],
    mustFail: true,
  });
const withHeader =
  (name: string, value: string, mustFail = true): Change =>
  (plan) => ({
    ...plan,
    headers: [...plan.headers.filter(([other]) => other.toLowerCase() !== name), [name, value]],
    mustFail,
  });
/** Changes a body; what comes of it is judged by the document. */
const withBody =
  (change: (body: Record<string, unknown>, keys: readonly string[]) => unknown): Change =>
  (plan) =>
    isPlainObject(plan.body)
      ? { ...plan, body: change({ ...plan.body }, Object.keys(plan.body)) }
      : withQuery("nothing", "x")(plan);
const keyOf = (keys: readonly string[], pick: number): string =>
  keys[pick % Math.max(keys.length, 1)] ?? "name";

const nowhere = "0190aaaa-0000-7000-8000-000000000000";
const wrongValues: fc.Arbitrary<unknown> = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom<unknown>(
    "x".repeat(100_001),
    "a\u0000b",
    "\ud800",
    "\u202e\r\n=cmd()",
    -1,
    1e308,
    2 ** 53,
    0.12345,
    `acc-${nowhere}`,
    `con-${nowhere}`,
    nowhere,
    "2026-02-30",
    "2026-11-30T25:00:00Z",
    "10000-01-01",
    [null],
    [[]],
    [{}, {}],
    {},
    { __proto__: null, constructor: 1 },
    JSON.parse('{"__proto__":{"a":1}}'),
    true,
  ),
);

/** What makes a good request a bad one, in one place. */
const changes: fc.Arbitrary<Change> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .tuple(fc.nat(), wrongValues)
      .map(([pick, value]) => withBody((body, keys) => ({ ...body, [keyOf(keys, pick)]: value }))),
  },
  {
    weight: 2,
    arbitrary: fc
      .nat()
      .map((pick) =>
        withBody((body, keys) =>
          Object.fromEntries(Object.entries(body).filter(([key]) => key !== keyOf(keys, pick))),
        ),
      ),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.stringMatching(/^[a-z_]{3,12}$/), small())
      .map(([key, value]) => withBody((body) => ({ ...body, [`${key}_x`]: value }))),
  },
  { weight: 1, arbitrary: fc.constant(withBody((body) => [body])) },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom("0", "101", "-1", "1.5", "x", "", "1e2", "9".repeat(30))
      .map((value) => withQuery("limit", value)),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.stringMatching(/^[a-z_]{3,12}$/), fc.string({ unit: "grapheme" }))
      .map(([name, value]) => withQuery(`${name}_x`, value)),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom("", "x", "WyJ4Il0", "W10", "e30", "////", "A".repeat(5_000))
      .map((value) => withQuery("cursor", value)),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom("name,", "-", "nothing", "+-id", "id,".repeat(11), "__proto__")
      .map((value) => withQuery("sort", value)),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom(
        "id[gt]",
        "name[]",
        "name[or]",
        "name[eq][eq]",
        "[eq]",
        "tags[gt]",
        "custom_fields[]",
        "created_at[like]",
      )
      .map((name) => withQuery(name, "x")),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom(
        "created_at",
        "id",
        "version[gte]",
        "is_deleted",
        "source_type",
        "include_deleted",
      )
      .map((name) => withQuery(name, "not that")),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom(
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/json; charset=latin1",
        "",
      )
      .map(
        (value): Change =>
          (plan) =>
            withHeader("content-type", value, plan.body !== undefined)(plan),
      ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom("gzip", "br").map(
      (value): Change =>
        (plan) =>
          withHeader("content-encoding", value, plan.body !== undefined)(plan),
    ),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom("crm_test_none", "x", `crm_test_${nowhere}_${"a".repeat(48)}`, "")
      .map((value) => withHeader("x-api-key", value)),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom("x", nowhere, `acc-${nowhere}`, "")
      .map((value) => withHeader("x-organization-id", value)),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom("x", nowhere, `dep-${nowhere}`)
      .map((value) => withHeader("x-department-id", value)),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom("x", '"x"', 'W/"1"', '"1", "2"', '""', '"9999999999"').map(
      (value): Change =>
        (plan) =>
          withHeader("if-match", value, /PATCH|PUT|DELETE/.test(plan.method))(plan),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom("k".repeat(256), " ", "ä", "a\tb").map(
      (value): Change =>
        (plan) =>
          withHeader("idempotency-key", value, takesIdempotencyKey(plan))(plan),
    ),
  },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom(
        "x",
        "%00",
        "%ff",
        "..%2f",
        nowhere,
        `acc-${nowhere}`,
        "acc-",
        "a".repeat(5_000),
        "%F0%9F%98%80",
      )
      .map(
        (value): Change =>
          (plan) =>
            /\{(?!external_id)/.test(plan.path)
              ? { ...plan, path: plan.path.replace(/\{\w+\}/, () => value), mustFail: true }
              : withQuery("y", value)(plan),
      ),
  },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom("PUT", "OPTIONS", "TRACE", "SEARCH", "HEAD", "DELETE", "PATCH", "POST")
      .map((method): Change => (plan) => ({ ...plan, method })),
  },
);

function small(): fc.Arbitrary<unknown> {
  return fc.jsonValue({ maxDepth: 1 });
}

export const oneThingWrong: fc.Arbitrary<Plan> = fc
  .tuple(valid, changes)
  .map(([plan, change]) => change(plan));

/** Bodies that are hardly JSON. */
const garbageBodies: fc.Arbitrary<unknown> = fc.oneof(
  fc.json(),
  fc.string({ unit: "binary" }),
  fc.constantFrom(
    "",
    "null",
    "{",
    '{"name":"x"',
    '{"name":"x","name":"y"}',
    "[".repeat(200_000),
    `{"custom_fields":${'{"a":'.repeat(300)}1${"}".repeat(300)}}`,
    `{"custom_fields":{"a":"${"x".repeat(70_000)}"}}`,
    `{"tags":[${"{},".repeat(30_000)}{}]}`,
    '{"annual_revenue":1e400}',
    `{"annual_revenue":${"9".repeat(400)}}`,
    '{"annual_revenue":0.00000000000000000000001}',
    '{"name":"\\ud800"}',
    '{"name":"\\u0000"}',
    "\ufeff{}",
    `{"note":"${"x".repeat(1_000_001)}"}`,
  ),
);

/** Paths that are hardly ones of the document, still among those of the REST APIs. */
const garbagePaths: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    "/api/",
    "/api/v1/crm",
    "/api/v1/crm/accounts/",
    "/api/v1/crm/accounts//",
    "/api/v1/crm/Accounts",
    "/api/v1/crm/accounts/{id}",
    "/api/v1/crm/accounts/%",
    "/api/v1/crm/accounts/%2e%2e",
    "/api/v1/crm/accounts/..;/deals",
    "/api/v1/crm/accounts/a/b",
    "/v1/customers/%00",
    "/v1/",
    "/v1/customer?",
    "/api/public/v1/customers/ten-",
  ),
  fc.stringMatching(/^[\w%.~!$&'()*+,;=:@-]{0,20}$/).map((text) => `/api/v1/crm/${text}`),
  fc.constantFrom(...described.map(({ path }) => path)),
);

const garbageQuery = fc.array(
  fc.tuple(
    fc.string({ unit: "grapheme", maxLength: 12 }),
    fc.string({ unit: "grapheme", maxLength: 30 }),
  ),
  { maxLength: 4 },
);

/** A file is its own key: sent again, it answers the import that it made. */
function takesIdempotencyKey({ method, path }: Plan): boolean {
  return method !== "GET" && !path.startsWith("/api/v1/crm/imports");
}

export const garbage: fc.Arbitrary<Plan> = fc
  .record({
    method: fc.constantFrom("GET", "GET", "POST", "POST", "PATCH", "DELETE", "PUT", "HEAD"),
    path: garbagePaths,
    query: garbageQuery,
    body: garbageBodies,
    headers: fc.array(
      fc.tuple(
        fc.constantFrom(
          "if-match",
          "idempotency-key",
          "accept",
          "x-request-id",
          "content-type",
          "expect-ct",
          "range",
        ),
        fc.stringMatching(/^[!-~]{1,30}$/),
      ),
      { maxLength: 2 },
    ),
  })
  .map(({ method, body, ...rest }) => ({
    ...rest,
    method,
    pathValue: new VersionSlot(0),
    body: method === "GET" || method === "HEAD" ? undefined : String(body),
    mustFail: false,
    bodySchema: null,
  }));
