import type { Imports } from "./open-imports.ts";
import type { Task } from "./jobs/task.ts";
import type { LiveFeed } from "./live/feed.ts";
import type { WebhookService } from "./webhooks/webhook-service.ts";

/** Every kind of job there is, for a process that runs jobs. */
export function createTasks(of: {
  readonly webhooks: WebhookService;
  readonly imports: Imports;
  readonly live: Pick<LiveFeed, "watch">;
}): readonly Task[] {
  return [...of.webhooks.start(of.live), ...of.imports.start()];
}
