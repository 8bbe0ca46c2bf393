import { type Command, Option } from "commander";
import type { CodegenMaps } from "../graphql/schema/codegen-maps.ts";
import { runCommand } from "./run-command.ts";

type Options = { json: boolean; schema: string; documents: string; output: string };

/** `crm codegen-config`: a config of graphql-codegen, and what caches need to know; needs no database. */
export function addCodegenConfig(program: Command): void {
  program
    .command("codegen-config")
    .description(
      "print a config for graphql-codegen, with the types of scalars and the maps for a client's cache",
    )
    .addOption(new Option("--schema <place>", "where the schema is").default("schema.graphql"))
    .addOption(
      new Option("--documents <pattern>", "where the operations are").default("src/**/*.{ts,tsx}"),
    )
    .addOption(new Option("--output <folder>", "where the types go").default("src/gql/"))
    .option("--json", "print only the maps, as JSON", false)
    .action((options: Options) =>
      runCommand(async () => {
        const { codegenMaps } = await import("../graphql/schema/codegen-maps.ts");
        const { createSchema } = await import("../schema.ts");
        const { catalog } = await import("../modules/catalog.ts");
        const maps = codegenMaps(createSchema(catalog));
        const json = `${JSON.stringify(maps, null, 2)}\n`;
        process.stdout.write(options.json ? json : configModule(maps, options));
      }),
    );
}

/** A value as TypeScript: JSON without quotes around names. */
const written = (value: unknown): string =>
  JSON.stringify(value, null, 2).replaceAll(/"(\w+)":/g, "$1:");

function configModule(maps: CodegenMaps, { schema, documents, output }: Options): string {
  const folder = output.replace(/\/?$/, "/");
  return `// Printed by \`crm codegen-config\`: print it again when the schema changes.
import type { CodegenConfig } from "@graphql-codegen/cli";
import { addTypenameSelectionDocumentTransform } from "@graphql-codegen/client-preset";

/** The TypeScript types of each scalar, in variables (input) and in answers (output). */
const scalars = ${written(maps.scalars)};

/** The types of each interface and union: Apollo's \`new InMemoryCache({ possibleTypes })\`. */
const possibleTypes = ${written(maps.possibleTypes)};

/** The types without an id: graphcache's \`keys\` says \`() => null\` of them. */
const withoutId = ${written(maps.withoutId)};

/** For each type of record: the fields of its inputs, and the fields of the record that they set. */
const inputNames = ${written(maps.inputNames)};

/** A module for the page. */
const crm = Object.entries({ possibleTypes, withoutId, inputNames }).map(
  ([name, value]) => \`export const \${name} = \${JSON.stringify(value)};\`,
);

const config: CodegenConfig = {
  schema: ${JSON.stringify(schema)},
  documents: ${JSON.stringify(documents)},
  generates: {
    ${JSON.stringify(folder)}: {
      preset: "client",
      presetConfig: { fragmentMasking: false, persistedDocuments: { hashAlgorithm: "sha256" } },
      config: { scalars, enumsAsTypes: true, useTypeImports: true },
      // Caches need __typename: it belongs to the text that the manifest of operations holds.
      documentTransforms: [addTypenameSelectionDocumentTransform],
    },
    ${JSON.stringify(`${folder}crm.ts`)}: { plugins: [{ add: { content: crm.join("\\n") } }] },
  },
};

export default config;
`;
}
