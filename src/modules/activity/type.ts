import { implementEntity } from "../../graphql/schema/entity-type.ts";
import { entityQueries } from "../../graphql/schema/query-fields.ts";
import { activity } from "./model.ts";
import type { SchemaParts } from "../../graphql/schema/schema-parts.ts";

/** The type of activitys, and what can be asked of them. */
export function declareActivity(schema: SchemaParts): void {
  implementEntity(schema, activity);
  entityQueries(schema, activity);
}
