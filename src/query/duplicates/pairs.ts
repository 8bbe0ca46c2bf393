import { decodeCursor, encodeCursor } from "../../lib/cursor.ts";
import { duplicateStatement, type Duplicate, type DuplicateRules } from "./duplicates.ts";
import type { Cells } from "../row.ts";
import type { Statement } from "../../lib/sql.ts";
import type { Viewer } from "../visible.ts";

/** Pairs of likely duplicates among all of a tenant's records, each once. */
export type PairRequest = {
  readonly rules: DuplicateRules;
  readonly minScore: number;
  readonly limit: number;
  readonly after: string | null;
};

export type Pair = Pick<Duplicate, "score" | "reasons"> & {
  /** The one that was created first, and the other. */
  readonly older: string;
  readonly newer: string;
  readonly cursor: string;
};

export type PairPage = {
  readonly pairs: readonly Pair[];
  /** Where to go on; when no more pairs were found so far, a place between pairs. */
  readonly endCursor: string | null;
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
};

/** Records whose candidates are read at a time, and at most for a page: what it costs is bounded also where all is well. */
const stretch = 50;
export const maxExamined = 500;
/** After so long a page ends where it stands; long names take longer to compare. */
const maxMilliseconds = 500;
const firstId = "00000000-0000-0000-0000-000000000000";
const lastId = "ffffffff-ffff-ffff-ffff-ffffffffffff";

/**
 * Goes through the records in the order of their ids and gives each pair at its older record, pairs of one record in
 * the order of the newer ones. A cursor names the pair it stands behind, so unchanged pairs never repeat or are left out.
 */
export async function duplicatePairs(
  { rules, minScore, limit, after }: PairRequest,
  viewer: Viewer,
  run: (statement: Statement) => Promise<readonly Cells[]>,
): Promise<PairPage> {
  const order = `duplicates of ${rules.entity.plural}: older asc,newer asc`;
  const [older, newer] = after === null ? [] : decodeCursor(after, order, "after");
  const pairs: Pair[] = [];
  let examined: string | null = null;
  let isEnd = false;
  const until = performance.now() + maxMilliseconds;
  const mayGoOn = (count: number): boolean =>
    count === 0 || (count < maxExamined && performance.now() < until);
  for (let count = 0; !isEnd && pairs.length <= limit && mayGoOn(count); count += stretch) {
    const sources = { from: examined ?? older ?? firstId, count: stretch };
    const request = { rules, limit: Number.MAX_SAFE_INTEGER, minScore };
    const { statement, collect } = duplicateStatement(request, viewer, sources);
    const rows = await run(statement);
    const found = collect(rows);
    // Each record is its own first candidate, so all that were looked at are there.
    const ids = [...new Set(rows.map(([source]) => source ?? ""))].toSorted(byText);
    for (const id of ids.filter((source) => examined === null || source > examined)) {
      const later = (found.get(id) ?? []).filter((other) => other.id > id);
      for (const { id: other, score, reasons } of later.toSorted((a, b) => byText(a.id, b.id))) {
        if (id === older && other <= (newer ?? "")) continue;
        const cursor = encodeCursor(order, [id, other]);
        pairs.push({ older: id, newer: other, score, reasons, cursor });
      }
    }
    examined = ids.at(-1) ?? examined;
    isEnd = ids.length < stretch;
  }
  const page = pairs.slice(0, limit);
  const isFull = pairs.length > limit;
  const between = isFull || isEnd ? null : encodeCursor(order, [examined, lastId]);
  return {
    pairs: page,
    endCursor: between ?? page.at(-1)?.cursor ?? null,
    hasNextPage: isFull || !isEnd,
    hasPreviousPage: after !== null,
  };
}

const byText = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0);
