import { entityMutations } from "../../graphql/schema/mutation-fields.ts";
import { departmentWrites } from "./service.ts";
import type { SchemaParts } from "../../graphql/schema/schema-parts.ts";

/** How departments are written. */
export function declareDepartmentMutations(schema: SchemaParts): void {
  entityMutations(schema, departmentWrites, { update: false, batches: false });
}
