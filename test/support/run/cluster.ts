import type { TestProject } from "vitest/node";
import { migrate } from "../../../src/db/migrate.ts";
import { startThrowaway } from "../../../tools/throwaway.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** URL of the migrated template database of this run's cluster, as its superuser. */
    templateUrl: string;
  }
}

/** vitest's globalSetup: one PostgreSQL for the run; what it returns runs also when tests fail. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const cluster = await startThrowaway({
    settings: ["max_connections=300", "autovacuum=off", "jit=off", "shared_buffers=256MB"],
  });
  try {
    await migrate({ url: cluster.url });
  } catch (error) {
    await cluster.stop();
    throw error;
  }
  project.provide("templateUrl", cluster.url);
  return () => cluster.stop();
}
