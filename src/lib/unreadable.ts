import { badInput, type GatewayError } from "./errors.ts";
import type { Complaint } from "./messages.ts";
import { ExactNumber } from "./exact-number.ts";

/**
 * A variable's value that its scalar could not read. It goes on to where its place in the input is known, so that
 * what is wrong can be told together with everything else that is.
 */
export class Unreadable {
  readonly value: unknown;
  readonly reason: Complaint;

  constructor(value: unknown, reason: Complaint) {
    this.value = value;
    this.reason = reason;
  }

  /** The refusal, at its place in the input. */
  at(inputPath: readonly string[]): GatewayError {
    return badInput(inputPath, this.reason);
  }
}

/** Refuses a variable's value that could not be read, where nothing else is wrong to be told with it. */
export function assertReadable<Value>(
  value: Value,
  inputPath: readonly string[],
): asserts value is Exclude<Value, Unreadable> {
  if (value instanceof Unreadable) throw value.at(inputPath);
}

/** No input nests deeper; what does is in a JSON value, which is as it was sent. */
const maxDepth = 20;

/** The same input with every value as it was sent. */
export function asSent(input: unknown, depth = 0): unknown {
  if (input instanceof Unreadable) return input.value;
  if (typeof input !== "object" || input === null || depth === maxDepth) return input;
  if (input instanceof ExactNumber) return input;
  if (Array.isArray(input)) return input.map((item) => asSent(item, depth + 1));
  return Object.fromEntries(
    Object.entries(input).map(([key, value]) => [key, asSent(value, depth + 1)]),
  );
}
