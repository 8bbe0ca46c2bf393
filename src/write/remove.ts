import { v7 as uuidv7 } from "uuid";
import type { Stored, Values } from "../model/record.ts";
import type { Entity } from "../model/entity.ts";
import { deleteContents, deletionOf, restoreContents } from "./contents.ts";
import { sound, type Draft } from "./draft.ts";
import type { EntityWrites } from "./entity-writes.ts";
import { judgeRows, type OnError } from "./rules/judge.ts";
import type { Liveness, Wanted } from "./lock.ts";
import { lockForRemoval } from "./lock-rows.ts";
import { checkReturn, ownersOf } from "./may-return.ts";
import { refuseMerged } from "./merge/merged.ts";
import { invalid, notFound, type Problem } from "./problem.ts";
import { References } from "./references.ts";
import { checkVersion } from "./make-draft.ts";
import { RefusedRows } from "./refused.ts";
import { restoredByRules } from "./rules/restored.ts";
import { uniqueJudges } from "./rules/unique.ts";
import type { WriteUnit } from "./unit.ts";

/** A record that is to be deleted or brought back, as the caller read it. */
export type RemovalRow = {
  readonly index: number;
  readonly id: string;
  readonly version: number | null;
};
type RowOutcome = { readonly id: string; readonly problems: readonly Problem[] };

/** Soft-deletes records with all that they contain. */
export async function deleteIn(
  unit: WriteUnit,
  writes: EntityWrites,
  rows: readonly RemovalRow[],
  onError: OnError,
): Promise<RowOutcome[]> {
  const references = new References();
  const { problems, records: found } = await lockRows(unit, writes, rows, {
    liveness: "live",
    onError,
    references,
    owners: () => [],
  });
  const kept = new Map(
    found.flatMap((record) => {
      const problem = writes.removal?.refuse?.(record, references) ?? null;
      return problem === null ? [] : [[record.id, problem] as const];
    }),
  );
  for (const { id, index } of rows) {
    const problem = kept.get(id);
    if (problem !== undefined) problems.set(index, [problem]);
  }
  if (onError === "abort") refuseAny(problems);
  const records = found.filter(({ id }) => !kept.has(id));
  const deletions = new Map(records.map((record) => [record.id, uuidv7()]));
  unit.update(
    writes.entity,
    records.map((before) => ({
      before,
      values: {
        deletedAt: unit.now,
        deletedBy: unit.actor.id,
        deletionId: deletions.get(before.id) ?? null,
      },
    })),
    "deleted",
  );
  const contents = new Map<Entity, string[]>();
  await deleteContents(unit, writes.entity, deletions, contents);
  await writes.removal?.after?.(unit, contents, records);
  return rows.map(({ id, index }) => ({ id, problems: problems.get(index) ?? [] }));
}

/** Brings deleted records back, with exactly what their deletion took along; `told` is what else they hold then, by id. */
export async function restoreIn(
  unit: WriteUnit,
  writes: EntityWrites,
  rows: readonly RemovalRow[],
  onError: OnError,
  told: ReadonlyMap<string, Values> = new Map(),
): Promise<RowOutcome[]> {
  const { entity } = writes;
  const references = new References();
  const { problems, records } = await lockRows(unit, writes, rows, {
    liveness: "deleted",
    onError,
    references,
    owners: (record) => ownersOf(unit, entity, record),
  });
  const drafts = records.map((record) => returning(record, rows, told.get(record.id)));
  for (const draft of drafts) {
    refuseMerged(entity, draft);
    const problem = writes.removal?.refuse?.(draft.values, references) ?? null;
    if (problem !== null) draft.problems.push(problem);
  }
  const open = sound(drafts);
  const judges = [
    ...(await uniqueJudges(unit, entity, open)),
    ...(await checkReturn(unit, entity, open, { references, onError })),
    (await writes.rules?.judge?.(unit, open, references)) ?? null,
  ];
  judgeRows(
    open,
    judges.filter((judge) => judge !== null),
    onError,
  );
  for (const draft of drafts) {
    if (draft.problems.length > 0) problems.set(draft.index, draft.problems);
  }
  if (onError === "abort") refuseAny(problems);
  const good = records.filter((_, place) => drafts[place]?.problems.length === 0);
  const declared = await restoredByRules(unit, entity, good);
  const special = await writes.removal?.restored?.(unit, good);
  unit.update(
    entity,
    good.map((before) => ({
      before,
      values: {
        ...told.get(before.id),
        ...declared.get(before.id),
        ...special?.get(before.id),
        deletedAt: null,
        deletedBy: null,
        deletionId: null,
      },
    })),
    "restored",
  );
  const contents = await restoreContents(unit, entity, good.flatMap(deletionOf));
  await writes.removal?.after?.(unit, contents, good);
  return rows.map(({ id, index }) => ({ id, problems: problems.get(index) ?? [] }));
}

/** A record that comes back, as a row that is new among the live ones. */
function returning(record: Stored, rows: readonly RemovalRow[], told: Values = {}): Draft {
  return {
    index: rows.find(({ id }) => id === record.id)?.index ?? 0,
    id: record.id,
    before: null,
    sent: {},
    extras: {},
    values: { ...record, ...told, id: record.id },
    problems: [],
  };
}

function refuseAny(problems: ReadonlyMap<number, readonly Problem[]>): void {
  if (problems.size > 0) throw new RefusedRows([...problems], []);
}

async function lockRows(
  unit: WriteUnit,
  writes: EntityWrites,
  rows: readonly RemovalRow[],
  {
    onError,
    ...locking
  }: {
    readonly liveness: Liveness;
    readonly onError: OnError;
    readonly references: References;
    readonly owners: (record: Stored) => readonly Wanted[];
  },
): Promise<{ problems: Map<number, Problem[]>; records: Stored[] }> {
  const { entity } = writes;
  const { liveness } = locking;
  const ids = rows.map(({ id }) => id);
  const found = await lockForRemoval(unit, writes, ids, locking);
  // One that lives already is worth another word than one that is not there.
  const missing = ids.filter((id) => !found.has(id));
  const living =
    liveness === "deleted" ? await unit.read(entity, missing) : new Map<string, Stored>();
  const problems = new Map<number, Problem[]>();
  const records: Stored[] = [];
  const seen = new Set<string>();
  for (const { id, index, version } of rows) {
    const said: Problem[] = [];
    const record = found.get(id);
    if (seen.has(id)) said.push(invalid(["id"], { complaint: "namedTwice", within: "call" }));
    else if (living.has(id)) said.push(invalid(["id"], `is a ${entity.type} that is not deleted.`));
    else if (record === undefined) said.push(notFound(["id"], entity.type));
    else checkVersion(entity, record, version, said);
    seen.add(id);
    if (said.length > 0) problems.set(index, said);
    else if (record !== undefined) records.push(record);
  }
  if (onError === "abort") refuseAny(problems);
  return { problems, records };
}
