-- A chunk may be written in several transactions: each says how many of its rows are written by then.

-- AlterTable
ALTER TABLE "import_chunks" ADD COLUMN "rows_done" INTEGER NOT NULL DEFAULT 0;
