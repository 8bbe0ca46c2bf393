import type { EntityWrites } from "../../write/entity-writes.ts";

/** How two accounts become one. */
export const accountMerging: EntityWrites<"Account">["merging"] = {
  fields: { firstContactedAt: "earliest", lastActivityAt: "latest" },
};
