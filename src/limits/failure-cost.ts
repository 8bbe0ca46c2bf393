import type { Work } from "../db/work.ts";

/**
 * What a request costs that failed as a whole: one where it never came to a statement, what it had read where the failure
 * was `ours`, and otherwise all that it asked for. What was stopped (it took too long, its client has gone) had the
 * database work until then, whatever came of it.
 */
export function failureCost(work: Work, requested: number, isOurs: boolean): number {
  if (work.statements === 0) return Math.min(requested, 1);
  if (!isOurs || work.stopped !== null) return requested;
  return Math.min(requested, Math.max(1, work.nodes));
}
