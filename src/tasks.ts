import type { Task } from "./jobs/task.ts";
import type { WebhookService } from "./webhooks/webhook-service.ts";

/** Every kind of job there is, for a process that runs jobs. */
export function createTasks({ webhooks }: { readonly webhooks: WebhookService }): readonly Task[] {
  return webhooks.start();
}
