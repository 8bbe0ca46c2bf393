-- A webhook that was deleted is there for nobody. A job removes its deliveries in portions, and then its row.

-- AlterTable
ALTER TABLE "webhooks" ADD COLUMN "removed_at" TIMESTAMPTZ(3);
