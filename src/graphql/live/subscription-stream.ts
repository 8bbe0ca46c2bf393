import { setTimeout as sleep } from "node:timers/promises";
import { GraphQLError } from "graphql";
import type { Actor } from "../../auth/actor.ts";
import { requireScopes } from "../../auth/require-scopes.ts";
import { troubleOf } from "../../db/trouble.ts";
import { cursorAt } from "../../changes/position.ts";
import { GatewayError } from "../../lib/errors.ts";
import type { Hold } from "../../lib/held-bytes.ts";
import type { EventStream, StreamEnd, StreamEvent } from "../../limits/event-stream.ts";
import type { LiveStream } from "../../live/feed.ts";
import type { Unmatched } from "../../live/tenant-feed.ts";
import { bytesOf, type EventText, type EventTexts } from "./event-texts.ts";
import { sightOf, type LiveOperation } from "./live-operation.ts";

type SubscriptionOptions = {
  readonly operation: LiveOperation;
  readonly feed: LiveStream;
  /** Whether the feed ends by itself because there is nothing more to come. */
  readonly isFinite: boolean;
  readonly texts: EventTexts;
  /** The cursor behind which it begins. */
  readonly cursor: string | null;
  /** Takes points from the caller's minute. @throws GatewayError RATE_LIMITED */
  readonly charge: (actor: Actor, points: number) => Promise<void>;
  /** Counts what waits for the client. */
  readonly hold: () => Hold | undefined;
  /** Prints an error as the caller may see it. */
  readonly tell: (error: unknown) => GraphQLError;
  /** The stream is over. */
  readonly onEnd: (stream: SubscriptionStream) => void;
};

/** The approximate number of bytes of events that are read ahead of the client. */
const bytesAhead = 1_000_000;
/** The number of events of the first read. Each later read is at most this many times as large as the one before it. */
const eventsAtFirst = 4;

/** Points for events that did not match are taken from 10 on, and at most 100 at once. */
const [leastPoints, mostPoints] = [10, 100];

/** How often a read of events is tried again while the database does not answer, and how long each time is waited. */
const retries = [100, 500, 2_000];

/** One caller's stream of events, from its opening to its end. */
export class SubscriptionStream implements EventStream {
  readonly events: EventStream["events"];
  readonly operation: LiveOperation;
  readonly #options: SubscriptionOptions;
  /** The caller as the credential says now. */
  #actor: Actor;
  /** The last event that was handed on. */
  #cursor: string | null;
  #end: StreamEnd | null = null;
  /** How many events are read at once. */
  #atOnce = eventsAtFirst;
  /** Points for events that did not match, which are not taken yet. */
  #owed = 0;

  constructor(options: SubscriptionOptions) {
    this.#options = options;
    this.operation = options.operation;
    this.#actor = options.operation.actor;
    this.#cursor = options.cursor;
    this.events = this.#batches();
  }

  get actor(): Actor {
    return this.#actor;
  }

  /** The client has gone. */
  close(): void {
    this.#endWith({ kind: "closed" });
  }

  /** The server stops. The client is to come again. */
  interrupt(): void {
    this.#endWith({ kind: "interrupted" });
  }

  /** Ends it for a reason that the client is told. */
  refuse(error: unknown): void {
    this.#endWith(this.#refusal(error));
  }

  /** The credential was looked at again: `actor` is whom it stands for now, null if it does not work any more. */
  mayGoOn(actor: Actor | null): void {
    const { plan, variables } = this.operation;
    const before = this.#actor;
    if (actor === null || (actor.expiresAt !== null && actor.expiresAt.getTime() <= Date.now())) {
      const text =
        "The credential of the stream does not work any more; subscribe with a valid one.";
      return this.refuse(new GraphQLError(text, { extensions: { code: "UNAUTHENTICATED" } }));
    }
    this.#actor = actor;
    const { scopes } = plan.demand(variables);
    try {
      requireScopes(actor, scopes);
    } catch (error) {
      return this.refuse(error);
    }
    // What it sees is another part of the data, so that the stream would have gaps.
    if (sightOf(actor) !== sightOf(before)) this.interrupt();
  }

