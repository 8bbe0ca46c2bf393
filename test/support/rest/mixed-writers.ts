import { at, listAt } from "../gateway/gateway.ts";
import type { RaceTrack } from "../writes/races.ts";
import { restClient, type RestAnswer, type RestClient } from "./client.ts";

/** A kind of record that is written over every face, with a line of text that tells who wrote last. */
export type MixedKind = {
  /** As GraphQL calls it. */
  readonly type: string;
  readonly path: string;
  /** The line, in REST and in GraphQL. */
  readonly text: string;
};

export const mixedKinds = {
  account: { type: "Account", path: "/api/v1/crm/accounts", text: "name" },
  contact: { type: "Contact", path: "/api/v1/crm/contacts", text: "note" },
  deal: { type: "Deal", path: "/api/v1/crm/deals", text: "name" },
  quote: { type: "Quote", path: "/api/v1/crm/quotes", text: "name" },
  lineItem: { type: "LineItem", path: "/api/v1/crm/line-items", text: "description" },
} as const satisfies Record<string, MixedKind>;

/** How a writer says which version it has read: in the body, in If-Match, or over GraphQL. */
export const ways = ["body", "ifMatch", "graphql"] as const;
export type Way = (typeof ways)[number];

/** A record as far as writers look at it. */
export type Seen = { readonly id: string; readonly version: number; readonly text: string };

/** What a write came to. */
export type Outcome =
  | { readonly is: "written"; readonly version: number }
  | { readonly is: "stale"; readonly current: Seen | null }
  | { readonly is: "gone" };

/** Writes and reads the same records over REST and GraphQL, through either of two gateways. */
export class MixedWriters {
  readonly #track: RaceTrack;
  readonly #rest: readonly RestClient[];

  constructor(track: RaceTrack) {
    this.#track = track;
    this.#rest = track.urls.map((url) => restClient({ url }, { "x-api-key": track.key }));
  }

  rest(through: number): RestClient {
    const client = this.#rest[through];
    if (client === undefined) throw new Error(`there is no gateway ${through}`);
    return client;
  }

  /** Null when it is not there, or deleted. */
  async read(
    { type, path, text }: MixedKind,
    id: string,
    way: Way,
    through: number,
  ): Promise<Seen | null> {
    if (way !== "graphql") {
      const answer = await this.rest(through).get(`${path}/${id}`);
      if (answer.status === 404) return null;
      expectStatus(answer, 200);
      const seen = seenIn(answer.body, text);
      if (answer.headers.get("etag") !== `"${seen.version}"`) {
        throw new Error(`the ETag of version ${seen.version} is ${answer.headers.get("etag")}`);
      }
      return seen;
    }
    const field = `${type.charAt(0).toLowerCase()}${type.slice(1)}`;
    const query = `query ($id: ID!) { ${field}(id: $id) { id version ${text} } }`;
    const { answer, text: told } = await this.#track.send(query, { variables: { id }, through });
    if (answer.errors !== undefined) throw new Error(told);
    const record = at(answer.data, field);
    return record === null ? null : seenIn(record, text);
  }

  async update(
    { type, path, text }: MixedKind,
    { id, version }: Pick<Seen, "id" | "version">,
    values: Readonly<Record<string, unknown>>,
    way: Way,
    through: number,
  ): Promise<Outcome> {
    if (way === "graphql") {
      return this.#mutate(`update${type}`, { id, input: { ...values, version } }, text, through);
    }
    const rest = this.rest(through);
    return way === "body"
      ? outcomeOf(await rest.patch(`${path}/${id}`, { ...values, version }), 409, text)
      : outcomeOf(
          await rest.patch(`${path}/${id}`, values, { "if-match": `"${version}"` }),
          412,
          text,
        );
  }

  /** Deletions over REST have no body: there the version is in If-Match. */
  async remove(
    { type, path, text }: MixedKind,
    { id, version }: Pick<Seen, "id" | "version">,
    way: Way,
    through: number,
  ): Promise<Outcome> {
    if (way === "graphql") return this.#mutate(`delete${type}`, { id, version }, text, through);
    const headers = { "if-match": `"${version}"` };
    return outcomeOf(await this.rest(through).delete(`${path}/${id}`, headers), 412, text);
  }

  /** Only GraphQL brings back what was deleted. */
  restore({ type, text }: MixedKind, id: string, through: number): Promise<Outcome> {
    return this.#mutate(`restore${type}`, { id }, text, through);
  }

  async #mutate(
    field: string,
    args: Readonly<Record<string, unknown>>,
    text: string,
    through: number,
  ): Promise<Outcome> {
    const { record, userErrors } = await this.#track.write(field, args, through);
    if (record !== null) return { is: "written", version: Number(record["version"]) };
    const [error] = userErrors;
    if (error?.code === "CONFLICT") {
      // Only of accounts does the operation ask more than the id.
      const isWhole = text === "name" && at(error.current, "__typename") === "Account";
      return { is: "stale", current: isWhole ? seenIn(error.current, text) : null };
    }
    if (error?.code === "NOT_FOUND") return { is: "gone" };
    throw new Error(`${field} failed: ${JSON.stringify(userErrors)}`);
  }
}

function outcomeOf(answer: RestAnswer, stale: number, text: string): Outcome {
  if (answer.status === 404) return { is: "gone" };
  if (answer.status === stale) {
    return { is: "stale", current: seenIn(at(answer.body, "current"), text) };
  }
  expectStatus(answer, 200);
  return { is: "written", version: Number(at(answer.body, "version")) };
}

function seenIn(record: unknown, text: string): Seen {
  return {
    id: String(at(record, "id")),
    version: Number(at(record, "version")),
    text: String(at(record, text)),
  };
}

function expectStatus({ status, text }: RestAnswer, expected: number): void {
  if (status !== expected) throw new Error(`${status} instead of ${expected}: ${text}`);
}

/** An accepted write: which version it was made of, and the line that it left. */
export type Accepted = { readonly id: string; readonly from: number; readonly text: string };

/** What the change log says became of a record's line: the version that did it, what was there and what is since. */
export async function linesOf(
  track: RaceTrack,
  id: string,
  text: string,
): Promise<readonly (readonly [version: number, before: unknown, after: unknown])[]> {
  const rows = await track.sql(
    "SELECT version, changes -> $2 AS line FROM change_events WHERE entity_id = $1 AND changes ? $2 ORDER BY position",
    id,
    text,
  );
  return rows.map((row) => {
    const [before, after] = listAt(row, "line");
    return [Number(row["version"]), before, after];
  });
}
