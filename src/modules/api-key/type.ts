import { implementEntity } from "../../graphql/schema/entity-type.ts";
import { entityQueries } from "../../graphql/schema/query-fields.ts";
import { apiKey } from "./model.ts";
import type { SchemaParts } from "../../graphql/schema/schema-parts.ts";

/** The type of api keys, and what can be asked of them. */
export function declareApiKey(schema: SchemaParts): void {
  implementEntity(schema, apiKey);
  entityQueries(schema, apiKey);
}
