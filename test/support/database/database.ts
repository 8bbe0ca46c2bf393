import { randomBytes } from "node:crypto";
import pg from "pg";
import { inject } from "vitest";
import { copySettings, makeCluster, urlOf } from "./citus.ts";

/** A migrated, empty database of one's own. */
export type TestDatabase = {
  /** URL as the cluster's superuser, who owns everything in it. */
  url: string;
  /** Removes it, whoever is still connected. */
  drop(): Promise<void>;
};

/** Clones the run's migrated template, on each node of Citus in a run there; some 20 ms. Call `drop` when the file is done. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const template = nameIn(inject("templateUrl"));
  const servers = [inject("templateUrl"), ...inject("workerUrls")];
  const made = await create(servers, template);
  if (servers.length > 1) {
    await copySettings(maintenance(inject("templateUrl")), template, nameIn(made.url));
  }
  return made;
}

/** A database without anything in it, for tests of what comes before the migrations' end; `options` as in CREATE DATABASE. */
export function createEmptyDatabase(options = ""): Promise<TestDatabase> {
  return create([inject("templateUrl")], "template0", options);
}

/** The same on all nodes of Citus, which know each other. Only in a run there. */
export async function createEmptyCluster(): Promise<TestDatabase> {
  const servers = [inject("templateUrl"), ...inject("workerUrls")];
  const name = nameOfOwn();
  const url = await makeCluster(servers.map(maintenance), name);
  return { url, drop: () => remove(servers, name) };
}

async function create(
  servers: readonly string[],
  template: string,
  options = "",
): Promise<TestDatabase> {
  const name = nameOfOwn();
  await administrate(
    servers,
    `CREATE DATABASE ${name} TEMPLATE ${template} STRATEGY FILE_COPY ${options}`,
  );
  return {
    url: urlOf(inject("templateUrl"), { name }),
    drop: () => remove(servers, name),
  };
}

async function remove(servers: readonly string[], name: string): Promise<void> {
  // Citus' daemon on each node comes to the others again, also while they are about to go.
  if (servers.length > 1)
    await administrate(servers, `ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
  await administrate(servers, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
}

const nameOfOwn = (): string => `test_${randomBytes(6).toString("hex")}`;
const nameIn = (url: string): string => new URL(url).pathname.slice(1);
/** Where the template has no session. */
const maintenance = (url: string): string => urlOf(url, { name: "postgres" });

/** Runs a statement on servers, one at a time: PostgreSQL refuses to copy a template that another copy is using. */
async function administrate(servers: readonly string[], sql: string): Promise<void> {
  await Promise.all(
    servers.map(async (server) => {
      const client = new pg.Client({ connectionString: maintenance(server) });
      await client.connect();
      try {
        await client.query("SELECT pg_advisory_lock(1)");
        await client.query(sql);
      } finally {
        await client.end();
      }
    }),
  );
}
