import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
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
});
