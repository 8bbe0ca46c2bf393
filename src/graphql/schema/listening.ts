import type { Listening, Transition } from "../../live/listening.ts";

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
export type AskedChanges = Omit<Listening, "actor"> & {
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

/** Streams are opened by the server, which reads many events at once. The executor only resolves single events. */
export function openedByServer(): AsyncIterable<LiveOutcome> {
  throw new Error("a subscription was given to the executor");
}
