import { badInput } from "../../lib/errors.ts";
import type { ColumnMapping, Mapping } from "../read/types.ts";
import type { Unmapped } from "./types.ts";

/**
 * The mapping with columns that go nowhere left out, or kept as custom fields; as it is if that is still to be said.
 *
 * @throws GatewayError if nothing is left: each row would be a record that says nothing.
 */
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
  const columns = mapping.columns.map(settle);
  if (columns.every(({ target }) => target !== null && "ignored" in target)) {
    const names = columns.map(({ column }) => `"${column}"`).join(", ");
    throw badInput(["map"], `no column goes to a field; map one of ${names.slice(0, 2_000)}.`);
  }
  return { ...mapping, columns };
}
