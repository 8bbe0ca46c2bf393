import { scopeFor } from "../auth/permissions.ts";
import { covers } from "../auth/require-scopes.ts";
import { columnOf, type Entity } from "../query/entity.ts";
import { isOneOf, name, param, raw, sql } from "../query/sql.ts";
import type { Owner } from "./entity-writes.ts";
import { restName } from "./input.ts";
import { duplicate, invalid, type Problem } from "./problem.ts";
import type { References } from "./references.ts";
import type { Stored } from "./stored.ts";
import { claimKey, holdersOf, taken } from "./unique.ts";
import type { WriteUnit } from "./unit.ts";

/** Records that would be brought back, what is locked beside them, and what stands in their way: problems by id. */
type Return = {
  readonly records: readonly Stored[];
  readonly references: References;
  readonly refused: ReadonlyMap<string, Problem[]>;
};

/** Adds what stands in the way of records that would be brought back, or of what comes back with them. */
export async function checkReturn(
  unit: WriteUnit,
  entity: Entity,
  { records, references, refused }: Return,
): Promise<void> {
  checkOwners(unit, entity, { records, references, refused });
  await checkFree(unit, entity, records, refused);
  await checkContentsFree(unit, entity, records, refused);
  await checkContentsOwners(unit, entity, records, refused);
}

/** Every kind of record that records of an entity contain, directly or not. */
export function contentsOf(unit: WriteUnit, root: Entity): Entity[] {
  const found = new Set<Entity>();
  const walk = (entity: Entity): void => {
    for (const relation of Object.values(entity.relations)) {
      if (relation.kind !== "many" || !relation.contained) continue;
      const child = unit.catalog.entity(relation.to);
      if (found.has(child)) continue;
      found.add(child);
      walk(child);
    }
  };
  walk(root);
  return [...found];
}

/** The fields by which records of an entity belong to others, and the entities of those. */
function ownerKeys(unit: WriteUnit, entity: Entity): { owner: Entity; key: string }[] {
  return unit.catalog.entities.flatMap((owner) =>
    Object.values(owner.relations).flatMap((relation) =>
      relation.kind === "many" && relation.contained && relation.to === entity.name
        ? [{ owner, key: relation.key }]
        : [],
    ),
  );
}

export function ownersOf(unit: WriteUnit, entity: Entity, record: Stored): Owner[] {
  return ownerKeys(unit, entity).flatMap(({ owner, key }) => {
    const id = record[key];
    return typeof id === "string" ? [{ entity: owner.name, id, lock: "reference" }] : [];
  });
}

/** What a record belongs to must live when it is brought back. */
function checkOwners(
  unit: WriteUnit,
  entity: Entity,
  { records, references, refused }: Return,
): void {
  for (const record of records) {
    for (const { owner, key } of ownerKeys(unit, entity)) {
      if (record[key] === null || references.get(owner.name, record[key]) !== undefined) continue;
      refused
        .get(record.id)
        ?.push(invalid([restName(key)], `is a deleted ${owner.type}: restore that first.`));
    }
  }
}

/** A value that was taken while the record was deleted stands in the way of its return. */
async function checkFree(
  unit: WriteUnit,
  entity: Entity,
  records: readonly Stored[],
  refused: ReadonlyMap<string, Problem[]>,
): Promise<void> {
  for (const rule of entity.unique) {
    const claims = records.flatMap((record) => {
      const value = record[rule.field];
      const within = rule.within === null ? null : record[rule.within];
      return typeof value === "string"
        ? [{ value, within: typeof within === "string" ? within : null, record }]
        : [];
    });
    if (claims.length === 0) continue;
    const holders = await holdersOf(unit, entity, rule, claims);
    const claimed = new Set<string>();
    for (const [index, { record, ...claim }] of claims.entries()) {
      const holder = holders.get(index);
      const key = claimKey(entity, rule, claim);
      if (holder === undefined) {
        if (claimed.has(key)) {
          const message = "is that of another record of this call: restore one of them.";
          refused.get(record.id)?.push(duplicate([restName(rule.field)], message, null));
        }
        claimed.add(key);
        continue;
      }
      const isVisible = unit.actor.appId === null || unit.actor.appId === holder.appId;
      refused
        .get(record.id)
        ?.push(
          duplicate(
            [restName(rule.field)],
            taken(entity, rule),
            isVisible ? { entity: entity.name, id: holder.id } : null,
          ),
        );
    }
  }
}

