import type { MergeRules } from "../../write/merge/values.ts";

/** How two accounts become one. */
export const accountMerging: MergeRules = {
  fields: { firstContactedAt: "earliest", lastActivityAt: "latest" },
};
