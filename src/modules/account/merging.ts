import type { MergeRules } from "../../write/merge/values.ts";
import { maxAddresses } from "./inputs.ts";

/** How two accounts become one. */
export const accountMerging: MergeRules = {
  fields: { firstContactedAt: "earliest", lastActivityAt: "latest" },
  limits: { addresses: maxAddresses },
};
