import { lexicographicSortSchema, printSchema, type GraphQLSchema } from "graphql";

/** The schema as text, in a stable order: what `schema.graphql` holds. */
export function printSchemaText(schema: GraphQLSchema): string {
  return `${printSchema(lexicographicSortSchema(schema))}\n`;
}
