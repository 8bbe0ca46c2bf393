-- The key that another system gives a record: unique among the tenant's live records of a kind. Records without one are
-- in neither index, so that they cost nothing. The second index finds deleted records too, which upserts bring back.
ALTER TABLE "accounts" ADD COLUMN "external_id" TEXT;
CREATE UNIQUE INDEX "accounts_live_external_id_key" ON "accounts" ("tenant_id", "external_id")
  WHERE "deleted_at" IS NULL AND "external_id" IS NOT NULL;
CREATE INDEX "accounts_external_id_idx" ON "accounts" ("tenant_id", "external_id") WHERE "external_id" IS NOT NULL;
ALTER TABLE "contacts" ADD COLUMN "external_id" TEXT;
CREATE UNIQUE INDEX "contacts_live_external_id_key" ON "contacts" ("tenant_id", "external_id")
  WHERE "deleted_at" IS NULL AND "external_id" IS NOT NULL;
CREATE INDEX "contacts_external_id_idx" ON "contacts" ("tenant_id", "external_id") WHERE "external_id" IS NOT NULL;
ALTER TABLE "deals" ADD COLUMN "external_id" TEXT;
CREATE UNIQUE INDEX "deals_live_external_id_key" ON "deals" ("tenant_id", "external_id")
  WHERE "deleted_at" IS NULL AND "external_id" IS NOT NULL;
CREATE INDEX "deals_external_id_idx" ON "deals" ("tenant_id", "external_id") WHERE "external_id" IS NOT NULL;
ALTER TABLE "activities" ADD COLUMN "external_id" TEXT;
CREATE UNIQUE INDEX "activities_live_external_id_key" ON "activities" ("tenant_id", "external_id")
  WHERE "deleted_at" IS NULL AND "external_id" IS NOT NULL;
CREATE INDEX "activities_external_id_idx" ON "activities" ("tenant_id", "external_id") WHERE "external_id" IS NOT NULL;
ALTER TABLE "quotes" ADD COLUMN "external_id" TEXT;
CREATE UNIQUE INDEX "quotes_live_external_id_key" ON "quotes" ("tenant_id", "external_id")
  WHERE "deleted_at" IS NULL AND "external_id" IS NOT NULL;
CREATE INDEX "quotes_external_id_idx" ON "quotes" ("tenant_id", "external_id") WHERE "external_id" IS NOT NULL;
ALTER TABLE "line_items" ADD COLUMN "external_id" TEXT;
CREATE UNIQUE INDEX "line_items_live_external_id_key" ON "line_items" ("tenant_id", "external_id")
  WHERE "deleted_at" IS NULL AND "external_id" IS NOT NULL;
CREATE INDEX "line_items_external_id_idx" ON "line_items" ("tenant_id", "external_id") WHERE "external_id" IS NOT NULL;
