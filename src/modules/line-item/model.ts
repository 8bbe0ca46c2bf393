import { defineEntity } from "../../model/entity.ts";
import {
  currency,
  decimal,
  enumeration,
  int,
  managed,
  prose,
  reference,
  type EnumDefinition,
} from "../../model/field.ts";
import { one } from "../../model/relation.ts";
import { moneyIn, unmeasured } from "../../query/aggregate/measure.ts";
import { deletion, identity, stamps, historyOf } from "../shared-fields.ts";

export const discountType: EnumDefinition = {
  name: "DiscountType",
  type: "discount_type",
  description: "How a line item's discount is meant.",
  values: {
    amount: "Money, in the quote's currency; the default.",
    percent: "Percent of quantity × unit price.",
  },
};

export const lineItem = defineEntity({
  name: "lineItem",
  plural: "lineItems",
  type: "LineItem",
  table: "line_items",
  prefix: "lin",
  ordered: ["createdAt", "updatedAt", "total"],
  description: "One priced line of a quote.",
  fields: {
    ...identity,
    quoteId: reference("quote", "The quote it belongs to.", { nullable: false }),
    description: prose("What is offered, at most 100,000 characters."),
    quantity: decimal("How many; not negative.", { nullable: false }),
    unitPrice: moneyIn(
      "currency",
      decimal("Price of one, in the quote's currency; not negative: a rebate is a discount.", {
        nullable: false,
      }),
    ),
    discount: unmeasured(
      decimal("Discount: 0–100 percent, or money up to the line's price; see discountType.", {
        nullable: false,
      }),
    ),
    discountType: enumeration(discountType, "How the discount is meant."),
    total: moneyIn(
      "currency",
      managed(
        decimal(
          "Quantity × unit price − discount, rounded half up to 4 places, never below 0; derived.",
          { nullable: false },
        ),
      ),
    ),
    currency: currency("ISO 4217 code; the quote's."),
    position: int("Its place in the quote, from 0.", { nullable: false }),
    ...stamps,
  },
  internal: deletion,
  relations: {
    tenant: one("tenant", "tenantId", "The tenant that owns the line item."),
    quote: one("quote", "quoteId", "The quote it belongs to."),
    history: historyOf("LineItem"),
  },
});
