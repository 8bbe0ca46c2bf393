import { implementEntity } from "../../graphql/schema/entity-type.ts";
import { stageChange } from "./model.ts";
import type { SchemaParts } from "../../graphql/schema/schema-parts.ts";

/** The type of stage changes, and what can be asked of them. */
export function declareStageChange(schema: SchemaParts): void {
  implementEntity(schema, stageChange);
}
