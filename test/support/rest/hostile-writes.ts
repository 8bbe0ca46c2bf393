import { at, type TestGateway } from "../gateway/gateway.ts";
import { send, type RawAnswer, type RawRequest } from "../gateway/raw-http.ts";
import { restClient } from "./client.ts";

/** A gateway with a tenant to which every write of the REST APIs can be sent, with whatever may be wrong about it. */
export type RestWrites = {
  readonly key: string;
  readonly tenantId: string;
  /** Sends a write with its key and organization, as JSON unless said otherwise. */
  send(write: RestWrite, raw: RawRequest & { readonly type?: string | null }): Promise<RawAnswer>;
  /** The first line and the headers of the same, for bytes that are sent as they are. */
  head(write: RestWrite, lines: readonly string[]): string;
  /** A body that the write takes. */
  body(write: RestWrite): Readonly<Record<string, unknown>>;
  /** All that is kept of the tenant's records, as one text. */
  state(): Promise<string>;
};

/** The writes of the three APIs that have a body. */
export const restWrites = ["POST crm", "PATCH crm", "POST integration", "POST customers"] as const;
export type RestWrite = (typeof restWrites)[number];

/** Makes the tenant, with a contact that can be changed. */
export async function makeRestWrites(gateway: TestGateway, slug: string): Promise<RestWrites> {
  const { id: tenantId, uuid } = await gateway.fixtures.tenant(slug);
  const key = await gateway.keyFor(slug);
  const rest = restClient(gateway, { "x-api-key": key });
  const contact = await rest.post("/api/v1/crm/contacts", { last_name: "Doe" });
  const paths: Readonly<Record<RestWrite, string>> = {
    "POST crm": "/api/v1/crm/contacts",
    "PATCH crm": `/api/v1/crm/contacts/${String(at(contact.body, "id"))}`,
    "POST integration": "/api/v1/integration/customers",
    "POST customers": "/api/public/v1/customers",
  };
  const methodOf = (write: RestWrite): string => (write === "PATCH crm" ? "PATCH" : "POST");
  const own = [
    ["x-api-key", key],
    ["x-organization-id", tenantId],
  ] as const;
  return {
    key,
    tenantId,
    send: (write, { type = "application/json", headers = [], ...raw }) =>
      send(`${gateway.url}${paths[write]}`, {
        method: methodOf(write),
        ...raw,
        headers: [
          ...own,
          ...(type === null ? [] : ([["content-type", type]] as const)),
          ...headers,
        ],
      }),
    head: (write, lines) =>
      [
        `${methodOf(write)} ${paths[write]} HTTP/1.1`,
        "Host: localhost",
        "Content-Type: application/json",
        ...own.map(([name, value]) => `${name}: ${value}`),
        ...lines,
        "",
        "",
      ].join("\r\n"),
    body: (write) =>
      write === "POST customers"
        ? { account_type: "business", display_name: "Sent", email: "a@b.com", phone: "1" }
        : { last_name: "Sent" },
    state: async () => {
      const { rows } = await gateway.fixtures.client.query(
        `SELECT (SELECT jsonb_agg(a ORDER BY id) FROM accounts a WHERE tenant_id = $1) AS accounts,
          (SELECT jsonb_agg(c ORDER BY id) FROM contacts c WHERE tenant_id = $1) AS contacts,
          (SELECT max(position) FROM change_events WHERE tenant_id = $1) AS changes`,
        [uuid],
      );
      return JSON.stringify(rows);
    },
  };
}

/** Whether an answer is a refusal as the APIs word them, and tells nothing of a parser, a database or a stack. */
export function isPlainRefusal({ status, headers, body }: RawAnswer): boolean {
  const told: unknown = JSON.parse(body);
  const keys = typeof told === "object" && told !== null ? Object.keys(told) : [];
  return (
    status >= 400 &&
    status < 500 &&
    headers["content-type"] === "application/json; charset=utf-8" &&
    keys[0] === "error" &&
    body.length < 100_000 &&
    !/Unexpected token|position \d|\bat \/|node_modules|SyntaxError|SELECT|constraint/.test(body)
  );
}
