import { entityMutations } from "../../graphql/schema/mutation-fields.ts";
import { dealWrites } from "./service.ts";
import type { SchemaParts } from "../../graphql/schema/schema-parts.ts";

/** How deals are written. */
export function declareDealMutations(schema: SchemaParts): void {
  entityMutations(schema, dealWrites);
}
