import type { Stored } from "../../model/record.ts";
import { formatId } from "../../lib/id.ts";
import type { Entity } from "../../model/entity.ts";
import { textOf } from "../draft.ts";
import { chain, heightsOf, parentsOf } from "../rules/hierarchy.ts";
import { restName } from "../input.ts";
import { invalid, type Problem } from "../problem.ts";
import type { WriteUnit } from "../unit.ts";

/** Two records that become one. */
export type MergePair = { readonly into: Stored; readonly from: Stored };

/** Parents by the id of their child, as they are and, for survivors, as they will be. */
type MergedParents = {
  readonly before: ReadonlyMap<string, string | null>;
  readonly after: ReadonlyMap<string, string | null>;
};

/** The field that says what records belong to, by their rules: one of an owner is primary, parents are of the same. */
export const ownerField = ({ rules: { primary, hierarchy } }: Entity): string | null =>
  hierarchy?.within ?? primary?.owner ?? null;

/** What a record belongs to once the merge is done. */
export type OwnerOf = (record: Stored) => string | null;

/** What the survivor of a pair belongs to: what it does anyway, or else what the other did. */
export const survivorsOwner = ({ into, from }: MergePair, ownerOf: OwnerOf): string | null =>
  ownerOf(into) ?? ownerOf(from);

/**
 * The parents that survivors have afterwards: their own, or else the other's, if it is of the same owner and closes
 * no circle.
 */
export async function mergedParents(
  unit: WriteUnit,
  entity: Entity,
  pairs: readonly MergePair[],
  ownerOf: OwnerOf,
): Promise<MergedParents> {
  const { hierarchy } = entity.rules;
  if (hierarchy === undefined || pairs.length === 0) return { before: new Map(), after: new Map() };
  const { key } = hierarchy;
  const before = await parentsOf(
    unit,
    entity,
    key,
    pairs.flatMap(({ into, from }) => [into.id, from.id]),
  );
  const survivors = new Map(pairs.map(({ into, from }) => [from.id, into.id]));
  const mapped = (id: string | null): string | null =>
    id === null ? null : (survivors.get(id) ?? id);
  const after = new Map<string, string | null>();
  for (const pair of pairs) {
    const stays = ownerOf(pair.into) === survivorsOwner(pair, ownerOf);
    after.set(pair.into.id, stays ? mapped(textOf(pair.into, key)) : null);
  }
  const above = (id: string): string | null =>
    after.has(id) ? (after.get(id) ?? null) : mapped(before.get(id) ?? null);
  for (const pair of pairs) {
    const { into, from } = pair;
    const candidate = mapped(textOf(from, key));
    const isNear = ownerOf(from) === survivorsOwner(pair, ownerOf);
    if (candidate === null || !isNear || after.get(into.id) !== null) continue;
    if (!reaches(candidate, into.id, above)) after.set(into.id, candidate);
  }
  return { before, after };
}

function reaches(start: string, goal: string, above: (id: string) => string | null): boolean {
  const seen = new Set<string>();
  for (let id: string | null = start; id !== null && !seen.has(id); id = above(id)) {
    if (id === goal) return true;
    seen.add(id);
  }
  return false;
}

/** What hangs below the one that goes would close a circle, or hang too deep. */
export async function checkParents(
  unit: WriteUnit,
  entity: Entity,
  { into, from }: MergePair,
  { before, after }: MergedParents,
): Promise<Problem[]> {
  const { hierarchy } = entity.rules;
  if (hierarchy === undefined) return [];
  const { key, maxDepth } = hierarchy;
  const shown = ({ id }: Stored) => formatId(entity.prefix, id);
  if (chain(before, textOf(into, key)).includes(from.id)) {
    const hint = `Merge the other way round (into: ${shown(from)}, from: ${shown(into)}), or change ${restName(key)} of ${shown(into)} first.`;
    return [
      invalid(
        ["from"],
        `is above into by ${restName(key)}: what is below it would close a circle. ${hint}`,
      ),
    ];
  }
  if (maxDepth === null) return [];
  const heights = await heightsOf(unit, entity, key, { ids: [into.id, from.id], maxDepth });
  const height = Math.max(heights.get(into.id) ?? 0, heights.get(from.id) ?? 0);
  const above = chain(before, after.get(into.id) ?? null).length;
  if (above + 1 + height <= maxDepth) return [];
  const message = `and what is below it would make a chain of more than ${maxDepth} below into; put into higher up first.`;
  return [invalid(["from"], message)];
}
