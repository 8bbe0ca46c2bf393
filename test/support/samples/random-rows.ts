import fc from "fast-check";
import { catalog } from "../../../src/modules/catalog.ts";
import { emailKey } from "../../../src/model/kinds/email.ts";
import type { Entity } from "../../../src/model/entity.ts";
import type { Field } from "../../../src/model/field.ts";
import { fieldValue } from "./arbitraries.ts";
import type { Fixtures } from "./fixtures.ts";

/** A row by field name, its id a bare UUID. */
export type RandomRow = Readonly<Record<string, unknown>> & { readonly id: string };
type Draft = Record<string, unknown> & { id: string };

/** All rows of one tenant, by entity. */
export type RandomWorld = ReadonlyMap<string, readonly RandomRow[]>;

/** Parents before children: foreign keys are checked at the end of each statement. */
const sizes: Readonly<Record<string, number>> = {
  department: 4,
  apiKey: 6,
  account: 24,
  contact: 30,
  deal: 36,
  stageChange: 24,
  activity: 36,
  quote: 30,
  lineItem: 36,
  changeEvent: 40,
};
const generated = new Set(["displayName"]);

/**
 * Rows that differ little and hold everything a column may: nulls, equal values, empty texts, deleted rows.
 * The same seed gives the same rows; ids do not follow the order of creation.
 */
export function randomWorld(seed: number, tenantId: string): RandomWorld {
  const ids = new Map(
    Object.entries(sizes).map(([name, size]) => [
      name,
      Array.from({ length: size }, (_, index) => idOf(index)),
    ]),
  );
  ids.set("tenant", [tenantId]);
  const world = new Map<string, RandomRow[]>();
  for (const [name, size] of Object.entries(sizes)) {
    const entity = catalog.entity(name);
    const rows = fc.sample(rowOf(entity, ids), { seed: seed + size, numRuns: size });
    const drafts = rows.map((row, index): Draft => ({ ...row, tenantId, id: idOf(index) }));
    for (const [index, draft] of drafts.entries()) obeyRules(name, draft, drafts.slice(0, index));
    world.set(name, drafts);
  }
  return world;
}

/** Not in the order of the numbers, and the same in every tenant: only tenant and id together name a row. */
export function idOf(index: number): string {
  const scrambled = ((index + 1) * 7919) % 9973;
  return `0190aaaa-0000-7000-8000-${String(scrambled).padStart(12, "0")}`;
}

/** A row of the entity without id and tenant; references are drawn from the ids of the entities they name. */
export function rowOf(
  entity: Entity,
  ids: ReadonlyMap<string, readonly string[]>,
): fc.Arbitrary<Record<string, unknown>> {
  const columns: Record<string, fc.Arbitrary<unknown>> = {};
  for (const [name, definition] of Object.entries(entity.fields)) {
    if (name === "id" || name === "tenantId" || generated.has(name)) continue;
    const value = valueOf(entity, name, definition, ids);
    columns[name] = definition.nullable ? fc.option(value, { freq: 3 }) : value;
  }
  return fc.record(columns);
}

function valueOf(
  entity: Entity,
  name: string,
  definition: Field,
  ids: ReadonlyMap<string, readonly string[]>,
): fc.Arbitrary<unknown> {
  if (definition.kind.name === "reference") {
    const targets = ids.get(definition.to ?? "") ?? [];
    return targets.length === 0 ? fc.constant(null) : fc.constantFrom(...targets);
  }
  if (definition.kind.name === "anyReference") {
    // Of whatever kind: the ids are the same for all.
    return fc.constantFrom(...(ids.get("account") ?? []));
  }
  if (name === "probability") return fc.constantFrom("0", "50", "50.5", "100");
  if (entity.name === "lineItem" && name === "total")
    return fc.constantFrom("0", "1", "10.5", "999999999999999.9999");
  return fieldValue(definition);
}

