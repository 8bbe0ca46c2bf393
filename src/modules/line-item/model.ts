import { defineEntity } from "../../model/entity.ts";
import {
  currency,
  decimal,
  enumeration,
  int,
  managed,
  percent,
  prose,
  reference,
  enumOf,
  moneyIn,
  unmeasured,
} from "../../model/field.ts";
import { one } from "../../model/relation.ts";
import { deletion, identity, stamps, history } from "../shared-fields.ts";

const discountType = enumOf("DiscountType", "How a line item's discount is meant.", {
  amount: "Money, in the quote's currency; the default.",
  percent: "Percent of quantity × unit price.",
});

export const lineItem = defineEntity("LineItem", {
  plural: "lineItems",
  prefix: "lin",
  ordered: ["createdAt", "updatedAt", "total"],
  description: "One priced line of a quote.",
  fields: {
    ...identity,
    quoteId: reference("The quote it belongs to."),
    description: prose("What is offered, at most 100,000 characters."),
    quantity: decimal("How many; not negative."),
    unitPrice: moneyIn(
      "currency",
      decimal("Price of one, in the quote's currency; not negative: a rebate is a discount."),
    ),
    discount: unmeasured(
      percent(
        decimal("Discount: 0–100 percent, or money up to the line's price; see discountType."),
      ),
    ),
    discountType: enumeration(discountType, "Whether the discount is an amount or a percentage."),
    total: moneyIn(
      "currency",
      managed(
        decimal(
          "Quantity × unit price − discount, rounded half up to 4 places, never below 0; derived.",
        ),
      ),
    ),
    currency: currency("ISO 4217 code; the quote's."),
    position: int("Its place in the quote, from 0."),
    ...stamps,
  },
  internal: deletion,
  relations: {
    tenant: one("tenant", "The tenant that owns the line item."),
    quote: one("quote", "The quote it belongs to."),
    history,
  },
});
