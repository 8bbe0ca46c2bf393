import { defineEntity } from "../../model/entity.ts";
import { dateTime, id, reference, text } from "../../model/field.ts";
import { one } from "../../model/relation.ts";

export const stageChange = defineEntity({
  name: "stageChange",
  plural: "stageChanges",
  type: "StageChange",
  table: "deal_stage_changes",
  prefix: "stg",
  ordered: [],
  description: "One change of a deal's stage (an entry of `audit_log` in REST).",
  softDelete: false,
  isNode: false,
  searchable: false,
  defaultOrder: [{ field: "changedAt", direction: "desc" }],
  fields: {
    id: id("Identifier, `stg-<uuid>`."),
    tenantId: reference("tenant", "The tenant it belongs to.", { nullable: false }),
    dealId: reference("deal", "The deal whose stage changed.", { nullable: false }),
    fromStage: text("The stage before; null for the deal's first."),
    toStage: text("The stage after.", { nullable: false }),
    changedAt: dateTime("When it changed (UTC, milliseconds).", { nullable: false }),
    changedBy: text("Who changed it: the caller's `sub` or the API key's id."),
  },
  relations: {
    deal: one("deal", "dealId", "The deal whose stage changed."),
  },
});
