/** Longer than any name that a person gives to an operation. */
const longest = 64;

/**
 * The name of an operation as it may stand in logs, metrics and traces. It is the caller's text: one that is too long,
 * or holds what looks like a key or a number rather than words, is not repeated.
 */
export function tellableName(name: string | undefined): string | null {
  if (name === undefined || name.length > longest || !/^[A-Za-z_]\w*$/.test(name)) return null;
  return /(?:\d\D*){6}|[\da-f]{12}/i.test(name) ? null : name;
}
