-- Endpoints that are told of changes, and what became of each event for each of them. A delivery is a row of the durable
-- queue: it waits, is leased by a process while that sends it, and ends. Jobs only wake (src/webhooks).

-- CreateEnum
CREATE TYPE "webhook_payload" AS ENUM ('thin', 'full', 'graphql');

-- CreateEnum
CREATE TYPE "webhook_status" AS ENUM ('active', 'paused', 'stopped');

-- CreateEnum
CREATE TYPE "delivery_status" AS ENUM ('waiting', 'delivered', 'failed', 'dropped');

-- CreateTable
CREATE TABLE "webhooks" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "url" TEXT NOT NULL,
    "description" TEXT,
    "types" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "operations" "change_operation"[] DEFAULT ARRAY[]::"change_operation"[],
    "filter" TEXT,
    "payload" "webhook_payload" NOT NULL DEFAULT 'thin',
    "query" TEXT,
    "api_key_id" UUID NOT NULL,
    "app_id" TEXT,
    "status" "webhook_status" NOT NULL DEFAULT 'active',
    "status_reason" TEXT,
    "status_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "position" BIGINT NOT NULL,
    "failing_since" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "created_by" TEXT NOT NULL,

    CONSTRAINT "webhooks_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateTable
CREATE TABLE "webhook_secrets" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "webhook_id" UUID NOT NULL,
    "secret" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3),

    CONSTRAINT "webhook_secrets_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateTable
CREATE TABLE "webhook_deliveries" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "webhook_id" UUID NOT NULL,
    "position" BIGINT NOT NULL,
    "event_id" UUID NOT NULL,
    "record_type" TEXT NOT NULL,
    "record_id" UUID NOT NULL,
    "status" "delivery_status" NOT NULL DEFAULT 'waiting',
    "status_reason" TEXT,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "next_attempt_at" TIMESTAMPTZ(3) DEFAULT CURRENT_TIMESTAMP,
    "leased_until" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "finished_at" TIMESTAMPTZ(3),

    CONSTRAINT "webhook_deliveries_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateTable
CREATE TABLE "webhook_attempts" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "delivery_id" UUID NOT NULL,
    "started_at" TIMESTAMPTZ(3) NOT NULL,
    "milliseconds" INTEGER NOT NULL,
    "http_status" INTEGER,
    "answer" TEXT,
    "failure" TEXT,

    CONSTRAINT "webhook_attempts_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateIndex
CREATE INDEX "webhooks_tenant_id_created_at_id_idx" ON "webhooks"("tenant_id", "created_at", "id");

-- CreateIndex
CREATE INDEX "webhook_secrets_tenant_id_webhook_id_idx" ON "webhook_secrets"("tenant_id", "webhook_id");

-- CreateIndex
CREATE INDEX "webhook_deliveries_tenant_id_finished_at_idx" ON "webhook_deliveries"("tenant_id", "finished_at");

-- CreateIndex
CREATE UNIQUE INDEX "webhook_deliveries_tenant_id_webhook_id_position_key" ON "webhook_deliveries"("tenant_id", "webhook_id", "position");

-- CreateIndex
CREATE INDEX "webhook_attempts_tenant_id_delivery_id_started_at_idx" ON "webhook_attempts"("tenant_id", "delivery_id", "started_at");

-- AddForeignKey
ALTER TABLE "webhooks" ADD CONSTRAINT "webhooks_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenants"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "webhook_secrets" ADD CONSTRAINT "webhook_secrets_tenant_id_webhook_id_fkey" FOREIGN KEY ("tenant_id", "webhook_id") REFERENCES "webhooks"("tenant_id", "id") ON DELETE CASCADE ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "webhook_deliveries" ADD CONSTRAINT "webhook_deliveries_tenant_id_webhook_id_fkey" FOREIGN KEY ("tenant_id", "webhook_id") REFERENCES "webhooks"("tenant_id", "id") ON DELETE CASCADE ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "webhook_attempts" ADD CONSTRAINT "webhook_attempts_tenant_id_delivery_id_fkey" FOREIGN KEY ("tenant_id", "delivery_id") REFERENCES "webhook_deliveries"("tenant_id", "id") ON DELETE CASCADE ON UPDATE RESTRICT;

-- What waits is looked at all the time, what has ended almost never. The first finds what is due, the second the first in
-- each record's line.
CREATE INDEX "webhook_deliveries_due_idx" ON "webhook_deliveries"("tenant_id", "webhook_id", "next_attempt_at") WHERE "status" = 'waiting';
CREATE INDEX "webhook_deliveries_line_idx" ON "webhook_deliveries"("tenant_id", "webhook_id", "record_id", "position") WHERE "status" = 'waiting';

DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['webhooks', 'webhook_secrets', 'webhook_deliveries', 'webhook_attempts'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format(
      'CREATE POLICY tenant_fence ON %I USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id())',
      name
    );
    PERFORM plan_tenants_alike(name);
  END LOOP;
END $$;
