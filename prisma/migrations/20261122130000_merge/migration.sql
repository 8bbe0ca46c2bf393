-- Where a record went that was merged into another one of its kind. It is deleted for good, and never points at itself.
ALTER TABLE "accounts" ADD COLUMN     "merged_into_id" UUID;
ALTER TABLE "contacts" ADD COLUMN     "merged_into_id" UUID;

ALTER TABLE "accounts" ADD CONSTRAINT "accounts_tenant_id_merged_into_id_fkey" FOREIGN KEY ("tenant_id", "merged_into_id") REFERENCES "accounts"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;
ALTER TABLE "contacts" ADD CONSTRAINT "contacts_tenant_id_merged_into_id_fkey" FOREIGN KEY ("tenant_id", "merged_into_id") REFERENCES "contacts"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

ALTER TABLE "accounts" ADD CONSTRAINT "accounts_merged_are_deleted"
  CHECK ("merged_into_id" IS NULL OR ("merged_into_id" <> "id" AND "deleted_at" IS NOT NULL));
ALTER TABLE "contacts" ADD CONSTRAINT "contacts_merged_are_deleted"
  CHECK ("merged_into_id" IS NULL OR ("merged_into_id" <> "id" AND "deleted_at" IS NOT NULL));

-- Both ways along the edge. Few records were ever merged, so the index holds those only.
CREATE INDEX "accounts_merged_into_idx" ON "accounts" ("tenant_id", "merged_into_id", "created_at", "id") WHERE "merged_into_id" IS NOT NULL;
CREATE INDEX "contacts_merged_into_idx" ON "contacts" ("tenant_id", "merged_into_id", "created_at", "id") WHERE "merged_into_id" IS NOT NULL;
