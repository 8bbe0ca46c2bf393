-- Files that are imported: what is asked for and what became of it, the rows that are still to be written in chunks, and
-- the rows that were refused. A chunk's rows, its mark and its errors are one transaction (src/imports/run).

-- CreateEnum
CREATE TYPE "import_mode" AS ENUM ('create', 'upsert', 'update');

-- CreateEnum
CREATE TYPE "import_status" AS ENUM ('uploading', 'waiting', 'queued', 'running', 'done', 'failed', 'cancelled');

-- CreateTable
CREATE TABLE "imports" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "entity" TEXT NOT NULL,
    "mode" "import_mode" NOT NULL,
    "key" TEXT,
    "dry_run" BOOLEAN NOT NULL DEFAULT false,
    "abort_on_error" BOOLEAN NOT NULL DEFAULT false,
    "options" JSONB NOT NULL,
    "file_name" TEXT,
    "fingerprint" BYTEA,
    "bytes" BIGINT NOT NULL DEFAULT 0,
    "format" TEXT,
    "encoding" TEXT,
    "delimiter" TEXT,
    "header" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "mapping" JSONB NOT NULL DEFAULT '[]',
    "status" "import_status" NOT NULL DEFAULT 'uploading',
    "status_reason" TEXT,
    "rows" INTEGER NOT NULL DEFAULT 0,
    "rows_done" INTEGER NOT NULL DEFAULT 0,
    "rows_created" INTEGER NOT NULL DEFAULT 0,
    "rows_updated" INTEGER NOT NULL DEFAULT 0,
    "rows_refused" INTEGER NOT NULL DEFAULT 0,
    "actor" JSONB NOT NULL,
    "app_id" TEXT,
    "runner" UUID,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "created_by" TEXT NOT NULL,
    "started_at" TIMESTAMPTZ(3),
    "touched_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "finished_at" TIMESTAMPTZ(3),

    CONSTRAINT "imports_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateTable
CREATE TABLE "import_chunks" (
    "tenant_id" UUID NOT NULL,
    "import_id" UUID NOT NULL,
    "place" INTEGER NOT NULL,
    "rows" INTEGER NOT NULL,
    "body" BYTEA,
    "keys" BIGINT[] DEFAULT ARRAY[]::BIGINT[],
    "key_rows" INTEGER[] DEFAULT ARRAY[]::INTEGER[],
    "doubles" JSONB,
    "done_at" TIMESTAMPTZ(3),

    CONSTRAINT "import_chunks_pkey" PRIMARY KEY ("tenant_id","import_id","place")
);

-- CreateTable
CREATE TABLE "import_refused_rows" (
    "tenant_id" UUID NOT NULL,
    "import_id" UUID NOT NULL,
    "row" INTEGER NOT NULL,
    "cells" JSONB NOT NULL,

    CONSTRAINT "import_refused_rows_pkey" PRIMARY KEY ("tenant_id","import_id","row")
);

-- CreateTable
CREATE TABLE "import_errors" (
    "tenant_id" UUID NOT NULL,
    "import_id" UUID NOT NULL,
    "row" INTEGER NOT NULL,
    "place" INTEGER NOT NULL,
    "column" TEXT,
    "field" TEXT,
    "code" TEXT NOT NULL,
    "message" TEXT NOT NULL,

    CONSTRAINT "import_errors_pkey" PRIMARY KEY ("tenant_id","import_id","row","place")
);

-- CreateIndex
CREATE INDEX "imports_tenant_id_created_at_id_idx" ON "imports"("tenant_id", "created_at", "id");

-- CreateIndex
CREATE INDEX "imports_tenant_id_fingerprint_idx" ON "imports"("tenant_id", "fingerprint");

-- AddForeignKey
ALTER TABLE "imports" ADD CONSTRAINT "imports_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenants"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "import_chunks" ADD CONSTRAINT "import_chunks_tenant_id_import_id_fkey" FOREIGN KEY ("tenant_id", "import_id") REFERENCES "imports"("tenant_id", "id") ON DELETE CASCADE ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "import_refused_rows" ADD CONSTRAINT "import_refused_rows_tenant_id_import_id_fkey" FOREIGN KEY ("tenant_id", "import_id") REFERENCES "imports"("tenant_id", "id") ON DELETE CASCADE ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "import_errors" ADD CONSTRAINT "import_errors_tenant_id_import_id_fkey" FOREIGN KEY ("tenant_id", "import_id") REFERENCES "imports"("tenant_id", "id") ON DELETE CASCADE ON UPDATE RESTRICT;

-- The gateway has compressed it: PostgreSQL need not try again.
ALTER TABLE "import_chunks" ALTER COLUMN "body" SET STORAGE EXTERNAL;
-- What is to be run or swept is looked for all the time, what has ended almost never.
CREATE INDEX "imports_open_idx" ON "imports"("touched_at") WHERE "finished_at" IS NULL;

DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['imports', 'import_chunks', 'import_refused_rows', 'import_errors'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format(
      'CREATE POLICY tenant_fence ON %I USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id())',
      name
    );
    PERFORM plan_tenants_alike(name);
  END LOOP;
END $$;
