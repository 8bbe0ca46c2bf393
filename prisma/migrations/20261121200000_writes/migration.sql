-- AlterTable
ALTER TABLE "api_keys" ADD COLUMN     "version" INTEGER NOT NULL DEFAULT 1;

-- AlterTable
ALTER TABLE "departments" ADD COLUMN     "version" INTEGER NOT NULL DEFAULT 1;

-- AlterTable
ALTER TABLE "idempotency_keys" ADD COLUMN     "outcomes" JSONB NOT NULL DEFAULT '{}';

-- What one deletion took, found by its id when it is brought back.
CREATE INDEX "contacts_deletion_idx" ON "contacts" ("tenant_id", "deletion_id") WHERE "deletion_id" IS NOT NULL;
CREATE INDEX "deals_deletion_idx" ON "deals" ("tenant_id", "deletion_id") WHERE "deletion_id" IS NOT NULL;
CREATE INDEX "activities_deletion_idx" ON "activities" ("tenant_id", "deletion_id") WHERE "deletion_id" IS NOT NULL;
CREATE INDEX "quotes_deletion_idx" ON "quotes" ("tenant_id", "deletion_id") WHERE "deletion_id" IS NOT NULL;
CREATE INDEX "line_items_deletion_idx" ON "line_items" ("tenant_id", "deletion_id") WHERE "deletion_id" IS NOT NULL;