  /** Events were judged for it and did not match: that costs its caller points, too, and ends it if there are none left. */
  judged({ points, position }: Unmatched): void {
    if (position !== null) this.#cursor = cursorAt(position);
    this.#owed += points;
    if (this.#owed < leastPoints || this.#end !== null) return;
    const due = Math.floor(this.#owed);
    this.#owed -= due;
    this.#payWhatIsLeft(due).catch((error: unknown) => {
      if (isPassing(error)) this.interrupt();
      else this.refuse(error);
    });
  }

  /** Takes points for what is done already: all of them, or nearly all that the caller has left. */
  async #payWhatIsLeft(points: number): Promise<void> {
    const { charge } = this.#options;
    for (let left = points; left > 0; left -= mostPoints) {
      const due = Math.min(left, mostPoints);
      try {
        await charge(this.#actor, due);
      } catch (error) {
        for (let part = due / 2; part >= 1; part /= 2) {
          await charge(this.#actor, Math.floor(part)).catch(() => undefined);
        }
        throw error;
      }
    }
  }

  async *#batches(): AsyncGenerator<readonly StreamEvent[], StreamEnd, undefined> {
    const { feed, texts } = this.#options;
    try {
      for await (const events of feed) {
        let left = events;
        while (left.length > 0 && this.#end === null) {
          const some = left.slice(0, this.#atOnce);
          const read = await this.#read(() => texts.of(this.operation, some));
          left = left.slice(read.length);
          yield* this.#send(read);
        }
        if (this.#end !== null) break;
      }
      // A log has no end: the server stops.
      if (this.#options.isFinite) this.#endWith({ kind: "complete" });
      else this.interrupt();
    } catch (error) {
      if (isPassing(error)) this.interrupt();
      else this.refuse(error);
    }
    return this.#end ?? { kind: "closed" };
  }

  /** Hands on events that were read, and counts them until they have left. */
  async *#send(read: EventText[]): AsyncGenerator<readonly StreamEvent[], void, undefined> {
    const bytes = bytesOf(read);
    const fitting = Math.floor((bytesAhead * read.length) / Math.max(1, bytes));
    this.#atOnce = Math.min(Math.max(1, fitting), read.length * eventsAtFirst);
    const hold = this.#options.hold();
    try {
      hold?.take(bytes);
      const { paid, refusal } = await this.#pay(read);
      const sent = paid.flatMap(({ body, cursor }) => (body === null ? [] : [{ body, cursor }]));
      if (this.#end !== null) return;
      if (sent.length > 0) yield sent;
      this.#cursor = sent.at(-1)?.cursor ?? this.#cursor;
      if (refusal !== null) throw refusal;
    } finally {
      hold?.free();
    }
  }

  /** Reads, and tries again while the database does not answer. */
  async #read(read: () => Promise<EventText[]>): Promise<EventText[]> {
    for (const milliseconds of retries) {
      try {
        return await read();
      } catch (error) {
        if (!isPassing(error) || this.#end !== null) throw error;
        await sleep(milliseconds, undefined, { ref: false });
      }
    }
    return read();
  }

  /** Pays for events: for all of them, or for the first ones if the caller's points do not suffice. */
  async #pay(events: EventText[]): Promise<{ paid: EventText[]; refusal: GatewayError | null }> {
    const { charge } = this.#options;
    try {
      await charge(
        this.#actor,
        events.reduce((sum, { cost }) => sum + cost, 0),
      );
      return { paid: events, refusal: null };
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
    }
    for (const [place, { cost }] of events.entries()) {
      try {
        await charge(this.#actor, cost);
      } catch (error) {
        if (!(error instanceof GatewayError)) throw error;
        return { paid: events.slice(0, place), refusal: error };
      }
    }
    return { paid: events, refusal: null };
  }

  #endWith(end: StreamEnd): void {
    if (this.#end !== null) return;
    this.#end = end;
    void this.#options.feed.return();
    this.#options.onEnd(this);
  }

  /** The error, with the cursor behind which the client can go on. */
  #refusal(error: unknown): StreamEnd {
    const { message, extensions } = this.#options.tell(error);
    const { http: _status, ...rest } = extensions;
    const told = { message, extensions: { ...rest, cursor: this.#cursor } };
    return {
      kind: "refused",
      code: String(extensions["code"]),
      body: JSON.stringify({ errors: [told] }),
    };
  }
}

/** Whether an error will pass, so that the client should come again. */
function isPassing(error: unknown): boolean {
  const trouble = error instanceof GatewayError ? error : troubleOf(error);
  return trouble?.code === "UNAVAILABLE";
}
