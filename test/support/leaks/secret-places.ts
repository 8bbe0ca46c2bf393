import type { RawRequest } from "../gateway/raw-http.ts";

/** A request that holds a secret somewhere. */
export type Hiding = {
  /** After the host. */
  readonly target?: string;
  readonly raw: RawRequest;
  /** Whether the answer to this very request may repeat it: it stands in the operation or in a record. */
  readonly isOperation?: boolean;
};

type Headers = readonly (readonly [string, string])[];

/** A name that GraphQL allows, as near to the text as can be. */
export const nameOf = (text: string): string => `_${text.replaceAll(/\W/g, "_")}`;

/** All the places where somebody could put a secret, by mistake or to see where it comes out again. */
export function placesOf(key: string): Readonly<Record<string, (secret: string) => Hiding>> {
  const post = (body: unknown, headers: Headers = []): RawRequest => ({
    headers: [["content-type", "application/json"], ["x-api-key", key], ...headers],
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  const typename = { query: "{ __typename }" };
  const withHeader = (name: string) => (secret: string) => ({
    raw: post(typename, [[name, secret]]),
  });
  const alone = (name: string, value: (secret: string) => string) => (secret: string) => ({
    raw: {
      headers: [
        ["content-type", "application/json"],
        [name, value(secret)],
      ] as const,
      body: JSON.stringify(typename),
    },
  });
  const operation = (body: (secret: string) => unknown) => (secret: string) => ({
    raw: post(body(secret)),
    isOperation: true,
  });
  const get = (target: (secret: string) => string) => (secret: string) => ({
    target: target(secret),
    raw: { method: "GET", headers: [["x-api-key", key]] as const },
  });
  const filtered =
    "query Filtered($name: String) { accounts(where: { name: { eq: $name } }) { totalCount } }";
  return {
    "x-api-key": alone("x-api-key", (secret) => secret),
    "a bearer": alone("authorization", (secret) => `Bearer ${secret}`),
    "basic authorization": alone(
      "authorization",
      (secret) => `Basic ${Buffer.from(`user:${secret}`).toString("base64")}`,
    ),
    "a cookie": withHeader("cookie"),
    "the request id": withHeader("x-request-id"),
    traceparent: withHeader("traceparent"),
    tracestate: (secret) => ({
      raw: post(typename, [
        ["traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"],
        ["tracestate", `vendor=${secret}`],
        ["baggage", `user=${secret}`],
      ]),
    }),
    "the user agent": withHeader("user-agent"),
    referer: withHeader("referer"),
    origin: withHeader("origin"),
    accept: withHeader("accept"),
    "content-encoding": withHeader("content-encoding"),
    "the organization": withHeader("x-organization-id"),
    "the department": withHeader("x-department-id"),
    "the forwarded address": withHeader("x-forwarded-for"),
    "another header": withHeader("x-secret"),
    host: (secret) => ({ raw: post(typename, [["host", nameOf(secret)]]) }),
    "a host that cannot be": (secret) => ({ raw: post(typename, [["host", `${secret}@host/`]]) }),
    "a preflight": (secret) => ({
      raw: {
        method: "OPTIONS",
        headers: [
          ["origin", `https://${nameOf(secret)}.example`],
          ["access-control-request-method", "POST"],
          ["access-control-request-headers", secret],
        ],
      },
    }),
    "the idempotency key": (secret) => ({
      raw: post(
        { query: 'mutation { createContact(input: { last_name: "x" }) { contact { id } } }' },
        [["idempotency-key", secret]],
      ),
    }),
    "the query of the URL": get((secret) => `/graphql?api_key=${encodeURIComponent(secret)}`),
    "a parameter beside a query": get(
      (secret) => `/graphql?query={__typename}&token=${encodeURIComponent(secret)}`,
    ),
    "variables in the URL": get(
      (secret) => `/graphql?query={__typename}&variables=${encodeURIComponent(secret)}`,
    ),
    "the path": get((secret) => `/graphql/${encodeURIComponent(secret)}`),
    "the path of a probe": get((secret) => `/healthz/${encodeURIComponent(secret)}`),
    "the path of a page's file": get((secret) => `/graphiql/${encodeURIComponent(secret)}`),
    "a variable": operation((name) => ({ query: filtered, variables: { name } })),
    "a variable of the wrong type": operation((name) => ({
      query: "query Page($first: Int) { accounts(first: $first) { totalCount } }",
      variables: { first: name },
    })),
    "a variable's name": operation((name) => ({ query: filtered, variables: { [name]: 1 } })),
    "a literal": operation((secret) => ({
      query: `{ accounts(where: { name: { eq: ${JSON.stringify(secret)} } }) { totalCount } }`,
    })),
    "a comment": operation((secret) => ({ query: `{ __typename } # ${secret}` })),
    "the name to run": operation((operationName) => ({
      query: "query A { __typename }",
      operationName,
    })),
    "an alias": operation((secret) => ({ query: `{ ${nameOf(secret)}: __typename }` })),
    "an alias of a field that fails": operation((secret) => ({
      query: `{ ${nameOf(secret)}: lineItems { nodes { id } } }`,
    })),
    "a field that is not there": operation((secret) => ({ query: `{ ${nameOf(secret)} }` })),
    "a fragment that is not there": operation((secret) => ({ query: `{ ...${nameOf(secret)} }` })),
    "an operation's name": operation((secret) => ({
      query: `query ${nameOf(secret)} { __typename }`,
    })),
    "a syntax error": operation((secret) => ({ query: `{ accounts(where: "${secret}` })),
    "a body that is no JSON": operation((secret) => `{"query": "${secret}`),
    "a member of the body": operation((secret) => ({ ...typename, [secret]: secret })),
    "a value that the database refuses": operation((secret) => ({
      query:
        'mutation Refused($name: String!) { createContact(input: { last_name: $name, email: "fails@example.com" }) { contact { id } userErrors { message } } }',
      variables: { name: `fail ${secret}` },
    })),
    "a value that is there already": operation((secret) => ({
      query:
        'mutation Twice($email: EmailAddress) { createContact(input: { last_name: "x", email: $email }) { contact { id } userErrors { code message } } }',
      variables: { email: `${nameOf(secret)}@example.com` },
    })),
  };
}

/** Everything that would give a text away: as it is, and as it may be written elsewhere. */
function tracesOf(secret: string): readonly string[] {
  const plain = [secret, nameOf(secret).slice(1)].flatMap((text) => [
    text,
    encodeURIComponent(text),
    JSON.stringify(text).slice(1, -1),
    Buffer.from(text).toString("hex"),
  ]);
  // In the middle of something else, base64 starts at one of three places.
  const encoded = [0, 1, 2].flatMap((offset) => {
    const text = Buffer.from(" ".repeat(offset) + secret);
    const cut = (encoding: "base64" | "base64url"): string =>
      text
        .toString(encoding)
        .replaceAll("=", "")
        .slice(offset + 1, -2);
    return [cut("base64"), cut("base64url")];
  });
  return [...new Set([...plain, ...encoded])];
}

/** Which of the secrets a text gives away, and how. */
export function leaks(text: string, of: Iterable<readonly [string, string]>): readonly string[] {
  const folded = text.toLowerCase();
  return [...of].flatMap(([name, secret]) =>
    tracesOf(secret)
      .filter((trace) => folded.includes(trace.toLowerCase()))
      .map((trace) => `${name}: ${trace}`),
  );
}
