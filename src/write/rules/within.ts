import type { Entity } from "../../model/entity.ts";
import type { HierarchyRule } from "../../model/rules.ts";
import { isOneOf, type Sql } from "../../lib/sql.ts";
import { columnSql } from "../column.ts";
import { changes, type Draft } from "../draft.ts";
import { restName } from "../input.ts";
import { invalid } from "../problem.ts";
import type { References } from "../references.ts";
import { isMoved, type Seen } from "../seen.ts";
import type { WriteUnit } from "../unit.ts";
import type { Judge } from "./judge.ts";
import { ofAnotherOwner } from "./same-owner.ts";

/** A record that goes to another owner leaves its parent behind, unless the input says otherwise. */
export function leaveParent(draft: Draft, { key, within }: HierarchyRule): void {
  if (within === null || draft.before === null || !changes(draft, within)) return;
  if (draft.sent[key] === undefined) draft.values[key] = null;
}

/** A parent is of the same owner, as both are after the call. */
export function withinJudge(
  unit: WriteUnit,
  entity: Entity,
  { key, within }: HierarchyRule,
  references: References,
): Judge | null {
  if (within === null) return null;
  const owners = new Map<string, unknown>();
  return {
    leave: ({ id, values }) => owners.set(id, values[within]),
    check: (draft) => {
      const parent = references.get(entity.name, draft.values[key]);
      const isSaid = draft.sent[key] != null || changes(draft, within) || changes(draft, key);
      // Who names itself closes a circle, which is told as such.
      if (parent === undefined || parent.id === draft.id || !isSaid) return;
      const theirs = owners.has(parent.id) ? owners.get(parent.id) : parent[within];
      if (theirs === draft.values[within]) return;
      draft.problems.push(invalid([restName(key)], ofAnotherOwner(unit.catalog, entity, within)));
    },
    settle: ({ id, before, values }, stands) =>
      owners.set(id, (stands ? values : before)?.[within] ?? null),
  };
}

/** The records below those that go to another owner. */
export async function childrenLeftBehind(
  unit: WriteUnit,
  entity: Entity,
  seen: readonly Seen[],
  { key, within }: HierarchyRule,
): Promise<string[]> {
  if (within === null) return [];
  const ids = seen.filter((one) => isMoved(within, one)).map(({ record }) => record.id);
  if (ids.length === 0) return [];
  const children = await unit.find(entity, isBelow(entity, key, ids));
  return children.map(({ id }) => id);
}

/** What was below a record that went to another owner is below none. */
export async function releaseChildren(
  unit: WriteUnit,
  entity: Entity,
  drafts: readonly Draft[],
  { key, within }: HierarchyRule,
): Promise<void> {
  if (within === null) return;
  const gone = drafts.filter((draft) => draft.before !== null && changes(draft, within));
  if (gone.length === 0) return;
  const ownerOf = new Map(gone.map(({ id, values }) => [id, values[within]]));
  const children = await unit.findAll(entity, isBelow(entity, key, [...ownerOf.keys()]), "update");
  unit.update(
    entity,
    children
      .filter((child) => child[within] !== ownerOf.get(String(child[key])))
      .map((before) => ({ before, values: { [key]: null } })),
  );
}

const isBelow = (entity: Entity, key: string, ids: readonly string[]): Sql =>
  isOneOf(columnSql(entity, key), ids, "uuid");
