-- The log of changes tells of a webhook's status. Each event has the version that the webhook has from then on.

-- AlterTable
ALTER TABLE "webhooks" ADD COLUMN "version" INTEGER NOT NULL DEFAULT 1;
