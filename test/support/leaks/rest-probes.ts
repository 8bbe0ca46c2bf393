import { exports, wholeExport } from "../../../src/rest/export/operations.ts";
import type { AnyOperation, Resource } from "../../../src/rest/face.ts";
import { comparisonsFor } from "../../../src/rest/filter-condition.ts";
import { filterKeys, sortKeys } from "../../../src/rest/list-query.ts";
import { operations } from "../../../src/rest/operations.ts";
import { at, listAt, type TestGateway } from "../gateway/gateway.ts";
import { plainAnswers } from "../gateway/plain-answers.ts";
import type { Swap } from "./marks.ts";
import { restClient } from "../rest/client.ts";

type Values = Readonly<Record<string, unknown>>;

/** A request of an operation, with everything apart that somebody could write into it. */
export type RestProbe = {
  readonly operation: AnyOperation;
  /** Of the path; empty where it has none. */
  readonly id: string;
  readonly params: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  /** Null where the operation takes none. */
  readonly body: Values | null;
};

/** What a client sees of an answer, but for what each answer has of its own: its id, its time, what is left of the minute. */
export type RestReply = {
  readonly status: number;
  readonly headers: string;
  readonly text: string;
};

/** Who asks. */
export type Asker = { readonly key: string; readonly organization: string };

const ownHeaders = /^(date|x-request-id|x-ratelimit-|content-length)/;

/** Sends a probe. */
export async function sendProbe(
  gateway: Pick<TestGateway, "url">,
  { key, organization }: Asker,
  { operation, id, params, headers, body }: RestProbe,
): Promise<RestReply> {
  const query = new URLSearchParams(params).toString();
  const path = operation.path.replace(/\{\w+\}/, encodeURIComponent(id));
  const response = await fetch(`${gateway.url}${path}${query === "" ? "" : `?${query}`}`, {
    method: operation.method,
    headers: {
      ...plainAnswers,
      "x-api-key": key,
      "x-organization-id": organization,
      ...(body === null ? {} : { "content-type": "application/json" }),
      ...headers,
    },
    ...(body === null ? {} : { body: JSON.stringify(body) }),
  });
  const told = [...response.headers].filter(([name]) => !ownHeaders.test(name));
  return {
    status: response.status,
    headers: told.map(([name, value]) => `${name}: ${value}`).join("\n"),
    text: await response.text(),
  };
}

/** The same probe with what nobody has instead of another tenant's ids and values. */
export function toAbsent(swap: Swap, probe: RestProbe): RestProbe {
  const { id, params, headers, body } = probe;
  const { variables } = swap.toAbsent({ query: "", variables: { id, params, headers, body } });
  return { ...probe, ...variables };
}

/** An answer about what is absent, as if it were about theirs. */
export function toTheirs(swap: Swap, { status, headers, text }: RestReply): RestReply {
  return { status, headers: swap.toTheirs(headers), text: swap.toTheirs(text) };
}

/** What of a tenant a probe can be made of: the first records of each resource, as its own key is shown them. */
export type Shown = {
  readonly records: ReadonlyMap<Resource, readonly Values[]>;
  /** `next_cursor` of lists in several orders, each with its order. */
  readonly cursors: ReadonlyMap<Resource, readonly Readonly<Record<string, string>>[]>;
};

const lists = operations.filter(({ verb }) => verb === "list");

export async function readShown(gateway: TestGateway, asker: Asker): Promise<Shown> {
  const rest = restClient(gateway, {
    "x-api-key": asker.key,
    "x-organization-id": asker.organization,
  });
  const records = new Map<Resource, readonly Values[]>();
  const cursors = new Map<Resource, Readonly<Record<string, string>>[]>();
  for (const { resource, path } of lists) {
    const { body } = await rest.get(path);
    records.set(
      resource,
      listAt(body, "data").map((record) => ({ ...Object(record) })),
    );
    const found: Readonly<Record<string, string>>[] = [];
    for (const sort of ["", ...sortKeys(resource)]) {
      const order: Record<string, string> = sort === "" ? {} : { sort: `-${sort}` };
      const query = new URLSearchParams({ ...order, limit: "1" });
      const page = await rest.get(`${path}?${query.toString()}`);
      const cursor = at(page.body, "pagination", "next_cursor");
      if (typeof cursor === "string") found.push({ ...order, cursor });
    }
    cursors.set(resource, found);
  }
  return { records, cursors };
}

const first = (shown: Shown, resource: Resource): Values => {
  const [record] = shown.records.get(resource) ?? [];
  if (record === undefined) throw new Error(`there are no ${resource.plural}`);
  return record;
};

const plain = { id: "", params: {}, headers: {}, body: null };
const comparisons = ["eq", "ne", "in", "all", "gte", "lt", "contains", "starts_with"];

