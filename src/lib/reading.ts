import type { Complaint } from "./messages.ts";

/** The value that a text was read as, or what is wrong with the text. */
export type Reading<Value = string> = { readonly value: Value } | { readonly complaint: Complaint };

/** The value, or null when there is none. */
export function valueOf<Value>(reading: Reading<Value>): Value | null {
  return "value" in reading ? reading.value : null;
}
