import { columnOf, type Entity } from "../query/entity.ts";
import { all, name, param, raw, sql, type Sql } from "../query/sql.ts";
import type { WriteContext } from "./context.ts";
import type { Draft, WriteResult } from "./draft.ts";
import type { EntityWrites, UpsertKeys } from "./entity-writes.ts";
import { parseInput, restName, type Values } from "./input.ts";
import { invalid, type Problem } from "./problem.ts";
import { restoreIn } from "./remove.ts";
import { createIn, newDraft, RefusedRows, updateIn } from "./save.ts";
import type { WriteUnit } from "./unit.ts";
import { writeRows } from "./verbs.ts";

export type UpsertOptions = {
  /** Which key to find the record by; the first that the input has unless said. */
  readonly by?: string | null | undefined;
  /** Whether a soft-deleted record that matches is brought back; a new one is made unless asked. */
  readonly restore?: boolean | null | undefined;
};

/** Updates the record that has the input's key, or creates it; says which. */
export async function upsertRecord(
  context: WriteContext,
  writes: EntityWrites,
  input: Values,
  options: UpsertOptions,
): Promise<WriteResult> {
  const [result] = await writeRows(context, writes, 1, async (unit) => [
    await upsertIn(unit, writes, input, options),
  ]);
  return result ?? { id: null, problems: [] };
}

async function upsertIn(
  unit: WriteUnit,
  writes: EntityWrites,
  input: Values,
  options: UpsertOptions,
): Promise<WriteResult> {
  const change = parseInput(writes.inputs.update, input);
  const found = await findRecord(unit, writes, input, options);
  if ("problem" in found) throw new RefusedRows([[0, [...change.problems, found.problem]]], []);
  if (found.id === null) {
    const [draft] = await createIn(
      unit,
      writes,
      [parseInput(writes.inputs.create, input)],
      "abort",
    );
    return { id: draft?.id ?? null, problems: [], created: true };
  }
  if (found.isDeleted) {
    await restoreIn(unit, writes, [{ index: 0, id: found.id, version: null }], "abort");
  }
  await updateIn(unit, writes, [{ index: 0, id: found.id, input: change }], "abort");
  return { id: found.id, problems: [], created: false };
}

type Found =
  | { readonly id: string | null; readonly isDeleted: boolean }
  | { readonly problem: Problem };

async function findRecord(
  unit: WriteUnit,
  writes: EntityWrites,
  input: Values,
  { by, restore }: UpsertOptions,
): Promise<Found> {
  const { entity, upsertKeys = {} } = writes;
  // As a new record, since it belongs where a new one would.
  const draft = newDraft(unit, writes, parseInput(writes.inputs.create, input), 0);
  const { values } = draft;
  const rule =
    by == null
      ? Object.values(upsertKeys).find(({ field }) => values[field] != null)
      : upsertKeys[by];
  if (rule === undefined || values[rule.field] == null) {
    const names = Object.values(upsertKeys).map(({ field }) => restName(field));
    return {
      problem: invalid(
        [names[0] ?? ""],
        `is needed to find the record: send ${names.join(" or ")}.`,
      ),
    };
  }
  await writes.attach?.(unit, [draft]);
  const matches = matching(entity, rule, draft);
  const live = await unit.find(entity, matches);
  if (live.length > 1) {
    return {
      problem: invalid(
        [restName(rule.field)],
        `is that of ${live.length} live ${entity.plural}: update the one you mean by its id.`,
      ),
    };
  }
  const [match] = live;
  if (match !== undefined) return { id: match.id, isDeleted: false };
  if (restore !== true) return { id: null, isDeleted: false };
  const deleted = await unit.find(entity, matches, null, "deleted");
  const latest = deleted.toSorted((a, b) =>
    String(a["deletedAt"]) < String(b["deletedAt"]) ? 1 : -1,
  )[0];
  return { id: latest?.id ?? null, isDeleted: latest !== undefined };
}

/** The records with the key: of the owner that is said, or else of none or of the one it would be attached to. */
function matching(entity: Entity, rule: UpsertKeys[string], { values, sent }: Draft): Sql {
  const definition = entity.fields[rule.field];
  if (definition === undefined) throw new Error(`${entity.name} has no field ${rule.field}`);
  const value = param(values[rule.field], "text");
  const condition =
    definition.kind === "email"
      ? sql`t."email_key" = lower(${value})`
      : sql`${raw(`t.${name(columnOf(rule.field, definition))}`)} = ${value}`;
  if (rule.within === null) return condition;
  const owner = entity.fields[rule.within];
  if (owner === undefined) throw new Error(`${entity.name} has no field ${rule.within}`);
  const column = raw(`t.${name(columnOf(rule.within, owner))}`);
  const owned = sql`${column} = ${param(values[rule.within] ?? null, "uuid")}`;
  return all([condition, sent[rule.within] == null ? sql`(${column} IS NULL OR ${owned})` : owned]);
}
