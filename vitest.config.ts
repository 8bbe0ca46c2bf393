import { env } from "node:process";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

/** Those that try a part of their cases in `npm cit`, and all in `npm run test:long` (test/support/run/run-length.ts). */
const long = [
  "test/**/*.property.test.ts",
  "test/faults/*.test.ts",
  "test/growing/*.test.ts",
  "test/imports/run.test.ts",
  "test/security/leaks/*.test.ts",
  "test/rest/scopes.test.ts",
  "test/reports/search-ranking.test.ts",
  "test/db/{fresh-tenant,replicas}.test.ts",
  "test/writes/{races,deadlocks,idempotency,interleaving}.test.ts",
  "test/merge/races.test.ts",
  "test/rest/{leaks,lists,mixed-traffic}.test.ts",
  "test/client/faults.test.ts",
  "test/clients/graphiql.test.ts",
  "test/security/one-tick.test.ts",
  "test/limits/unread-answers.test.ts",
  "test/aggregates/time-zones.test.ts",
  "test/seed/{seed,history}.test.ts",
  "test/cli/start.test.ts",
  "test/live/deaf.test.ts",
  "test/webhooks/killed.test.ts",
  "test/imports/read-file.test.ts",
];

/** Those that are for `npm run test:long` alone: they install packages. */
const onlyLong = ["test/deploying/image.test.ts", "test/examples/apps.test.ts"];

/** A Citus to run the tests on (CONTRIBUTING.md). */
const citusUrl = env["CRM_TEST_CITUS_URL"];

export default defineConfig(({ mode }) => ({
  test: {
    include: mode === "long" ? [...long, ...onlyLong] : ["test/**/*.test.ts"],
    exclude: [
      ...(citusUrl === undefined ? ["test/citus/**"] : []),
      ...(mode === "long" ? [] : onlyLong),
    ],
    env: {
      CRM_TEST_LONG: mode === "long" ? "1" : "",
      // For the programs that tests start.
      NODE_COMPILE_CACHE: fileURLToPath(new URL("node_modules/.cache/node", import.meta.url)),
    },
    reporters: ["default", "./test/support/run/closing-line.ts"],
    globalSetup: ["test/support/run/cluster.ts"],
    setupFiles: citusUrl === undefined ? [] : ["test/support/run/citus.ts"],
    // Prisma's schema engine (drift test) is a module of WebAssembly, which Node still warns about.
    execArgv: ["--disable-warning=ExperimentalWarning"],
    // Tests run in Node as the server does: TypeScript as it is, and one copy of graphql for all.
    experimental: { viteModuleRunner: false },
    // A worker imports the gateway once, for all its files: their gateways and databases are their own.
    isolate: false,
    // vitest leaves a core to itself; here the database has its own processes, and tests wait for it a lot.
    maxWorkers: 3,
    // Long, for machines that are busy: what hangs still ends.
    testTimeout: mode === "long" ? 600_000 : 120_000,
    hookTimeout: mode === "long" ? 600_000 : 120_000,
    teardownTimeout: 30_000,
    expect: { poll: { timeout: 60_000, interval: 20 } },
  },
}));