/** Bends a row to what the database demands of it beside the rows before it. */
function obeyRules(name: string, row: Draft, earlier: readonly Draft[]): void {
  const live = earlier.filter((other) => other["deletedAt"] === null);
  const isLive = row["deletedAt"] === null;
  const taken = (same: (other: Draft) => boolean): boolean => isLive && live.some(same);
  const key = (email: unknown): unknown => (typeof email === "string" ? emailKey(email) : email);
  const sameEmail = (other: Draft): boolean =>
    row["email"] !== null && key(other["email"]) === key(row["email"]);
  const sameAccount = (other: Draft): boolean => other["accountId"] === row["accountId"];

  for (const own of ["parentAccountId", "reportsToContactId"])
    if (row[own] === row.id) row[own] = null;
  // What was merged is deleted, and not into itself.
  if (row["mergedIntoId"] !== undefined && (isLive || row["mergedIntoId"] === row.id))
    row["mergedIntoId"] = null;
  if (name === "account" && taken(sameEmail)) row["email"] = null;
  if (name === "contact" && taken((other) => sameEmail(other) && sameAccount(other)))
    row["email"] = null;
  if (name === "contact" && taken((other) => sameAccount(other) && other["isPrimary"] === true))
    row["isPrimary"] = false;
  if (
    name === "quote" &&
    taken((other) => other["dealId"] === row["dealId"] && other["isPrimary"] === true)
  ) {
    row["isPrimary"] = false;
  }
  for (const number of ["dealNumber", "quoteNumber"]) {
    if (taken((other) => row[number] !== undefined && other[number] === row[number])) {
      row[number] = `${String(row[number])}#${earlier.length}`;
    }
  }
  if (taken((other) => row["externalId"] != null && other["externalId"] === row["externalId"]))
    row["externalId"] = null;
  if (name === "changeEvent") row["position"] = earlier.length + 1;
  if (name === "activity" && row["dealId"] === null && row["contactId"] === null)
    row["accountId"] ??= idOf(0);
}

/** Stores rows of one entity. */
export async function storeRows(
  fixtures: Fixtures,
  name: string,
  rows: readonly RandomRow[],
): Promise<void> {
  const entity = catalog.entity(name);
  await fixtures.insertMany(
    entity.table,
    rows.map((row) => columnsOf(entity, row)),
  );
}

/** Stores the rows, and ties people to deals and activities. */
export async function storeWorld(
  fixtures: Fixtures,
  world: RandomWorld,
  tenantId: string,
  seed: number,
): Promise<void> {
  for (const [name, rows] of world) await storeRows(fixtures, name, rows);
  for (const [table, source] of [
    ["deal_contacts", "deal"],
    ["activity_contacts", "activity"],
  ] as const) {
    const pair = fc.tuple(
      fc.constantFrom(...idsIn(world, source)),
      fc.constantFrom(...idsIn(world, "contact")),
    );
    const pairs = new Map(
      fc.sample(pair, { seed, numRuns: 70 }).map((tied) => [tied.join(), tied]),
    );
    await fixtures.insertMany(
      table,
      [...pairs.values()].map(([from, to]) => ({
        tenant_id: tenantId,
        [`${source}_id`]: from,
        contact_id: to,
      })),
    );
  }
}

/** A row's values by column, as pg stores them. */
export function columnsOf(
  entity: Entity,
  row: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const columns: Record<string, unknown> =
    entity.name === "apiKey" ? { secret_hash: Buffer.alloc(32) } : {};
  for (const [field, value] of Object.entries(row)) {
    const definition = entity.fields[field];
    if (definition === undefined) throw new Error(`${entity.name} has no field ${field}`);
    columns[definition.column] = stored(definition, value);
  }
  return columns;
}

function stored(definition: Field, value: unknown): unknown {
  const isJson = definition.kind.filter?.isList;
  if (isJson && (value !== null || !definition.nullable)) return JSON.stringify(value);
  return value instanceof Date ? value.toISOString() : value;
}

/** The ids of a world's rows of one entity. */
export function idsIn(world: RandomWorld, name: string): string[] {
  return (world.get(name) ?? []).map(({ id }) => id);
}

/** The world with what only the database knows: display names, and the tenant. */
export async function storedNames(fixtures: Fixtures, world: RandomWorld): Promise<RandomWorld> {
  const named = new Map<string, readonly RandomRow[]>(world);
  for (const [name, rows] of world) {
    const { table, fields } = catalog.entity(name);
    if (fields["displayName"] === undefined) continue;
    const made = await fixtures.client.query<{ id: string; name: string }>(
      `SELECT id, display_name AS name FROM ${table} WHERE tenant_id = $1`,
      [rows[0]?.["tenantId"]],
    );
    const names = new Map(made.rows.map((row) => [row.id, row.name]));
    named.set(
      name,
      rows.map((row) => ({ ...row, displayName: names.get(row.id) })),
    );
  }
  const tenants = await fixtures.client.query<RandomRow>(
    `SELECT id, name, slug, default_currency AS "defaultCurrency", time_zone AS "timeZone" FROM tenants`,
  );
  return named.set("tenant", tenants.rows);
}
