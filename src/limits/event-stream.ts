/** An event of a stream as it is sent: `{"data":…}` as JSON, and the cursor behind it. */
export type StreamEvent = { readonly body: string; readonly cursor: string };

/** Why a stream is over. */
export type StreamEnd =
  /** Nobody listens any more. */
  | { readonly kind: "closed" }
  /** There is nothing more to come. */
  | { readonly kind: "complete" }
  /** The client should come again and go on from the last cursor that it has. */
  | { readonly kind: "interrupted" }
  /** It was refused, for a reason that the client is told: `{"errors":[…]}` as JSON, and the error's code. */
  | { readonly kind: "refused"; readonly body: string; readonly code: string };

/** The events of a subscription for whatever carries them to the client. */
export type EventStream = {
  /** Events in their order, some at once. They can be read once. The next ones are made when these have left. */
  readonly events: AsyncIterator<readonly StreamEvent[], StreamEnd, undefined>;
  /** The client has gone. */
  close(): void;
};

/** A client that takes nothing of what waits for it for this time is let go. */
const deafMilliseconds = 10_000;
/** One that moves less than 64 KB a second counts as such. */
const leastBytesPerMillisecond = 65.536;

/** How long a client may take for what waits for it. */
export const patienceFor = (bytes: number): number =>
  deafMilliseconds + bytes / leastBytesPerMillisecond;
