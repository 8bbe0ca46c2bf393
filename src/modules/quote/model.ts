import { defineEntity } from "../../model/entity.ts";
import {
  boolean,
  currency,
  date,
  decimal,
  enumeration,
  outside,
  prose,
  reference,
  text,
  enumOf,
  moneyIn,
} from "../../model/field.ts";
import { contains, many, one } from "../../model/relation.ts";
import { deletion, identity, labels, stamps, history } from "../shared-fields.ts";

const quoteStatus = enumOf("QuoteStatus", "Where a quote stands.", {
  draft: "Being written; the default.",
  sent: "With the customer.",
  accepted: "Accepted by the customer; final.",
  rejected: "Rejected by the customer; final.",
  expired: "Its validity date has passed; final.",
});

/** The tenant's day, read once for a statement. */
const today = `(SELECT (now() AT TIME ZONE z."time_zone")::date FROM "tenants" z WHERE z."id" = current_tenant_id())`;

/** A quote that was still open on its last day reads as expired from the tenant's next day on, without a write. */
const statusToday = `(CASE WHEN {t}."status" IN ('draft', 'sent') AND {t}."validity_date" < ${today}
  THEN 'expired'::quote_status ELSE {t}."status" END)`;

export const quote = defineEntity("Quote", {
  plural: "quotes",
  prefix: "qte",
  ordered: ["createdAt", "updatedAt", "total", "validityDate"],
  description: "A priced offer to an account, usually for a deal.",
  searchRank: 1,
  naturalKeys: { number: "quoteNumber" },
  unique: [{ field: "quoteNumber", within: null }],
  fields: {
    ...identity,
    accountId: reference("The account the quote is for."),
    dealId: reference("The deal it belongs to; null for none."),
    name: text("Name of the quote.", { searched: "whole" }),
    quoteNumber: text(
      "Number for people, unique among the tenant's live quotes, e.g. `Q-2026-00892`.",
      { searched: "whole" },
    ),
    ownerId: outside("Who owns the quote (`usr-…`)."),
    currency: currency("ISO 4217 code of all its amounts."),
    status: enumeration(
      quoteStatus,
      "Where it stands. An open quote past its validity date reads as expired by the tenant's day, without a write: its history has what was written.",
      {
        expression: statusToday,
        stored: {
          draft: ["draft"],
          sent: ["sent"],
          accepted: ["accepted"],
          rejected: ["rejected"],
          expired: ["draft", "sent", "expired"],
        },
      },
    ),
    dateIssued: date("The day it was first sent."),
    validityDate: date("The last day it holds (`valid_until` in REST)."),
    contractDuration: text("Contract term it covers, e.g. `12 months`."),
    isPrimary: boolean("Whether it is the deal's primary quote; at most one live quote is."),
    notes: prose("Special terms, at most 100,000 characters."),
    total: moneyIn(
      "currency",
      decimal(
        "Sum of its line items' totals; without line items, what was given (`value` in REST).",
      ),
    ),
    ...labels,
    ...stamps,
  },
  rules: {
    primary: { field: "isPrimary", owner: "dealId", staysOnMove: true },
    sameOwner: [{ key: "dealId", owner: "accountId", orNone: false, lasting: true }],
  },
  internal: deletion,
  relations: {
    tenant: one("tenant", "The tenant that owns the quote."),
    account: one("account", "The account the quote is for."),
    deal: one("deal", "The deal it belongs to."),
    lineItems: contains(
      many("lineItem", "What is offered, in the order of the quote.", [
        { field: "position", direction: "asc" },
      ]),
    ),
    history,
  },
});
