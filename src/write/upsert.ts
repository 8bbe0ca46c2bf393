import { inWords } from "../lib/text.ts";
import type { Values } from "../model/record.ts";
import { fieldOf } from "../model/entity.ts";
import { param, raw, sql } from "../lib/sql.ts";
import type { WriteContext } from "./context.ts";
import type { WriteResult } from "./draft.ts";
import type { EntityWrites } from "./entity-writes.ts";
import { parseBoth, restName, type ParsedInput } from "./input.ts";
import type { EntityInputs, InputDefinition } from "./input-definition.ts";
import { newDraft } from "./make-draft.ts";
import { withNumbers } from "./numbers.ts";
import { duplicate, invalid, notFound, type Problem } from "./problem.ts";
import { Raced } from "./run.ts";
import type { OnError } from "./rules/judge.ts";
import { claimKey, isTold, recordsWith, type Claim } from "./rules/unique.ts";
import type { WriteUnit } from "./unit.ts";
import { writeFound } from "./upsert-rows.ts";
import { only, writeRows } from "./write-rows.ts";

export type UpsertOptions = {
  /** Which key to find the record by; the first that the input has unless said. */
  readonly by?: string | null | undefined;
  /** Whether a soft-deleted record that matches is brought back; a new one is made unless asked. */
  readonly restore?: boolean | null | undefined;
  /** Whether records are only changed, and none is made. */
  readonly updateOnly?: boolean | null | undefined;
  /** Whether a new record takes no more than a change does, so that the same input can be sent again. */
  readonly repeatable?: boolean | undefined;
};

/** One input, read as a change, and as a new record where none was found. */
type UpsertRow = {
  readonly index: number;
  readonly change: ParsedInput;
  readonly create: () => ParsedInput;
};

/** What an input leads to: a change of the record that was found, or a new one. `key` is what it was looked for by. */
export type FoundRow = UpsertRow & {
  readonly id: string | null;
  readonly isDeleted: boolean;
  readonly key: string;
};

/** Updates the record that has the input's key, or creates it; says which. */
export async function upsertRecord(
  context: WriteContext,
  writes: EntityWrites,
  input: Values,
  options: UpsertOptions,
): Promise<WriteResult> {
  return only(await upsertRecords(context, writes, [input], options));
}

/** The same for many. One result for each input, in order; with `abort` all of them or none. */
export function upsertRecords(
  context: WriteContext,
  writes: EntityWrites,
  inputs: readonly Values[],
  options: UpsertOptions,
  onError: OnError = "abort",
): Promise<WriteResult[]> {
  const newRecord = withPatches(writes.inputs);
  const rows = inputs.map((input, index): UpsertRow => {
    const { change, create } = parseBoth(writes.inputs.update, newRecord, input);
    return {
      index,
      change,
      create: options.repeatable === true ? () => alsoRefused(create(), change) : create,
    };
  });
  // Which rows are new is known once they were looked for, and numbers are drawn outside of the transaction: it runs
  // again with them.
  let unnumbered: readonly UpsertRow[] = [];
  let numbered: ReadonlyMap<number, ParsedInput> = new Map();
  const work = async (unit: WriteUnit) => {
    const { found, refused } = await findRows(unit, writes, rows, options);
    const fresh = found.filter(({ id }) => id === null);
    const field = writes.numbered?.field;
    const lacking = ({ index, create }: UpsertRow): boolean =>
      field !== undefined && create().values[field] == null && !numbered.has(index);
    if (fresh.some(lacking)) {
      unnumbered = fresh;
      throw new Raced();
    }
    const whole = found.map((row) => {
      const read = numbered.get(row.index);
      return read === undefined ? row : { ...row, create: () => read };
    });
    return writeFound(unit, writes, { rows: whole, refused, count: rows.length }, onError);
  };
  return writeRows(context, writes.entity.name, rows.length, work, async () => {
    const read = await withNumbers(
      context,
      writes,
      unnumbered.map(({ create }) => create()),
    );
    numbered = new Map(
      unnumbered.flatMap(({ index }, place) => {
        const input = read[place];
        return input === undefined ? [] : [[index, input] as const];
      }),
    );
  });
}

/** The input of a new record that may be sent parts of fields as well, of which it has nothing yet. */
function withPatches({ create, update }: EntityInputs): InputDefinition {
  const patching = Object.entries(update.fields).filter(([, { patches }]) => patches !== null);
  return { ...create, fields: { ...create.fields, ...Object.fromEntries(patching) } };
}

