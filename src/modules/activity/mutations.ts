import { entityMutations } from "../../graphql/schema/mutation-fields.ts";
import { payloadRef, writing } from "../../graphql/schema/payloads.ts";
import { sentValues, writeContext } from "../../graphql/schema/write-context.ts";
import { only } from "../../write/write-rows.ts";
import { taskInput } from "./inputs.ts";
import { activity } from "./model.ts";
import { activityWrites, completeActivity, updateTask } from "./service.ts";
import type { SchemaParts } from "../../graphql/schema/schema-parts.ts";

/** How activities are written. */
export function declareActivityMutations(schema: SchemaParts): void {
  entityMutations(schema, activityWrites, { update: false, batches: true });

  schema.builder.mutationField("completeActivity", (t) =>
    t.field({
      extensions: writing(activity),
      type: payloadRef(schema, "CompleteActivity", activity),
      description:
        "Completes an activity: sets `completedAt` and the status `completed`. No other log entry changes but a task (`updateTask`).",
      args: {
        id: t.arg.id({ required: true, description: "Its id, `act-<uuid>` or the bare UUID." }),
        version: t.arg.int({
          description: "Nothing is written when this is not the current version.",
        }),
      },
      resolve: (_root, args, ctx, info) => completeActivity(writeContext(ctx, info, only), args),
    }),
  );

  schema.builder.mutationField("updateTask", (t) =>
    t.field({
      extensions: writing(activity),
      type: payloadRef(schema, "UpdateTask", activity),
      description:
        "Changes a task that is not completed: when it is due, who owns it, its subject. Other activities, and completed tasks, are log entries and stay as they are.",
      args: {
        id: t.arg.id({ required: true, description: "Its id, `act-<uuid>` or the bare UUID." }),
        input: t.arg({
          type: schema.inputRef(taskInput),
          required: true,
          description: "What changes.",
        }),
      },
      resolve: (_root, { id, input }, ctx, info) =>
        updateTask(writeContext(ctx, info, only), id, sentValues(input)),
    }),
  );
}
