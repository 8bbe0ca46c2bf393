import { isDeepStrictEqual } from "node:util";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loggedFields } from "../../src/changes/event-log.ts";
import { printingOptions } from "../../src/db/session.ts";
import { snakeCase } from "../../src/lib/text.ts";
import { catalog } from "../../src/modules/catalog.ts";
import type { Entity } from "../../src/model/entity.ts";
import { render, sql } from "../../src/lib/sql.ts";
import { seedDemo } from "../../src/seed/demo.ts";
import { seed } from "../../src/seed/seed.ts";
import { casesOf } from "../support/run/run-length.ts";
import { readStored, storedColumns } from "../../src/write/stored.ts";
import { createTestDatabase, type TestDatabase } from "../support/database/database.ts";

const anchor = new Date("2026-11-20T00:00:00.000Z");
const options = { tenants: 2, accounts: 120, seed: 1, anchor, history: true };

type Event = {
  tenant_id: string;
  position: string;
  ends_transaction: boolean;
  app_id: string | null;
  entity_type: string;
  entity_id: string;
  operation: string;
  version: number;
  actor: string | null;
  occurred_at: Date;
  changes: Record<string, [unknown, unknown]>;
};

let database: TestDatabase;
let client: pg.Client;
let events: Event[];
let records: Map<string, Record<string, unknown>>;

async function connect(url: string): Promise<pg.Client> {
  const connected = new pg.Client({
    connectionString: url,
    options: printingOptions.join(" "),
  });
  await connected.connect();
  return connected;
}

/** The options of tests that seed twice and compare; a short run has a part of {@link options}. */
const compared = { ...options, accounts: casesOf(options.accounts, 20) };

async function withSeeded<T>(
  fill: (url: string) => Promise<unknown>,
  ask: (seeded: pg.Client) => Promise<T>,
): Promise<T> {
  const other = await createTestDatabase();
  await fill(other.url);
  const seeded = await connect(other.url);
  try {
    return await ask(seeded);
  } finally {
    await seeded.end();
    await other.drop();
  }
}

async function logOf(on: pg.Client): Promise<Event[]> {
  const { rows } = await on.query<Event>(
    "SELECT * FROM change_events ORDER BY tenant_id, position",
  );
  return rows;
}

const keyOf = (event: Event): string => `${event.entity_type} ${event.entity_id}`;

/** What the log says that each record holds, by type and id; a change of what it never said fails. */
function replay(log: readonly Event[]): Map<string, Record<string, unknown>> {
  const found = new Map<string, Record<string, unknown>>();
  for (const event of log) {
    const record = found.get(keyOf(event)) ?? {};
    for (const [field, [old, current]] of Object.entries(event.changes)) {
      const known = record[field] ?? (field === "contact_ids" ? [] : null);
      if (!isDeepStrictEqual(old, known)) {
        throw new Error(`${field} of ${keyOf(event)} was not ${JSON.stringify(old)}`);
      }
      if (current === null) delete record[field];
      else record[field] = current;
    }
    record["version"] = event.version;
    record["updated_at"] = event.occurred_at.toISOString();
    record["updated_by"] = event.actor;
    found.set(keyOf(event), record);
  }
  return found;
}

/** The tables' records of an entity in the form of the log, read by the write engine. */
async function storedOf(entity: Entity): Promise<Map<string, Record<string, unknown>>> {
  const { text } = render(sql`SELECT ${storedColumns(entity)}`);
  const { rows } = await client.query<(string | null)[]>({
    text: `${text} FROM ${entity.table} t`,
    rowMode: "array",
    types: { getTypeParser: () => String },
  });
  const contacts = await linksOf(entity);
  return new Map(
    rows.map((cells) => {
      const record = readStored(entity, cells);
      const logged = loggedFields(entity).map(([field]) => field);
      const stamps = ["version", ...(entity.softDelete ? ["updatedAt", "updatedBy"] : [])];
      const told = [...logged, ...stamps]
        .map((field) => [snakeCase(field), record[field] ?? null] as const)
        .filter(([, value]) => value !== null);
      const links = contacts.get(record.id);
      return [
        `${entity.type} ${record.id}`,
        { ...Object.fromEntries(told), ...(links === undefined ? {} : { contact_ids: links }) },
      ];
    }),
  );
}

async function linksOf(entity: Entity): Promise<Map<string, string[]>> {
  const edge = entity.relations["contacts"];
  if (edge?.kind !== "through") return new Map();
  const { rows } = await client.query<{ id: string; contacts: string[] }>(
    `SELECT ${edge.source} AS id, array_agg(${edge.target}::text ORDER BY ${edge.target}) AS contacts FROM ${edge.table} GROUP BY 1`,
  );
  return new Map(rows.map(({ id, contacts }) => [id, contacts]));
}

const told = catalog.entities.filter(({ relations }) => relations["history"] !== undefined);

beforeAll(async () => {
  database = await createTestDatabase();
  await seed({ url: database.url, ...options });
  client = await connect(database.url);
  events = await logOf(client);
  records = replay(events);
});

afterAll(async () => {
  await client.end();
  await database.drop();
});

test.each(told)("a replay of the log gives exactly the $plural", async (entity) => {
  const replayed = [...records].filter(([key]) => key.startsWith(`${entity.type} `));
  for (const [, record] of replayed) {
    const links = record["contact_ids"];
    if (Array.isArray(links)) record["contact_ids"] = links.map(String).toSorted();
    if (!entity.softDelete) for (const stamp of ["updated_at", "updated_by"]) delete record[stamp];
  }
  expect(new Map(replayed)).toEqual(await storedOf(entity));
});

