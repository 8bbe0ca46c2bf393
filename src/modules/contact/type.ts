import { duplicateFields } from "../../graphql/schema/duplicate-fields.ts";
import { implementEntity } from "../../graphql/schema/entity-type.ts";
import { entityQueries } from "../../graphql/schema/query-fields.ts";
import { contactDuplicates } from "./duplicates.ts";
import { contact } from "./model.ts";
import type { SchemaParts } from "../../graphql/schema/schema-parts.ts";

/** The type of contacts, and what can be asked of them. */
export function declareContact(schema: SchemaParts): void {
  implementEntity(schema, contact);
  entityQueries(schema, contact);
  duplicateFields(schema, contactDuplicates);
}
