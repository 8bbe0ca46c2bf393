import type { Stored, Values } from "../../model/record.ts";
import type { Entity } from "../../model/entity.ts";
import { isOneOf, name, param, raw, sql, type Sql } from "../../lib/sql.ts";
import type { EntityWrites } from "../entity-writes.ts";
import { restName } from "../input.ts";
import type { MergePair } from "./parents.ts";
import { duplicate } from "../problem.ts";
import { Raced } from "../run.ts";
import { RefusedRows } from "../refused.ts";
import { holdersOf, isTold } from "../rules/unique.ts";
import type { WriteUnit } from "../unit.ts";

type Ids = { readonly into: string; readonly from: string };

/** Live records of two owners that have the same unique value: below one owner they are one. */
type Twins = {
  /** The one that goes → the one that stays. */
  readonly survivors: ReadonlyMap<string, string>;
  readonly isHidden: boolean;
  /** What is locked with them: they, and what is primary where they come to. */
  readonly lock: "exclusive";
  readonly ids: readonly string[];
  readonly also: readonly Sql[];
};

/** Finds them; `writes` is of what an owner contains, and unique within it. */
export async function findTwins(
  unit: WriteUnit,
  owner: Entity,
  { entity }: EntityWrites,
  ids: Ids,
): Promise<Twins> {
  const rule = twinRule(owner, entity);
  const table = raw(name(entity.table));
  const key = raw(name(rule.key));
  const value = raw(name(rule.value));
  const rows = await unit.rows(
    // Both sides in one pass: a join of the two would be a nested loop where the planner expects few.
    sql`SELECT max(t."id"::text) FILTER (WHERE t.${key} = ${param(ids.from, "uuid")}) AS from_id, max(t."id"::text) FILTER (WHERE t.${key} = ${param(ids.into, "uuid")}) AS into_id,
        max(t."app_id") FILTER (WHERE t.${key} = ${param(ids.from, "uuid")}), max(t."app_id") FILTER (WHERE t.${key} = ${param(ids.into, "uuid")})
      FROM ${table} t WHERE t."tenant_id" = ${unit.tenant} AND ${isOneOf(sql`t.${key}`, [ids.into, ids.from], "uuid")} AND t.${value} IS NOT NULL AND t."deleted_at" IS NULL
      GROUP BY t.${value} HAVING count(*) > 1 ORDER BY into_id`,
  );
  const { appId } = unit.actor;
  const primary = entity.fields[entity.rules.primary?.field ?? ""];
  return {
    survivors: new Map(rows.map(([from, into]) => [from ?? "", into ?? ""])),
    isHidden: appId !== null && rows.some(([, , from, into]) => from !== appId || into !== appId),
    lock: "exclusive",
    ids: rows.flatMap(([from, into]) => [from ?? "", into ?? ""]),
    also:
      primary === undefined
        ? []
        : [
            sql`SELECT e."id" FROM ${table} e WHERE e."tenant_id" = ${unit.tenant} AND e.${key} = ${param(ids.into, "uuid")} AND e.${raw(name(primary.column))} AND e."deleted_at" IS NULL`,
          ],
  };
}

/** By what they are unique within their owner. */
function twinRule(owner: Entity, entity: Entity): { key: string; value: string } {
  const keys = Object.values(owner.relations).flatMap((relation) =>
    relation.kind === "many" && relation.contained && relation.to === entity.name
      ? [relation.key]
      : [],
  );
  const rule = entity.unique.find(({ within }) => within !== null && keys.includes(within));
  const [within, field] = [entity.fields[rule?.within ?? ""], entity.fields[rule?.field ?? ""]];
  if (rule?.within == null || within === undefined || field === undefined) {
    throw new Error(`${entity.name} has nothing unique within ${owner.name}`);
  }
  return {
    key: within.column,
    value: field.key ?? field.column,
  };
}

/** The twins as they are once they are locked; when others are twins by then, the transaction starts anew. */
export async function readTwins(
  unit: WriteUnit,
  owner: Entity,
  writes: EntityWrites,
  { ids, found }: { readonly ids: Ids; readonly found: Twins },
): Promise<MergePair[]> {
  const { entity } = writes;
  const [again, records] = await Promise.all([
    findTwins(unit, owner, writes, ids),
    unit.read(entity, found.ids),
  ]);
  if (String([...again.survivors]) !== String([...found.survivors])) throw new Raced();
  if (found.isHidden) {
    // Their values would be told to a caller who may not read them.
    const message = `has a ${entity.type} with the same ${entity.unique[0]?.field} as one of into, and not both are of your application: they cannot be merged with this credential.`;
    throw new RefusedRows([[0, [duplicate(["from"], message, null)]]], []);
  }
  return [...found.survivors].map(([from, into]) => {
    const pair = { into: records.get(into), from: records.get(from) };
    if (pair.into === undefined || pair.from === undefined) throw new Raced();
    return { into: pair.into, from: pair.from };
  });
}

/** A value that comes with the merge may be taken where it comes to: by neither of the two. */
export async function checkMergedUnique(
  unit: WriteUnit,
  entity: Entity,
  { into, from }: MergePair,
  values: Values,
): Promise<void> {
  for (const rule of entity.unique) {
    const [value, within] = [values[rule.field], rule.within === null ? null : values[rule.within]];
    const isSame =
      value === into[rule.field] && (rule.within === null || within === into[rule.within]);
    if (typeof value !== "string" || isSame) continue;
    const claim = { value, within: typeof within === "string" ? within : null };
    const holder = (await holdersOf(unit, entity, rule, [claim])).get(0);
    if (holder === undefined || holder.id === from.id || holder.id === into.id) continue;
    const would = `would have the ${restName(rule.field)} ${value}, which`;
    const isVisible = isTold(unit.actor, holder.appId);
    const record = isVisible ? { entity: entity.name, id: holder.id } : null;
    const message = isVisible
      ? `${would} another live ${entity.type} has there: merge that one first, or change one of them.`
      : `${would} is taken there. Change one of them.`;
    throw new RefusedRows([[0, [duplicate(["into"], message, record)]]], []);
  }
}

/** Whether a record lives. */
export const isLive = (record: Stored): boolean => record["deletedAt"] === null;
