import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { StartupError } from "../lib/startup-error.ts";

/** One folder of prisma/migrations. */
export type MigrationFile = {
  /** Name of the folder, `<timestamp>_<name>`; the order of names is the order of application. */
  name: string;
  sql: string;
};

/** Where the migrations of this clone lie. */
export const migrationsDirectory = fileURLToPath(
  new URL("../../prisma/migrations", import.meta.url),
);

/** Reads all migrations, oldest first. */
export async function readMigrations(directory: string): Promise<MigrationFile[]> {
  const entries = await readdir(directory, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  return await Promise.all(
    names.toSorted().map(async (name) => {
      const path = join(directory, name, "migration.sql");
      const sql = await readFile(path, "utf8").catch(() => null);
      if (sql === null) throw new StartupError(`The migration ${name} has no migration.sql`);
      return { name, sql };
    }),
  );
}

/** The checksum that Prisma keeps of an applied migration: SHA-256 of the file, in hex. */
export function checksum(sql: string): string {
  return createHash("sha256").update(sql).digest("hex");
}

/** Whether an applied migration is still the file it was; as in Prisma, line endings do not count. */
export function isUnchanged(sql: string, applied: string): boolean {
  if (checksum(sql) === applied) return true;
  const unix = sql.replaceAll("\r\n", "\n");
  return checksum(unix) === applied || checksum(unix.replaceAll("\n", "\r\n")) === applied;
}

/** The line of a PostgreSQL error position, which counts characters (not UTF-16 units) from 1. */
export function lineAt(sql: string, position: number): number {
  return (
    Array.from(sql)
      .slice(0, position - 1)
      .filter((character) => character === "\n").length + 1
  );
}
