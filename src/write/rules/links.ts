import { inWords } from "../../lib/text.ts";
import { z } from "zod";
import { wordsOf } from "../../lib/messages.ts";
import type { Entity } from "../../model/entity.ts";
import type { Relation } from "../../model/relation.ts";
import { textOf, type Draft } from "../draft.ts";
import type { InputField } from "../input-definition.ts";
import { idSchema } from "../../model/kinds/reference.ts";
import { inputField, restName } from "../input.ts";
import { linkedIds, relink } from "../join-table.ts";
import { invalid, notFound } from "../problem.ts";
import type { References } from "../references.ts";
import type { WriteUnit } from "../unit.ts";

/** The most links that an input sets. */
const maxLinks = 1_000;

/** The ids at the other end of the links that were written: relation → record → ids. */
export type Links = ReadonlyMap<string, ReadonlyMap<string, readonly string[]>>;

/** A relation whose links are written. */
type Link = {
  readonly relation: string;
  readonly through: Extract<Relation, { kind: "through" }>;
  /** What the input and the log call it: `contact_ids`. */
  readonly rest: string;
  readonly main: string;
};

/** What inputs and the log call the links of a relation. */
export const linksName = ({ to }: Pick<Relation, "to">): string => `${restName(to)}_ids`;

/** The relations of an entity whose links inputs set. */
export function linksOf({ name, relations, rules: { links = [] } }: Entity): Link[] {
  return links.map(({ relation, main }) => {
    const through = relations[relation];
    if (through?.kind !== "through") throw new Error(`${name} has no links to its ${relation}`);
    return { relation, through, rest: linksName(through), main };
  });
}

/** The records at the other end, as an input names them. */
export const linksField = (target: Entity, description: string): InputField =>
  inputField({
    schema: z
      .array(idSchema(target.prefix), `must be a list of ${target.name} ids`)
      .max(
        maxLinks,
        wordsOf({ complaint: "tooManyItems", max: maxLinks, of: inWords(target.plural) }),
      ),
    type: { listOf: { scalar: "ID" } },
    description,
  });

/** The ids that an input names; null when it says nothing of them. */
function sentLinks({ extras }: Pick<Draft, "extras">, { rest }: Link): readonly string[] | null {
  const ids = extras[rest];
  if (ids === undefined) return null;
  return Array.isArray(ids) ? [...new Set(ids.filter((id) => typeof id === "string"))] : [];
}

/** What the links of inputs name, to be locked. */
export function namedLinks(
  entity: Entity,
  inputs: readonly Pick<Draft, "extras">[],
): { readonly relation: string; readonly entity: string; readonly id: string }[] {
  return linksOf(entity).flatMap((link) =>
    inputs.flatMap((input) =>
      (sentLinks(input, link) ?? []).map((id) => ({
        relation: link.relation,
        entity: link.through.to,
        id,
      })),
    ),
  );
}

/** A linked record that is not there for the caller is a problem of its place in the list. */
export function checkLinks(
  unit: WriteUnit,
  entity: Entity,
  drafts: readonly Draft[],
  references: References,
): void {
  for (const link of linksOf(entity)) {
    const { to } = link.through;
    for (const draft of drafts) {
      for (const [place, id] of (sentLinks(draft, link) ?? []).entries()) {
        const path = [link.rest, String(place)];
        if (references.get(to, id) === undefined) {
          draft.problems.push(notFound(path, unit.catalog.entity(to).type));
        } else if (draft.linking === "remove" && id === draft.values[link.main]) {
          const main = restName(link.main);
          draft.problems.push(invalid(path, `is the ${main}: set another ${main} first.`));
        }
      }
    }
  }
}

