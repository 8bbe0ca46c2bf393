/** The pattern of one term of REST's `sort`: one of the keys, with `-` for descending or `+`. */
export function sortPattern(keys: readonly string[]): string {
  return `^\\s*[-+]?(?:${keys.join("|")})\\s*$`;
}

const form = /^\^\\s\*\[-\+\]\?\(\?:([\w|]+)\)\\s\*\$$/;

/** The terms that such a pattern takes, as programs write them; null if the pattern is another. */
export function sortTerms(pattern: unknown): readonly string[] | null {
  const [, keys] = form.exec(typeof pattern === "string" ? pattern : "") ?? [];
  return keys?.split("|").flatMap((key) => [key, `-${key}`]) ?? null;
}
