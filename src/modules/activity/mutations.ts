import { entityMutations } from "../../graphql/schema/mutation-fields.ts";
import { payloadRef, writing } from "../../graphql/schema/payloads.ts";
import { writeContext } from "../../graphql/schema/write-context.ts";
import { only } from "../../write/write-rows.ts";
import { activity } from "./model.ts";
import { activityWrites, completeActivity } from "./service.ts";
import type { SchemaParts } from "../../graphql/schema/schema-parts.ts";

/** How activitys are written. */
export function declareActivityMutations(schema: SchemaParts): void {
  entityMutations(schema, activityWrites, { update: false, batches: true });

  schema.builder.mutationField("completeActivity", (t) =>
    t.field({
      extensions: writing(activity),
      type: payloadRef(schema, "Complete", activity),
      description:
        "Completes an activity: sets `completedAt` and the status `completed`. The only change that a log entry knows.",
      args: {
        id: t.arg.id({ required: true, description: "Its id, `act-<uuid>` or the bare UUID." }),
        version: t.arg.int({
          description: "Nothing is written when this is not the current version.",
        }),
      },
      resolve: (_root, args, ctx, info) => completeActivity(writeContext(ctx, info, only), args),
    }),
  );
}
