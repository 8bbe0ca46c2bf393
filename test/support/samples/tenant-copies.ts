import type pg from "pg";
import { v7 as uuidv7 } from "uuid";
import { makeSecret } from "../../../src/auth/api-key.ts";
import { formatId } from "../../../src/lib/id.ts";
import type { Made } from "./fixtures.ts";

/** A tenant that has the same rows under the same ids as the one it was copied from, and a key of its own. */
export type TenantCopy = Made & {
  readonly slug: string;
  readonly key: string;
  readonly keyId: string;
};

/** What is in a tenant, one text for each row, with what the gateway made up made comparable. */
export type TenantState = readonly string[];

type Table = { readonly name: string; readonly columns: string };
/** A foreign key, from one table to another. */
type Key = { readonly from: string; readonly to: string };

/** What a tenant has that a write is not about: bookkeeping, and keys that are made for each copy. */
const notCopied = new Set(["api_keys", "idempotency_keys", "number_sequences"]);
const notCompared = new Set(["idempotency_keys", "number_sequences"]);
/** Values that differ from run to run, and mean nothing by themselves. */
const random = ["tenant_id", "position", "transaction_id", "secret_hash", "last_used_at"];

/** Ids, instants and numbers; numbers are in the search text in small letters. */
const madeUp =
  /[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}|\d{4}-\d\d-\d\dT[\d:.]+(?:Z|\+00:00)|(?:DEAL|Q|deal|q)-\d{4}-\d{5}/g;
/** A whole API key. */
export const secret = /crm_[a-z]+_[\da-f-]{36}_[\da-f]{48}|whsec_[\w+/=]{44}/g;

/** Makes copies of a tenant, and compares what becomes of them. */
export class TenantCopies {
  readonly #client: pg.Client;
  readonly #base: Made;
  readonly #tables: readonly Table[];
  /** Ids, times and numbers of the tenant that is copied: they are the same in each copy. */
  #known: ReadonlySet<string> = new Set();
  #count = 0;

  private constructor(client: pg.Client, base: Made, tables: readonly Table[]) {
    this.#client = client;
    this.#base = base;
    this.#tables = tables;
  }

  /** The client is the database's owner, and a superuser. */
  static async of(client: pg.Client, base: Made): Promise<TenantCopies> {
    const { rows } = await client.query<Table>(
      `SELECT table_name AS name, string_agg(format('%I', column_name), ', ') FILTER (WHERE column_name <> 'tenant_id') AS columns
       FROM information_schema.columns WHERE table_schema = 'public' AND is_generated = 'NEVER'
       GROUP BY table_name HAVING bool_or(column_name = 'tenant_id') ORDER BY table_name`,
    );
    const { rows: keys } = await client.query<Key>(
      `SELECT conrelid::regclass::text AS from, confrelid::regclass::text AS to FROM pg_constraint
       WHERE contype = 'f' AND connamespace = 'public'::regnamespace AND conrelid <> confrelid`,
    );
    const copies = new TenantCopies(client, base, inOrder(rows, keys));
    const texts = await copies.#rows(base);
    copies.#known = new Set(texts.flatMap((text) => (text.match(madeUp) ?? []).map(canonical)));
    return copies;
  }

  /** A new copy with a key that may do everything. */
  async make(): Promise<TenantCopy> {
    const uuid = uuidv7();
    const keyUuid = uuidv7();
    const slug = `copy-${++this.#count}`;
    const { key, hash } = makeSecret("test", keyUuid);
    const rows = this.#tables
      .filter(({ name }) => !notCopied.has(name))
      .map(
        ({ name, columns }) =>
          `INSERT INTO ${name} (tenant_id, ${columns}) SELECT '${uuid}', ${columns} FROM ${name} WHERE tenant_id = '${this.#base.uuid}';`,
      );
    // One round trip, and no foreign keys to check, except on Citus' nodes: the rows were right where they come from.
    await this.#client.query(
      `BEGIN; SET LOCAL session_replication_role = replica;
       INSERT INTO tenants (id, slug, name) VALUES ('${uuid}', '${slug}', '${slug}');
       INSERT INTO api_keys (tenant_id, id, name, environment, secret_hash, scopes)
         VALUES ('${uuid}', '${keyUuid}', 'test', 'test', '\\x${hash.toString("hex")}', '{*}');
       ${rows.join("\n")} COMMIT`,
    );
    return { uuid, id: formatId("ten", uuid), slug, key, keyId: formatId("key", keyUuid) };
  }

  /** All rows of a tenant: equal for two copies that went through the same. */
  async state(tenant: Made): Promise<TenantState> {
    const texts = await this.#rows(tenant);
    const sorted = texts
      .map(
        (text) =>
          [text.replace(madeUp, (word) => (this.#isKnown(word) ? word : "?")), text] as const,
      )
      .toSorted(([a], [b]) => (a < b ? -1 : 1));
    return this.comparable(sorted.map(([, text]) => text).join("\n")).split("\n");
  }

  /** A text with the ids that are new numbered as they come, and new times, numbers and secrets left out. */
  comparable(text: string): string {
    const ids = new Map<string, string>();
    return withoutCursors(text)
      .replace(secret, "<secret>")
      .replace(madeUp, (word) => {
        if (this.#isKnown(word)) return canonical(word);
        if (word.includes("T")) return "<time>";
        if (/^(?:deal|q)-/i.test(word)) return "<number>";
        const name = ids.get(word) ?? `<id ${ids.size + 1}>`;
        ids.set(word, name);
        return name;
      });
  }

  #isKnown(word: string): boolean {
    return this.#known.has(canonical(word));
  }

  async #rows({ uuid }: Made): Promise<string[]> {
    const tables = this.#tables.filter(({ name }) => !notCompared.has(name));
    const { rows } = await this.#client.query<{ row: string }>(
      tables
        .map(
          ({ name }) =>
            `SELECT '${name} ' || (to_jsonb(t) - '{${random.join(",")}}'::text[])::text AS row FROM ${name} t WHERE tenant_id = '${uuid}'`,
        )
        .join(" UNION ALL "),
    );
    return rows.map(({ row }) => row);
  }
}

/** Tables behind those that they refer to. */
function inOrder(tables: readonly Table[], keys: readonly Key[]): Table[] {
  const left = new Set(tables);
  const sorted: Table[] = [];
  while (left.size > 0) {
    const names = new Set(Array.from(left, ({ name }) => name));
    const free = [...left].filter(
      ({ name }) => !keys.some(({ from, to }) => from === name && names.has(to)),
    );
    if (free.length === 0) throw new Error(`tables refer to each other: ${[...names].join(", ")}`);
    for (const table of free) left.delete(table);
    sorted.push(...free);
  }
  return sorted;
}

/** A text with the contents of cursors, whose times are as the gateway prints them. */
const withoutCursors = (text: string): string =>
  text.replace(/(?<="cursor":")[\w-]+/g, (cursor) =>
    Buffer.from(cursor, "base64url")
      .toString()
      .replace(/(\d{4}-\d\d-\d\d) ([\d:.]+)\+00/g, "$1T$2Z"),
  );

/** PostgreSQL and the gateway print one instant differently. */
function canonical(word: string): string {
  return word.includes("T") ? new Date(word).toISOString() : word;
}
