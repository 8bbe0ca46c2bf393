import type { RawRequest } from "../gateway/raw-http.ts";
import { nameOf, type Hiding } from "../leaks/secret-places.ts";

type Headers = readonly (readonly [string, string])[];

/** Where the answer is a failure of ours: what PostgreSQL says of it holds values of the row. */
export const failing = /^a value that the database refuses|^a filter of rows that cannot be read/;

/** All the places of a REST request where somebody could put a secret. */
export function restPlacesOf(
  key: string,
  organization: string,
): Readonly<Record<string, (secret: string) => Hiding & { readonly target: string }>> {
  const accounts = "/api/v1/crm/accounts";
  const contacts = "/api/v1/crm/contacts";
  // What other requests have left in records may be told with them.
  const nothing = `${accounts}?name=nothing`;
  const nobody = "acc-0190aaaa-0000-7000-8000-000000000000";
  const own: Headers = [
    ["x-api-key", key],
    ["x-organization-id", organization],
  ];
  const raw = (method: string, headers: Headers, body?: unknown): RawRequest => ({
    method,
    headers: body === undefined ? headers : [["content-type", "application/json"], ...headers],
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const header =
    (name: string, method = "GET") =>
    (secret: string) => ({
      target: { GET: nothing, PATCH: `${accounts}/${nobody}` }[method] ?? accounts,
      raw: raw(
        method,
        [...own.filter(([other]) => other !== name), [name, secret]],
        method === "GET" ? undefined : { name: "x" },
      ),
    });
  const credential = (name: string, value: (secret: string) => string) => (secret: string) => ({
    target: nothing,
    raw: raw("GET", [[name, value(secret)]]),
  });
  // What stands in the path, the query or the body may be told to the one who sent it.
  const get = (target: (secret: string) => string) => (secret: string) => ({
    target: target(encodeURIComponent(secret)),
    raw: raw("GET", own),
    isOperation: true,
  });
  const post = (target: string, body: (secret: string) => unknown) => (secret: string) => ({
    target,
    raw: raw("POST", own, body(secret)),
    isOperation: true,
  });
  const customer = { account_type: "business", company_name: "x", phone: "1" };
  return {
    "x-api-key": credential("x-api-key", (secret) => secret),
    "a bearer": credential("authorization", (secret) => `Bearer ${secret}`),
    "basic authorization": credential(
      "authorization",
      (secret) => `Basic ${Buffer.from(`user:${secret}`).toString("base64")}`,
    ),
    "a cookie": header("cookie"),
    "the request id": header("x-request-id"),
    tracestate: header("tracestate"),
    "the user agent": header("user-agent"),
    referer: header("referer"),
    origin: header("origin"),
    "the organization": header("x-organization-id"),
    "the department": header("x-department-id"),
    "the idempotency key": header("idempotency-key", "POST"),
    "the condition": header("if-match", "PATCH"),
    "content-encoding": header("content-encoding", "POST"),
    "the id of a path": get((secret) => `${accounts}/${secret}`),
    "the id of a customer": get((secret) => `/api/public/v1/customers/${secret}`),
    "a path that is none": get((secret) => `/api/v1/${secret}`),
    "a path of the old integration": get((secret) => `/v1/customer/${secret}/x`),
    "a filter's value": get((secret) => `${accounts}?name=${secret}`),
    "a filter that cannot be": get((secret) => `${accounts}?employee_count[gte]=${secret}`),
    "a parameter's name": get((secret) => `${accounts}?${secret}=1`),
    "a parameter that is none": get((secret) => `${accounts}?api_key=${secret}`),
    "the search": get((secret) => `${contacts}?q=${secret}`),
    "the cursor": get((secret) => `${accounts}?cursor=${secret}`),
    "the order": get((secret) => `${accounts}?sort=${secret}`),
    "the size of a page": get((secret) => `${accounts}?limit=${secret}`),
    "a filter of rows that cannot be read": get(
      (secret) => `/api/v1/crm/line-items?description=${secret}`,
    ),
    "a value": post(accounts, (description) => ({ description })),
    "a value of the wrong type": post(accounts, (secret) => ({ employee_count: secret })),
    "a value within a document": post(accounts, (secret) => ({ custom_fields: { secret } })),
    "a member that is none": post(accounts, (secret) => ({ [secret]: secret })),
    "a body that is no JSON": post(accounts, (secret) => `{"name": "${secret}`),
    "a value that is there already": post("/api/public/v1/customers", (secret) => ({
      ...customer,
      email: `${nameOf(secret)}@example.com`.slice(-60),
    })),
    "a value that the database refuses": post(contacts, (secret) => ({
      last_name: `fail ${secret}`,
    })),
    "a value that the database refuses, of the integration": post("/v1/customers", (secret) => ({
      last_name: `fail ${secret}`,
    })),
    "a value that the database refuses, of a customer": post(
      "/api/public/v1/customers",
      (secret) => ({
        ...customer,
        last_name: `fail ${secret}`,
        email: `${Buffer.from(secret).toString("hex").slice(0, 40)}@fail.example`,
      }),
    ),
  };
}
