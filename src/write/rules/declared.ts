import type { Entity } from "../../model/entity.ts";
import type { Draft } from "../draft.ts";
import type { References } from "../references.ts";
import type { WriteUnit } from "../unit.ts";
import { hierarchyJudge } from "./hierarchy.ts";
import type { Judge } from "./judge.ts";
import { checkLinks, checkRoom, writeLinks, type Links } from "./links.ts";
import { leavePlace, yieldPrimary } from "./primary.ts";
import { checkSameOwner, refuseMoves } from "./same-owner.ts";
import { uniqueJudges } from "./unique.ts";
import { leaveParent, releaseChildren, withinJudge } from "./within.ts";

/** Fills in values and adds problems by the rules that the model declares; what drafts refer to is locked by then. */
export async function checkDeclared(
  unit: WriteUnit,
  entity: Entity,
  drafts: readonly Draft[],
  references: References,
): Promise<void> {
  const { primary, hierarchy } = entity.rules;
  checkLinks(unit, entity, drafts, references);
  await checkRoom(unit, entity, drafts);
  for (const draft of drafts) {
    if (primary !== undefined) leavePlace(draft, primary);
    if (hierarchy !== undefined) leaveParent(draft, hierarchy);
  }
  checkSameOwner(unit, entity, drafts, references);
  await refuseMoves(unit, entity, drafts);
}

/** The judges of the rules on how rows stand to each other. */
export async function declaredJudges(
  unit: WriteUnit,
  entity: Entity,
  drafts: readonly Draft[],
  references: References,
): Promise<(Judge | null)[]> {
  const { hierarchy } = entity.rules;
  return [
    ...(await uniqueJudges(unit, entity, drafts)),
    ...(hierarchy === undefined
      ? []
      : [
          await hierarchyJudge(unit, entity, drafts, hierarchy),
          withinJudge(unit, entity, hierarchy, references),
        ]),
  ];
}

/** Writes what must be written before the records: it frees places for them. */
export async function prepareDeclared(
  unit: WriteUnit,
  entity: Entity,
  drafts: readonly Draft[],
): Promise<void> {
  const { primary } = entity.rules;
  if (primary !== undefined) await yieldPrimary(unit, entity, drafts, primary);
}

/** Writes what follows from the records; gives the links that were touched. */
export async function finishDeclared(
  unit: WriteUnit,
  entity: Entity,
  drafts: readonly Draft[],
): Promise<Links> {
  const { hierarchy } = entity.rules;
  const links = await writeLinks(unit, entity, drafts);
  if (hierarchy !== undefined) await releaseChildren(unit, entity, drafts, hierarchy);
  return links;
}
