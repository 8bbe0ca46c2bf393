import type { ChangeOperation } from "../../changes/event-log.ts";
import type { Entity } from "../../model/entity.ts";
import type { Filter } from "../../query/filter-value.ts";

/** What an event did to a record's place among those that are listened to. */
export type Transition = "entered" | "changed" | "left";

/** An event as the fields of subscriptions show it. */
export type LiveOutcome = {
  /** Its place in the log, as a cursor of the list `changes`. */
  readonly cursor: string;
  /** The bare UUIDs of the event and of its record. */
  readonly nodeId: string;
  readonly recordId: string;
  /** Null in the stream of all changes. */
  readonly transition: Transition | null;
};

/** What a field at the root of a subscription listens for, as its arguments say: changes, or one import. */
export type Asked = AskedChanges | { readonly importId: string };

/** What it listens for in the log. */
export type AskedChanges = {
  readonly types: readonly string[] | null;
  readonly operations: readonly ChangeOperation[] | null;
  /** A filter over events. */
  readonly where: Filter | null;
  /** The records that are listened to; null for all changes. */
  readonly record: {
    readonly entity: Entity;
    readonly where: Filter | null;
    readonly id: string | null;
  } | null;
  /** The cursor behind which the stream begins; null for now. */
  readonly after: string | null;
};

/**
 * How a field at the root of a subscription reads its arguments. It is kept in the schema's `extensions`.
 *
 * @throws GatewayError BAD_USER_INPUT for an argument that cannot be used.
 */
type Listens = { asked(args: Readonly<Record<string, unknown>>): Asked };

/** The `extensions` of such a field. */
export function listens(asked: Listens["asked"]): { readonly listens: Listens } {
  return { listens: { asked } };
}

type Extended = { readonly extensions?: Readonly<Record<string, unknown>> | null | undefined };

/** How a field reads its arguments; null if it is no field of a subscription. */
export function listensOf({ extensions }: Extended): Listens | null {
  const value = extensions?.["listens"];
  return isListens(value) ? value : null;
}

/** No other code than `listens` sets it. */
function isListens(value: unknown): value is Listens {
  return typeof value === "object" && value !== null;
}
