import { mergeMutation } from "../../graphql/schema/merge-fields.ts";
import { entityMutations } from "../../graphql/schema/mutation-fields.ts";
import { contactWrites } from "./service.ts";
import type { SchemaParts } from "../../graphql/schema/schema-parts.ts";

/** How contacts are written. */
export function declareContactMutations(schema: SchemaParts): void {
  entityMutations(schema, contactWrites);
  mergeMutation(schema, contactWrites);
}
