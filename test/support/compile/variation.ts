import { splitId } from "../../../src/lib/id.ts";
import type { Random } from "../../../src/seed/random.ts";
import type { Operation } from "./operations.ts";
import type { Pools } from "./pools.ts";

/**
 * The same document with other variables of the same shape: smaller pages, other ids of the same entities, other
 * cursors of the same list. Null when it has no such variables.
 */
export function varied(operation: Operation, random: Random, pools: Pools): Operation | null {
  const variables = new Map<string, string>();
  let hasChanged = false;
  for (const [name, text] of operation.variables) {
    const value: unknown = JSON.parse(text);
    const other = JSON.stringify(otherOf(value, random, pools));
    // A number keeps its digits.
    variables.set(name, other === JSON.stringify(value) ? text : other);
    if (other !== JSON.stringify(value)) hasChanged = true;
  }
  return hasChanged ? { query: operation.query, variables } : null;
}

function otherOf(value: unknown, random: Random, pools: Pools): unknown {
  if (typeof value === "number" && Number.isInteger(value) && value > 1) {
    return random.between(1, value);
  }
  if (Array.isArray(value)) return value.map((item) => otherOf(item, random, pools));
  if (typeof value !== "string") return value;
  const prefix = splitId(value)?.prefix;
  if (prefix !== undefined) {
    const same = (pools.ids.get("Node") ?? []).filter((id) => id.startsWith(`${prefix}-`));
    return same.length === 0 ? value : random.pick(same);
  }
  for (const pool of [...pools.cursors.values(), ...pools.numbers.values()]) {
    if (pool.includes(value)) return random.pick(pool);
  }
  return value;
}
