import { parseArgs } from "node:util";
import { StartupError } from "../src/lib/startup-error.ts";
import { migrate } from "../src/db/migrate.ts";
import { schemaDrift, schemaSql } from "./schema-diff.ts";
import { startThrowaway } from "./throwaway.ts";

const help = `Prints the SQL that a change of schema.prisma needs, for a new migration.

  npm run --silent db:diff                   against the migrations, applied to a database of its own
  npm run --silent db:diff -- --url URL      against the database at URL, which is only read
  npm run --silent db:diff -- --from-empty   all of schema.prisma
`;

/** Lends a throw-away database that holds just the migrations. */
async function withMigrated(work: (url: string) => Promise<string>): Promise<string> {
  const database = await startThrowaway();
  try {
    await migrate({ url: database.url });
    return await work(database.url);
  } finally {
    await database.stop();
  }
}

const { values } = parseArgs({
  options: {
    "from-empty": { type: "boolean" },
    url: { type: "string" },
    help: { type: "boolean", short: "h" },
  },
});

try {
  if (values.help === true) process.stdout.write(help);
  else {
    const print = values["from-empty"] === true ? schemaSql : schemaDrift;
    const sql =
      values.url === undefined
        ? await withMigrated((url) => print({ url }))
        : await print({ url: values.url });
    process.stdout.write(sql === "" ? "" : `${sql}\n`);
  }
} catch (error) {
  if (!(error instanceof StartupError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