/** Every way to ask for records: by id, by cursor, by each filter with each value, by each order, by a search. */
export function readProbes(shown: Shown): RestProbe[] {
  return operations.flatMap((operation): RestProbe[] => {
    const { resource, verb } = operation;
    const record = first(shown, resource);
    const of = (more: Partial<RestProbe>): RestProbe => ({ ...plain, operation, ...more });
    if (verb === "get") {
      const all = (shown.records.get(resource) ?? []).map(({ id }) => String(id));
      const deleted = resource.list.isRich
        ? [of({ id: String(record["id"]), params: { include_deleted: "true" } })]
        : [];
      return [...all.flatMap((id) => [of({ id }), of({ id: id.slice(-36) })]), ...deleted];
    }
    if (verb !== "list") return [];
    const asked = (params: Readonly<Record<string, string>>) => of({ params });
    const { entity, members } = resource.projection;
    const filters = filterKeys(resource).flatMap((key) => {
      const value = record[key];
      // Of a list, what it holds.
      const one: unknown = Array.isArray(value) ? value[0] : value;
      if (typeof one !== "string" && typeof one !== "number" && typeof one !== "boolean") return [];
      const member = members.find((other) => other.key === key);
      const allowed: readonly string[] = member === undefined ? [] : comparisonsFor(entity, member);
      const compared = comparisons
        .filter((comparison) => allowed.includes(comparison))
        .map((comparison) => asked({ [`${key}[${comparison}]`]: String(one) }));
      return [asked({ [key]: String(one) }), ...(resource.list.isRich ? compared : [])];
    });
    const orders = sortKeys(resource).map((key) => asked({ sort: key }));
    const texts = Object.values(record).filter((value) => typeof value === "string");
    const searches = resource.list.isRich ? texts.map((q) => asked({ q })) : [];
    const cursors = (shown.cursors.get(resource) ?? []).map(asked);
    const everything = resource.list.isRich ? [asked({ include_deleted: "true" })] : [];
    return [asked({}), ...everything, ...filters, ...orders, ...searches, ...cursors];
  });
}

/** Exports of the same lists, in the formats by turns; but for cursors, which they do not take. */
export function exportProbes(reads: readonly RestProbe[]): RestProbe[] {
  return exports.flatMap((operation) => {
    const asked = reads
      .filter(
        ({ operation: { verb, resource } }) => verb === "list" && resource === operation.resource,
      )
      .map(({ params }) => params)
      .filter((params) => !("cursor" in params));
    const of = (params: RestProbe["params"]) => ({ ...plain, operation, params });
    return operation === wholeExport
      ? [of({}), of({ include_deleted: "true" })]
      : asked.map((params, place) => of({ ...params, format: place % 2 === 0 ? "ndjson" : "csv" }));
  });
}

/** What a creation needs, of the caller's own. */
function needed(own: Shown, resource: Resource): Values {
  const account = operations.find(({ id }) => id === "createAccount")?.resource;
  const quote = operations.find(({ id }) => id === "createQuote")?.resource;
  const ownId = (of: Resource | undefined) => (of === undefined ? null : first(own, of)["id"]);
  const { fields } = resource.create.input;
  return {
    ...("account_id" in fields && resource.noun !== "Contact"
      ? { account_id: ownId(account) }
      : {}),
    ...("quote_id" in fields ? { quote_id: ownId(quote) } : {}),
    ...("company_name" in fields
      ? { account_type: "business", company_name: "Own", email: "own@own.example", phone: "1" }
      : {}),
    ...(resource.noun === "IntegrationCustomer" ? { last_name: "Own" } : {}),
  };
}

/** Every way to write with another's values: each field by itself, the whole record, their ids in the path. */
export function writeProbes(own: Shown, theirs: Shown): RestProbe[] {
  return operations.flatMap((operation): RestProbe[] => {
    const { resource, verb } = operation;
    const record = first(theirs, resource);
    const id = String(record["id"]);
    const of = (more: Partial<RestProbe>): RestProbe => ({ ...plain, operation, ...more });
    const fields = Object.keys(operation.input?.fields ?? {}).filter((key) => record[key] != null);
    if (verb === "create") {
      const base = needed(own, resource);
      const singles = fields.map((key) => of({ body: { ...base, [key]: record[key] } }));
      const keyed = of({ body: base, headers: { "idempotency-key": id } });
      return [of({ body: base }), ...singles, of({ body: record }), keyed];
    }
    if (verb === "update") {
      const ownId = String(first(own, resource)["id"]);
      const singles = fields.map((key) => of({ id: ownId, body: { [key]: record[key] } }));
      return [
        of({ id, body: {} }),
        of({ id, body: record }),
        of({ id, body: { version: record["version"] } }),
        of({ id, body: {}, headers: { "if-match": `"${String(record["version"])}"` } }),
        of({ id, body: {}, headers: { "if-match": '"999"' } }),
        of({ id, body: { unknown: 1 } }),
        ...singles,
        of({ id: ownId, body: record }),
      ];
    }
    if (verb === "upsert") {
      const { external_id: known, ...rest } = record;
      const key = typeof known === "string" ? known : id;
      const base = needed(own, resource);
      return [
        of({ id: key, body: base }),
        of({ id: key, body: rest }),
        of({ id: key, body: base, headers: { "if-match": `"${String(record["version"])}"` } }),
        of({ id: key, body: base, headers: { "if-match": "*" } }),
        of({ id: `own ${id}`, body: rest }),
      ];
    }
    if (verb !== "delete") return [];
    return [
      of({ id }),
      of({ id, headers: { "if-match": `"${String(record["version"])}"` } }),
      of({ id, headers: { "if-match": '"999"' } }),
    ];
  });
}
