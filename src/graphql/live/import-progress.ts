import type { Actor } from "../../auth/actor.ts";
import type { ImportService } from "../../imports/run/import-service.ts";
import { GatewayError } from "../../lib/errors.ts";
import type { LiveStream } from "../../live/feed.ts";
import type { LiveEvent } from "../../live/listening.ts";

/**
 * Follows an import until it has ended: an event at once, and one whenever it has gone on. `opened` fails with NOT_FOUND
 * if the caller has no such import.
 */
export function followImport(
  imports: Pick<ImportService, "find" | "watch">,
  actor: Actor,
  id: string,
): LiveStream {
  const ending = new AbortController();
  const opened = imports.find(actor, id).then((found) => {
    if (found !== null) return "0";
    const complaint = { complaint: "noSuchRecord", type: "Import" } as const;
    throw new GatewayError({ code: "NOT_FOUND", path: ["id"], complaint });
  });
  // Whoever opens it is told of it.
  opened.catch(() => undefined);
  const events = (async function* (): AsyncGenerator<readonly LiveEvent[], undefined> {
    let number = 0;
    // What the import is like is read again when the event is sent.
    for await (const { import: found } of imports.watch(actor, id, ending.signal)) {
      number += 1;
      const event = { id, recordId: found.id };
      yield [{ position: String(number), event, transition: null }];
    }
    return undefined;
  })();
  return {
    opened,
    next: () => events.next(),
    return: async () => {
      ending.abort();
      await events.return(undefined);
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
