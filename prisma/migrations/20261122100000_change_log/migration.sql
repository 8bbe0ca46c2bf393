-- The log in commit order. A position used to come from a sequence, which hands out numbers in any order to transactions
-- that commit in another; now each tenant counts 1, 2, 3, … and nobody takes a number before the one ahead of it is
-- committed (src/changes/event-log.ts). A reader that goes on behind the last position it saw misses nothing, without
-- looking at open transactions, and nothing has to be said after a dump and restore.
ALTER TABLE "change_events" ADD COLUMN     "app_id" TEXT,
ADD COLUMN     "ends_transaction" BOOLEAN NOT NULL DEFAULT false,
ALTER COLUMN "position" DROP DEFAULT;
DROP SEQUENCE "change_events_position_seq";

-- DropIndex
DROP INDEX "change_events_tenant_id_entity_type_entity_id_transaction_i_idx";

-- DropIndex
DROP INDEX "change_events_tenant_id_transaction_id_position_idx";

-- What was written so far: positions were right for each record, and that is all they promised.
UPDATE "change_events" e SET
  "position" = n.place,
  "ends_transaction" = n.is_last,
  "entity_type" = upper(left(e."entity_type", 1)) || substr(e."entity_type", 2),
  "app_id" = (SELECT c."changes" #>> '{app_id,1}' FROM "change_events" c
    WHERE c."tenant_id" = e."tenant_id" AND c."entity_id" = e."entity_id" AND c."operation" = 'created')
FROM (
  SELECT "tenant_id", "id", row_number() OVER tenant AS place,
    lead("transaction_id") OVER tenant IS DISTINCT FROM "transaction_id" AS is_last
  FROM "change_events" WINDOW tenant AS (PARTITION BY "tenant_id" ORDER BY "position")
) n
WHERE n."tenant_id" = e."tenant_id" AND n."id" = e."id";

-- CreateIndex
CREATE INDEX "change_events_tenant_id_entity_id_position_idx" ON "change_events"("tenant_id", "entity_id", "position");

-- CreateIndex
CREATE UNIQUE INDEX "change_events_tenant_id_position_key" ON "change_events"("tenant_id", "position");
