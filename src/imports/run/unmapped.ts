import type { ColumnMapping, Mapping } from "../read/types.ts";
import type { Unmapped } from "./types.ts";

/** The mapping with columns that go nowhere left out, or kept as custom fields; as it is if that is still to be said. */
export function settleUnmapped(mapping: Mapping, unmapped: Unmapped): Mapping {
  if (unmapped === "wait") return mapping;
  const settle = (one: ColumnMapping): ColumnMapping => {
    if (one.target !== null) return one;
    const target =
      unmapped === "ignore"
        ? { ignored: "It is not mapped, and the import says to leave such columns out." }
        : { customField: one.column };
    return { ...one, target };
  };
  return { ...mapping, columns: mapping.columns.map(settle) };
}
