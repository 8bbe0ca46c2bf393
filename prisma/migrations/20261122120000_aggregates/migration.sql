-- What a sales lead asks of all deals (by stage, month, owner, currency; how many, how much, weighted) is answered from
-- this index alone: 200,000 deals from 2,300 pages of it instead of 20,000 of the table. One index for all questions,
-- since each costs every write: the sums are in it, and what else deals are grouped by.
CREATE INDEX "deals_figures_idx" ON "deals" ("tenant_id", "stage", "currency", "expected_close_date")
  INCLUDE ("value", "probability", "owner_id", "created_at", "actual_close_date")
  WHERE "deleted_at" IS NULL;
