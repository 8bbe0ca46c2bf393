import type { IncomingHttpHeaders } from "node:http";
import { GraphQLError } from "graphql";
import type { Actor } from "../../auth/actor.ts";
import type { LimitsConfig } from "../../config.ts";
import type { Gate } from "../../gate/gate.ts";
import { addTo } from "../../lib/counts.ts";
import { unavailable } from "../../lib/errors.ts";
import type { SubscriptionStream } from "./subscription-stream.ts";

/** How often credentials are looked at again. An API key is believed for two seconds more. */
const checkMilliseconds = 1_500;

/** The streams of one request's credential, in the place that the request named. */
type Watched = {
  readonly headers: IncomingHttpHeaders;
  readonly streams: Set<SubscriptionStream>;
  isAsking: boolean;
};

/** The open streams of a process: their number, and the credentials that they depend on. */
export class Streams {
  readonly #limits: Pick<LimitsConfig, "streams" | "streamsPerKey">;
  readonly #gate: Gate;
  readonly #byCaller = new Map<string, number>();
  readonly #watched = new Map<string, Watched>();
  #count = 0;
  #checking: NodeJS.Timeout | null = null;
  #isClosing = false;

  constructor(limits: Pick<LimitsConfig, "streams" | "streamsPerKey">, gate: Gate) {
    this.#limits = limits;
    this.#gate = gate;
  }

  /** The number of open streams. */
  get count(): number {
    return this.#count;
  }

  /**
   * Takes a place for a stream of a caller. The function gives it back.
   *
   * @throws GraphQLError RATE_LIMITED if the caller has no place left, GatewayError UNAVAILABLE if nobody has.
   */
  take(actor: Actor): () => void {
    const { streams, streamsPerKey } = this.#limits;
    if (this.#isClosing) throw unavailable("The server stops; subscribe again in a second.");
    const caller = callerOf(actor);
    if ((this.#byCaller.get(caller) ?? 0) >= streamsPerKey) {
      const text = `The credential has ${streamsPerKey} open subscriptions, which is the most; end one of them first.`;
      throw new GraphQLError(text, { extensions: { code: "RATE_LIMITED" } });
    }
    if (this.#count >= streams) {
      throw unavailable("The server has no room for another subscription; try again later.");
    }
    this.#count += 1;
    addTo(this.#byCaller, caller, 1);
    let isTaken = true;
    return () => {
      if (!isTaken) return;
      isTaken = false;
      this.#count -= 1;
      addTo(this.#byCaller, caller, -1);
    };
  }

  /** Looks at the credential of a stream from now on, until the function is called. */
  watch(stream: SubscriptionStream, headers: IncomingHttpHeaders): () => void {
    const key = credentialOf(headers);
    const watched = this.#watched.get(key) ?? { headers, streams: new Set(), isAsking: false };
    this.#watched.set(key, watched);
    watched.streams.add(stream);
    this.#checking ??= setInterval(() => this.#check(), checkMilliseconds).unref();
    return () => {
      watched.streams.delete(stream);
      if (watched.streams.size === 0) this.#watched.delete(key);
      if (this.#watched.size > 0 || this.#checking === null) return;
      clearInterval(this.#checking);
      this.#checking = null;
    };
  }

  /** Has all clients come again elsewhere, and opens no more streams. */
  close(): void {
    this.#isClosing = true;
    for (const { streams } of this.#watched.values()) {
      for (const stream of streams) stream.interrupt();
    }
  }

  #check(): void {
    for (const watched of this.#watched.values()) {
      if (watched.isAsking) continue;
      watched.isAsking = true;
      void this.#checkOne(watched).finally(() => {
        watched.isAsking = false;
      });
    }
  }

  async #checkOne({ headers, streams }: Watched): Promise<void> {
    let actor: Actor | null;
    try {
      actor = await this.#gate.check(headers);
    } catch {
      // Without the database nothing is sent either.
      return;
    }
    for (const stream of streams) stream.mayGoOn(actor);
  }
}

/** The one to whom an open stream or connection counts. */
export const callerOf = ({ kind, tenantId, issuer = "", id }: Actor): string =>
  `${kind} ${tenantId} ${issuer} ${id}`;

/** The headers by which the gate goes. */
export const credentialNames = [
  "x-api-key",
  "authorization",
  "x-organization-id",
  "x-department-id",
];

const credentialOf = (headers: IncomingHttpHeaders): string =>
  JSON.stringify(credentialNames.map((name) => headers[name] ?? null));
