import { inWords } from "../../lib/text.ts";
import { scopeFor } from "../../auth/permissions.ts";
import { covers } from "../../auth/require-scopes.ts";
import { asComplaint, type Complaint } from "../../lib/messages.ts";
import type { Entity } from "../../model/entity.ts";
import type { WriteContext } from "../../write/context.ts";
import type { WriteResult } from "../../write/draft.ts";
import { restName } from "../../write/input.ts";
import { messageOf } from "../../write/problem.ts";
import { inCircle } from "../../write/rules/hierarchy.ts";
import { createRecords } from "../../write/verbs.ts";
import { maxRows } from "../../write/write-rows.ts";
import type { RowReference } from "../read/types.ts";
import { errorOf, type PreparedRow, type RowError } from "./prepare.ts";
import { compared, GivenValues } from "./given-values.ts";
import { findReferences, told, wantedKey, type Candidates } from "./references.ts";
import type { ImportWrites } from "./types.ts";
import { resultsOf } from "./undone.ts";

/** Where references are looked up, and what is created where they lead nowhere. */
export type Resolving = {
  readonly context: WriteContext;
  readonly writes: ImportWrites;
  readonly createMissing: readonly string[];
  /** What the rows are. */
  readonly own: Entity;
  /** Whether each row makes a record. */
  readonly isEachNew: boolean;
  /**
   * Of a dry run, which creates nothing: how many rows of chunks before have what references of the rows' own kind name, by
   * `wantedKey`. A row goes on without the ids that it would have had. Null if it is none.
   */
  readonly wouldBe: ((references: readonly RowReference[]) => Promise<HowMany>) | null;
};

type HowMany = ReadonlyMap<string, number>;

/** What a row of a dry run names, and rows before it have. */
export type Hope = {
  readonly row: PreparedRow;
  readonly reference: RowReference;
  /** The records that are there. */
  readonly found: Candidates;
  /** How many rows of chunks before have it. */
  readonly before: number;
  /** The rows above it in its own chunk that have it, unless they are refused. */
  readonly above: readonly PreparedRow[];
};

export type Resolved = {
  /** The rows that lack nothing but records of their own kind, which a later row may make. */
  readonly lacking: ReadonlySet<PreparedRow>;
  readonly hopes: readonly Hope[];
};

/** Puts the ids of the records that rows name into their inputs; what is not there, or not clear, is an error of the row. */
export async function resolveReferences(
  resolving: Resolving,
  rows: readonly PreparedRow[],
): Promise<Resolved> {
  const lacking = new Set<PreparedRow>();
  const hopes: Hope[] = [];
  const wanted = rows.flatMap(({ references }) => references);
  if (wanted.length === 0) return { lacking, hopes };
  const { context, own, isEachNew, wouldBe } = resolving;
  const found = new Map(await findReferences(context, wanted));
  const missing = await createMissing(resolving, rows, found);
  const isOwn = (reference: RowReference): boolean =>
    reference.to === own.name && reference.by !== "id" && !mayCreate(resolving, reference);
  const isLacking = (reference: RowReference): boolean =>
    isOwn(reference) && found.get(wantedKey(reference))?.length === 0;
  const isHoped = (reference: RowReference): boolean =>
    isLacking(reference) || (isEachNew && isOwn(reference) && reference.by !== "external_id");
  const made = await wouldBe?.(wanted.filter(isHoped));
  const given = new GivenValues(own);
  for (const row of rows) {
    const { input, references, errors } = row;
    const lacks: RowError[] = [];
    for (const reference of references) {
      const key = wantedKey(reference);
      const candidates = found.get(key) ?? [];
      const [id] = candidates;
      if (made !== undefined && isHoped(reference)) {
        const [before, above] = [made.get(key) ?? 0, given.named(reference)];
        if (before + above.length > 0) {
          if (isCircle(row, reference, given)) {
            errors.push(errorOf(reference.column, reference.field, asComplaint(inCircle)));
          } else hopes.push({ row, reference, found: candidates, before, above: [...above] });
          if (candidates.length === 0) continue;
        }
      }
      // It would be created, but its row has other errors. These are reported.
      const isOnlyMissing = candidates.length === 0 && mayCreate(resolving, reference);
      const complaint =
        missing.has(key) || isOnlyMissing
          ? (missing.get(key) ?? null)
          : complaintOf(context, reference, candidates);
      const code = candidates.length === 0 ? "NOT_FOUND" : "BAD_USER_INPUT";
      if (complaint !== null) {
        const error = errorOf(reference.column, reference.field, complaint, code);
        (isLacking(reference) ? lacks : errors).push(error);
      } else if (id !== undefined) put(input, reference, id);
    }
    // With other errors it is refused at once, and a row below it may make what it lacks.
    if (errors.length === 0 && lacks.length > 0) {
      errors.push(...lacks);
      lacking.add(row);
    }
    given.add(row);
  }
  return { lacking, hopes };
}

