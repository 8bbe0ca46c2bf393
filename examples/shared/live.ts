/** Codes of errors after which a stream can be opened again, behind the last cursor. */
const passing = ["UNAVAILABLE", "RATE_LIMITED", "SLOW_CONSUMER", "INTERNAL", "UNAUTHENTICATED"];

/** Whether a stream is over for good: a wrong operation, a scope that is missing, a cursor that is no longer kept. */
export function isOver(errors: readonly { extensions?: Record<string, unknown> }[]): boolean {
  return errors.some(({ extensions }) => !passing.includes(String(extensions?.code)));
}

/** A second or two, and not the same for all pages at once. */
export const soon = (): number => 1_000 + Math.random() * 1_000;
