import { inWords } from "../../lib/text.ts";
import type { Catalog } from "../../model/catalog.ts";
import type { Entity } from "../../model/entity.ts";
import type { SameOwnerRule } from "../../model/rules.ts";
import type { Complaint } from "../../lib/messages.ts";
import { param, sql } from "../../lib/sql.ts";
import { columnSql } from "../column.ts";
import { changes, isFaulty, type Draft } from "../draft.ts";
import { restName } from "../input.ts";
import { invalid } from "../problem.ts";
import type { References } from "../references.ts";
import type { WriteUnit } from "../unit.ts";

/** What is said of a reference to a record of another owner. */
export const ofAnotherOwner = (catalog: Catalog, named: Entity, owner: string): Complaint => ({
  complaint: "ofAnotherOwner",
  named: named.name,
  owner: ownerOf(catalog, named, owner).name,
});

/** Refuses references to records of other owners; what is named is locked by then. */
export function checkSameOwner(
  unit: WriteUnit,
  entity: Entity,
  drafts: readonly Draft[],
  references: References,
): void {
  for (const { key, owner, orNone } of entity.rules.sameOwner ?? []) {
    const named = unit.catalog.entity(entity.fields[key]?.to ?? "");
    for (const draft of drafts) {
      const { values, sent, problems } = draft;
      const isSaid = sent[key] != null || changes(draft, key) || changes(draft, owner);
      const other = references.get(named.name, values[key]);
      if (other === undefined || !isSaid || isFaulty(draft, owner)) continue;
      if (other[owner] === values[owner] || (orNone && other[owner] === null)) continue;
      problems.push(invalid([restName(key)], ofAnotherOwner(unit.catalog, named, owner)));
    }
  }
}

type Reference = { readonly entity: Entity; readonly rule: SameOwnerRule };

/** The references to records of an entity that hold for good. */
export function lastingReferences(catalog: Catalog, { name: named }: Entity): Reference[] {
  return catalog.entities.flatMap((entity) =>
    (entity.rules.sameOwner ?? [])
      .filter(({ key, lasting }) => lasting && entity.fields[key]?.to === named)
      .map((rule) => ({ entity, rule })),
  );
}

/** A record that others name for good stays with its owner. It is locked against being named anew. */
export async function refuseMoves(
  unit: WriteUnit,
  entity: Entity,
  drafts: readonly Draft[],
): Promise<void> {
  for (const { entity: other, rule } of lastingReferences(unit.catalog, entity)) {
    const { key, owner } = rule;
    const moved = drafts.filter((draft) => draft.before !== null && changes(draft, owner));
    if (moved.length === 0) continue;
    const ids = param(
      moved.map(({ id }) => id),
      "uuid[]",
    );
    const found = await unit.findAll(other, sql`${columnSql(other, key)} = ANY (${ids})`);
    for (const { id, problems } of moved) {
      if (!found.some((record) => record[key] === id)) continue;
      const message = `cannot change while the ${inWords(entity.name)} has ${inWords(other.plural)}, which belong to the same ${ownerOf(unit.catalog, entity, owner).name}.`;
      problems.push(
        invalid([restName(owner)], `${message} Delete them, or make a new ${entity.name}.`),
      );
    }
  }
}

const ownerOf = (catalog: Catalog, entity: Entity, owner: string): Entity =>
  catalog.entity(entity.fields[owner]?.to ?? "");
