import type { Stored } from "../model/record.ts";
import { scopeFor } from "../auth/permissions.ts";
import { covers } from "../auth/require-scopes.ts";
import { fieldOf, type Entity } from "../model/entity.ts";
import { wordsOf } from "../lib/messages.ts";
import { isOneOf, join, name, param, raw, sql, type Sql } from "../lib/sql.ts";
import { contentsOf, deletionOf } from "./contents.ts";
import type { Draft } from "./draft.ts";
import { restName } from "./input.ts";
import type { Wanted } from "./lock.ts";
import type { Judge, OnError } from "./rules/judge.ts";
import { duplicate, invalid, messageOf, type Problem } from "./problem.ts";
import type { References } from "./references.ts";
import { isTold, taken } from "./rules/unique.ts";
import type { WriteUnit } from "./unit.ts";

/** Adds what stands in the way of records that would be brought back; gives what their contents ask of each other. */
export async function checkReturn(
  unit: WriteUnit,
  entity: Entity,
  drafts: readonly Draft[],
  { references, onError }: { readonly references: References; readonly onError: OnError },
): Promise<Judge[]> {
  checkOwners(unit, entity, drafts, references);
  if (drafts.length === 0) return [];
  const conflicts = [
    ...(await contentsTaken(unit, entity, drafts)),
    ...(await contentsWithoutOwner(unit, entity, drafts, onError)),
  ];
  return conflicts.length === 0 ? [] : [contentsJudge(conflicts)];
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

export function ownersOf(unit: WriteUnit, entity: Entity, record: Stored): Wanted[] {
  return ownerKeys(unit, entity).flatMap(({ owner, key }) => {
    const id = record[key];
    return typeof id === "string" ? [{ entity: owner.name, id, lock: "reference" }] : [];
  });
}

/** What a record belongs to must live when it is brought back. */
function checkOwners(
  unit: WriteUnit,
  entity: Entity,
  drafts: readonly Draft[],
  references: References,
): void {
  for (const { values, problems } of drafts) {
    for (const { owner, key } of ownerKeys(unit, entity)) {
      if (values[key] === null || references.get(owner.name, values[key]) !== undefined) continue;
      problems.push(invalid([restName(key)], { complaint: "ownerDeleted", type: owner.type }));
    }
  }
}

/** What stands in the way of a deletion's return, if another deletion is undone, or is not; null is what lives. */
type Conflict = {
  readonly deletion: string;
  readonly other: string | null;
  readonly isWith: boolean;
  readonly problem: Problem;
};

/** Contents come back with their record: values go to the first, owners may come back in the same call. */
function contentsJudge(conflicts: readonly Conflict[]): Judge {
  const back = new Set<string | null>([null]);
  const coming = new Set<string | null>();
  const byDeletion = Map.groupBy(conflicts, ({ deletion }) => deletion);
  return {
    leave: ({ values }) => deletionOf(values).forEach((deletion) => coming.add(deletion)),
    check: ({ values, problems }) => {
      const said = new Set<string>();
      for (const deletion of deletionOf(values)) {
        for (const { other, isWith, problem } of byDeletion.get(deletion) ?? []) {
          const stands = isWith ? back.has(other) : !coming.has(other);
          if (!stands || said.has(messageOf(problem))) continue;
          said.add(messageOf(problem));
          problems.push(problem);
        }
      }
    },
    settle: ({ values }, stands) => {
      for (const deletion of deletionOf(values)) {
        if (stands) back.add(deletion);
        else coming.delete(deletion);
      }
    },
  };
}

/** Whether the caller may see what records of an entity hold: who writes one kind need not see another. */
function mayRead({ actor }: WriteUnit, entity: Entity): boolean {
  return covers(actor.scopes, scopeFor("read", entity.name));
}

/** Unique values of what the deletions took along, which were taken meanwhile or are another's of the call. */
async function contentsTaken(
  unit: WriteUnit,
  root: Entity,
  drafts: readonly Draft[],
): Promise<Conflict[]> {
  const deletions = deletionsOf(drafts);
  const rules = contentsOf(unit, root).flatMap((child) =>
    // Where it counts only beside its owner, nobody can have taken it: the owner was deleted too.
    child.unique.flatMap((rule) => (rule.within === null ? [{ child, rule }] : [])),
  );
  if (rules.length === 0) return [];
  const taking = rules.map(({ child, rule }, place) => {
    const column = raw(name(fieldOf(child, rule.field).column));
    const table = raw(name(child.table));
    return sql`SELECT ${raw(String(place))}, t."deletion_id", t.${column}, other."deletion_id", t."app_id", other."app_id" FROM ${table} t JOIN ${table} other ON other."tenant_id" = t."tenant_id" AND other.${column} = t.${column}
          AND (other."deleted_at" IS NULL OR other."deletion_id" = ANY (${deletions}) AND other."deletion_id" <> t."deletion_id")
          WHERE t."tenant_id" = ${unit.tenant} AND t."deletion_id" = ANY (${deletions})`;
  });
  const rows = await unit.rows(join(taking, " UNION ALL "));
  return rows.flatMap(([place, deletion, value, other, appId, otherAppId]) => {
    const found = rules[Number(place)];
    if (found === undefined) return [];
    const { child, rule } = found;
    const isOwn = isTold(unit.actor, appId ?? null);
    const shown = isOwn && mayRead(unit, child) ? ` (${value})` : "";
    const isKnown = isTold(unit.actor, otherAppId ?? null);
    const said = wordsOf(isKnown ? taken(child, rule) : { complaint: "takenByOther" });
    const message = `of a ${child.type} that would come back${shown} ${said}`;
    const problem = duplicate([child.plural, restName(rule.field)], message, null);
    return [{ deletion: deletion ?? "", other: other ?? null, isWith: true, problem }];
  });
}

/** What comes back may belong to something else as well (an activity to a deal that changed hands): that must live. */
async function contentsWithoutOwner(
  unit: WriteUnit,
  root: Entity,
  drafts: readonly Draft[],
  onError: OnError,
): Promise<Conflict[]> {
  const deletions = deletionsOf(drafts);
  // Where all come back or none, so do the owners among them.
  const isSure = onError === "abort" || drafts.length === 1;
  const sure = new Set(isSure ? drafts.flatMap(({ values }) => deletionOf(values)) : []);
  const conflicts: Conflict[] = [];
  for (const child of contentsOf(unit, root)) {
    const owners = ownerKeys(unit, child);
    for (const { owner, key } of owners) {
      const definition = child.fields[key];
      if (owners.length === 1 || owner === root || definition === undefined) continue;
      const [table, belongs] = [raw(name(child.table)), raw(`t.${name(definition.column)}`)];
      const back = sql`t."tenant_id" = ${unit.tenant} AND t."deletion_id" = ANY (${deletions})`;
      // Locked, so that nobody deletes those that live meanwhile.
      const found = await unit.rows(
        sql`SELECT w."id", w."deleted_at" IS NOT NULL, w."deletion_id" FROM ${raw(name(owner.table))} w
          WHERE w."tenant_id" = ${unit.tenant} AND w."id" = ANY (ARRAY(SELECT ${belongs} FROM ${table} t WHERE ${back})) ORDER BY w."id" FOR KEY SHARE`,
      );
      const gone = new Map(
        found.flatMap(([id, isGone, other]) =>
          id == null || isGone !== "t" || sure.has(other ?? "")
            ? []
            : [[id, other ?? "none"] as const],
        ),
      );
      if (gone.size === 0) continue;
      const rows = await unit.rows(
        sql`SELECT DISTINCT t."deletion_id", ${belongs} FROM ${table} t WHERE ${back} AND ${isOneOf(belongs, [...gone.keys()], "uuid")}`,
      );
      for (const [deletion, id] of rows) {
        const message = `of a ${child.type} that would come back is a deleted ${owner.type}: restore that first.`;
        const problem = invalid([child.plural, restName(key)], message);
        const other = gone.get(id ?? "") ?? "none";
        if (other !== deletion)
          conflicts.push({ deletion: deletion ?? "", other, isWith: false, problem });
      }
    }
  }
  return conflicts;
}

const deletionsOf = (drafts: readonly Draft[]): Sql =>
  param(
    drafts.flatMap(({ values }) => deletionOf(values)),
    "uuid[]",
  );
