import type { Values } from "../model/record.ts";
import { fieldOf, type Entity } from "../model/entity.ts";
import { all, name, param, raw, sql, type Sql } from "../lib/sql.ts";
import type { WriteContext } from "./context.ts";
import type { RowInput, WriteResult } from "./draft.ts";
import type { EntityWrites, UpsertKeys } from "./entity-writes.ts";
import { parseInput, restName, type ParsedInput } from "./input.ts";
import { invalid, type Problem } from "./problem.ts";
import { restoreIn } from "./remove.ts";
import { Raced } from "./run.ts";
import { createIn, updateIn } from "./save.ts";
import { newDraft } from "./make-draft.ts";
import { RefusedRows } from "./refused.ts";
import type { WriteUnit } from "./unit.ts";
import { writeRows } from "./write-rows.ts";

type UpsertOptions = {
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
  const [result] = await writeRows(context, writes.entity.name, 1, async (unit) => [
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
  const sent = parseInput(writes.inputs.update, input);
  const { found, change } = await findMatch(unit, writes, sent, options);
  if ("problem" in found) {
    const { problem } = found;
    const isSaid = change.problems.some(({ path }) => path[0] === problem.path[0]);
    throw new RefusedRows([[0, [...change.problems, ...(isSaid ? [] : [problem])]]], []);
  }
  if (found.id === null) {
    const [draft] = await createIn(
      unit,
      writes,
      [parseInput(writes.inputs.create, input)],
      "abort",
    );
    return { id: draft?.id ?? null, problems: [], created: true };
  }
  let changed = change;
  if (found.isDeleted) {
    // The version that the caller read is the deleted record's, and the restore moves it.
    const { version, ...extras } = change.extras;
    const row = { index: 0, id: found.id, version: typeof version === "number" ? version : null };
    // What it comes back with is what it shall have: the value that it had may be another's by now.
    const told = uniqueValues(writes.entity, change.values);
    await restoreIn(unit, writes, [row], "abort", new Map([[found.id, told]]));
    changed = { ...change, extras };
  }
  await updateFound(unit, writes, { index: 0, id: found.id, input: changed });
  return { id: found.id, problems: [], created: false };
}

/** What an input says of unique values. */
function uniqueValues({ fields, unique }: Entity, values: Values): Values {
  return Object.fromEntries(
    unique.flatMap(({ field }) => {
      const value = values[field];
      const isGood = value !== undefined && (value !== null || fields[field]?.nullable === true);
      return isGood ? [[field, value]] : [];
    }),
  );
}

/** Updates the record that was found; if it went in between, the search starts anew. */
async function updateFound(unit: WriteUnit, writes: EntityWrites, row: RowInput): Promise<void> {
  try {
    await updateIn(unit, writes, [row], "abort");
  } catch (error) {
    const said = error instanceof RefusedRows ? (error.problems.get(row.index) ?? []) : [];
    const isGone = said.some(({ code, path }) => code === "NOT_FOUND" && path[0] === "id");
    throw isGone ? new Raced() : error;
  }
}

/** The record to change, and what changes of it. */
type Match = { readonly found: Found; readonly change: ParsedInput };

/**
 * Finds the record where the input says it belongs, or else where a new one would be put: a client that sends the same input
 * twice must find the record that the first made. A live one comes before a deleted one.
 */
async function findMatch(
  unit: WriteUnit,
  writes: EntityWrites,
  change: ParsedInput,
  { by, restore }: UpsertOptions,
): Promise<Match> {
  const places = [{ values: change.values, change }, ...(await placeOfNew(unit, writes, change))];
  let match: Match = { found: { id: null, isDeleted: false }, change };
  for (const liveness of restore === true ? (["live", "deleted"] as const) : (["live"] as const)) {
    for (const place of places) {
      const found = await findRecord(unit, writes, place.values, { by, liveness });
      match = { found, change: place.change };
      if ("problem" in found || found.id !== null) return match;
    }
  }
  return match;
}

/** Where to look, and what changes of what is found there. */
type Place = { readonly values: Values; readonly change: ParsedInput };

/** Where a new record would be put, if that is elsewhere. What is found there stays there. */
async function placeOfNew(
  unit: WriteUnit,
  writes: EntityWrites,
  change: ParsedInput,
): Promise<Place[]> {
  const keys = Object.values(writes.upsertKeys ?? {});
  const within = keys.find((rule) => rule.within !== null)?.within;
  if (within == null || change.values[within] != null) return [];
  const draft = newDraft(unit, writes, change, 0);
  await writes.rules?.attach?.(unit, [draft]);
  const owner = draft.values[within];
  const { [within]: _none, ...others } = change.values;
  return owner === null
    ? []
    : [{ values: { ...others, [within]: owner }, change: { ...change, values: others } }];
}

type Found =
  | { readonly id: string | null; readonly isDeleted: boolean }
  | { readonly problem: Problem };

async function findRecord(
  unit: WriteUnit,
  { entity, upsertKeys = {} }: EntityWrites,
  values: ParsedInput["values"],
  { by, liveness }: Pick<UpsertOptions, "by"> & { readonly liveness: "live" | "deleted" },
): Promise<Found> {
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
  const matches = matching(entity, rule, values);
  // Two callers with the same key take turns: not every key is unique by an index.
  const key = fieldOf(entity, rule.field).kind.comparedAs(String(values[rule.field]));
  const turn = JSON.stringify([unit.actor.tenantId, entity.table, rule.field, key]);
  unit.send(sql`SELECT pg_advisory_xact_lock(hashtextextended(lower(${param(turn, "text")}), 0))`);
  const found = await unit.find(entity, matches, null, liveness);
  if (liveness === "live" && found.length > 1) {
    return {
      problem: invalid(
        [restName(rule.field)],
        `is that of ${found.length} live ${entity.plural}: update the one you mean by its id.`,
      ),
    };
  }
  const [latest] = found.toSorted((a, b) =>
    String(a["deletedAt"]) < String(b["deletedAt"]) ? 1 : -1,
  );
  return { id: latest?.id ?? null, isDeleted: latest !== undefined && liveness === "deleted" };
}

function matching(entity: Entity, rule: UpsertKeys[string], values: Values): Sql {
  const definition = fieldOf(entity, rule.field);
  const value = param(definition.kind.comparedAs(String(values[rule.field])), "text");
  const condition = sql`${raw(`t.${name(definition.key ?? definition.column)}`)} = ${value}`;
  if (rule.within === null) return condition;
  const owner = fieldOf(entity, rule.within);
  const column = raw(`t.${name(owner.column)}`);
  return all([
    condition,
    sql`${column} IS NOT DISTINCT FROM ${param(values[rule.within] ?? null, "uuid")}`,
  ]);
}
