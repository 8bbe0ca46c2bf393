-- What must be true whatever a program does, and the indexes that Prisma's schema cannot say.

-- Unique among live rows only: deleting a row frees its values.
CREATE UNIQUE INDEX "accounts_live_email_key" ON "accounts" ("tenant_id", "email_key") WHERE "deleted_at" IS NULL;
CREATE UNIQUE INDEX "contacts_live_email_key" ON "contacts" ("tenant_id", "account_id", "email_key") NULLS NOT DISTINCT
  WHERE "deleted_at" IS NULL AND "email" IS NOT NULL;
CREATE UNIQUE INDEX "contacts_live_primary_key" ON "contacts" ("tenant_id", "account_id")
  WHERE "deleted_at" IS NULL AND "is_primary" AND "account_id" IS NOT NULL;
CREATE UNIQUE INDEX "deals_live_number_key" ON "deals" ("tenant_id", "deal_number") WHERE "deleted_at" IS NULL;
CREATE UNIQUE INDEX "quotes_live_number_key" ON "quotes" ("tenant_id", "quote_number") WHERE "deleted_at" IS NULL;
CREATE UNIQUE INDEX "quotes_live_primary_key" ON "quotes" ("tenant_id", "deal_id")
  WHERE "deleted_at" IS NULL AND "is_primary" AND "deal_id" IS NOT NULL;

ALTER TABLE "tenants" ADD CONSTRAINT "tenants_slug_form" CHECK ("slug" ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$');
ALTER TABLE "deals" ADD CONSTRAINT "deals_probability_range" CHECK ("probability" BETWEEN 0 AND 100);
ALTER TABLE "deals" ADD CONSTRAINT "deals_loss_explained"
  CHECK ("stage" <> 'closed_lost' OR ("loss_reason" IS NOT NULL AND "loss_category" IS NOT NULL));
ALTER TABLE "activities" ADD CONSTRAINT "activities_have_a_subject"
  CHECK (num_nonnulls("account_id", "deal_id", "contact_id") > 0);
ALTER TABLE "accounts" ADD CONSTRAINT "accounts_not_own_parent" CHECK ("parent_account_id" <> "id");
ALTER TABLE "contacts" ADD CONSTRAINT "contacts_not_own_manager" CHECK ("reports_to_contact_id" <> "id");
ALTER TABLE "line_items" ADD CONSTRAINT "line_items_total_not_negative" CHECK ("total" >= 0);
ALTER TABLE "accounts" ADD CONSTRAINT "accounts_addresses_list" CHECK (jsonb_typeof("addresses") = 'array');
ALTER TABLE "activities" ADD CONSTRAINT "activities_participants_list" CHECK (jsonb_typeof("participants") = 'array');
ALTER TABLE "accounts" ADD CONSTRAINT "accounts_custom_fields_object" CHECK (jsonb_typeof("custom_fields") = 'object');
ALTER TABLE "contacts" ADD CONSTRAINT "contacts_custom_fields_object" CHECK (jsonb_typeof("custom_fields") = 'object');
ALTER TABLE "deals" ADD CONSTRAINT "deals_custom_fields_object" CHECK (jsonb_typeof("custom_fields") = 'object');
ALTER TABLE "activities" ADD CONSTRAINT "activities_custom_fields_object" CHECK (jsonb_typeof("custom_fields") = 'object');
ALTER TABLE "quotes" ADD CONSTRAINT "quotes_custom_fields_object" CHECK (jsonb_typeof("custom_fields") = 'object');

-- Trigram search. tenant_id leads here too (btree_gin), so a search reads one tenant's part of the index.
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS btree_gin;
CREATE INDEX "accounts_search_idx" ON "accounts" USING gin ("tenant_id", "search_text" gin_trgm_ops);
CREATE INDEX "contacts_search_idx" ON "contacts" USING gin ("tenant_id", "search_text" gin_trgm_ops);
CREATE INDEX "deals_search_idx" ON "deals" USING gin ("tenant_id", "search_text" gin_trgm_ops);
CREATE INDEX "activities_search_idx" ON "activities" USING gin ("tenant_id", "search_text" gin_trgm_ops);
CREATE INDEX "quotes_search_idx" ON "quotes" USING gin ("tenant_id", "search_text" gin_trgm_ops);
CREATE INDEX "line_items_search_idx" ON "line_items" USING gin ("tenant_id", "search_text" gin_trgm_ops);
CREATE INDEX "accounts_display_name_search_idx" ON "accounts" USING gin ("tenant_id", "display_name" gin_trgm_ops);
CREATE INDEX "contacts_display_name_search_idx" ON "contacts" USING gin ("tenant_id", "display_name" gin_trgm_ops);
CREATE INDEX "accounts_tags_idx" ON "accounts" USING gin ("tenant_id", "tags");
CREATE INDEX "contacts_tags_idx" ON "contacts" USING gin ("tenant_id", "tags");
CREATE INDEX "deals_tags_idx" ON "deals" USING gin ("tenant_id", "tags");
CREATE INDEX "activities_tags_idx" ON "activities" USING gin ("tenant_id", "tags");
CREATE INDEX "quotes_tags_idx" ON "quotes" USING gin ("tenant_id", "tags");
