import { formatId } from "../lib/id.ts";
import type { LiveFeed } from "../live/feed.ts";
import type { Listening } from "../live/listening.ts";
import type { PayloadForm, Payloads } from "./payload.ts";
import { signatureHeaders } from "./signature.ts";
import type { Posted, Targets } from "./target/targets.ts";

type ForwardOptions = {
  readonly feed: LiveFeed;
  readonly payloads: Payloads;
  readonly targets: Targets;
  readonly listening: Listening;
  readonly form: PayloadForm;
  readonly url: string;
  readonly secret: string;
  /** The position behind which it begins; null for now. */
  readonly after: string | null;
  readonly signal: AbortSignal;
};

/** An event that was sent, and what became of it. */
export type Forwarded = { readonly body: string; readonly posted: Posted };

/**
 * Follows a tenant's log and sends each event to a target, signed, one after the other. For development: what fails is not
 * sent again.
 */
export async function* forwardEvents(options: ForwardOptions): AsyncGenerator<Forwarded> {
  const { feed, payloads, targets, listening, form, url, secret, after, signal } = options;
  const stream = feed.open(listening, after, { signal });
  for await (const events of stream) {
    for (const event of events) {
      const [body = ""] = await payloads.print(listening.actor, form, [event]);
      const id = formatId("evt", String(event.event["id"]));
      const headers = signatureHeaders(id, new Date(), body, [secret]);
      yield { body, posted: await targets.post(url, headers, body, { signal }) };
    }
  }
}
