/**
 * Reads JSON for the option `parse`, and gives numbers that JavaScript would round as text with all their digits. Money has up
 * to 19 of them; the server takes such texts back. Needs a runtime that hands out the source text (Node 21, Chrome 114).
 */
export function exactNumbers(text: string): unknown {
  return JSON.parse(
    text,
    (_key: string, value: unknown, context?: { readonly source?: string }) => {
      if (typeof value !== "number") return value;
      if (context?.source === undefined)
        throw new TypeError("exactNumbers: this runtime is too old");
      return isExact(value, context.source) ? value : context.source;
    },
  );
}

/** Whether the number says the same as its text: 10.50 does. */
function isExact(value: number, source: string): boolean {
  const plain = /^(-?\d+)(?:\.(\d*?)0*)?$/.exec(source);
  if (plain === null) return Number.isFinite(value);
  const [, whole = "", fraction = ""] = plain;
  return String(value) === (fraction === "" ? whole : `${whole}.${fraction}`);
}
