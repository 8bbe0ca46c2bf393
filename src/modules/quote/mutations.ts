import { entityMutations } from "../../graphql/schema/mutation-fields.ts";
import { quoteWrites } from "./service.ts";
import type { SchemaParts } from "../../graphql/schema/schema-parts.ts";

/** How quotes are written. */
export function declareQuoteMutations(schema: SchemaParts): void {
  entityMutations(schema, quoteWrites);
}
