import { expect } from "vitest";
import type { Answer } from "./gateway.ts";

/** Every error of the answer is the caller's, and the message says what it is about. */
export function expectBadInput(
  { errors = [] }: Answer,
  message: RegExp,
  inputPath?: readonly string[],
): void {
  expect(errors.length).toBeGreaterThan(0);
  const path = inputPath === undefined ? {} : { inputPath };
  for (const error of errors) {
    expect(error.message).toMatch(message);
    expect(error.extensions).toMatchObject({ code: "BAD_USER_INPUT", ...path });
  }
}
