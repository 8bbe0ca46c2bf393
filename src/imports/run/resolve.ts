import { inWords } from "../../lib/text.ts";
import type { Complaint } from "../../lib/messages.ts";
import type { Entity } from "../../model/entity.ts";
import type { WriteContext } from "../../write/context.ts";
import { restName } from "../../write/input.ts";
import { messageOf } from "../../write/problem.ts";
import { createRecords } from "../../write/verbs.ts";
import type { RowReference } from "../read/types.ts";
import { errorOf, type PreparedRow } from "./prepare.ts";
import { compared, GivenValues } from "./given-values.ts";
import { findReferences, told, wantedKey, type Candidates } from "./references.ts";
import type { ImportWrites } from "./types.ts";

/** Where references are looked up, and what is created where they lead nowhere. */
export type Resolving = {
  readonly context: WriteContext;
  readonly writes: ImportWrites;
  readonly createMissing: readonly string[];
  /** What the rows are. */
  readonly own: Entity;
  /**
   * Of a dry run, which creates nothing: the references of the rows' own kind to what rows before them would have made, by
   * `wantedKey`. A row goes on without the ids that it would have had. Null if it is none.
   */
  readonly wouldBe: ((references: readonly RowReference[]) => Promise<ReadonlySet<string>>) | null;
};

/**
 * Puts the ids of the records that rows name into their inputs; what is not there, or not clear, is an error of the row.
 * Gives the rows that lack nothing but records of their own kind, which a later row may make.
 */
export async function resolveReferences(
  resolving: Resolving,
  rows: readonly PreparedRow[],
): Promise<ReadonlySet<PreparedRow>> {
  const lacking = new Set<PreparedRow>();
  const wanted = rows.flatMap(({ references }) => references);
  if (wanted.length === 0) return lacking;
  const { context, own, wouldBe } = resolving;
  const found = new Map(await findReferences(context, wanted));
  const missing = await createMissing(resolving, rows, found);
  const isOwn = (reference: RowReference): boolean =>
    reference.to === own.name && reference.by !== "id" && !mayCreate(resolving, reference);
  const isLacking = (reference: RowReference): boolean =>
    isOwn(reference) && found.get(wantedKey(reference))?.length === 0;
  const made = await wouldBe?.(wanted.filter(isLacking));
  const given = new GivenValues(own);
  for (const row of rows) {
    const { input, references, errors } = row;
    let count = 0;
    for (const reference of references) {
      const isMade = made?.has(wantedKey(reference)) === true;
      if (made !== undefined && isLacking(reference) && (isMade || given.has(reference))) continue;
      const key = wantedKey(reference);
      const candidates = found.get(key) ?? [];
      const [id] = candidates;
      // It would be created, but its row has other errors. These are reported.
      const isOnlyMissing = candidates.length === 0 && mayCreate(resolving, reference);
      const complaint =
        missing.has(key) || isOnlyMissing
          ? (missing.get(key) ?? null)
          : complaintOf(context.catalog.entity(reference.to), reference, candidates);
      const code = candidates.length === 0 ? "NOT_FOUND" : "BAD_USER_INPUT";
      if (complaint !== null) {
        errors.push(errorOf(reference.column, reference.field, complaint, code));
        if (isLacking(reference)) count += 1;
      } else if (id !== undefined) put(input, reference, id);
    }
    if (count > 0 && count === errors.length) lacking.add(row);
    given.add(row);
  }
  return lacking;
}

const mayCreate = ({ createMissing: wanted }: Resolving, { to, by }: RowReference): boolean =>
  wanted.includes(to) && by !== "id";

function put(input: Record<string, unknown>, { field, isList }: RowReference, id: string): void {
  const before = input[field];
  input[field] = isList ? [...(Array.isArray(before) ? before : []), id] : id;
}

function complaintOf(
  entity: Entity,
  { by, value }: RowReference,
  candidates: Candidates,
): Complaint | null {
  if (candidates.length === 1) return null;
  const said = `"${value}"`;
  const text =
    candidates.length === 0
      ? `names no ${entity.type}: none has the ${by} ${said}. Create it first, or have it created (create_missing).`
      : `is not clear: ${candidates.length === 2 ? "two" : "several"} ${inWords(entity.plural)} have the ${by} ${said}: ${told(candidates)}. Name the one you mean by its id.`;
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
    if (wouldBe !== null) {
      for (const one of wanted) outcomes.set(wantedKey(one), null);
      continue;
    }
    const { alongside: _none, ...plain } = context;
    const inputs = groups.flatMap(([first]) =>
      first === undefined ? [] : [newInput(its.entity, first.by, first.value)],
    );
    const results = await createRecords(plain, its, inputs, "continue");
    for (const [place, group] of groups.entries()) {
      const { id = null, problems = [] } = results[place] ?? {};
      const text = `names no ${its.entity.type}, and none could be created: ${problems.map(messageOf).join(" ")}`;
      for (const one of group) {
        if (id !== null) found.set(wantedKey(one), [id]);
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
