import type { MergeRules } from "../../write/entity-writes.ts";

/** How two accounts become one. */
export const accountMerging: MergeRules = {
  fields: { firstContactedAt: "earliest", lastActivityAt: "latest" },
};
