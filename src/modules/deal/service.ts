import { v7 as uuidv7 } from "uuid";
import { wordsOf } from "../../lib/messages.ts";
import { changes, isFaulty, type Draft } from "../../write/draft.ts";
import { fitsIndex, tooManyBytes } from "../../model/kinds/parts/text-schema.ts";
import { kindOf, type StageKind } from "../../model/picklist.ts";
import { externalKey, type EntityWrites } from "../../write/entity-writes.ts";
import { invalid } from "../../write/problem.ts";
import type { WriteUnit } from "../../write/unit.ts";
import { lockLastContact, refreshLastContact } from "../activity/service.ts";
import { stageChange } from "../stage-change/model.ts";
import { dealInputs } from "./inputs.ts";
import { deal } from "./model.ts";
import { dealStages } from "./stages.ts";

/** How deals are written. */
export const dealWrites: EntityWrites<"Deal"> = {
  entity: deal,
  inputs: dealInputs,
  numbered: { field: "dealNumber", kind: "deal", prefix: "DEAL" },
  upsertKeys: { ...externalKey, deal_number: { field: "dealNumber", within: null } },
  rules: {
    check: async (unit, drafts) => {
      const kindIn = await stageKindsFor(unit, drafts);
      await takeTenantDefaults(unit, drafts, kindIn);
      for (const draft of drafts) {
        explainLoss(draft, kindIn);
        checkStageFits(draft);
      }
    },
    after: recordStages,
  },
  removal: {
    lock: (unit, ids, liveness) => lockLastContact(unit, "dealId", ids, liveness),
    after: refreshLastContact,
  },
};

/** One index holds both. */
function checkStageFits({ values, problems }: Draft<"Deal">): void {
  if (fitsIndex(`${values.stage ?? ""} ${values.ownerId ?? ""}`)) return;
  problems.push(invalid(["stage"], `and owner_id together ${wordsOf(tooManyBytes)}.`));
}

type KindIn = (stage: unknown) => StageKind;

/** What stages mean to the tenant. Its list is read only where something is judged by it. */
async function stageKindsFor(unit: WriteUnit, drafts: readonly Draft<"Deal">[]): Promise<KindIn> {
  const isJudged = drafts.some((draft) =>
    (["stage", "lossReason", "lossCategory"] as const).some((field) => changes(draft, field)),
  );
  const list = isJudged ? (await unit.picklists(deal)).get("stage") : undefined;
  return (stage) => kindOf(dealStages, list ?? dealStages, stage);
}

/** The tenant's currency where none is said; the day of closing, which reopening clears. */
async function takeTenantDefaults(
  unit: WriteUnit,
  drafts: readonly Draft<"Deal">[],
  kindIn: KindIn,
): Promise<void> {
  for (const { before, values } of drafts) {
    const closes = kindIn(values.stage) !== "open";
    const wasClosed = kindIn(before?.stage) !== "open";
    if (closes && values.actualCloseDate == null && !wasClosed) {
      values.actualCloseDate = (await unit.tenantFacts()).today;
    } else if (!closes && wasClosed) {
      values.actualCloseDate = null;
    }
    values.currency ??= (await unit.tenantFacts()).currency;
  }
}

/** A lost deal says why: one that is moved there, or whose reason changes. */
function explainLoss(draft: Draft<"Deal">, kindIn: KindIn): void {
  const { stage } = draft.values;
  if (!(["stage", "lossReason", "lossCategory"] as const).some((one) => changes(draft, one)))
    return;
  if (kindIn(stage) !== "lost") return;
  for (const [field, path] of [
    ["lossReason", "loss_reason"],
    ["lossCategory", "loss_category"],
  ] as const) {
    if (draft.values[field] == null && !isFaulty(draft, field)) {
      draft.problems.push(invalid([path], `is needed when the stage is ${stage}.`));
    }
  }
}

/** One entry of the stage history for each change. */
function recordStages(unit: WriteUnit, drafts: readonly Draft<"Deal">[]): void {
  unit.insertParts(
    stageChange,
    drafts
      .filter((draft) => changes(draft, "stage"))
      .map((draft) => ({
        tenantId: unit.actor.tenantId,
        id: uuidv7(),
        dealId: draft.id,
        fromStage: draft.before?.stage ?? null,
        toStage: draft.values.stage,
        changedAt: unit.now,
        changedBy: unit.actor.id,
      })),
  );
}
