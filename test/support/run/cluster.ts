import { env } from "node:process";
import type { TestProject } from "vitest/node";
import { migrate } from "../../../src/db/migrate.ts";
import { startThrowaway } from "../../../tools/throwaway.ts";
import { makeCitusTemplate, sweepCitus, urlOf, workersOf } from "../database/citus.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** URL of the migrated template database of this run's cluster, as its superuser. */
    templateUrl: string;
    /** The same template on the workers of Citus, for a run there. */
    workerUrls: readonly string[];
  }
}

/** vitest's globalSetup: one PostgreSQL for the run; what it returns runs also when tests fail. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const coordinator = env["CRM_TEST_CITUS_URL"];
  if (coordinator !== undefined) return await onCitus(project, coordinator);
  const cluster = await startThrowaway({
    inMemory: true,
    settings: ["max_connections=600", "autovacuum=off", "jit=off", "shared_buffers=256MB"],
  });
  try {
    await migrate({ url: cluster.url });
  } catch (error) {
    await cluster.stop();
    throw error;
  }
  project.provide("templateUrl", cluster.url);
  project.provide("workerUrls", []);
  return () => cluster.stop();
}

/** The URL of a database that has Citus and knows its workers. Its cluster is the run's alone. */
async function onCitus(project: TestProject, coordinator: string): Promise<() => Promise<void>> {
  const servers = [coordinator, ...(await workersOf(coordinator))];
  await sweepCitus(servers);
  const name = "test_template";
  project.provide("templateUrl", await makeCitusTemplate(servers, name));
  project.provide(
    "workerUrls",
    servers.slice(1).map((server) => urlOf(server, { name })),
  );
  return () => sweepCitus(servers);
}