/** A new record's input with what is wrong with it as a change, where nothing is said of that value yet. */
function alsoRefused(create: ParsedInput, change: ParsedInput): ParsedInput {
  const told = new Set(create.problems.map(({ path }) => path[0]));
  const more = change.problems.filter(({ path }) => !told.has(path[0]));
  return more.length === 0 ? create : { ...create, problems: [...create.problems, ...more] };
}

type Rule = { readonly field: string; readonly within: string | null };

/** Where a record is looked for, and what changes of what is found there. */
type Place = { readonly claim: Claim; readonly change: ParsedInput };
type Sought = {
  readonly row: UpsertRow;
  readonly rule: Rule;
  readonly places: readonly Place[];
};

/**
 * Finds each row's record where the input says it belongs, or else where a new one would be put: a client that sends
 * the same input twice must find the record that the first made. A live one comes before a deleted one.
 */
async function findRows(
  unit: WriteUnit,
  writes: EntityWrites,
  rows: readonly UpsertRow[],
  options: UpsertOptions,
): Promise<{ readonly found: FoundRow[]; readonly refused: Map<number, Problem[]> }> {
  const { entity } = writes;
  const refused = new Map<number, Problem[]>();
  const refuse = ({ index, change }: UpsertRow, problem: Problem): void => {
    const isSaid = change.problems.some(({ path }) => path[0] === problem.path[0]);
    refused.set(index, [...change.problems, ...(isSaid ? [] : [problem])]);
  };
  const sought = await seek(unit, writes, rows, options, refuse);
  takeTurns(unit, writes, sought, options);
  const found = new Map<UpsertRow, FoundRow>();
  for (const liveness of options.restore === true
    ? (["live", "deleted"] as const)
    : (["live"] as const)) {
    const open = sought.filter(({ row }) => !found.has(row) && !refused.has(row.index));
    for (const [{ row, rule, places }, matches] of await matchesOf(unit, writes, open, liveness)) {
      for (const [place, { change }] of places.entries()) {
        const ids = matches[place] ?? [];
        const [id] = ids;
        if (id === undefined || found.has(row)) continue;
        found.set(row, { ...row, change, id, isDeleted: liveness === "deleted", key: rule.field });
        if (liveness === "live" && ids.length > 1) {
          refuse(
            row,
            invalid(
              [restName(rule.field)],
              `is that of ${ids.length} live ${inWords(entity.plural)}: update the one you mean by its id.`,
            ),
          );
        }
      }
    }
  }
  const seen = new Map<string, number>();
  const result = sought.flatMap(({ row, rule }) => {
    if (refused.has(row.index)) return [];
    const match = found.get(row) ?? { ...row, id: null, isDeleted: false, key: rule.field };
    if (match.id === null && options.updateOnly === true) {
      refuse(row, notFound([restName(rule.field)], entity.type));
      return [];
    }
    const first = match.id === null ? undefined : seen.get(match.id);
    if (first !== undefined) {
      refuse(row, duplicate([restName(rule.field)], { complaint: "sameAsRow", row: first }, null));
      return [];
    }
    if (match.id !== null) seen.set(match.id, row.index);
    return [match];
  });
  return { found: result, refused };
}

/** What each row is looked for by. */
async function seek(
  unit: WriteUnit,
  writes: EntityWrites,
  rows: readonly UpsertRow[],
  { by }: UpsertOptions,
  refuse: (row: UpsertRow, problem: Problem) => void,
): Promise<Sought[]> {
  const { entity, upsertKeys = {} } = writes;
  const rules: readonly Rule[] = Object.values(upsertKeys);
  const keyed = rows.flatMap((row) => {
    const { values } = row.change;
    const rule = by == null ? rules.find(({ field }) => values[field] != null) : upsertKeys[by];
    if (rule !== undefined && values[rule.field] != null) return [{ row, rule }];
    const names = by === "external_id" ? [by] : rules.map(({ field }) => restName(field));
    const complaint = `is needed to find the record: send ${names.join(" or ")}.`;
    const faulty = names.find((name) => row.change.problems.some(({ path }) => path[0] === name));
    // Few callers have a key of their own: what is said of none is said of the other one.
    refuse(row, invalid([faulty ?? names[1] ?? names[0] ?? ""], complaint));
    return [];
  });
  const owners = await ownersOfNew(unit, writes, keyed);
  const told = new Map<string, number>();
  return keyed.flatMap(({ row, rule }) => {
    const claimed = (values: Values): Claim => ({
      value: String(values[rule.field]),
      within: rule.within === null ? null : (ownerIn(values, rule.within) ?? null),
    });
    const places = [{ claim: claimed(row.change.values), change: row.change }];
    const owner = owners.get(row);
    if (rule.within !== null && owner !== undefined) {
      // What is found there stays there.
      const { [rule.within]: _none, ...values } = row.change.values;
      places.push({
        claim: claimed({ ...values, [rule.within]: owner }),
        change: { ...row.change, values },
      });
    }
    const key = `${rule.field} ${places.map(({ claim }) => claimKey(entity, rule, claim)).join(" ")}`;
    const first = told.get(key);
    told.set(key, first ?? row.index);
    if (first === undefined) return [{ row, rule, places }];
    refuse(row, duplicate([restName(rule.field)], { complaint: "sameAsRow", row: first }, null));
    return [];
  });
}

