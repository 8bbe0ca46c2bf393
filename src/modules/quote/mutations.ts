import { entityMutations } from "../../graphql/schema/mutation-fields.ts";
import { moveField } from "../../graphql/schema/verb-fields.ts";
import { quoteWrites } from "./service.ts";
import type { SchemaParts } from "../../graphql/schema/schema-parts.ts";

const moves = [
  [
    "sendQuote",
    "sent",
    "Marks a quote as sent: sets its status `sent`, and `dateIssued` when it is first sent.",
  ],
  ["acceptQuote", "accepted", "Marks a sent quote as accepted, which is final."],
  ["rejectQuote", "rejected", "Marks a sent quote as rejected, which is final."],
] as const;

/** How quotes are written. */
export function declareQuoteMutations(schema: SchemaParts): void {
  entityMutations(schema, quoteWrites);
  for (const [mutation, status, description] of moves) {
    moveField(schema, quoteWrites, { mutation, description, values: { status } });
  }
}
