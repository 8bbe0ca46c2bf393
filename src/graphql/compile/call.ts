import type { Actor } from "../../auth/actor.ts";
import type { Variables } from "../server/variables.ts";

/** One execution of a compiled operation: who asks, with which variables. */
export type Call = {
  readonly viewer: Actor;
  readonly variables: Variables;
  /** What several parameters are made of is made once: of a cursor, all its values. */
  readonly once: Map<object, unknown>;
  /** The ids of the records that a mutation's payload shows, by the field that shows them. */
  readonly written: ReadonlyMap<string, readonly string[]>;
};

/** A parameter whose value each execution has its own of. */
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
