import { defineConfig } from "vitest/config";

// `--mode long` runs the properties alone, with all their cases (test/support/arbitraries.ts).
export default defineConfig(({ mode }) => ({
  test: {
    include: [mode === "long" ? "test/**/*.property.test.ts" : "test/**/*.test.ts"],
    env: { CRM_TEST_LONG: mode === "long" ? "1" : "" },
    reporters: ["default", "./test/support/closing-line.ts"],
    globalSetup: ["test/support/cluster.ts"],
    // Prisma's schema engine (drift test) is a module of WebAssembly, which Node still warns about.
    execArgv: ["--disable-warning=ExperimentalWarning"],
    // Tests run in Node as the server does: TypeScript as it is, and one copy of graphql for all.
    experimental: { viteModuleRunner: false },
    // vitest leaves a core to itself; here the database has its own processes, and tests wait for it a lot.
    maxWorkers: 3,
    // Long, for machines that are busy: what hangs still ends.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    teardownTimeout: 30_000,
  },
}));
