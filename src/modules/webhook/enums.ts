import type { SchemaParts } from "../../graphql/schema/schema-parts.ts";
import { webhookPayload, webhookStatus } from "./model.ts";

const made = new WeakMap<SchemaParts, ReturnType<typeof make>>();

/** The enums of webhooks, which their types and their inputs name; made once for each schema. */
export function webhookEnums(schema: SchemaParts): ReturnType<typeof make> {
  let enums = made.get(schema);
  if (enums === undefined) {
    enums = make(schema);
    made.set(schema, enums);
  }
  return enums;
}

function make(schema: SchemaParts) {
  const { builder, catalog } = schema;
  const { recordType, operation } = catalog.entity("changeEvent").fields;
  if (recordType?.values == null || operation?.values == null) throw new Error("events have enums");
  return {
    types: schema.enumRef(recordType.values),
    operations: schema.enumRef(operation.values),
    payload: schema.enumRef(webhookPayload),
    status: schema.enumRef(webhookStatus),
    deliveryStatus: builder.enumType("WebhookDeliveryStatus", {
      description: "What became of an event for a webhook.",
      values: {
        waiting: { description: "It is still to be sent, for the first time or again." },
        delivered: { description: "It was answered with a status from 200 to 299." },
        failed: { description: "All attempts failed; `redeliver` sends it again." },
        dropped: {
          description: "The webhook's key may not see the event, or it no longer matches.",
        },
      },
    }),
  };
}
