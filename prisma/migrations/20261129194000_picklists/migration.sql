-- The values that text fields have at a tenant, where it has set them: a list without a row, or with null for its values, is
-- the list of the model (src/model/picklist.ts). A row is never deleted, so that a version is never used twice.

-- CreateTable
CREATE TABLE "picklists" (
    "tenant_id" UUID NOT NULL,
    "list" TEXT NOT NULL,
    "values" JSONB,
    "is_strict" BOOLEAN NOT NULL DEFAULT false,
    "version" INTEGER NOT NULL DEFAULT 1,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_by" TEXT NOT NULL,

    CONSTRAINT "picklists_pkey" PRIMARY KEY ("tenant_id","list")
);

-- AddForeignKey
ALTER TABLE "picklists" ADD CONSTRAINT "picklists_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenants"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

ALTER TABLE "picklists" ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant_fence ON "picklists" USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
SELECT plan_tenants_alike('picklists');
