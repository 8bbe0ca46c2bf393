import type { Actor } from "../auth/actor.ts";
import { troubleOf } from "../db/trouble.ts";
import { sightOf } from "../graphql/live/live-operation.ts";
import { GatewayError } from "../lib/errors.ts";
import { formatId } from "../lib/id.ts";
import type { LiveEvent } from "../live/listening.ts";
import type { PayloadKind, Sent } from "../modules/webhook/endpoint.ts";
import type { Claimed, Outcome } from "./deliveries.ts";
import type { Signed } from "./endpoints.ts";
import type { PayloadForm } from "./payload.ts";
import { pauseAfter, type Schedule } from "./schedule.ts";
import { signatureHeaders } from "./signature.ts";
import type { Posted, Targets } from "./target/targets.ts";

/** Makes the bodies of messages, with the rights of an actor. */
export type Printer = {
  check(form: PayloadForm, actor: Actor, path: readonly string[]): void;
  print(actor: Actor, form: PayloadForm, events: readonly LiveEvent[]): Promise<string[]>;
};

export const formOf = (kind: PayloadKind, query: string | null): PayloadForm =>
  kind === "graphql" ? { kind, query: query ?? "" } : { kind };

/** An outcome, and why the endpoint is to be switched off; null if it is not. */
export type Ended = { readonly outcome: Outcome; readonly stop: string | null };

/** Sends one delivery. What comes of it follows from the answer alone. */
export class Sending {
  readonly #targets: Pick<Targets, "post">;
  readonly #printer: Printer;
  readonly #schedule: Schedule;
  readonly #actorOf: (apiKeyId: string) => Promise<Actor | null>;
  readonly #onTrouble: (cause: unknown) => void;

  constructor(options: {
    readonly targets: Pick<Targets, "post">;
    readonly printer: Printer;
    readonly schedule: Schedule;
    /** The rights that a key has now; null if it does not work. */
    readonly actorOf: (apiKeyId: string) => Promise<Actor | null>;
    /** Hears of payloads that could not be made through no fault of the endpoint's or its key's. */
    readonly onTrouble: (cause: unknown) => void;
  }) {
    this.#targets = options.targets;
    this.#printer = options.printer;
    this.#schedule = options.schedule;
    this.#actorOf = options.actorOf;
    this.#onTrouble = options.onTrouble;
  }

  /**
   * Null if nothing was sent, since the key's rights are not those of `actor` any more, or the delivery is another's by
   * now: `isOurs` is asked last.
   *
   * @throws the signal's reason, once it is aborted: then nobody knows what the endpoint has got.
   */
  async send(
    endpoint: Signed,
    actor: Actor,
    claimed: Claimed,
    event: LiveEvent,
    { signal, isOurs }: { readonly signal: AbortSignal; readonly isOurs: () => Promise<boolean> },
  ): Promise<Ended | null> {
    let body: string | undefined;
    try {
      [body] = await this.#printer.print(actor, formOf(endpoint.payload, endpoint.query), [event]);
    } catch (error) {
      // The payload cannot be made just now, e.g. since the key has no points left: it is no failure of the endpoint's.
      return { outcome: this.#later(claimed, this.#sayable(error)), stop: null };
    }
    // Behind all reads: what was read after the rights were taken away is not sent.
    const now = await this.#actorOf(endpoint.apiKeyId);
    if (now === null || sightOf(now) !== sightOf(actor)) return null;
    if (!(await isOurs())) return null;
    const id = formatId("evt", claimed.eventId);
    const { sent, retryAfter } = await this.post(endpoint, id, body ?? "", signal);
    const { attempt } = claimed;
    const base = { id: claimed.id, attempt, sent };
    if (sent.failure === null) {
      return { outcome: { ...base, status: "delivered", reason: null, pause: null }, stop: null };
    }
    const pause = pauseAfter(this.#schedule, attempt, { httpStatus: sent.httpStatus, retryAfter });
    const outcome: Outcome =
      pause === null
        ? {
            ...base,
            status: "failed",
            reason: `${attempt} attempts failed; the last: ${sent.failure}`,
            pause,
          }
        : { ...base, status: "waiting", reason: null, pause };
    const isGone = sent.httpStatus === 410;
    return { outcome, stop: isGone ? "It answered 410 Gone." : null };
  }

  /** Sends a body that is signed by all of an endpoint's secrets. */
  async post(
    { url, secrets }: Pick<Signed, "url" | "secrets">,
    id: string,
    body: string,
    signal?: AbortSignal,
  ): Promise<{ readonly sent: Sent; readonly retryAfter: number | null }> {
    const startedAt = new Date();
    const headers = signatureHeaders(id, startedAt, body, secrets);
    const posted = await this.#targets.post(
      url,
      headers,
      body,
      signal === undefined ? {} : { signal },
    );
    return {
      sent: asSent(posted, startedAt),
      retryAfter: "retryAfter" in posted ? posted.retryAfter : null,
    };
  }

  /** What a tenant may read of a failure. */
  #sayable(error: unknown): string {
    const known = error instanceof GatewayError ? error : troubleOf(error);
    if (known !== null) return known.message;
    this.#onTrouble(error);
    return "the gateway failed; its operator finds the cause in the log.";
  }

  #later({ id, attempt }: Claimed, why: string): Outcome {
    const pause = pauseAfter(this.#schedule, attempt, { httpStatus: null, retryAfter: null });
    const reason = `The payload could not be made: ${why}`;
    return pause === null
      ? { id, attempt, status: "failed", reason, pause, sent: null }
      : { id, attempt, status: "waiting", reason, pause, sent: null };
  }
}

function asSent(posted: Posted, startedAt: Date): Sent {
  const { milliseconds } = posted;
  if ("failure" in posted) {
    return { startedAt, milliseconds, httpStatus: null, answer: null, failure: posted.failure };
  }
  const { status, body } = posted;
  const isTaken = status >= 200 && status < 300;
  const isElsewhere = status >= 300 && status < 400;
  const why = isElsewhere
    ? `It answered ${status}: redirects are not followed.`
    : `It answered ${status}.`;
  return {
    startedAt,
    milliseconds,
    httpStatus: status,
    answer: body,
    failure: isTaken ? null : why,
  };
}
