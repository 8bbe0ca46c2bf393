import { isDeepStrictEqual } from "node:util";
import type { FieldFacts } from "../../kind.ts";

/** The items of a list that has no limit of its own. */
const usualItems = 1_000;

/** The most items that a list may have. */
export const maxItems = ({ limits }: FieldFacts): number => limits?.items ?? usualItems;

/** What is in either list, each once, the first one's items first; null when one is no list. */
export function union(into: unknown, from: unknown, field: FieldFacts): readonly unknown[] | null {
  if (!Array.isArray(into) || !Array.isArray(from)) return null;
  const found: unknown[] = [...into];
  for (const item of from) {
    if (!found.some((known) => isDeepStrictEqual(known, item))) found.push(item);
  }
  return found.slice(0, Math.max(maxItems(field), into.length));
}
