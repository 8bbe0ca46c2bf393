/** What is logged of an error that was not expected: enough to find it, without the values that led to it. */
export function describeError(error: unknown): Readonly<Record<string, unknown>> {
  if (!(error instanceof Error)) return { name: typeof error };
  const { name, stack } = error;
  // A database error's message and detail can hold a value from a row; what it names and where it stands say enough.
  if ("severity" in error && "code" in error) {
    const told = ["code", "position", "table", "column", "constraint", "routine"] as const;
    const parts = told.map((part): [string, unknown] => [part, Reflect.get(error, part)]);
    return {
      name,
      ...Object.fromEntries(parts.filter(([, value]) => typeof value === "string")),
      stack: framesOf(stack),
    };
  }
  const code = "code" in error && typeof error.code === "string" ? { code: error.code } : {};
  return { name, ...code, message: withoutValues(error.message), stack: framesOf(stack) };
}

const longest = 300;

/**
 * A message with a place holder for whatever may come from a caller or a row: what stands in quotes or brackets, and
 * words that look like an address, a key or a number.
 */
export function withoutValues(message: string): string {
  return message
    .slice(0, longest * 4)
    .replaceAll(/"(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'|`[^`]*`?|“[^”]*”?|\{.*|\[.*/gs, "…")
    .replaceAll(/\S*(?:@|\d{5}|:\/\/)\S*/g, "…")
    .replaceAll(/[\w.+/=-]{20,}/g, "…")
    .slice(0, longest);
}

/** The stack without its head, which repeats the message. */
function framesOf(stack: string | undefined): string {
  return (stack ?? "")
    .split("\n")
    .filter((line) => /^\s+at /.test(line))
    .join("\n");
}
