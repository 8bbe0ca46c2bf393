import { defineEntity } from "../../model/entity.ts";
import { dateTime, id, reference, text } from "../../model/field.ts";
import { one } from "../../model/relation.ts";

export const stageChange = defineEntity("StageChange", {
  plural: "stageChanges",
  prefix: "stg",
  ordered: [],
  description: "One change of a deal's stage (an entry of `audit_log` in REST).",
  partOf: { model: "Deal", key: "dealId" },
  defaultOrder: [{ field: "changedAt", direction: "desc" }],
  fields: {
    id: id("Identifier, `stg-<uuid>`."),
    tenantId: reference("The tenant it belongs to."),
    dealId: reference("The deal whose stage changed."),
    fromStage: text("The stage before; null for the deal's first."),
    toStage: text("The stage after."),
    changedAt: dateTime("When it changed (UTC, milliseconds)."),
    changedBy: text("Who changed it: the caller's `sub` or the API key's id."),
  },
  relations: {
    deal: one("deal", "The deal whose stage changed."),
  },
});
