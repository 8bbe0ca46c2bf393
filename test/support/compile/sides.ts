import type { TestGateway } from "../gateway/gateway.ts";

export type Values = Readonly<Record<string, unknown>>;

/** Sends a mutation to one side, and gives its data. */
type Send = (query: string, variables: Values, options?: Options) => Promise<unknown>;
type Options = { readonly idempotencyKey?: string; readonly key?: "reader" };

/** One side, with its answers in order. Their text does not depend on generated ids. */
export type Side = {
  readonly send: Send;
  readonly answers: string[];
  readonly texts: string[];
  /** The replacement of each id. */
  readonly names: Map<string, string>;
  /** The number of answers without errors, except answers under idempotency keys. */
  good: number;
};

/** Opens a side with a tenant of its own in the gateway's database. */
export async function sideOf(gateway: TestGateway, url: string, slug: string): Promise<Side> {
  await gateway.fixtures.tenant(slug);
  const keys = {
    all: await gateway.keyFor(slug),
    reader: await gateway.keyFor(slug, ["read:*"]),
  };
  const [answers, texts]: [string[], string[]] = [[], []];
  const names = new Map<string, string>();
  const side: Side = { send: (...sent) => send(...sent), answers, texts, names, good: 0 };
  const send: Send = async (query, variables, { idempotencyKey, key } = {}) => {
    const response = await fetch(`${url}/graphql`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        accept: "application/graphql-response+json",
        "x-api-key": key === undefined ? keys.all : keys.reader,
        ...(idempotencyKey === undefined ? {} : { "idempotency-key": idempotencyKey }),
      },
      body: JSON.stringify({ query, variables }),
    });
    const text = await response.text();
    texts.push(text);
    if (!/"errors":|"userErrors":\[\{/.test(text) && idempotencyKey === undefined) side.good += 1;
    answers.push(`${response.status} ${comparable(text, names)}`);
    const answer: unknown = JSON.parse(text);
    return isObject(answer) ? answer["data"] : null;
  };
  return side;
}

const isObject = (value: unknown): value is Values => typeof value === "object" && value !== null;

/** An answer's text without ids, times and the state of quotas. */
function comparable(text: string, names: Map<string, string>): string {
  // Objects in JSON columns are printed with spaces, or without.
  return JSON.stringify(JSON.parse(text))
    .replace(/"rateLimit":\{.*?\}\}/, "")
    .replaceAll(/"((?:end)?[cC]ursor)":"([^"]+)"/g, (_, name, cursor) => {
      return `"${name}":${Buffer.from(cursor, "base64url").toString()}`;
    })
    .replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/gi, (id) => {
      const name = names.get(id) ?? `id ${names.size + 1}`;
      names.set(id, name);
      return name;
    })
    .replaceAll(/\d{4}-\d\d-\d\d[T ][\d:.]+(?:Z|\+00)/g, "time");
}
