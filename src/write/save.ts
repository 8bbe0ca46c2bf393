import type { Entity } from "../model/entity.ts";
import { changes, sound, type Draft, type RowInput, type WriteResult } from "./draft.ts";
import type { EntityWrites } from "./entity-writes.ts";
import { restName, type ParsedInput } from "./input.ts";
import { judgeRows, type OnError } from "./rules/judge.ts";
import { changedDraft, newDraft } from "./make-draft.ts";
import { RefusedRows } from "./refused.ts";
import { lockForUpdate, lockReferences } from "./lock-rows.ts";
import { invalid, notFound, type Problem } from "./problem.ts";
import { References } from "./references.ts";
import {
  checkDeclared,
  declaredJudges,
  finishDeclared,
  prepareDeclared,
} from "./rules/declared.ts";
import { lockHierarchy } from "./rules/hierarchy.ts";
import { relinkedIds } from "./rules/links.ts";
import { askForPicklists, judgePicklists } from "./rules/picklists.ts";
import { inUniqueOrder, makeRoom } from "./rules/unique.ts";
import { writtenColumns } from "./stored.ts";
import type { WriteUnit } from "./unit.ts";

/** Writes new records; gives a draft for each input, in order. `places` are their places in the call, if others. */
export async function createIn(
  unit: WriteUnit,
  writes: EntityWrites,
  inputs: readonly ParsedInput[],
  onError: OnError,
  places: readonly number[] = [],
): Promise<Draft[]> {
  const { entity } = writes;
  const drafts = inputs.map((input, index) =>
    newDraft(unit, writes, input, places[index] ?? index),
  );
  const references = new References();
  await check(unit, writes, drafts, { references, onError });
  const good = accepted(drafts, onError);
  await prepareDeclared(unit, entity, good);
  unit.insert(
    entity,
    inUniqueOrder(entity, good).map(({ values }) => values),
  );
  const links = await finishDeclared(unit, entity, good);
  await writes.rules?.after?.(unit, good, { references, links });
  return drafts;
}

/** What became of a change. */
export type Outcome = Pick<WriteResult, "problems" | "unchanged"> & { readonly id: string };

/** Changes records; gives a draft, or what stood in its way, for each row, in order. */
export async function updateIn(
  unit: WriteUnit,
  writes: EntityWrites,
  rows: readonly RowInput[],
  onError: OnError,
): Promise<Outcome[]> {
  const { entity } = writes;
  const references = new References();
  askForPicklists(
    unit,
    entity,
    rows.map(({ input }) => input.values),
  );
  const found = await lockForUpdate(unit, writes, rows, references);
  const refused = new Map<number, Problem[]>();
  const seen = new Set<string>();
  const drafts = rows.flatMap((row) => {
    const before = found.get(row.id);
    const again = seen.has(row.id);
    seen.add(row.id);
    if (before === undefined || again) {
      refused.set(row.index, [
        ...row.input.problems,
        again
          ? invalid(["id"], { complaint: "namedTwice", within: "call" })
          : notFound(["id"], entity.type),
      ]);
      return [];
    }
    return [changedDraft(writes, row, before)];
  });
  await check(unit, writes, drafts, { references, onError });
  if (refused.size > 0 && onError === "abort") throw new RefusedRows([...refused], drafts);
  const good = accepted(drafts, onError);
  await prepareDeclared(unit, entity, good);
  // Behind the rules, which can change what nothing was sent for.
  const unchanged = unit.skipsUnchanged ? await unchangedOf(unit, writes, good) : new Set<Draft>();
  const changed = good.filter((draft) => !unchanged.has(draft));
  makeRoom(unit, entity, changed);
  unit.update(
    entity,
    changed.flatMap(({ before, values }) => (before === null ? [] : [{ before, values }])),
  );
  const links = await finishDeclared(unit, entity, changed);
  await writes.rules?.after?.(unit, changed, { references, links });
  const byIndex = new Map(drafts.map((draft) => [draft.index, draft]));
  return rows.map((row) => {
    const draft = byIndex.get(row.index);
    return {
      id: row.id,
      problems: refused.get(row.index) ?? draft?.problems ?? [],
      ...(draft !== undefined && unchanged.has(draft) ? { unchanged: true } : {}),
    };
  });
}

/** The drafts that leave their record, its links and what is written along with it as they are. */
async function unchangedOf(
  unit: WriteUnit,
  { entity, rules }: EntityWrites,
  drafts: readonly Draft[],
): Promise<ReadonlySet<Draft>> {
  const same = drafts.filter(
    (draft) =>
      writtenColumns(entity).every(({ field }) => !changes(draft, field)) &&
      rules?.changesMore?.(draft) !== true,
  );
  const relinked = await relinkedIds(unit, entity, same);
  return new Set(same.filter(({ id }) => !relinked.has(id)));
}

/** The drafts to write: all of them, or the good ones if the caller wants to go on. */
function accepted(drafts: readonly Draft[], onError: OnError): Draft[] {
  const good = sound(drafts);
  if (onError === "abort" && good.length < drafts.length) throw new RefusedRows([], drafts);
  return good;
}

async function check(
  unit: WriteUnit,
  writes: EntityWrites,
  drafts: readonly Draft[],
  { references, onError }: { readonly references: References; readonly onError: OnError },
): Promise<void> {
  const { entity, rules } = writes;
  const { hierarchy } = entity.rules;
  askForPicklists(
    unit,
    entity,
    drafts.filter(({ before }) => before === null).map(({ values }) => values),
  );
  await rules?.attach?.(unit, drafts);
  const isChild = ({ before, values }: Draft) =>
    hierarchy !== undefined && before === null && values[hierarchy.key] !== null;
  if (hierarchy !== undefined && drafts.some(isChild)) {
    lockHierarchy(unit, entity, hierarchy.key, false);
  }
  await lockReferences(unit, writes, drafts, references);
  await checkDeclared(unit, entity, drafts, references);
  await judgePicklists(unit, entity, drafts);
  await rules?.check?.(unit, drafts, references);
  for (const draft of drafts) checkPresent(entity, draft);
  const judges = [
    ...(await declaredJudges(unit, entity, drafts, references)),
    (await rules?.judge?.(unit, drafts, references)) ?? null,
  ];
  judgeRows(
    drafts,
    judges.filter((judge) => judge !== null),
    onError,
  );
}

const filled = new WeakMap<Entity, readonly string[]>();

/** The fields that cannot be null, but those that the gateway keeps. */
function filledFields(entity: Entity): readonly string[] {
  let names = filled.get(entity);
  if (names === undefined) {
    names = Object.entries(entity.fields).flatMap(([name, { nullable, managed }]) =>
      nullable || managed ? [] : [name],
    );
    filled.set(entity, names);
  }
  return names;
}

/** What cannot be null and was not filled in by then. */
function checkPresent(entity: Entity, { values, problems }: Draft): void {
  for (const name of filledFields(entity)) {
    if (values[name] != null) continue;
    const path = [restName(name)];
    if (!problems.some((problem) => problem.path[0] === path[0])) {
      problems.push(invalid(path, { complaint: "empty" }));
    }
  }
}
