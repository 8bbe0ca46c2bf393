/**
 * A variable's value that its scalar could not read. It goes on to where its place in the input is known, so that
 * what is wrong can be told together with everything else that is.
 */
export class Unreadable {
  readonly value: unknown;
  readonly reason: string;

  constructor(value: unknown, reason: string) {
    this.value = value;
    this.reason = reason;
  }
}

/** The same input with every value as it was sent. */
export function asSent(input: unknown): unknown {
  if (input instanceof Unreadable) return input.value;
  if (Array.isArray(input)) return input.map(asSent);
  if (typeof input !== "object" || input === null) return input;
  return Object.fromEntries(Object.entries(input).map(([key, value]) => [key, asSent(value)]));
}
