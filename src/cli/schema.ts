import type { Command } from "commander";
import { runCommand } from "./run-command.ts";

/** `crm schema print`: the GraphQL schema, which needs no database. */
export function addSchema(program: Command): void {
  program
    .command("schema")
    .description("the GraphQL schema")
    .command("print")
    .description("print the schema in GraphQL's schema language")
    .option("--subgraph", "with the keys of Apollo Federation 2, for composition")
    .action(({ subgraph: federation = false }: { subgraph?: boolean }) =>
      runCommand(async () => {
        const { printSchemaText } = await import("../graphql/schema/print.ts");
        const { subgraphSdl } = await import("../graphql/schema/federation.ts");
        const { createSchema } = await import("../schema.ts");
        const { catalog } = await import("../modules/catalog.ts");
        const schema = createSchema(catalog, { federation });
        process.stdout.write(federation ? subgraphSdl(schema) : printSchemaText(schema));
      }),
    );
}

/** `crm openapi print`: what the REST APIs are, which needs no database. */
export function addOpenApi(program: Command): void {
  program
    .command("openapi")
    .description("the OpenAPI document of the REST APIs")
    .command("print")
    .description("print the document as JSON")
    .action(() =>
      runCommand(async () => {
        const { printOpenApi } = await import("../rest/openapi/document.ts");
        process.stdout.write(printOpenApi());
      }),
    );
}
