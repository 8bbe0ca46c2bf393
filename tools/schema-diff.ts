import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { type DiffTarget, withSchemaEngine } from "./schema-engine.ts";

type Options = {
  url: string;
  /** Path of the schema; that of this clone when left out. */
  schema?: string;
};

type SchemaFile = { path: string; content: string };

const schemaFile = fileURLToPath(new URL("../prisma/schema.prisma", import.meta.url));

/**
 * The SQL that takes a database to schema.prisma; empty when they agree. What Prisma does not
 * model is left alone: partial and expression indexes, checks, row-level security, functions,
 * triggers, and how a column is generated.
 */
export async function schemaDrift(options: Options): Promise<string> {
  const files = await readSchema(options);
  return await diff(options.url, { tag: "schemaDatasource", files, configDir: "." }, files);
}

/** The SQL that makes all of schema.prisma in an empty database; `url` is not looked at. */
export async function schemaSql(options: Options): Promise<string> {
  return await diff(options.url, { tag: "empty" }, await readSchema(options));
}

async function readSchema({ schema = schemaFile }: Options): Promise<SchemaFile[]> {
  return [{ path: schema, content: await readFile(schema, "utf8") }];
}

async function diff(url: string, from: DiffTarget, files: SchemaFile[]): Promise<string> {
  const { exitCode, stdout } = await withSchemaEngine(url, (engine) =>
    engine.diff({
      from,
      to: { tag: "schemaDatamodel", files },
      script: true,
      // Asks for exit code 2 when there is a difference; "none" is a comment otherwise.
      exitCode: true,
      filters: { externalTables: [], externalEnums: [] },
    }),
  );
  if (exitCode === 0) return "";
  // The schema "public" is always there, and making it needs rights that an owner may lack.
  return (stdout ?? "").replace(/^-- CreateSchema\nCREATE SCHEMA .*\n+/, "").trim();
}
