import { implementEntity } from "../../graphql/schema/entity-type.ts";
import { entityQueries } from "../../graphql/schema/query-fields.ts";
import { department } from "./model.ts";
import type { SchemaParts } from "../../graphql/schema/schema-parts.ts";

/** The type of departments, and what can be asked of them. */
export function declareDepartment(schema: SchemaParts): void {
  implementEntity(schema, department);
  entityQueries(schema, department);
}
