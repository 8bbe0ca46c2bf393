import type { GraphQLSchema } from "graphql";
import type { RequestContext } from "../../gate/request-context.ts";
import { sendFile, staticFile, type StaticFile } from "../../lib/static-files.ts";
import { printSchemaText } from "../schema/print.ts";

/** Where the GraphQL schema can be downloaded. */
export const schemaPath = "/schema.graphql";

/** Answers with the schema in GraphQL's schema language, as `crm schema print` prints it. It needs no credential. */
export function schemaFile(schema: GraphQLSchema) {
  let file: StaticFile | null = null;
  return async ({ request, response }: RequestContext): Promise<void> => {
    if (request.method !== "GET" && request.method !== "HEAD") {
      response.writeHead(405, { allow: "GET, HEAD", "content-type": "application/json" });
      response.end('{"error":"The schema can only be read, by GET."}');
      return;
    }
    file ??= staticFile("graphql", printSchemaText(schema));
    response.setHeader("content-disposition", 'attachment; filename="schema.graphql"');
    await sendFile(request, response, file, "revalidated");
  };
}