test("every kind of write is there, of every kind of record that the seed makes", () => {
  const kinds = new Set(events.map((event) => `${event.entity_type} ${event.operation}`));
  expect([...kinds].toSorted()).toEqual(
    [
      "Department created",
      ...["Account", "Contact", "Deal", "Activity"].flatMap((type) => [
        `${type} created`,
        `${type} updated`,
        `${type} deleted`,
      ]),
      ...["Quote", "LineItem"].flatMap((type) => [`${type} created`, `${type} deleted`]),
    ].toSorted(),
  );
});

test("positions of a tenant are 1, 2, 3 and so on, in the order of time", () => {
  const tenants = new Map<string, Event[]>();
  for (const event of events) {
    const log = tenants.get(event.tenant_id);
    if (log === undefined) tenants.set(event.tenant_id, [event]);
    else log.push(event);
  }
  expect(tenants.size).toBe(2);
  for (const log of tenants.values()) {
    expect(log.map(({ position }) => Number(position))).toEqual(log.map((_, index) => index + 1));
    const times = log.map((event) => event.occurred_at.getTime());
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  }
});

test("every version of every record has one event, the first one its creation", () => {
  const versions = new Map<string, number>();
  for (const event of events) {
    const version = (versions.get(keyOf(event)) ?? 0) + 1;
    if (event.version !== version || (event.operation === "created") !== (version === 1)) {
      throw new Error(`${keyOf(event)} has no event ${version}`);
    }
    versions.set(keyOf(event), version);
  }
  expect(new Set(versions.keys())).toEqual(new Set(records.keys()));
});

test("what happened at one time ends together, what was deleted by one call too", () => {
  const deletionOf = (event: Event | undefined): unknown => event?.changes["deletion_id"]?.[1];
  let lastOfDeletions = 0;
  for (const [index, event] of events.entries()) {
    const next = events[index + 1];
    const goesOn =
      next?.tenant_id === event.tenant_id &&
      next.occurred_at.getTime() === event.occurred_at.getTime() &&
      deletionOf(next) === deletionOf(event);
    expect(event.ends_transaction, keyOf(event)).toBe(!goesOn);
    if (event.operation === "deleted" && event.ends_transaction) lastOfDeletions += 1;
  }
  const deletions = new Set(events.map(deletionOf).filter((id) => id !== undefined));
  expect(lastOfDeletions).toBe(deletions.size);
});

test("an event names only records that the log told of before, or in the same transaction", () => {
  const known = new Set<string>();
  let opened: Event[] = [];
  for (const event of events) {
    known.add(event.entity_id);
    opened.push(event);
    if (!event.ends_transaction) continue;
    for (const { entity_type: type, changes } of opened) {
      const { fields } = catalog.byType(type);
      const references = Object.entries(fields).filter(
        ([, { to }]) => to !== null && to !== "tenant",
      );
      const named = references.map(([field]) => changes[snakeCase(field)]?.[1] ?? null);
      const links: unknown = changes["contact_ids"]?.[1] ?? [];
      for (const id of [...named, ...(Array.isArray(links) ? links : [])]) {
        if (id !== null && !known.has(String(id))) throw new Error(`${type} names ${String(id)}`);
      }
    }
    opened = [];
  }
  expect(known.size).toBeGreaterThan(3_000);
});

test("a deal goes through its stages, and closing tells why", () => {
  const closings = events.filter((event) => event.changes["stage"]?.[1] === "closed_lost");
  expect(closings.length).toBeGreaterThan(20);
  for (const { operation, changes } of closings) {
    expect(operation).toBe("updated");
    expect(
      Object.keys(changes)
        .filter((field) => field !== "closure_notes")
        .toSorted(),
    ).toEqual(["actual_close_date", "loss_category", "loss_reason", "stage"]);
  }
  const made = events.filter((event) => keyOf(event).startsWith("Deal ") && event.version === 1);
  expect(new Set(made.map(({ changes }) => changes["stage"]?.[1]))).toEqual(new Set(["lead"]));
});

test("the same seed gives the same log, to the byte and with valid ids, and the same rows without a log", async () => {
  const digest = async (on: pg.Client): Promise<unknown> => {
    const { rows } = await on.query(
      `SELECT count(*), md5(string_agg((to_jsonb(e) - 'transaction_id')::text, '|' ORDER BY tenant_id, position)) AS digest,
        bool_and(substr(id::text, 15, 1) = '7' AND substr(id::text, 20, 1) = '8') AS versions,
        bool_and(substr(replace(id::text, '-', ''), 1, 12) = lpad(to_hex((extract(epoch FROM occurred_at) * 1000)::bigint), 12, '0')) AS times
       FROM change_events e`,
    );
    return rows[0];
  };
  const dealsOf = async (on: pg.Client): Promise<unknown> =>
    (await on.query("SELECT md5(string_agg(d::text, '|' ORDER BY d::text)) AS digest FROM deals d"))
      .rows;
  const [first, deals] = await withSeeded(
    (url) => seed({ url, ...compared }),
    async (seeded) => [await digest(seeded), await dealsOf(seeded)],
  );
  expect(first).toMatchObject({ versions: true, times: true });
  expect(await withSeeded((url) => seed({ url, ...compared }), digest)).toEqual(first);
  const without = await withSeeded(
    (url) => seed({ url, ...compared, history: false }),
    async (seeded) => [await logOf(seeded), await dealsOf(seeded)],
  );
  expect(without).toEqual([[], deals]);
});

test("the demo has its history", async () => {
  const log = await withSeeded((url) => seedDemo({ url }), logOf);
  expect(new Set(log.map((event) => event.tenant_id)).size).toBe(2);
  expect(replay(log).size).toBeGreaterThan(3_000);
});
