import { formatId } from "../../lib/id.ts";
import type { Entity } from "../../model/entity.ts";
import type { Draft } from "../draft.ts";
import { invalid } from "../problem.ts";

/** What was merged into another record has nothing to come back with. */
export function refuseMerged({ prefix, type }: Entity, { values, problems }: Draft): void {
  const { mergedIntoId } = values;
  if (typeof mergedIntoId !== "string") return;
  const survivor = formatId(prefix, mergedIntoId);
  const message = `was merged into ${survivor}: its records are there now. Use that one, or create a new ${type}.`;
  problems.push(invalid(["id"], message));
}
