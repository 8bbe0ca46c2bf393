import { uuidv7 } from "../lib/id.ts";
import type { Entity } from "../model/entity.ts";
import type { Field } from "../model/field.ts";
import type { Cells } from "../query/row.ts";
import { name, param, raw, sql } from "../lib/sql.ts";
import { sound, type Draft } from "./draft.ts";
import type { EntityWrites, Taken } from "./entity-writes.ts";
import type { Values } from "./input.ts";
import { judgeRows, type OnError } from "./rules/judge.ts";
import type { Liveness, Wanted } from "./lock.ts";
import { lockForRemoval } from "./lock-rows.ts";
import { checkReturn, contentsOf, deletionOf, ownersOf } from "./may-return.ts";
import { refuseMerged } from "./merge/merged.ts";
import { invalid, notFound, type Problem } from "./problem.ts";
import { References } from "./references.ts";
import { checkVersion, RefusedRows } from "./save.ts";
import { readPlain, type Stored } from "./stored.ts";
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

/** Deletes what records contain, level by level: `parents` says which deletion each record belongs to. */
async function deleteContents(
  unit: WriteUnit,
  entity: Entity,
  parents: ReadonlyMap<string, string>,
  contents: Map<Entity, string[]>,
): Promise<void> {
  if (parents.size === 0) return;
  const owners = sql`unnest(${param([...parents.keys()], "uuid[]")}, ${param([...parents.values()], "uuid[]")}) AS p(id, deletion)`;
  for (const relation of Object.values(entity.relations)) {
    if (relation.kind !== "many" || !relation.contained) continue;
    const child = unit.catalog.entity(relation.to);
    const definition = child.fields[relation.key];
    if (definition === undefined) throw new Error(`${child.name} has no field ${relation.key}`);
    const key = raw(`t.${name(definition.column)}`);
    const table = raw(name(child.table));
    const gone = { at: param(unit.now, "timestamptz"), by: param(unit.actor.id, "text") };
    const rows = await unit.rows(
      sql`UPDATE ${table} t SET ${stamped(unit)}, "deleted_at" = ${gone.at}, "deleted_by" = ${gone.by}, "deletion_id" = k.deletion
        FROM (SELECT t."id", p.deletion FROM ${table} t JOIN ${owners} ON ${key} = p.id
          WHERE t."tenant_id" = ${unit.tenant} AND t."deleted_at" IS NULL ORDER BY t."id" FOR NO KEY UPDATE OF t) k
        WHERE t."tenant_id" = ${unit.tenant} AND t."id" = k."id" RETURNING t."id", t."version", t."updated_at", t."app_id", k.deletion`,
    );
    const moved = logged(unit, child, "deleted", rows);
    contents.set(child, [...(contents.get(child) ?? []), ...moved.keys()]);
    await deleteContents(unit, child, moved, contents);
  }
}

/** Brings back what deletions took along. */
async function restoreContents(
  unit: WriteUnit,
  entity: Entity,
  deletions: readonly string[],
): Promise<Taken> {
  const contents = new Map<Entity, string[]>();
  for (const child of contentsOf(unit, entity)) {
    const rows = await unit.rows(
      sql`UPDATE ${raw(name(child.table))} t SET ${stamped(unit)}, "deleted_at" = NULL, "deleted_by" = NULL, "deletion_id" = NULL FROM (
        SELECT o."id", o."deletion_id", o."deleted_at", o."deleted_by" FROM ${raw(name(child.table))} o
        WHERE o."tenant_id" = ${unit.tenant} AND o."deletion_id" = ANY (${param(deletions, "uuid[]")}) ORDER BY o."id" FOR NO KEY UPDATE
      ) p WHERE t."tenant_id" = ${unit.tenant} AND t."id" = p.id RETURNING t."id", t."version", t."updated_at", t."app_id", p."deletion_id", p."deleted_at", p."deleted_by"`,
    );
    contents.set(child, [...logged(unit, child, "restored", rows).keys()]);
  }
  return contents;
}

function stamped(unit: WriteUnit) {
  return sql`"version" = t."version" + 1, "updated_at" = greatest(${param(unit.now, "timestamptz")}, t."updated_at" + interval '1 millisecond'), "updated_by" = ${param(unit.actor.id, "text")}`;
}

/** Logs rows that came back as id, version, update, application, deletion, and when and by whom if not just now; gives the deletion of each. */
function logged(
  unit: WriteUnit,
  entity: Entity,
  operation: "deleted" | "restored",
  rows: readonly Cells[],
): Map<string, string> {
  const found = new Map<string, string>();
  for (const [id, version, updatedAt, appId, deletionId, at, deletedBy = unit.actor.id] of rows) {
    if (id == null || deletionId == null) continue;
    found.set(id, deletionId);
    const instant = deletedAtField(entity);
    const deletedAt = at === undefined ? unit.now : readPlain(instant, at);
    unit.logMoved(entity, operation, {
      id,
      version: Number(version),
      updatedAt: String(readPlain(instant, updatedAt ?? null)),
      appId: appId ?? null,
      deletion: { deletedAt, deletedBy, deletionId },
    });
  }
  return found;
}

function deletedAtField({ fields, name: entity }: Entity): Field {
  const field = fields["deletedAt"];
  if (field === undefined) throw new Error(`${entity} is not soft-deleted`);
  return field;
}