const ownerIn = (values: Values, within: string): string | null => {
  const owner = values[within];
  return typeof owner === "string" ? owner : null;
};

/** To whom a new record would belong where the input does not say, of keys that are unique beside their owner. */
async function ownersOfNew(
  unit: WriteUnit,
  writes: EntityWrites,
  keyed: readonly { readonly row: UpsertRow; readonly rule: Rule }[],
): Promise<ReadonlyMap<UpsertRow, string>> {
  const drafts = keyed.flatMap(({ row, rule: { within } }) =>
    within === null || row.change.values[within] != null
      ? []
      : [{ row, within, draft: newDraft(unit, writes, row.change, row.index) }],
  );
  if (drafts.length > 0) {
    await writes.rules?.attach?.(
      unit,
      drafts.map(({ draft }) => draft),
    );
  }
  return new Map(
    drafts.flatMap(({ row, within, draft }) => {
      const owner = ownerIn(draft.values, within);
      return owner === null ? [] : [[row, owner] as const];
    }),
  );
}

/**
 * Callers with the same key take turns, where no unique index settles it. One record takes the turn of its key, a
 * batch that of all records of its kind: a thousand locks would use up those of the whole server.
 */
function takeTurns(
  unit: WriteUnit,
  { entity }: EntityWrites,
  sought: readonly Sought[],
  { restore }: UpsertOptions,
): void {
  const lock = (call: string, key: readonly string[]) => {
    const turn = JSON.stringify([unit.actor.tenantId, entity.table, ...key]);
    return sql`${raw(call)}(hashtextextended(lower(${param(turn, "text")}), 0))`;
  };
  const [shared, own] = ["pg_advisory_xact_lock_shared", "pg_advisory_xact_lock"];
  const [first] = sought;
  if (first === undefined) return;
  if (sought.length === 1) {
    const { field } = first.rule;
    const keys = first.places.map(({ claim }) =>
      fieldOf(entity, field).kind.comparedAs(claim.value),
    );
    unit.send(sql`SELECT ${lock(shared, [])}, ${lock(own, [field, keys[0] ?? ""])}`);
    return;
  }
  const isSettled = ({ rule }: Sought): boolean =>
    entity.unique.some(({ field, within }) => field === rule.field && within === rule.within);
  if (restore === true || !sought.every(isSettled)) {
    unit.send(sql`SELECT ${lock(own, [])}`);
  }
}

/** The records that the caller may see at each place of each row: live ones by age, deleted ones the latest first. */
async function matchesOf(
  unit: WriteUnit,
  { entity }: EntityWrites,
  sought: readonly Sought[],
  liveness: "live" | "deleted",
): Promise<readonly (readonly [Sought, readonly (readonly string[])[]])[]> {
  const matches = new Map(sought.map((one) => [one, one.places.map((): string[] => [])]));
  for (const [rule, group] of Map.groupBy(sought, (one) => one.rule)) {
    const asked = group.flatMap((one) =>
      one.places.map(({ claim }, place) => ({ one, claim, place })),
    );
    const claims = asked.map(({ claim }) => claim);
    for (const { claim, id, appId } of await recordsWith(unit, entity, rule, claims, liveness)) {
      const at = asked[claim];
      if (at !== undefined && isTold(unit.actor, appId)) matches.get(at.one)?.[at.place]?.push(id);
    }
  }
  return [...matches];
}
