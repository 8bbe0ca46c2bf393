import type { Work } from "../db/work.ts";

/**
 * The cost of a request that failed as a whole: one point if it sent no statement, the cost of its reads if the failure
 * was `ours`, and otherwise its whole demand. A stopped request (it took too long, its client has gone) is charged in
 * full, since the database has worked for it.
 */
export function failureCost(work: Work, requested: number, isOurs: boolean): number {
  if (work.statements === 0) return Math.min(requested, 1);
  if (!isOurs || work.stopped !== null) return requested;
  return Math.min(requested, Math.max(1, work.nodes));
}