/** Whether the caller may see what records of an entity hold: who writes one kind need not see another. */
function mayRead({ actor }: WriteUnit, entity: Entity): boolean {
  return covers(actor.scopes, scopeFor("read", entity.name));
}

/** The same for what the deletions took along. */
async function checkContentsFree(
  unit: WriteUnit,
  root: Entity,
  records: readonly Stored[],
  refused: ReadonlyMap<string, Problem[]>,
): Promise<void> {
  const rootOf = new Map(
    records.flatMap((record) => deletionOf(record).map((deletionId) => [deletionId, record.id])),
  );
  // What several deletions of the call took comes back with the first of them.
  const deletions = param([...rootOf.keys()], "uuid[]");
  for (const child of contentsOf(unit, root)) {
    for (const rule of child.unique) {
      // Where it counts only beside its owner, nobody can have taken it: the owner was deleted too.
      const definition = child.fields[rule.field];
      if (rule.within !== null || definition === undefined) continue;
      const column = raw(name(columnOf(rule.field, definition)));
      const table = raw(name(child.table));
      const rows = await unit.rows(
        sql`SELECT t."deletion_id", t.${column} FROM ${table} t JOIN ${table} other ON other."tenant_id" = t."tenant_id" AND other.${column} = t.${column}
          AND (other."deleted_at" IS NULL OR other."deletion_id" = ANY (${deletions}) AND other."deletion_id" < t."deletion_id")
          WHERE t."tenant_id" = ${unit.tenant} AND t."deletion_id" = ANY (${deletions})`,
      );
      for (const [deletionId, value] of rows) {
        const shown = mayRead(unit, child) ? ` (${value})` : "";
        const message = `of a ${child.type} that would come back${shown} ${taken(child, rule)}`;
        refused
          .get(rootOf.get(deletionId ?? "") ?? "")
          ?.push(duplicate([child.plural, restName(rule.field)], message, null));
      }
    }
  }
}

/** What comes back may belong to something else as well (an activity to a deal that changed hands): that must live. */
async function checkContentsOwners(
  unit: WriteUnit,
  root: Entity,
  records: readonly Stored[],
  refused: ReadonlyMap<string, Problem[]>,
): Promise<void> {
  const rootOf = new Map(
    records.flatMap((record) => deletionOf(record).map((deletionId) => [deletionId, record.id])),
  );
  if (rootOf.size === 0) return;
  const deletions = param([...rootOf.keys()], "uuid[]");
  for (const child of contentsOf(unit, root)) {
    const owners = ownerKeys(unit, child);
    for (const { owner, key } of owners) {
      const definition = child.fields[key];
      if (owners.length === 1 || owner === root || definition === undefined) continue;
      const [table, belongs] = [
        raw(name(child.table)),
        raw(`t.${name(columnOf(key, definition))}`),
      ];
      const back = sql`t."tenant_id" = ${unit.tenant} AND t."deletion_id" = ANY (${deletions})`;
      // Locked, so that nobody deletes those that live meanwhile.
      const found = await unit.rows(
        sql`SELECT w."id", w."deleted_at" IS NOT NULL AND (w."deletion_id" = ANY (${deletions})) IS NOT TRUE FROM ${raw(name(owner.table))} w
          WHERE w."tenant_id" = ${unit.tenant} AND w."id" = ANY (ARRAY(SELECT ${belongs} FROM ${table} t WHERE ${back})) ORDER BY w."id" FOR KEY SHARE`,
      );
      const gone = found.flatMap(([id, isGone]) => (id != null && isGone === "t" ? [id] : []));
      if (gone.length === 0) continue;
      const rows = await unit.rows(
        sql`SELECT DISTINCT t."deletion_id" FROM ${table} t WHERE ${back} AND ${isOneOf(belongs, gone, "uuid")}`,
      );
      for (const [deletionId] of rows) {
        const message = `of a ${child.type} that would come back is a deleted ${owner.type}: restore that first.`;
        refused
          .get(rootOf.get(deletionId ?? "") ?? "")
          ?.push(invalid([child.plural, restName(key)], message));
      }
    }
  }
}

export function deletionOf(record: Stored): string[] {
  const deletionId = record["deletionId"];
  return typeof deletionId === "string" ? [deletionId] : [];
}
