import { defineConfig } from "prisma/config";

// Only for Prisma's own commands; the gateway applies migrations itself (src/db/migrate.ts).
export default defineConfig({
  schema: "prisma/schema.prisma",
  migrations: { path: "prisma/migrations" },
  ...(process.env["DATABASE_URL"] === undefined
    ? {}
    : { datasource: { url: process.env["DATABASE_URL"] } }),
});
