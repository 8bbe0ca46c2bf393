import { defineEntity } from "../../model/entity.ts";
import {
  bigInt,
  dateTime,
  enumeration,
  enumOf,
  id,
  int,
  prose,
  reference,
  text,
  textList,
  unmeasured,
  url,
} from "../../model/field.ts";

export const webhookStatus = enumOf("WebhookStatus", "Whether a webhook is delivered to.", {
  active: "It is.",
  paused: "A caller has paused it; its events are kept in the log.",
  stopped: "The gateway has switched it off; `statusReason` says why.",
});

export const webhookPayload = enumOf("WebhookPayload", "What the messages of a webhook hold.", {
  thin: "Ids, the operation, the version and the names of changed fields.",
  full: "Also the record, and the old and new value of each changed field.",
  graphql: "Also the answer to a query of the webhook's own.",
});

/** A webhook as the log tells of it: its status. It is read and written by this module, and no node. */
export const webhook = defineEntity("Webhook", {
  plural: "webhooks",
  prefix: "whk",
  isNode: false,
  description: "An endpoint that is told of changes.",
  fields: {
    id: id("Identifier, `whk-<uuid>`."),
    tenantId: reference("The tenant it belongs to."),
    url: url("Where messages are sent."),
    description: text("What it is for; null for none."),
    payload: enumeration(webhookPayload, "What its messages hold."),
    appId: text("The application of its API key (`app-…`); null for none."),
    status: enumeration(webhookStatus, "Whether it is delivered to."),
    statusReason: text("Why it was switched off; null while it is not."),
    statusAt: dateTime("Since when it has its status."),
    version: unmeasured(int("Starts at 1 and grows by one with every change of its status.")),
    createdAt: dateTime("When it was made (UTC, milliseconds)."),
    createdBy: text("Who made it: a caller's `sub` or an API key's id."),
  },
  internal: {
    types: textList("Kinds of records whose events it gets; empty for all that its key may read."),
    operations: enumeration(
      enumOf("ChangeOperation", "What happened to a record.", {
        created: "It was made.",
        updated: "Some of its values changed.",
        deleted: "It was deleted.",
        restored: "It was brought back.",
      }),
      "Operations whose events it gets; empty for all.",
    ),
    filter: text("Its filter as it was sent; null for none."),
    query: prose("The document whose answer its messages hold; null for none."),
    apiKeyId: id("The API key whose rights it has."),
    position: bigInt("The place in the log behind which its events are still to be looked at."),
    removedAt: dateTime(
      "When it was deleted; null while it is not. Its deliveries are removed then.",
    ),
    failingSince: dateTime("When it first failed after its last delivery; null if it does not."),
  },
  relations: {},
});
