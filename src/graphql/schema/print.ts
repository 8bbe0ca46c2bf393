import { lexicographicSortSchema, printSchema, type GraphQLSchema } from "graphql";
import { ignoredLast } from "./ignored-last.ts";

/** The schema as text, in a stable order: what `schema.graphql` holds. */
export function printSchemaText(schema: GraphQLSchema): string {
  return `${printSchema(ignoredLast(lexicographicSortSchema(schema)))}\n`;
}
