import type { Entity } from "../../model/entity.ts";
import { listedFields, notListed, type ListedField } from "../../model/picklist.ts";
import type { Values } from "../../model/record.ts";
import { changes, isFaulty, textOf, type Draft } from "../draft.ts";
import { restName } from "../input.ts";
import { invalid } from "../problem.ts";
import type { WriteUnit } from "../unit.ts";

/** Requests the tenant's lists if a call sets a field that has one. They then arrive with other reads. */
export function askForPicklists(unit: WriteUnit, entity: Entity, sent: readonly Values[]): void {
  const fields = listedFields(entity);
  if (fields.some(({ field }) => sent.some((values) => values[field] != null))) {
    void unit.picklists(entity);
  }
}

/**
 * Refuses values that a strict list does not have. A value that stays as it is stored is not judged: lists become strict,
 * and lose values, while records have them.
 */
export async function judgePicklists(
  unit: WriteUnit,
  entity: Entity,
  drafts: readonly Draft[],
): Promise<void> {
  const fields = listedFields(entity);
  const isFilled = (draft: Draft, { field }: ListedField): boolean =>
    draft.values[field] != null && changes(draft, field);
  if (!fields.some((one) => drafts.some((draft) => isFilled(draft, one)))) return;
  const lists = await unit.picklists(entity);
  for (const one of fields) {
    const { field } = one;
    const list = lists.get(field) ?? { ...one.list, isStrict: false };
    const isListed = (text: string): boolean => list.values.some(({ value }) => value === text);
    // A new record begins in the first open stage where the list has not the one that it would begin in.
    const first = list.values.find(({ kind }) => kind === "open")?.value;
    for (const draft of drafts) {
      if (!isFilled(draft, one)) continue;
      const text = textOf(draft.values, field) ?? "";
      if (isListed(text)) continue;
      if (draft.before === null && draft.sent[field] == null && first !== undefined) {
        draft.values[field] = first;
      } else if (list.isStrict && !isFaulty(draft, field)) {
        draft.problems.push(invalid([restName(field)], notListed(text, list)));
      }
    }
  }
}
