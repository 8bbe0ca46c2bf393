-- Tables, keys and plain indexes of schema.prisma (printed by `npm run db:diff -- --from-empty`), with
-- what Prisma cannot say filled in: NOT NULL on lists, and the generated columns
-- (display names, and one search_text an entity that trigram search reads).

-- CreateEnum
CREATE TYPE "source_type" AS ENUM ('frontend', 'backend', 'server', 'system', 'api');

-- CreateEnum
CREATE TYPE "account_type" AS ENUM ('business', 'individual');

-- CreateEnum
CREATE TYPE "activity_type" AS ENUM ('call', 'email', 'meeting', 'note', 'task');

-- CreateEnum
CREATE TYPE "quote_status" AS ENUM ('draft', 'sent', 'accepted', 'rejected', 'expired');

-- CreateEnum
CREATE TYPE "discount_type" AS ENUM ('amount', 'percent');

-- CreateEnum
CREATE TYPE "change_operation" AS ENUM ('created', 'updated', 'deleted', 'restored');

-- CreateTable
CREATE TABLE "tenants" (
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "slug" TEXT NOT NULL,
    "default_currency" TEXT NOT NULL DEFAULT 'USD',
    "time_zone" TEXT NOT NULL DEFAULT 'UTC',
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "tenants_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "departments" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "departments_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateTable
CREATE TABLE "api_keys" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "environment" TEXT NOT NULL,
    "secret_hash" BYTEA NOT NULL,
    "scopes" TEXT[] NOT NULL DEFAULT ARRAY[]::TEXT[],
    "department_id" UUID,
    "app_id" TEXT,
    "requests_per_minute" INTEGER,
    "expires_at" TIMESTAMPTZ(3),
    "revoked_at" TIMESTAMPTZ(3),
    "last_used_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "created_by" TEXT,

    CONSTRAINT "api_keys_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateTable
CREATE TABLE "accounts" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "name" TEXT,
    "legal_name" TEXT,
    "display_name" TEXT NOT NULL GENERATED ALWAYS AS (COALESCE(NULLIF("name", ''), NULLIF("legal_name", ''), NULLIF("domain", ''), NULLIF("email", ''), 'acc-' || "id"::text)) STORED,
    "account_type" "account_type" NOT NULL DEFAULT 'business',
    "email" TEXT,
    "phone" TEXT,
    "phone_e164" TEXT,
    "industry" TEXT,
    "sub_industry" TEXT,
    "website" TEXT,
    "domain" TEXT,
    "addresses" JSONB NOT NULL DEFAULT '[]',
    "annual_revenue" DECIMAL(19,4),
    "employee_count" INTEGER,
    "lifecycle_stage" TEXT,
    "lead_source" TEXT,
    "health_score" TEXT,
    "owner_id" TEXT,
    "parent_account_id" UUID,
    "description" TEXT,
    "last_activity_at" TIMESTAMPTZ(3),
    "first_contacted_at" TIMESTAMPTZ(3),
    "tags" TEXT[] NOT NULL DEFAULT ARRAY[]::TEXT[],
    "custom_fields" JSONB NOT NULL DEFAULT '{}',
    "app_id" TEXT,
    "source" TEXT NOT NULL DEFAULT 'edm',
    "source_type" "source_type" NOT NULL DEFAULT 'api',
    "schema_version" INTEGER NOT NULL DEFAULT 1,
    "version" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "created_by" TEXT,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_by" TEXT,
    "deleted_at" TIMESTAMPTZ(3),
    "deleted_by" TEXT,
    "deletion_id" UUID,
    "email_key" TEXT GENERATED ALWAYS AS (lower("email")) STORED,
    "search_text" TEXT NOT NULL GENERATED ALWAYS AS (COALESCE("name", '') || E'\n' || COALESCE("legal_name", '') || E'\n' || COALESCE("domain", '') || E'\n' || COALESCE("email", '') || E'\n' || COALESCE("phone", '') || E'\n' || regexp_replace(COALESCE("phone", ''), '[^0-9]', '', 'g') || E'\n' || COALESCE("website", '') || E'\n' || COALESCE("industry", '') || E'\n' || left(COALESCE("description", ''), 2000)) STORED,

    CONSTRAINT "accounts_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateTable
CREATE TABLE "contacts" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "account_id" UUID,
    "first_name" TEXT,
    "last_name" TEXT,
    "custom_display_name" TEXT,
    "display_name" TEXT NOT NULL GENERATED ALWAYS AS (COALESCE(NULLIF("custom_display_name", ''), NULLIF(btrim(COALESCE("first_name", '') || ' ' || COALESCE("last_name", '')), ''), NULLIF("email", ''), NULLIF("phone_1", ''), 'con-' || "id"::text)) STORED,
    "title" TEXT,
    "email" TEXT,
    "phone_1" TEXT,
    "phone_1_label" TEXT,
    "phone_2" TEXT,
    "phone_2_label" TEXT,
    "phone_3" TEXT,
    "phone_3_label" TEXT,
    "phone_e164" TEXT,
    "company" TEXT,
    "website" TEXT,
    "job_title" TEXT,
    "seniority" TEXT,
    "decision_role" TEXT,
    "is_primary" BOOLEAN NOT NULL DEFAULT false,
    "linkedin_url" TEXT,
    "reports_to_contact_id" UUID,
    "address" TEXT,
    "address_addition" TEXT,
    "postcode" TEXT,
    "city" TEXT,
    "state" TEXT,
    "country" TEXT,
    "lead_origin" TEXT,
    "birthday" DATE,
    "note" TEXT,
    "opted_in" BOOLEAN NOT NULL DEFAULT false,
    "opted_in_at" TIMESTAMPTZ(3),
    "gdpr_consent" JSONB,
    "last_interaction_at" TIMESTAMPTZ(3),
    "department_id" UUID,
    "tags" TEXT[] NOT NULL DEFAULT ARRAY[]::TEXT[],
    "custom_fields" JSONB NOT NULL DEFAULT '{}',
    "app_id" TEXT,
    "source" TEXT NOT NULL DEFAULT 'edm',
    "source_type" "source_type" NOT NULL DEFAULT 'api',
    "schema_version" INTEGER NOT NULL DEFAULT 1,
    "version" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "created_by" TEXT,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_by" TEXT,
    "deleted_at" TIMESTAMPTZ(3),
    "deleted_by" TEXT,
    "deletion_id" UUID,
    "email_key" TEXT GENERATED ALWAYS AS (lower("email")) STORED,
    "search_text" TEXT NOT NULL GENERATED ALWAYS AS (COALESCE("first_name", '') || ' ' || COALESCE("last_name", '') || E'\n' || COALESCE("custom_display_name", '') || E'\n' || COALESCE("email", '') || E'\n' || COALESCE("company", '') || E'\n' || COALESCE("job_title", '') || E'\n' || COALESCE("phone_1", '') || E'\n' || COALESCE("phone_2", '') || E'\n' || COALESCE("phone_3", '') || E'\n' || regexp_replace(COALESCE("phone_1", '') || ' ' || COALESCE("phone_2", '') || ' ' || COALESCE("phone_3", ''), '[^0-9 ]', '', 'g') || E'\n' || COALESCE("city", '') || E'\n' || left(COALESCE("note", ''), 2000)) STORED,

    CONSTRAINT "contacts_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateTable
CREATE TABLE "deals" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "account_id" UUID NOT NULL,
    "name" TEXT,
    "deal_number" TEXT NOT NULL,
    "owner_id" TEXT,
    "pipeline_id" TEXT,
    "stage" TEXT NOT NULL DEFAULT 'lead',
    "value" DECIMAL(19,4),
    "currency" TEXT NOT NULL,
    "probability" DECIMAL(19,4),
    "forecast_category" TEXT,
    "expected_close_date" DATE,
    "actual_close_date" DATE,
    "next_followup_date" DATE,
    "deal_type" TEXT,
    "deal_source" TEXT,
    "competitors" TEXT[] NOT NULL DEFAULT ARRAY[]::TEXT[],
    "loss_reason" TEXT,
    "loss_category" TEXT,
    "closure_notes" TEXT,
    "primary_contact_id" UUID,
    "rfp_record_id" TEXT,
    "proposal_ids" TEXT[] NOT NULL DEFAULT ARRAY[]::TEXT[],
    "attachment_refs" TEXT[] NOT NULL DEFAULT ARRAY[]::TEXT[],
    "linked_task_ids" TEXT[] NOT NULL DEFAULT ARRAY[]::TEXT[],
    "tags" TEXT[] NOT NULL DEFAULT ARRAY[]::TEXT[],
    "custom_fields" JSONB NOT NULL DEFAULT '{}',
    "app_id" TEXT,
    "source" TEXT NOT NULL DEFAULT 'edm',
    "source_type" "source_type" NOT NULL DEFAULT 'api',
    "schema_version" INTEGER NOT NULL DEFAULT 1,
    "version" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "created_by" TEXT,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_by" TEXT,
    "deleted_at" TIMESTAMPTZ(3),
    "deleted_by" TEXT,
    "deletion_id" UUID,
    "search_text" TEXT NOT NULL GENERATED ALWAYS AS (COALESCE("name", '') || E'\n' || "deal_number" || E'\n' || left(COALESCE("closure_notes", ''), 2000)) STORED,

    CONSTRAINT "deals_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateTable
CREATE TABLE "deal_contacts" (
    "tenant_id" UUID NOT NULL,
    "deal_id" UUID NOT NULL,
    "contact_id" UUID NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "deal_contacts_pkey" PRIMARY KEY ("tenant_id","deal_id","contact_id")
);

-- CreateTable
CREATE TABLE "deal_stage_changes" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "deal_id" UUID NOT NULL,
    "from_stage" TEXT,
    "to_stage" TEXT NOT NULL,
    "changed_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "changed_by" TEXT,

    CONSTRAINT "deal_stage_changes_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateTable
CREATE TABLE "activities" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "account_id" UUID,
    "deal_id" UUID,
    "contact_id" UUID,
    "type" "activity_type" NOT NULL,
    "activity_type" TEXT,
    "subject" TEXT,
    "description" TEXT,
    "occurred_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "due_date" TIMESTAMPTZ(3),
    "completed_at" TIMESTAMPTZ(3),
    "status" TEXT,
    "priority" TEXT,
    "direction" TEXT,
    "outcome" TEXT,
    "actor_type" TEXT,
    "performed_by_user_id" TEXT,
    "owner_id" TEXT,
    "participants" JSONB NOT NULL DEFAULT '[]',
    "linked_trace_id" TEXT,
    "attachment_refs" TEXT[] NOT NULL DEFAULT ARRAY[]::TEXT[],
    "recurrence" JSONB,
    "reminder_sent" BOOLEAN NOT NULL DEFAULT false,
    "tags" TEXT[] NOT NULL DEFAULT ARRAY[]::TEXT[],
    "custom_fields" JSONB NOT NULL DEFAULT '{}',
    "app_id" TEXT,
    "source" TEXT NOT NULL DEFAULT 'edm',
    "source_type" "source_type" NOT NULL DEFAULT 'api',
    "schema_version" INTEGER NOT NULL DEFAULT 1,
    "version" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "created_by" TEXT,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_by" TEXT,
    "deleted_at" TIMESTAMPTZ(3),
    "deleted_by" TEXT,
    "deletion_id" UUID,
    "search_text" TEXT NOT NULL GENERATED ALWAYS AS (COALESCE("subject", '') || E'\n' || COALESCE("activity_type", '') || E'\n' || COALESCE("outcome", '') || E'\n' || left(COALESCE("description", ''), 2000)) STORED,

    CONSTRAINT "activities_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateTable
CREATE TABLE "activity_contacts" (
    "tenant_id" UUID NOT NULL,
    "activity_id" UUID NOT NULL,
    "contact_id" UUID NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "activity_contacts_pkey" PRIMARY KEY ("tenant_id","activity_id","contact_id")
);

-- CreateTable
CREATE TABLE "quotes" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "account_id" UUID NOT NULL,
    "deal_id" UUID,
    "name" TEXT,
    "quote_number" TEXT NOT NULL,
    "owner_id" TEXT,
    "currency" TEXT NOT NULL,
    "status" "quote_status" NOT NULL DEFAULT 'draft',
    "date_issued" DATE,
    "validity_date" DATE,
    "contract_duration" TEXT,
    "is_primary" BOOLEAN NOT NULL DEFAULT false,
    "notes" TEXT,
    "total" DECIMAL(19,4),
    "tags" TEXT[] NOT NULL DEFAULT ARRAY[]::TEXT[],
    "custom_fields" JSONB NOT NULL DEFAULT '{}',
    "app_id" TEXT,
    "source" TEXT NOT NULL DEFAULT 'edm',
    "source_type" "source_type" NOT NULL DEFAULT 'api',
    "schema_version" INTEGER NOT NULL DEFAULT 1,
    "version" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "created_by" TEXT,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_by" TEXT,
    "deleted_at" TIMESTAMPTZ(3),
    "deleted_by" TEXT,
    "deletion_id" UUID,
    "search_text" TEXT NOT NULL GENERATED ALWAYS AS (COALESCE("name", '') || E'\n' || "quote_number" || E'\n' || left(COALESCE("notes", ''), 2000)) STORED,

    CONSTRAINT "quotes_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateTable
CREATE TABLE "line_items" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "quote_id" UUID NOT NULL,
    "description" TEXT,
    "quantity" DECIMAL(19,4) NOT NULL DEFAULT 1,
    "unit_price" DECIMAL(19,4) NOT NULL DEFAULT 0,
    "discount" DECIMAL(19,4) NOT NULL DEFAULT 0,
    "discount_type" "discount_type" NOT NULL DEFAULT 'amount',
    "total" DECIMAL(19,4) NOT NULL DEFAULT 0,
    "currency" TEXT NOT NULL,
    "position" INTEGER NOT NULL DEFAULT 0,
    "app_id" TEXT,
    "source" TEXT NOT NULL DEFAULT 'edm',
    "source_type" "source_type" NOT NULL DEFAULT 'api',
    "schema_version" INTEGER NOT NULL DEFAULT 1,
    "version" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "created_by" TEXT,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_by" TEXT,
    "deleted_at" TIMESTAMPTZ(3),
    "deleted_by" TEXT,
    "deletion_id" UUID,
    "search_text" TEXT NOT NULL GENERATED ALWAYS AS (left(COALESCE("description", ''), 2000)) STORED,

    CONSTRAINT "line_items_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateTable
CREATE TABLE "change_events" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "position" BIGSERIAL NOT NULL,
    "transaction_id" BIGINT NOT NULL DEFAULT ((pg_current_xact_id())::text)::bigint,
    "entity_type" TEXT NOT NULL,
    "entity_id" UUID NOT NULL,
    "operation" "change_operation" NOT NULL,
    "version" INTEGER NOT NULL,
    "actor" TEXT,
    "occurred_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "changes" JSONB NOT NULL DEFAULT '{}',

    CONSTRAINT "change_events_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateTable
CREATE TABLE "number_sequences" (
    "tenant_id" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "year" INTEGER NOT NULL,
    "last_value" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "number_sequences_pkey" PRIMARY KEY ("tenant_id","kind","year")
);

-- CreateTable
CREATE TABLE "idempotency_keys" (
    "tenant_id" UUID NOT NULL,
    "actor" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "request_hash" BYTEA NOT NULL,
    "status" INTEGER,
    "response" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "completed_at" TIMESTAMPTZ(3),
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "idempotency_keys_pkey" PRIMARY KEY ("tenant_id","actor","key")
);

CREATE UNIQUE INDEX "tenants_slug_key" ON "tenants"("slug");

CREATE INDEX "departments_tenant_id_created_at_id_idx" ON "departments"("tenant_id", "created_at", "id");

CREATE INDEX "api_keys_id_idx" ON "api_keys"("id");

CREATE INDEX "api_keys_tenant_id_created_at_id_idx" ON "api_keys"("tenant_id", "created_at", "id");

CREATE INDEX "api_keys_tenant_id_department_id_idx" ON "api_keys"("tenant_id", "department_id");

CREATE INDEX "accounts_tenant_id_created_at_id_idx" ON "accounts"("tenant_id", "created_at", "id");

CREATE INDEX "accounts_tenant_id_updated_at_id_idx" ON "accounts"("tenant_id", "updated_at", "id");

CREATE INDEX "accounts_tenant_id_display_name_id_idx" ON "accounts"("tenant_id", "display_name", "id");

CREATE INDEX "accounts_tenant_id_name_id_idx" ON "accounts"("tenant_id", "name", "id");

CREATE INDEX "accounts_tenant_id_domain_idx" ON "accounts"("tenant_id", "domain");

CREATE INDEX "accounts_tenant_id_owner_id_created_at_id_idx" ON "accounts"("tenant_id", "owner_id", "created_at", "id");

CREATE INDEX "accounts_tenant_id_parent_account_id_created_at_id_idx" ON "accounts"("tenant_id", "parent_account_id", "created_at", "id");

CREATE INDEX "accounts_tenant_id_lifecycle_stage_created_at_id_idx" ON "accounts"("tenant_id", "lifecycle_stage", "created_at", "id");

CREATE INDEX "accounts_tenant_id_last_activity_at_id_idx" ON "accounts"("tenant_id", "last_activity_at", "id");

CREATE INDEX "accounts_tenant_id_annual_revenue_id_idx" ON "accounts"("tenant_id", "annual_revenue", "id");

CREATE INDEX "contacts_tenant_id_email_key_idx" ON "contacts"("tenant_id", "email_key");
CREATE INDEX "contacts_tenant_id_created_at_id_idx" ON "contacts"("tenant_id", "created_at", "id");

CREATE INDEX "contacts_tenant_id_updated_at_id_idx" ON "contacts"("tenant_id", "updated_at", "id");

CREATE INDEX "contacts_tenant_id_account_id_created_at_id_idx" ON "contacts"("tenant_id", "account_id", "created_at", "id");

CREATE INDEX "contacts_tenant_id_display_name_id_idx" ON "contacts"("tenant_id", "display_name", "id");

CREATE INDEX "contacts_tenant_id_last_name_id_idx" ON "contacts"("tenant_id", "last_name", "id");

CREATE INDEX "contacts_tenant_id_reports_to_contact_id_created_at_id_idx" ON "contacts"("tenant_id", "reports_to_contact_id", "created_at", "id");

CREATE INDEX "contacts_tenant_id_department_id_idx" ON "contacts"("tenant_id", "department_id");

CREATE INDEX "contacts_tenant_id_last_interaction_at_id_idx" ON "contacts"("tenant_id", "last_interaction_at", "id");

CREATE INDEX "deals_tenant_id_created_at_id_idx" ON "deals"("tenant_id", "created_at", "id");

CREATE INDEX "deals_tenant_id_updated_at_id_idx" ON "deals"("tenant_id", "updated_at", "id");

CREATE INDEX "deals_tenant_id_account_id_created_at_id_idx" ON "deals"("tenant_id", "account_id", "created_at", "id");

CREATE INDEX "deals_tenant_id_stage_created_at_id_idx" ON "deals"("tenant_id", "stage", "created_at", "id");

CREATE INDEX "deals_tenant_id_owner_id_created_at_id_idx" ON "deals"("tenant_id", "owner_id", "created_at", "id");

CREATE INDEX "deals_tenant_id_value_id_idx" ON "deals"("tenant_id", "value", "id");

CREATE INDEX "deals_tenant_id_expected_close_date_id_idx" ON "deals"("tenant_id", "expected_close_date", "id");

CREATE INDEX "deals_tenant_id_primary_contact_id_created_at_id_idx" ON "deals"("tenant_id", "primary_contact_id", "created_at", "id");

CREATE INDEX "deals_tenant_id_deal_number_idx" ON "deals"("tenant_id", "deal_number");

CREATE INDEX "deal_contacts_tenant_id_contact_id_deal_id_idx" ON "deal_contacts"("tenant_id", "contact_id", "deal_id");

CREATE INDEX "deal_stage_changes_tenant_id_deal_id_changed_at_id_idx" ON "deal_stage_changes"("tenant_id", "deal_id", "changed_at", "id");

CREATE INDEX "activities_tenant_id_created_at_id_idx" ON "activities"("tenant_id", "created_at", "id");

CREATE INDEX "activities_tenant_id_updated_at_id_idx" ON "activities"("tenant_id", "updated_at", "id");

CREATE INDEX "activities_tenant_id_occurred_at_id_idx" ON "activities"("tenant_id", "occurred_at", "id");

CREATE INDEX "activities_tenant_id_account_id_occurred_at_id_idx" ON "activities"("tenant_id", "account_id", "occurred_at", "id");

CREATE INDEX "activities_tenant_id_deal_id_occurred_at_id_idx" ON "activities"("tenant_id", "deal_id", "occurred_at", "id");

CREATE INDEX "activities_tenant_id_contact_id_occurred_at_id_idx" ON "activities"("tenant_id", "contact_id", "occurred_at", "id");

CREATE INDEX "activities_tenant_id_owner_id_occurred_at_id_idx" ON "activities"("tenant_id", "owner_id", "occurred_at", "id");

CREATE INDEX "activities_tenant_id_due_date_id_idx" ON "activities"("tenant_id", "due_date", "id");

CREATE INDEX "activity_contacts_tenant_id_contact_id_activity_id_idx" ON "activity_contacts"("tenant_id", "contact_id", "activity_id");

CREATE INDEX "quotes_tenant_id_created_at_id_idx" ON "quotes"("tenant_id", "created_at", "id");

CREATE INDEX "quotes_tenant_id_updated_at_id_idx" ON "quotes"("tenant_id", "updated_at", "id");

CREATE INDEX "quotes_tenant_id_account_id_created_at_id_idx" ON "quotes"("tenant_id", "account_id", "created_at", "id");

CREATE INDEX "quotes_tenant_id_deal_id_created_at_id_idx" ON "quotes"("tenant_id", "deal_id", "created_at", "id");

CREATE INDEX "quotes_tenant_id_status_created_at_id_idx" ON "quotes"("tenant_id", "status", "created_at", "id");

CREATE INDEX "quotes_tenant_id_owner_id_created_at_id_idx" ON "quotes"("tenant_id", "owner_id", "created_at", "id");

CREATE INDEX "quotes_tenant_id_total_id_idx" ON "quotes"("tenant_id", "total", "id");

CREATE INDEX "quotes_tenant_id_validity_date_id_idx" ON "quotes"("tenant_id", "validity_date", "id");

CREATE INDEX "quotes_tenant_id_quote_number_idx" ON "quotes"("tenant_id", "quote_number");

CREATE INDEX "line_items_tenant_id_created_at_id_idx" ON "line_items"("tenant_id", "created_at", "id");

CREATE INDEX "line_items_tenant_id_updated_at_id_idx" ON "line_items"("tenant_id", "updated_at", "id");

CREATE INDEX "line_items_tenant_id_quote_id_position_id_idx" ON "line_items"("tenant_id", "quote_id", "position", "id");

CREATE INDEX "line_items_tenant_id_total_id_idx" ON "line_items"("tenant_id", "total", "id");

CREATE INDEX "change_events_tenant_id_transaction_id_position_idx" ON "change_events"("tenant_id", "transaction_id", "position");

CREATE INDEX "change_events_tenant_id_entity_type_entity_id_transaction_i_idx" ON "change_events"("tenant_id", "entity_type", "entity_id", "transaction_id", "position");

CREATE INDEX "idempotency_keys_tenant_id_expires_at_idx" ON "idempotency_keys"("tenant_id", "expires_at");

-- AddForeignKey
ALTER TABLE "departments" ADD CONSTRAINT "departments_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenants"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "api_keys" ADD CONSTRAINT "api_keys_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenants"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "api_keys" ADD CONSTRAINT "api_keys_tenant_id_department_id_fkey" FOREIGN KEY ("tenant_id", "department_id") REFERENCES "departments"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "accounts" ADD CONSTRAINT "accounts_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenants"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "accounts" ADD CONSTRAINT "accounts_tenant_id_parent_account_id_fkey" FOREIGN KEY ("tenant_id", "parent_account_id") REFERENCES "accounts"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "contacts" ADD CONSTRAINT "contacts_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenants"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "contacts" ADD CONSTRAINT "contacts_tenant_id_account_id_fkey" FOREIGN KEY ("tenant_id", "account_id") REFERENCES "accounts"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "contacts" ADD CONSTRAINT "contacts_tenant_id_department_id_fkey" FOREIGN KEY ("tenant_id", "department_id") REFERENCES "departments"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "contacts" ADD CONSTRAINT "contacts_tenant_id_reports_to_contact_id_fkey" FOREIGN KEY ("tenant_id", "reports_to_contact_id") REFERENCES "contacts"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "deals" ADD CONSTRAINT "deals_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenants"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "deals" ADD CONSTRAINT "deals_tenant_id_account_id_fkey" FOREIGN KEY ("tenant_id", "account_id") REFERENCES "accounts"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "deals" ADD CONSTRAINT "deals_tenant_id_primary_contact_id_fkey" FOREIGN KEY ("tenant_id", "primary_contact_id") REFERENCES "contacts"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "deal_contacts" ADD CONSTRAINT "deal_contacts_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenants"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "deal_contacts" ADD CONSTRAINT "deal_contacts_tenant_id_deal_id_fkey" FOREIGN KEY ("tenant_id", "deal_id") REFERENCES "deals"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "deal_contacts" ADD CONSTRAINT "deal_contacts_tenant_id_contact_id_fkey" FOREIGN KEY ("tenant_id", "contact_id") REFERENCES "contacts"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "deal_stage_changes" ADD CONSTRAINT "deal_stage_changes_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenants"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "deal_stage_changes" ADD CONSTRAINT "deal_stage_changes_tenant_id_deal_id_fkey" FOREIGN KEY ("tenant_id", "deal_id") REFERENCES "deals"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "activities" ADD CONSTRAINT "activities_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenants"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "activities" ADD CONSTRAINT "activities_tenant_id_account_id_fkey" FOREIGN KEY ("tenant_id", "account_id") REFERENCES "accounts"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "activities" ADD CONSTRAINT "activities_tenant_id_deal_id_fkey" FOREIGN KEY ("tenant_id", "deal_id") REFERENCES "deals"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "activities" ADD CONSTRAINT "activities_tenant_id_contact_id_fkey" FOREIGN KEY ("tenant_id", "contact_id") REFERENCES "contacts"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "activity_contacts" ADD CONSTRAINT "activity_contacts_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenants"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "activity_contacts" ADD CONSTRAINT "activity_contacts_tenant_id_activity_id_fkey" FOREIGN KEY ("tenant_id", "activity_id") REFERENCES "activities"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "activity_contacts" ADD CONSTRAINT "activity_contacts_tenant_id_contact_id_fkey" FOREIGN KEY ("tenant_id", "contact_id") REFERENCES "contacts"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "quotes" ADD CONSTRAINT "quotes_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenants"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "quotes" ADD CONSTRAINT "quotes_tenant_id_account_id_fkey" FOREIGN KEY ("tenant_id", "account_id") REFERENCES "accounts"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "quotes" ADD CONSTRAINT "quotes_tenant_id_deal_id_fkey" FOREIGN KEY ("tenant_id", "deal_id") REFERENCES "deals"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "line_items" ADD CONSTRAINT "line_items_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenants"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "line_items" ADD CONSTRAINT "line_items_tenant_id_quote_id_fkey" FOREIGN KEY ("tenant_id", "quote_id") REFERENCES "quotes"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "change_events" ADD CONSTRAINT "change_events_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenants"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "number_sequences" ADD CONSTRAINT "number_sequences_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenants"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "idempotency_keys" ADD CONSTRAINT "idempotency_keys_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenants"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;
