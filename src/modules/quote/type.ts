import { implementEntity } from "../../graphql/schema/entity-type.ts";
import { entityQueries } from "../../graphql/schema/query-fields.ts";
import { quote } from "./model.ts";
import type { SchemaParts } from "../../graphql/schema/schema-parts.ts";

/** The type of quotes, and what can be asked of them. */
export function declareQuote(schema: SchemaParts): void {
  implementEntity(schema, quote);
  entityQueries(schema, quote);
}
