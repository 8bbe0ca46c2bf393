import type { Stored, Values } from "../../model/record.ts";
import { isDeepStrictEqual } from "node:util";
import { v7 as uuidv7 } from "uuid";
import { readId } from "../../lib/id.ts";
import { isRecord } from "../../lib/json.ts";
import { decimalText, fitsMoney, tenThousandths } from "../../lib/money.ts";
import { param, sql } from "../../lib/sql.ts";
import { changes, isFaulty, textOf, type Draft } from "../../write/draft.ts";
import { parseInput } from "../../write/input.ts";
import { invalid, notFound, type Problem } from "../../write/problem.ts";
import type { Judge } from "../../write/rules/judge.ts";
import { makeRoom, uniqueJudges } from "../../write/rules/unique.ts";
import { changedDraft, newDraft } from "../../write/make-draft.ts";
import type { WriteUnit } from "../../write/unit.ts";
import { lineItem } from "../line-item/model.ts";
import { lineItemWrites, maxPosition, priceLine } from "../line-item/service.ts";
import { knownLineInput, quoteLineInput } from "./inputs.ts";

/** What happens to a quote's lines together with it. */
type LinePlan = {
  readonly created: readonly Draft<"LineItem">[];
  readonly changed: readonly Draft<"LineItem">[];
  readonly removed: readonly Stored<"LineItem">[];
  /** Those of the list that was sent, in its order. */
  readonly written: readonly Draft<"LineItem">[];
};

const plans = new WeakMap<Draft<"Quote">, LinePlan>();

/** Works out what becomes of each quote's lines, and its total. */
export async function planLines(unit: WriteUnit, drafts: readonly Draft<"Quote">[]): Promise<void> {
  const current = await currentLines(unit, drafts.filter(touchesLines));
  for (const draft of drafts) {
    const lines = current.filter(({ quoteId }) => quoteId === draft.id);
    const sent = draft.extras["line_items"];
    if (sent !== undefined) {
      const plan = planSent(unit, draft, Array.isArray(sent) ? sent : [], lines);
      plans.set(draft, plan);
      sumUp(
        draft,
        [...plan.created, ...plan.changed].map(({ values }) => values),
      );
    } else {
      if (changes(draft, "currency")) {
        plans.set(draft, {
          created: [],
          changed: inCurrencyOf(draft, lines),
          removed: [],
          written: [],
        });
      }
      if (changes(draft, "total")) sumUp(draft, lines);
    }
  }
}

/** Whether a quote's lines come out other than they are. */
export function changesLines(draft: Draft<"Quote">): boolean {
  const plan = plans.get(draft);
  return (
    plan !== undefined &&
    (plan.created.length > 0 || plan.removed.length > 0 || changedLines(plan).length > 0)
  );
}

/** The lines that get other values than they had. */
const changedLines = ({ changed }: LinePlan) =>
  changed.flatMap(({ before, values }) =>
    before === null || isDeepStrictEqual(before, values) ? [] : [{ before, values }],
  );

/** Whether an existing quote's lines must be looked at. */
function touchesLines(draft: Draft<"Quote">): boolean {
  const isSent = draft.extras["line_items"] !== undefined;
  const isTouched = isSent || changes(draft, "currency") || changes(draft, "total");
  return draft.before !== null && isTouched;
}

async function currentLines(
  unit: WriteUnit,
  drafts: readonly Draft<"Quote">[],
): Promise<Stored<"LineItem">[]> {
  if (drafts.length === 0) return [];
  const ids = param(
    drafts.map(({ id }) => id),
    "uuid[]",
  );
  return unit.findAll(lineItem, sql`t."quote_id" = ANY (${ids})`, "update");
}

function planSent(
  unit: WriteUnit,
  draft: Draft<"Quote">,
  sent: readonly unknown[],
  lines: readonly Stored<"LineItem">[],
): LinePlan {
  const created: Draft<"LineItem">[] = [];
  const changed: Draft<"LineItem">[] = [];
  const written: Draft<"LineItem">[] = [];
  const { appId } = unit.actor;
  const seen = lines.filter((line) => appId === null || line.appId === appId);
  const items = sent.map(asValues);
  const known = items.map(({ id }) => {
    const uuid = typeof id === "string" ? readId(lineItem.prefix, id.trim()) : null;
    return seen.find((line) => line.id === uuid);
  });
  const inputs = items.map((item, index) =>
    parseInput(known[index] === undefined ? quoteLineInput : knownLineInput, item),
  );
  const named = inputs.map(({ extras }) => (draft.before === null ? null : textOf(extras, "id")));
  // Lines of other applications stay as they are, and count in the total.
  const unseen = lines.filter((line) => !seen.includes(line));
  const places = placesOf(known, unseen);
  const { currency } = draft.values;
  const parent = isFaulty(draft, "currency") ? undefined : { currency };
  for (const [index, input] of inputs.entries()) {
    const before = known[index];
    const line =
      before === undefined
        ? newDraft(unit, lineItemWrites, input, draft.index)
        : changedDraft(lineItemWrites, { id: before.id, index: draft.index, input }, before);
    if (named[index] !== null && before === undefined) {
      line.problems.push(notFound(["id"], lineItem.type));
    }
    if (changed.some(({ id }) => id === line.id)) {
      line.problems.push(invalid(["id"], { complaint: "namedTwice", within: "list" }));
    }
    Object.assign(line.values, { quoteId: draft.id, position: places[index] });
    priceLine(line, parent);
    draft.problems.push(...line.problems.map((problem) => inLine(index, problem)));
    (before === undefined ? created : changed).push(line);
    written.push(line);
  }
  const stays = new Set(changed.map(({ id }) => id));
  return {
    created,
    changed: [...changed, ...inCurrencyOf(draft, unseen)],
    removed: seen.filter(({ id }) => !stays.has(id)),
    written,
  };
}

