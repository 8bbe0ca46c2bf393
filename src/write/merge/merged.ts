import { formatId } from "../../lib/id.ts";
import type { Entity } from "../../query/entity.ts";
import { invalid, type Problem } from "../problem.ts";
import type { Stored } from "../stored.ts";

/** What was merged into another record has nothing to come back with. */
export function refuseMerged(
  { prefix, type }: Entity,
  records: readonly Stored[],
  refused: ReadonlyMap<string, Problem[]>,
): void {
  for (const { id, mergedIntoId } of records) {
    if (typeof mergedIntoId !== "string") continue;
    const survivor = formatId(prefix, mergedIntoId);
    const message = `was merged into ${survivor}: its records are there now. Use that one, or create a new ${type}.`;
    refused.get(id)?.push(invalid(["id"], message));
  }
}
