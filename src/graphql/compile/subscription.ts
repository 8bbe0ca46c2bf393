import { getArgumentValues, type OperationDefinitionNode } from "graphql";
import type { Actor } from "../../auth/actor.ts";
import type { Cells } from "../../db/statement.ts";
import type { Context } from "../schema/context.ts";
import { listensOf, type Asked, type LiveOutcome } from "../schema/listening.ts";
import type { Variables } from "../server/variables.ts";
import { valuesFor, type Call, type CompiledStatement } from "./call.ts";
import type { Compilation, Selected } from "./compilation.ts";
import { unlessNotCompiled } from "./mutation.ts";
import { filled, idsIn, infoIn, payloadOf, textsIn, type CompiledPayload } from "./payload.ts";

/** The field at the root of a subscription, compiled for one shape of variables. */
export class SubscriptionField {
  readonly selected: Selected | null;
  readonly #payload: CompiledPayload | null;
  readonly #key: string;

  constructor(
    c: Compilation,
    selected: Selected | null,
    { operation, key }: { readonly operation: OperationDefinitionNode; readonly key: string },
  ) {
    this.selected = selected;
    this.#key = key;
    this.#payload =
      selected === null
        ? null
        : unlessNotCompiled(() => payloadOf(c, selected, infoIn(c, operation), true));
  }

  /** Whether its events can be printed without their resolvers. */
  get isCompiled(): boolean {
    return this.#payload !== null;
  }

  /** The length of its statement. */
  get characters(): number {
    return this.#payload?.statement?.text.length ?? 0;
  }

  /**
   * What it listens for; null if directives leave no field.
   *
   * @throws GatewayError BAD_USER_INPUT for an argument that cannot be used.
   */
  asked(variables: Variables): Asked | null {
    const definition = this.selected?.definition;
    if (definition == null || this.selected === null) return null;
    const args = getArgumentValues(definition, this.selected.node, variables);
    return listensOf(definition)?.asked(args) ?? null;
  }

  /**
   * The same text for all streams whose events have the same text: those of the same operation with the same values,
   * for callers who see the same. Where a stream begins and which events it has makes no difference. Null if it is not
   * compiled.
   *
   * @throws an error if an argument under the payload is refused
   */
  sharing(viewer: Actor, variables: Variables): string | null {
    if (this.#payload === null) return null;
    const { statement } = this.#payload;
    const call: Call = { viewer, variables, once: new Map(), written: new Map() };
    const values = statement === null ? [] : valuesFor(statement, call);
    return JSON.stringify([this.#key, values], (_name, value: unknown) =>
      typeof value === "bigint" ? String(value) : value,
    );
  }

  /**
   * The data of events as JSON, read by one statement: a text for each event, null for one whose record is no longer
   * there.
   *
   * @throws the error of the statement
   */
  async texts(
    outcomes: readonly LiveOutcome[],
    context: Context,
    variables: Variables,
    read: (statement: CompiledStatement) => Promise<readonly Cells[]>,
  ): Promise<(string | null)[]> {
    const [payload, key] = [this.#payload, this.selected?.key];
    if (payload === null || key === undefined) throw new Error("the subscription is not compiled");
    const pieces = outcomes.map((outcome) => payload.pieces(outcome, context));
    const written = idsIn(pieces.flat());
    const { statement } = payload;
    const call: Call = { viewer: context.actor, variables, once: new Map(), written };
    const rows =
      statement === null || written.size === 0
        ? []
        : await read({ ...statement, values: valuesFor(statement, call) });
    const texts = textsIn(rows);
    return pieces.map((one) => {
      const text = filled(one, texts);
      return text === null ? null : `{${JSON.stringify(key)}:${text}}`;
    });
  }
}
