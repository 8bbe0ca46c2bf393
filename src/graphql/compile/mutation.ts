import { getArgumentValues, type GraphQLResolveInfo, type OperationDefinitionNode } from "graphql";
import type { Transaction } from "../../db/transaction.ts";
import type { Cells } from "../../db/statement.ts";
import type { Context } from "../schema/context.ts";
import type { Variables } from "../server/variables.ts";
import { valuesFor, type CompiledStatement } from "./call.ts";
import { NotCompiled, type Compilation, type Selected } from "./compilation.ts";
import { filled, idsIn, infoIn, payloadOf, textsIn, type CompiledPayload } from "./payload.ts";

/** One execution of a mutation's field. */
export type Execution = {
  readonly context: Context;
  readonly variables: Variables;
  /** The rows of a statement; null if it failed. `sent` are its rows, if it was sent before. */
  readonly read: (
    statement: CompiledStatement,
    sent?: Promise<Cells[] | null>,
  ) => Promise<readonly Cells[] | null>;
};

/** The pieces of a payload, and the statement that reads its records. */
type Asked = {
  readonly pieces: ReturnType<CompiledPayload["pieces"]>;
  readonly statement: CompiledStatement | null;
};

/** A field at the root of a mutation. */
export class MutationField {
  readonly selected: Selected;
  readonly #payload: CompiledPayload | null;
  readonly #info: GraphQLResolveInfo | null;

  constructor(c: Compilation, selected: Selected, operation: OperationDefinitionNode) {
    this.selected = selected;
    const infoOf = infoIn(c, operation);
    const { definition } = selected;
    this.#info = definition === null ? null : infoOf(selected, definition.type);
    this.#payload = unlessNotCompiled(() => payloadOf(c, selected, infoOf));
  }

  /** Whether its payload can be printed without its resolvers. */
  get isCompiled(): boolean {
    return this.#payload !== null || this.selected.name === "__typename";
  }

  /** The length of its statement. */
  get characters(): number {
    return this.#payload?.statement?.text.length ?? 0;
  }

  /**
   * Runs the verb, reads the records of its payload, and gives the payload as text. Null if only resolvers can print
   * the payload, as with most refusals. They take the verb's outcome from the context.
   */
  async answer({ context, variables, read }: Execution): Promise<string | null> {
    const { definition, name, node, parent } = this.selected;
    if (name === "__typename") return JSON.stringify(parent.name);
    const [payload, info] = [this.#payload, this.#info];
    if (definition === null || payload === null || info === null) return null;
    const { key } = this.selected;
    const known = context.printed.get(key);
    if (known !== undefined) return known;
    const ask = (outcome: unknown): Asked => {
      const pieces = payload.pieces(outcome, context);
      const written = idsIn(pieces);
      if (payload.statement === null || written.size === 0) return { pieces, statement: null };
      const call = { viewer: context.actor, variables, once: new Map(), written };
      // A page size or a cursor under the payload may be wrong in this call of the shape.
      const values = valuesFor(payload.statement, call);
      return { pieces, statement: { ...payload.statement, values } };
    };
    let sent: Promise<Cells[] | null> | undefined;
    context.behind.set(key, (outcome, send) => {
      sent = this.#sendBehind(() => ask(outcome), send);
    });
    let asked: Asked;
    try {
      const args = getArgumentValues(definition, node, variables);
      asked = ask(await definition.resolve?.(undefined, args, context, info));
    } catch {
      // The interpreter fails with the same error, and adds its path.
      return null;
    }
    const { pieces, statement } = asked;
    const rows = statement === null ? [] : await read(statement, sent);
    if (rows === null) return null;
    const text = filled(pieces, textsIn(rows));
    if (text !== null) context.printed.set(key, text);
    return text;
  }

  /** Sends the payload's statement with the commit. If that is not possible, it is read later, or by resolvers. */
  #sendBehind(ask: () => Asked, send: Transaction["readBehind"]) {
    try {
      const { statement } = ask();
      // The connection only uses generic plans here.
      if (statement === null || statement.isPlannedEach) return undefined;
      return send(statement.text, statement.values);
    } catch {
      return undefined;
    }
  }
}

/** What `compile` gives; null if only resolvers can print it. */
export function unlessNotCompiled<Compiled>(compile: () => Compiled): Compiled | null {
  try {
    return compile();
  } catch (error) {
    if (error instanceof NotCompiled) return null;
    throw error;
  }
}