const inLine = (index: number, problem: Problem): Problem => ({
  ...problem,
  path: ["line_items", String(index), ...problem.path],
});

/** Unique values of lines are judged with their quotes: what a line gives up in a call, another one can take. */
export async function linesJudge(
  unit: WriteUnit,
  drafts: readonly Draft<"Quote">[],
): Promise<Judge<Draft<"Quote">> | null> {
  const written = (draft: Draft<"Quote">) => plans.get(draft)?.written ?? [];
  const touched = new Map(
    drafts.map((draft) => {
      const removed = (plans.get(draft)?.removed ?? []).map((before) => ({
        ...unchanged(draft, before),
        values: { ...before, externalId: null },
      }));
      return [draft, [...removed, ...written(draft)]] as const;
    }),
  );
  const judges = await uniqueJudges(unit, lineItem, [...touched.values()].flat());
  if (judges.length === 0) return null;
  const each = (draft: Draft<"Quote">, step: (judge: Judge, line: Draft<"LineItem">) => void) => {
    for (const line of touched.get(draft) ?? []) for (const judge of judges) step(judge, line);
  };
  return {
    leave: (draft) => each(draft, (judge, line) => judge.leave(line)),
    check: (draft) => {
      const told = new Set<string>();
      for (const [index, line] of written(draft).entries()) {
        const known = line.problems.length;
        for (const judge of judges) judge.check(line);
        const key = line.values.externalId;
        if (key != null && told.has(key)) {
          line.problems.push(invalid(["external_id"], { complaint: "namedTwice", within: "list" }));
        }
        if (key != null) told.add(key);
        draft.problems.push(...line.problems.slice(known).map((one) => inLine(index, one)));
      }
    },
    settle: (draft, stands) => each(draft, (judge, line) => judge.settle(line, stands)),
  };
}

/**
 * The positions of the lines of a list: those that the quote has keep theirs if they stand in their order, with new
 * ones behind them; else all are counted anew.
 */
function placesOf(
  known: readonly (Stored<"LineItem"> | undefined)[],
  unseen: readonly Stored<"LineItem">[],
): readonly number[] {
  const old = known.filter((line) => line !== undefined);
  const isInOrder = old.every(
    (line, index) => line === known[index] && (index === 0 || isBefore(old[index - 1], line)),
  );
  const next = 1 + Math.max(-1, ...[...old, ...unseen].map(({ position }) => position));
  const added = known.length - old.length;
  const fits = added === 0 || next + added - 1 <= maxPosition;
  if (!isInOrder || !fits) return known.map((_, index) => index);
  return known.map((line, index) =>
    line === undefined ? next + index - old.length : line.position,
  );
}

/** Whether one line stands before another: lines of one position go by their ids. */
function isBefore(one: Stored<"LineItem"> | undefined, other: Stored<"LineItem">): boolean {
  if (one === undefined) return true;
  const [first, second] = [one.position, other.position];
  return first < second || (first === second && one.id < other.id);
}

function asValues(item: unknown): Values {
  return isRecord(item) ? item : {};
}

/** Lines follow their quote into another currency. */
function inCurrencyOf(
  draft: Draft<"Quote">,
  lines: readonly Stored<"LineItem">[],
): Draft<"LineItem">[] {
  const { currency } = draft.values;
  return lines.map((before) => ({
    ...unchanged(draft, before),
    values: { ...before, currency },
  }));
}

const unchanged = (draft: Draft<"Quote">, before: Stored<"LineItem">): Draft<"LineItem"> => ({
  index: draft.index,
  id: before.id,
  before,
  sent: {},
  extras: {},
  values: before,
  problems: [],
});

/** The total is the sum of the lines; without lines, what was given. */
function sumUp({ values, problems }: Draft<"Quote">, lines: readonly Values<"LineItem">[]): void {
  if (lines.length === 0) return;
  const sum = lines.reduce((before, line) => before + tenThousandths(line.total ?? "0"), 0n);
  if (fitsMoney(sum)) values.total = decimalText(sum);
  else problems.push(invalid(["line_items"], { complaint: "totalTooLong" }));
}

/** Writes what was planned. */
export async function writeLines(
  unit: WriteUnit,
  drafts: readonly Draft<"Quote">[],
): Promise<void> {
  const found = drafts.flatMap((draft) => plans.get(draft) ?? []);
  unit.update(
    lineItem,
    found.flatMap(({ removed }) =>
      removed.map((before) => ({
        before,
        values: { deletedAt: unit.now, deletedBy: unit.actor.id, deletionId: uuidv7() },
      })),
    ),
    "deleted",
  );
  makeRoom(
    unit,
    lineItem,
    found.flatMap(({ changed }) => changed),
  );
  unit.update(lineItem, found.flatMap(changedLines));
  unit.insert(
    lineItem,
    found.flatMap(({ created }) => created.map(({ values }) => values)),
  );
}
