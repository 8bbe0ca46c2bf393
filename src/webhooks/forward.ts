import type { Actor } from "../auth/actor.ts";
import { formatId } from "../lib/id.ts";
import type { LiveStream } from "../live/feed.ts";
import type { PayloadForm, Payloads } from "./payload.ts";
import { signatureHeaders } from "./signature.ts";
import type { Posted, Targets } from "./target/targets.ts";

type ForwardOptions = {
  readonly stream: LiveStream;
  readonly payloads: Payloads;
  readonly targets: Targets;
  /** Who listens. */
  readonly actor: Actor;
  readonly form: PayloadForm;
  readonly url: string;
  readonly secret: string;
  readonly signal: AbortSignal;
};

/** An event that was sent, and what became of it. */
export type Forwarded = { readonly body: string; readonly posted: Posted };

/**
 * Sends each event of a stream to a target, signed, one after the other. For development: what fails is not sent again.
 */
export async function* forwardEvents(options: ForwardOptions): AsyncGenerator<Forwarded> {
  const { stream, payloads, targets, actor, form, url, secret, signal } = options;
  for await (const events of stream) {
    for (const event of events) {
      const [body = ""] = await payloads.print(actor, form, [event]);
      const id = formatId("evt", String(event.event["id"]));
      const headers = signatureHeaders(id, new Date(), body, [secret]);
      yield { body, posted: await targets.post(url, headers, body, { signal }) };
    }
  }
}
