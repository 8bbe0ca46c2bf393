import { defineEntity } from "../../model/entity.ts";
import {
  currency,
  date,
  decimal,
  outside,
  outsideList,
  percent,
  prose,
  reference,
  text,
  textList,
  moneyIn,
} from "../../model/field.ts";
import { contains, many, one, through } from "../../model/relation.ts";
import { deletion, identity, labels, stamps, history } from "../shared-fields.ts";
import { emptyList } from "../../model/picklist.ts";
import { dealStages } from "./stages.ts";

export const deal = defineEntity("Deal", {
  plural: "deals",
  prefix: "deal",
  ordered: ["createdAt", "updatedAt", "value", "expectedCloseDate"],
  description: "A sales opportunity with an account.",
  searchRank: 2,
  naturalKeys: { number: "dealNumber" },
  unique: [{ field: "dealNumber", within: null }],
  fields: {
    ...identity,
    accountId: reference("The account the deal is with."),
    name: text("Name of the deal.", { searched: "whole" }),
    dealNumber: text(
      "Number for people, unique among the tenant's live deals, e.g. `DEAL-2026-00417`.",
      { searched: "whole" },
    ),
    ownerId: outside("Who owns the deal (`usr-…`)."),
    pipelineId: outside("The pipeline it is in, for tenants with several."),
    stage: text(
      "Stage: usually `lead`, `qualified`, `proposal`, `negotiation`, `closed_won` or `closed_lost`.",
      { picklist: dealStages },
    ),
    value: moneyIn("currency", decimal("What the deal is worth, in its currency.")),
    currency: currency("ISO 4217 code of the value; the tenant's unless given."),
    probability: percent(decimal("Chance to win it, in percent (0–100).")),
    forecastCategory: text("Category for revenue planning.", {
      picklist: emptyList("dealForecastCategories"),
    }),
    expectedCloseDate: date("The day it is expected to close."),
    actualCloseDate: date(
      "The day it closed, in the tenant's time zone; set by a closing stage, cleared by reopening.",
    ),
    nextFollowupDate: date("The day of the next follow-up."),
    dealType: text("What kind of business it is, e.g. `new`, `renewal`.", {
      picklist: emptyList("dealTypes"),
    }),
    dealSource: text("How it was found, e.g. `inbound`, `rfp`, `referral`.", {
      picklist: emptyList("dealSources"),
    }),
    competitors: textList("Names of competing vendors."),
    lossReason: text("Why it was lost; needed for stages that are lost, such as `closed_lost`."),
    lossCategory: text(
      "Category of the loss; needed for stages that are lost, such as `closed_lost`.",
      {
        picklist: emptyList("dealLossCategories"),
      },
    ),
    closureNotes: prose("Notes made at closing, at most 100,000 characters."),
    primaryContactId: reference(
      "The main person on the customer's side; one of the deal's contacts.",
    ),
    rfpRecordId: outside(
      "The request for proposal it came from (`rfp-…`); not a record of this API.",
    ),
    proposalIds: outsideList("Ids of proposals; not records of this API."),
    attachmentRefs: outsideList("Object keys of attached files."),
    linkedTaskIds: outsideList("Ids of follow-up tasks (`tsk-…`); not records of this API."),
    ...labels,
    ...stamps,
  },
  rules: { links: [{ relation: "contacts", main: "primaryContactId" }] },
  internal: deletion,
  relations: {
    tenant: one("tenant", "The tenant that owns the deal."),
    account: one("account", "The account the deal is with."),
    primaryContact: one("contact", "The main person on the customer's side."),
    contacts: through(
      "dealContacts",
      "contact",
      "All people on the customer's side who have a part in it.",
    ),
    activities: contains(
      many("activity", "Calls, emails, meetings, notes and tasks, latest first.", [
        { field: "occurredAt", direction: "desc" },
      ]),
    ),
    quotes: contains(many("quote", "Quotes made for the deal.")),
    stageHistory: many("stageChange", "Every change of stage, latest first."),
    history,
  },
});
