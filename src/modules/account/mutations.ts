import { mergeMutation } from "../../graphql/schema/merge-fields.ts";
import { entityMutations } from "../../graphql/schema/mutation-fields.ts";
import { accountWrites } from "./service.ts";
import type { SchemaParts } from "../../graphql/schema/schema-parts.ts";

/** How accounts are written. */
export function declareAccountMutations(schema: SchemaParts): void {
  entityMutations(schema, accountWrites);
  mergeMutation(schema, accountWrites);
}
