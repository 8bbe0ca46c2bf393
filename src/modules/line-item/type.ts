import { implementEntity } from "../../graphql/schema/entity-type.ts";
import { entityQueries } from "../../graphql/schema/query-fields.ts";
import { lineItem } from "./model.ts";
import type { SchemaParts } from "../../graphql/schema/schema-parts.ts";

/** The type of line items, and what can be asked of them. */
export function declareLineItem(schema: SchemaParts): void {
  implementEntity(schema, lineItem);
  entityQueries(schema, lineItem);
}
