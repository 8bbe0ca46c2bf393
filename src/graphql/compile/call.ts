import type { Actor } from "../../auth/actor.ts";
import type { Statement } from "../../lib/sql.ts";
import type { Variables } from "../server/variables.ts";

/** One execution of a compiled operation: its caller and its variables. */
export type Call = {
  readonly viewer: Actor;
  readonly variables: Variables;
  /** Values that are computed already. Several parameters may share one, such as a decoded cursor. */
  readonly once: Map<Late, unknown>;
  /** The ids of the records in a mutation's payload, by the field that shows them. */
  readonly written: ReadonlyMap<string, readonly string[]>;
};

/** A value that is computed for each execution, once. */
export class Late {
  readonly #make: (call: Call) => unknown;

  constructor(make: (call: Call) => unknown) {
    this.#make = make;
  }

  /** @throws an error if the value is refused */
  of(call: Call): unknown {
    if (!call.once.has(this)) call.once.set(this, this.#make(call));
    return call.once.get(this);
  }
}

/** A statement for all calls of one shape. */
export type CompiledStatement = Statement & {
  /** Whether PostgreSQL has to plan it for each call. */
  readonly isPlannedEach: boolean;
  /** The values of all arguments, also of those that the text does not need, such as the page size of a total. */
  readonly given: readonly Late[];
  /** The statement to run if a record's text exceeds its share of an answer: it adds up the lengths of all texts. */
  readonly counted?: () => CompiledStatement;
};

/** The values of a statement's parameters in one execution. @throws an error if an argument is refused */
export function valuesFor({ values, given }: CompiledStatement, call: Call): unknown[] {
  for (const argument of given) argument.of(call);
  return values.map((value) => (value instanceof Late ? value.of(call) : value));
}
