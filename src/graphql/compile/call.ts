import type { Actor } from "../../auth/actor.ts";
import type { Variables } from "../server/variables.ts";

/** One execution of a compiled operation: its caller and its variables. */
export type Call = {
  readonly viewer: Actor;
  readonly variables: Variables;
  /** Values that several parameters share, such as a decoded cursor. Each is computed once. */
  readonly once: Map<object, unknown>;
  /** The ids of the records in a mutation's payload, by the field that shows them. */
  readonly written: ReadonlyMap<string, readonly string[]>;
};

/** A parameter whose value is computed for each execution. */
export class Late {
  readonly of: (call: Call) => unknown;

  constructor(of: (call: Call) => unknown) {
    this.of = of;
  }
}

/** The values of a statement's parameters in one execution. */
export function valuesFor(values: readonly unknown[], call: Call): unknown[] {
  return values.map((value) => (value instanceof Late ? value.of(call) : value));
}
