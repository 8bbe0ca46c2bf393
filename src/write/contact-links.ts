import { z } from "zod";
import type { Entity } from "../model/entity.ts";
import { textOf, type Draft } from "./draft.ts";
import type { InputField } from "./input-definition.ts";
import { inputField } from "./input.ts";
import { idSchema } from "./input-types.ts";
import { notFound } from "./problem.ts";
import type { References } from "./references.ts";
import type { JoinTable, WriteUnit } from "./unit.ts";

const contactIds = "contact_ids";

/** The contacts of a record that has many, as an input names them. */
export const contactIdsField = (description: string): InputField =>
  inputField({
    schema: z
      .array(idSchema("con"), "must be a list of contact ids")
      .max(1_000, "must have at most 1,000 contacts"),
    type: { listOf: { scalar: "ID" } },
    description,
  });

/** The edge to contacts of an entity that has many. */
function joinTable(entity: Entity): JoinTable {
  const relation = entity.relations["contacts"];
  if (relation?.kind !== "through") throw new Error(`${entity.name} has no contacts`);
  return relation;
}

/** The contacts that an input names; null when it says nothing of them. */
export function sentContacts({ extras }: Pick<Draft, "extras">): readonly string[] | null {
  const ids = extras[contactIds];
  if (ids === undefined) return null;
  return Array.isArray(ids) ? [...new Set(ids.filter((id) => typeof id === "string"))] : [];
}

/** Whether the record's contacts are written anew: they were sent, or its main contact is another one. */
function touchesLinks(draft: Draft, mainField: string): boolean {
  const isOther = draft.values[mainField] !== (draft.before?.[mainField] ?? null);
  return sentContacts(draft) !== null || isOther;
}

/** Locks the contacts that drafts name; one that is not there for the caller is a problem of its place. */
export async function readLinks(
  unit: WriteUnit,
  drafts: readonly Draft[],
  references: References,
  lock: "reference" | "update" = "reference",
): Promise<void> {
  const named = drafts.flatMap((draft) => sentContacts(draft) ?? []);
  await references.lock(
    unit,
    named.map((id) => ({ entity: "contact", id, lock })),
  );
  for (const draft of drafts) {
    for (const [place, id] of (sentContacts(draft) ?? []).entries()) {
      if (references.get("contact", id) !== undefined) continue;
      draft.problems.push(notFound([contactIds, String(place)], "Contact"));
    }
  }
}

/**
 * Writes the contacts of records: those that were sent, and the main one. Links to contacts that the caller cannot see
 * (deleted ones, another application's) stay: a client that sends back a record has not asked for their end.
 */
export async function writeLinks(
  unit: WriteUnit,
  entity: Entity,
  drafts: readonly Draft[],
  mainField: string,
): Promise<Map<string, readonly string[]>> {
  const touched = drafts.filter((draft) => touchesLinks(draft, mainField));
  const old = touched.filter(({ before }) => before !== null).map(({ id }) => id);
  const current = await unit.links(joinTable(entity), old);
  const seen = await unit.read(
    unit.catalog.entity("contact"),
    touched.flatMap((draft) => (sentContacts(draft) === null ? [] : (current.get(draft.id) ?? []))),
  );
  const written = new Map<string, readonly string[]>();
  const changes = touched.map((draft) => {
    const before = current.get(draft.id) ?? [];
    const main = textOf(draft.values, mainField);
    const sent = sentContacts(draft);
    const named =
      sent === null ? before : [...new Set([...sent, ...before.filter((id) => !seen.has(id))])];
    const after = main === null || named.includes(main) ? named : [main, ...named];
    written.set(draft.id, after);
    const add = after.filter((id) => !before.includes(id));
    const remove = before.filter((id) => !after.includes(id));
    if (add.length > 0 || remove.length > 0) unit.note(entity, draft.id, contactIds, before, after);
    return { id: draft.id, add, remove };
  });
  unit.relink(joinTable(entity), changes);
  return written;
}
