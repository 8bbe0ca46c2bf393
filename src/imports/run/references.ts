import type { Actor } from "../../auth/actor.ts";
import type { FencedPool } from "../../db/fenced-pool.ts";
import { formatId, readId } from "../../lib/id.ts";
import { all, name, param, raw, render, sql } from "../../lib/sql.ts";
import type { Catalog } from "../../model/catalog.ts";
import { fieldOf, type Entity } from "../../model/entity.ts";
import { restName } from "../../write/input.ts";
import { viewerSql, visible } from "../../query/visible.ts";
import type { ReferenceWay, RowReference } from "../read/types.ts";

/** The most candidates that are told of an ambiguous value. */
const mostTold = 5;

/** The records that a value may mean: one if it is clear, by their ids with prefix. */
export type Candidates = readonly string[];

/** What is looked for: records of an entity by one of their values. */
export type Wanted = Pick<RowReference, "to" | "by" | "value">;

export const wantedKey = ({ to, by, value }: Wanted): string => JSON.stringify([to, by, value]);

/**
 * Finds the live records that a caller's rows name, by one statement for each entity and way. Nobody's records but those
 * that the caller sees are found.
 */
export async function findReferences(
  {
    pool,
    catalog,
    actor,
  }: { readonly pool: FencedPool; readonly catalog: Catalog; readonly actor: Actor },
  wanted: readonly Wanted[],
): Promise<ReadonlyMap<string, Candidates>> {
  const found = new Map<string, Candidates>();
  const groups = Map.groupBy(wanted, ({ to, by }) => JSON.stringify([to, by]));
  await Promise.all(
    [...groups.values()].map(async (group) => {
      const [first] = group;
      if (first === undefined) return;
      const entity = catalog.entity(first.to);
      const values = [...new Set(group.map(({ value }) => value))];
      const ids = await lookUp({ pool, actor }, entity, first.by, values);
      for (const [place, value] of values.entries()) {
        found.set(wantedKey({ ...first, value }), ids.get(place) ?? []);
      }
    }),
  );
  return found;
}

async function lookUp(
  { pool, actor }: { readonly pool: FencedPool; readonly actor: Actor },
  entity: Entity,
  by: ReferenceWay,
  values: readonly string[],
): Promise<ReadonlyMap<number, string[]>> {
  const definition = fieldOf(entity, fieldFor(entity, by));
  const column = raw(`t.${name(definition.key ?? definition.column)}`);
  const compared = values.map((value) =>
    by === "id" ? readId(entity.prefix, value) : definition.kind.comparedAs(value),
  );
  const type = by === "id" ? "uuid" : "text";
  const conditions = all([visible(entity, "t", viewerSql(actor), false), sql`${column} = w.value`]);
  const { text, values: parameters } = render(
    sql`SELECT w.place, f.id FROM unnest(${param(compared, `${type}[]`)}) WITH ORDINALITY AS w(value, place)
      CROSS JOIN LATERAL (SELECT t.id FROM ${raw(name(entity.table))} t WHERE ${conditions} ORDER BY t.id LIMIT ${raw(String(mostTold + 1))}) f`,
  );
  const rows = await pool.forTenant(actor.tenantId).rows(text, parameters);
  const found = new Map<number, string[]>();
  for (const [place, id] of rows) {
    const at = Number(place) - 1;
    found.set(at, [...(found.get(at) ?? []), formatId(entity.prefix, id ?? "")]);
  }
  return found;
}

/** What a record is named by: people are named by what they are shown as. */
export const fieldFor = ({ fields }: Entity, by: ReferenceWay): string =>
  Object.keys(fields).find((field) => restName(field) === by) ?? "displayName";

/** Several records as a sentence tells them. */
export const told = (ids: Candidates): string =>
  ids.length > mostTold ? `${ids.slice(0, mostTold).join(", ")} and more` : ids.join(", ");
