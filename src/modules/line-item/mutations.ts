import { entityMutations } from "../../graphql/schema/mutation-fields.ts";
import { lineItemWrites } from "./service.ts";
import type { SchemaParts } from "../../graphql/schema/schema-parts.ts";

/** How line items are written. */
export function declareLineItemMutations(schema: SchemaParts): void {
  entityMutations(schema, lineItemWrites);
}
