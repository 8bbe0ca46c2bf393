/** The value that a text was read as, or a complaint: a sentence that begins after the field's name. */
export type Reading<Value = string> = { readonly value: Value } | { readonly complaint: string };

/** The value, or null when there is none. */
export function valueOf<Value>(reading: Reading<Value>): Value | null {
  return "value" in reading ? reading.value : null;
}