/** Links that are added may not make more of them than an input could set. */
export async function checkRoom(
  unit: WriteUnit,
  entity: Entity,
  drafts: readonly Draft[],
): Promise<void> {
  const adding = drafts.filter(({ linking }) => linking === "add");
  if (adding.length === 0) return;
  for (const link of linksOf(entity)) {
    const of = inWords(unit.catalog.entity(link.through.to).plural);
    const planned = await planLinks(unit, adding, link);
    const full = new Set(
      planned.filter(({ after }) => after.length > maxLinks).map(({ id }) => id),
    );
    for (const { id, problems } of adding) {
      if (!full.has(id)) continue;
      problems.push(invalid([link.rest], { complaint: "tooManyItems", max: maxLinks, of }));
    }
  }
}

/** Writes the links of records, and gives those that were touched. */
export async function writeLinks(
  unit: WriteUnit,
  entity: Entity,
  drafts: readonly Draft[],
): Promise<Links> {
  const written = new Map<string, ReadonlyMap<string, readonly string[]>>();
  for (const link of linksOf(entity)) {
    written.set(link.relation, await writeLink(unit, entity, drafts, link));
  }
  return written;
}

/** The records of drafts whose links come out other than they are. */
export async function relinkedIds(
  unit: WriteUnit,
  entity: Entity,
  drafts: readonly Draft[],
): Promise<ReadonlySet<string>> {
  const planned = await Promise.all(linksOf(entity).map((link) => planLinks(unit, drafts, link)));
  return new Set(
    planned
      .flat()
      .filter(isRelinked)
      .map(({ id }) => id),
  );
}

/** What becomes of a record's links. */
type LinkPlan = {
  readonly id: string;
  readonly before: readonly string[];
  readonly after: readonly string[];
  readonly add: readonly string[];
  readonly remove: readonly string[];
};

const isRelinked = ({ add, remove }: LinkPlan): boolean => add.length > 0 || remove.length > 0;

/**
 * The links that were sent, and the main one. Links to records that the caller cannot see (deleted ones, another
 * application's) stay: a client that sends back a record has not asked for their end.
 */
async function planLinks(
  unit: WriteUnit,
  drafts: readonly Draft[],
  link: Link,
): Promise<LinkPlan[]> {
  const touched = drafts.filter((draft) => touchesLinks(draft, link));
  const old = touched.filter(({ before }) => before !== null).map(({ id }) => id);
  const current = await linkedIds(unit, link.through, old);
  const seen = await unit.read(
    unit.catalog.entity(link.through.to),
    touched.flatMap((draft) =>
      sentLinks(draft, link) === null ? [] : (current.get(draft.id) ?? []),
    ),
  );
  return touched.map((draft) => {
    const before = current.get(draft.id) ?? [];
    const main = textOf(draft.values, link.main);
    const sent = sentLinks(draft, link);
    const named = sent === null ? before : relinked(draft, { before, sent, seen });
    const after = main === null || named.includes(main) ? named : [main, ...named];
    const add = after.filter((id) => !before.includes(id));
    const remove = before.filter((id) => !after.includes(id));
    return { id: draft.id, before, after, add, remove };
  });
}

/** The links that a record shall have, but for its main one. */
function relinked(
  { linking }: Draft,
  links: {
    readonly before: readonly string[];
    readonly sent: readonly string[];
    readonly seen: ReadonlyMap<string, unknown>;
  },
): readonly string[] {
  const { before, sent, seen } = links;
  if (linking === "remove") return before.filter((id) => !sent.includes(id));
  const kept = linking === "add" ? before : before.filter((id) => !seen.has(id));
  return [...new Set([...sent, ...kept])];
}

async function writeLink(
  unit: WriteUnit,
  entity: Entity,
  drafts: readonly Draft[],
  link: Link,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const planned = await planLinks(unit, drafts, link);
  for (const { id, before, after } of planned.filter(isRelinked)) {
    unit.note(entity, id, link.rest, before, after);
  }
  relink(unit, link.through, planned);
  return new Map(planned.map(({ id, after }) => [id, after]));
}

/** Whether a record's links are written anew: they were sent, or its main one is another. */
function touchesLinks(draft: Draft, link: Link): boolean {
  const isOther = draft.values[link.main] !== (draft.before?.[link.main] ?? null);
  return sentLinks(draft, link) !== null || isOther;
}
