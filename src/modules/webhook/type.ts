import { access } from "../../graphql/limits/access.ts";
import type { Context } from "../../graphql/schema/context.ts";
import type { SchemaParts } from "../../graphql/schema/schema-parts.ts";
import { cursorAt } from "../../changes/position.ts";
import { badInput } from "../../lib/errors.ts";
import { parseJson } from "../../lib/exact-number.ts";
import { formatId, parseId } from "../../lib/id.ts";
import { webhookEnums } from "./enums.ts";
import { deliveryPrefix, mostWebhooks, visibleTo, webhookPrefix } from "./service.ts";

const reading = access({ reads: ["webhook"] });
/** The greatest `Int`. */
const mostUnread = 2_147_483_647n;
const [usualPage, mostOnPage] = [50, 100];

type Lag = {
  readonly waiting: number;
  readonly unread: bigint;
  readonly oldestWaitingAt: Date | null;
  readonly nextAttemptAt: Date | null;
};

/** The types of webhooks, and what can be asked of them. */
export function declareWebhook(schema: SchemaParts): void {
  const { builder } = schema;
  const { types, operations, payload, status, deliveryStatus } = webhookEnums(schema);

  builder.prismaObject("WebhookAttempt", {
    description: "One request to a webhook.",
    extensions: reading,
    fields: (t) => ({
      startedAt: t.field({
        type: "DateTime",
        description: "When it was sent (UTC, milliseconds).",
        resolve: ({ startedAt }) => startedAt,
      }),
      milliseconds: t.exposeInt("milliseconds", { description: "How long it took." }),
      status: t.int({
        nullable: true,
        description: "The HTTP status of the answer; null without one.",
        resolve: ({ httpStatus }) => httpStatus,
      }),
      answer: t.exposeString("answer", {
        nullable: true,
        description: "The beginning of the answer, at most 1 KB; null without one.",
      }),
      failure: t.exposeString("failure", {
        nullable: true,
        description: "Why it failed; null if it was delivered.",
      }),
    }),
  });

  builder.prismaObject("WebhookDelivery", {
    description: "An event for a webhook, and what became of it.",
    extensions: reading,
    fields: (t) => ({
      id: t.id({
        description: "Identifier, `del-<uuid>`.",
        resolve: ({ id }) => formatId(deliveryPrefix, id),
      }),
      eventId: t.id({
        description: "The event's id, which is the `webhook-id` of its messages.",
        resolve: ({ eventId }) => formatId("evt", eventId),
      }),
      cursor: t.string({
        description: "The event's place in the log, as the `changes` list gives it.",
        resolve: ({ position, eventId }) => cursorAt(String(position), eventId),
      }),
      recordType: t.field({
        type: types,
        description: "What kind of record it is about.",
        resolve: ({ recordType: type }) => type,
      }),
      recordId: t.id({
        description: "The record's id, with its prefix.",
        resolve: ({ recordType: type, recordId }, _args, { catalog }) =>
          formatId(catalog.byType(type).prefix, recordId),
      }),
      status: t.expose("status", {
        type: deliveryStatus,
        description: "The state of the delivery.",
      }),
      statusReason: t.exposeString("statusReason", {
        nullable: true,
        description: "Why it failed, was dropped or waits; null if there is nothing to say.",
      }),
      attemptCount: t.int({
        description: "How often it was tried since it was queued or sent again.",
        resolve: ({ attempts }) => attempts,
      }),
      nextAttemptAt: t.field({
        type: "DateTime",
        nullable: true,
        description: "When it is tried next; null once it has ended.",
        resolve: ({ nextAttemptAt }) => nextAttemptAt,
      }),
      createdAt: t.field({
        type: "DateTime",
        description: "When the event was queued.",
        resolve: ({ createdAt }) => createdAt,
      }),
      finishedAt: t.field({
        type: "DateTime",
        nullable: true,
        description: "When it was delivered, failed or dropped; null while it waits.",
        resolve: ({ finishedAt }) => finishedAt,
      }),
      attempts: t.relation("attemptLog", {
        description: "The requests that were made, the latest first, at most 50.",
        extensions: access({ reads: ["webhook"], items: 50 }),
        query: { orderBy: { startedAt: "desc" }, take: 50 },
      }),
    }),
  });

  const lag = builder.objectRef<Lag>("WebhookLag").implement({
    description: "How far behind a webhook is.",
    fields: (t) => ({
      waiting: t.exposeInt("waiting", {
        description: "Deliveries that wait, for the first attempt or another one.",
      }),
      unread: t.field({
        type: "Int",
        description: "Events of the log that were not looked at yet; 2,147,483,647 for more.",
        resolve: ({ unread }) => Number(unread > mostUnread ? mostUnread : unread),
      }),
      oldestWaitingAt: t.field({
        type: "DateTime",
        nullable: true,
        description: "When the oldest one that waits was queued; null if none waits.",
        resolve: ({ oldestWaitingAt }) => oldestWaitingAt,
      }),
      nextAttemptAt: t.field({
        type: "DateTime",
        nullable: true,
        description: "When the next attempt is due; null if none waits.",
        resolve: ({ nextAttemptAt }) => nextAttemptAt,
      }),
    }),
  });

  builder.prismaObject("Webhook", {
    description: "A URL that is told of changes.",
    extensions: reading,
    fields: (t) => ({
      id: t.id({
        description: "Identifier, `whk-<uuid>`.",
        resolve: ({ id }) => formatId(webhookPrefix, id),
      }),
      url: t.exposeString("url", { description: "Where its messages are sent." }),
      description: t.exposeString("description", {
        nullable: true,
        description: "What it is for.",
      }),
      types: t.field({
        type: [types],
        description: "Kinds of records whose events it gets; empty for all that its key may read.",
        resolve: (webhook) => webhook.types,
      }),
      operations: t.field({
        type: [operations],
        description: "Operations whose events it gets; empty for all.",
        resolve: (webhook) => webhook.operations,
      }),
      where: t.field({
        type: "JSON",
        nullable: true,
        description:
          "Its filter: of the records if it has one type, else of the events; null for none.",
        resolve: ({ filter }) => (filter === null ? null : parseJson(filter)),
      }),
      payload: t.expose("payload", { type: payload, description: "What its messages hold." }),
      query: t.exposeString("query", {
        nullable: true,
        description: "The GraphQL document whose answer its messages hold; null for none.",
      }),
      apiKeyId: t.id({
        description: "The API key whose rights it has, looked at anew each time.",
        resolve: ({ apiKeyId }) => formatId("key", apiKeyId),
      }),
      status: t.expose("status", { type: status, description: "Whether it is delivered to." }),
      statusReason: t.exposeString("statusReason", {
        nullable: true,
        description: "Why it was switched off; null while it is not.",
      }),
      statusAt: t.field({
        type: "DateTime",
        description: "Since when it has its status.",
        resolve: ({ statusAt }) => statusAt,
      }),
      failingSince: t.field({
        type: "DateTime",
        nullable: true,
        description: "When it first failed after its last delivery; null if it does not fail.",
        resolve: ({ failingSince }) => failingSince,
      }),
      cursor: t.string({
        description: "The place in the log behind which its events are still to be looked at.",
        resolve: ({ position }) => cursorAt(String(position)),
      }),
      createdAt: t.field({
        type: "DateTime",
        description: "When it was made.",
        resolve: ({ createdAt }) => createdAt,
      }),
      createdBy: t.exposeString("createdBy", {
        description: "Who made it: a caller's `sub` or an API key's id.",
      }),
      lag: t.field({
        type: lag,
        description: "How far behind it is.",
        extensions: access({ reads: ["webhook"], cost: () => ({ own: 10, times: 1 }) }),
        resolve: ({ id, position }, _args, ctx) => lagOf(ctx, id, position),
      }),
      deliveries: t.prismaField({
        type: ["WebhookDelivery"],
        description: "Its deliveries, the latest first.",
        extensions: access({
          reads: ["webhook"],
          uses: ["first"],
          cost: ({ first }) => {
            const size = typeof first === "number" && first > 0 ? first : usualPage;
            return { own: size, times: size, items: size };
          },
        }),
        args: {
          statuses: t.arg({
            type: [deliveryStatus],
            description: "Only those with these statuses.",
          }),
          first: t.arg.int({
            description: `How many, 1 to ${mostOnPage}; ${usualPage} unless given.`,
          }),
          olderThan: t.arg.id({
            description: "Only those that are older than this delivery, by its id.",
          }),
        },
        resolve: (query, { id }, { statuses, first, olderThan }, { prisma, actor }) => {
          const size = first ?? usualPage;
          if (size < 1 || size > mostOnPage) {
            throw badInput(["first"], `must be from 1 to ${mostOnPage}.`);
          }
          return prisma.webhookDelivery.findMany({
            ...query,
            where: {
              tenantId: actor.tenantId,
              webhookId: id,
              ...(statuses == null ? {} : { status: { in: [...statuses] } }),
              ...(olderThan == null
                ? {}
                : { id: { lt: parseId(deliveryPrefix, olderThan, ["olderThan"]) } }),
            },
            orderBy: { id: "desc" },
            take: size,
          });
        },
      }),
    }),
  });

  builder.queryField("webhooks", (t) =>
    t.prismaField({
      type: ["Webhook"],
      nullable: true,
      description: `The tenant's webhooks, the oldest first, at most ${mostWebhooks}.`,
      extensions: access({ reads: ["webhook"], items: mostWebhooks }),
      resolve: (query, _root, _args, { prisma, actor }) =>
        prisma.webhook.findMany({
          ...query,
          where: visibleTo(actor),
          orderBy: [{ createdAt: "asc" }, { id: "asc" }],
          take: mostWebhooks,
        }),
    }),
  );

  builder.queryField("webhook", (t) =>
    t.prismaField({
      type: "Webhook",
      nullable: true,
      description: "A webhook; null if there is none for this caller.",
      extensions: reading,
      args: { id: t.arg.id({ required: true, description: "Its id, `whk-<uuid>`." }) },
      resolve: (query, _root, { id }, { prisma, actor }) =>
        prisma.webhook.findFirst({
          ...query,
          where: { ...visibleTo(actor), id: parseId(webhookPrefix, id) },
        }),
    }),
  );
}

async function lagOf(
  { prisma, actor: { tenantId }, webhooks }: Context,
  webhookId: string,
  position: bigint,
): Promise<Lag> {
  const [end, { _count, _min }] = await Promise.all([
    webhooks.endOfLog(tenantId),
    prisma.webhookDelivery.aggregate({
      where: { tenantId, webhookId, status: "waiting" },
      _count: true,
      _min: { createdAt: true, nextAttemptAt: true },
    }),
  ]);
  return {
    waiting: _count,
    unread: end > position ? end - position : 0n,
    oldestWaitingAt: _min.createdAt,
    nextAttemptAt: _min.nextAttemptAt,
  };
}