/** Whether a row names one that is below its own record, by the external ids of rows above it. */
function isCircle({ input }: PreparedRow, first: RowReference, given: GivenValues): boolean {
  const seen = new Set<PreparedRow>();
  for (let reference: RowReference | undefined = first; reference !== undefined;) {
    if (reference.by === "external_id" && reference.value === input["external_id"]) return true;
    const [next] = given.named(reference);
    if (next === undefined || seen.has(next)) return false;
    seen.add(next);
    reference = next.references.find(({ field }) => field === first.field);
  }
  return false;
}

/**
 * Refuses the rows of a dry run whose hopes are in vain, since rows are gone that would have had what they name, or more
 * than one would. Gives them, and whether they only lack it.
 */
export function refuseVain(
  context: WriteContext,
  hopes: readonly Hope[],
  refused: Iterable<PreparedRow["row"]>,
): { readonly row: PreparedRow; readonly isLacking: boolean }[] {
  const gone = new Set(Array.from(refused, ({ number }) => number));
  return hopes.flatMap(({ row, reference, found, before, above }) => {
    if (gone.has(row.row.number)) return [];
    const made = before + above.filter((one) => !gone.has(one.row.number)).length;
    const complaint = complaintOf(context, reference, found, made);
    if (complaint === null) return [];
    const isLacking = found.length + made === 0;
    const code = isLacking ? "NOT_FOUND" : "BAD_USER_INPUT";
    row.errors.push(errorOf(reference.column, reference.field, complaint, code));
    gone.add(row.row.number);
    return [{ row, isLacking }];
  });
}

const mayCreate = ({ createMissing: wanted }: Resolving, { to, by }: RowReference): boolean =>
  wanted.includes(to) && by !== "id";

function put(input: Record<string, unknown>, { field, isList }: RowReference, id: string): void {
  const before = input[field];
  input[field] = isList ? [...(Array.isArray(before) ? before : []), id] : id;
}

function complaintOf(
  { actor, catalog }: WriteContext,
  { to, by, value }: RowReference,
  candidates: Candidates,
  made = 0,
): Complaint | null {
  const entity = catalog.entity(to);
  const all = candidates.length + made;
  // No two records have one key.
  if (all === 1 || (made > 0 && by === "external_id")) return null;
  const said = `the ${by} "${value}"`;
  const many = `${all === 2 ? "two" : "several"} ${inWords(entity.plural)}`;
  const ids = covers(actor.scopes, scopeFor("read", to)) ? `: ${told(candidates)}` : "";
  const text =
    all === 0
      ? `names no ${entity.type}: none has ${said}. Create it first, or have it created (create_missing).`
      : made > 0
        ? `is not clear: ${many} would have ${said}, with those of this file. Name the one you mean by another value, such as its external_id.`
        : `is not clear: ${many} have ${said}${ids}. Name the one you mean by its id.`;
  return { complaint: "text", text };
}

/** Creates what rows name that is not there, in a transaction ahead of the chunk's: if that fails, it is found next time. */
async function createMissing(
  resolving: Resolving,
  rows: readonly PreparedRow[],
  found: Map<string, Candidates>,
): Promise<ReadonlyMap<string, Complaint | null>> {
  const { context, writes, wouldBe } = resolving;
  const outcomes = new Map<string, Complaint | null>();
  const lacking = rows
    .filter(({ errors }) => errors.length === 0)
    .flatMap(({ references }) => references)
    .filter((one) => mayCreate(resolving, one))
    .filter((one) => found.get(wantedKey(one))?.length === 0);
  for (const [to, wanted] of Map.groupBy(lacking, (one) => one.to)) {
    const its = writes.get(to);
    if (its === undefined) continue;
    // What is written in several ways is one record.
    const same = ({ by, value }: RowReference) =>
      wantedKey({ to, by, value: compared(its.entity, { by, value }) });
    const groups = [...Map.groupBy(wanted, same).values()];
    const inputs = groups.flatMap(([first]) =>
      first === undefined ? [] : [newInput(its.entity, first.by, first.value)],
    );
    const results: WriteResult[] = [];
    for (let start = 0; start < inputs.length; start += maxRows) {
      const part = inputs.slice(start, start + maxRows);
      const create = (how: WriteContext) => createRecords(how, its, part, "continue");
      results.push(...(await (wouldBe === null ? create(context) : resultsOf(context, create))));
    }
    for (const [place, group] of groups.entries()) {
      const { id = null, problems = [] } = results[place] ?? {};
      const text = `names no ${its.entity.type}, and none could be created: ${problems.map(messageOf).join(" ")}`;
      for (const one of group) {
        if (problems.length === 0 && wouldBe !== null) outcomes.set(wantedKey(one), null);
        else if (id !== null) found.set(wantedKey(one), [id]);
        else outcomes.set(wantedKey(one), { complaint: "text", text });
      }
    }
  }
  return outcomes;
}

/** A new record of which nothing is known but what it is named by. */
function newInput({ fields }: Entity, by: string, value: string): Record<string, unknown> {
  const field = Object.keys(fields).find((one) => restName(one) === by);
  if (field === undefined) return { last_name: value };
  const isNamed = by !== "name" && fields["name"] !== undefined;
  return isNamed ? { [by]: value, name: value } : { [by]: value };
}
