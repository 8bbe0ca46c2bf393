import { z } from "zod";
import { wordsOf } from "../../lib/messages.ts";
import type { InputDefinition } from "../../write/input-definition.ts";
import { ignoredField, inputField, recordSchema } from "../../write/input.ts";
import { lineItemInputs } from "../line-item/inputs.ts";
import { entityInputs } from "../entity-inputs.ts";
import { quote } from "./model.ts";

/** A new line item inside its quote. */
export const quoteLineInput: InputDefinition = {
  name: "QuoteLineItemInput",
  description: "A line item inside its quote.",
  blank: "notGiven",
  fields: {
    ...lineItemInputs.create.fields,
    // On update it says which line is meant, so here it is not only sent back.
    id: inputField({
      schema: z.string("must be an id"),
      type: { scalar: "ID" },
      description:
        "On update, the line item of the quote that this is; left out, a new one. Ignored on create.",
    }),
    quote_id: ignoredField("it is the quote."),
    position: ignoredField("the order of the list counts."),
  },
};

/** The same of a line that the quote has. */
export const knownLineInput: InputDefinition = { ...quoteLineInput, blank: "null" };

export const quoteInputs = entityInputs(quote, {
  required: ["account_id"],
  twins: { value: "total", valid_until: "validity_date" },
  fields: {
    line_items: inputField({
      schema: z
        // Each is read where its quote is known, with its problems told among the others.
        .array(recordSchema("must be a line item"), "must be a list of line items")
        .max(1_000, wordsOf({ complaint: "tooManyItems", max: 1_000, of: "line items" })),
      type: { listOf: { input: quoteLineInput } },
      description:
        "What is offered, in order. On update it replaces all that the caller can see: a line with the `id` of one is changed, the others are made new, those left out are deleted.",
    }),
  },
});
