import type { Command } from "commander";
import { runCommand } from "./run-command.ts";

/** `crm schema print`: the GraphQL schema, which needs no database. */
export function addSchema(program: Command): void {
  program
    .command("schema")
    .description("the GraphQL schema")
    .command("print")
    .description("print the schema in GraphQL's schema language")
    .action(() =>
      runCommand(async () => {
        const { printSchemaText } = await import("../graphql/print.ts");
        const { schema } = await import("../schema.ts");
        process.stdout.write(printSchemaText(schema));
      }),
    );
}
