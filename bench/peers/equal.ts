// Compares the answers of all sides, value by value.
import { isDeepStrictEqual } from "node:util";
import type { SideName } from "./requests.ts";

/** Keys that differ by side: cursors, and the ids and numbers of new quotes. */
const ownKeys: Readonly<Record<string, readonly string[]>> = {
  read: ["endCursor", "extensions"],
  createQuote: ["id", "quoteNumber", "extensions", "userErrors"],
  updateDeal: ["extensions", "userErrors"],
};
const prefixedId = /^[a-z]{3,4}-([0-9a-f]{8}-[0-9a-f-]{27})$/;
const instant = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;
const decimal = /^-?\d+\.\d*?(0+)$/;

/** A value in a common form, since the peers print ids without prefixes, and instants and decimals in other formats. */
function common(value: unknown, isOurs: boolean, left: readonly string[]): unknown {
  if (Array.isArray(value)) return value.map((item) => common(item, isOurs, left));
  if (typeof value === "object" && value !== null) {
    const kept = Object.entries(value).filter(([key]) => !left.includes(key));
    return Object.fromEntries(kept.map(([key, inner]) => [key, common(inner, isOurs, left)]));
  }
  if (typeof value !== "string" || isOurs) return value;
  if (instant.test(value)) return new Date(value).toISOString();
  if (decimal.test(value)) return value.replace(/\.?0+$/, "");
  return prefixedId.exec(value)?.[1] ?? value;
}

/** @throws if an answer differs from the first one. The floor's and the gateway's are compared without mapping. */
export function expectEqual(
  kind: keyof typeof ownKeys,
  answers: readonly { readonly side: SideName; readonly text: string }[],
): void {
  const [first] = answers;
  if (first === undefined) return;
  const left = ownKeys[kind] ?? [];
  const isOurs = (side: SideName): boolean => side === "floor" || side === "gateway";
  for (const { side, text } of answers) {
    const exact = isOurs(first.side) && isOurs(side);
    const [expected, found] = [first.text, text].map((one) => common(JSON.parse(one), exact, left));
    if (
      !text.startsWith('{"data":') ||
      text.includes('"userErrors":[{') ||
      !isDeepStrictEqual(expected, found)
    ) {
      const both = [expected, found].map((one) => JSON.stringify(one).slice(0, 2_000));
      throw new Error(`${first.side} and ${side} answer differently:\n${both.join("\n")}`);
    }
  }
}
