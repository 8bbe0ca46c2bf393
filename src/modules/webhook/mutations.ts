import type { ChangeOperation } from "../../changes/event-log.ts";
import { positionOf } from "../../changes/position.ts";
import type { WebhookDelivery } from "../../db/generated/prisma/client.ts";
import { access } from "../../graphql/limits/access.ts";
import { mutationCost } from "../../graphql/limits/costs.ts";
import type { Context } from "../../graphql/schema/context.ts";
import type { SchemaTypes } from "../../graphql/schema/builder.ts";
import type { SchemaParts } from "../../graphql/schema/schema-parts.ts";
import { GatewayError } from "../../lib/errors.ts";
import { idComplaint, readId } from "../../lib/id.ts";
import { assertReadable, type Unreadable } from "../../lib/unreadable.ts";
import { isValueOf } from "../../model/datamodel.ts";
import { invalid, notFound, type Problem } from "../../write/problem.ts";
import type { Sent } from "./endpoint.ts";
import { webhookEnums } from "./enums.ts";
import {
  createWebhook,
  deleteWebhook,
  deliveryPrefix,
  replay,
  rotateSecret,
  setPaused,
  updateWebhook,
  visibleTo,
  withWebhook,
  type WebhookInput,
  type WebhookResult,
} from "./service.ts";

const writing = access({ writes: "webhook", ...mutationCost });

type DeliveryResult = {
  readonly delivery: WebhookDelivery | null;
  readonly problems: readonly Problem[];
};
type TestResult = { readonly sent: Sent | null; readonly problems: readonly Problem[] };

/** How webhooks are written. */
export function declareWebhookMutations(schema: SchemaParts): void {
  const { builder } = schema;
  const { types, operations, payload } = webhookEnums(schema);
  const webhookId = "Its id, `whk-<uuid>` or the bare UUID.";
  const errors = "The errors of the input; empty if the mutation was carried out.";

  const result = builder.objectRef<WebhookResult>("ChangeWebhookPayload").implement({
    description: "What became of a webhook, or what was wrong.",
    fields: (t) => ({
      webhook: t.prismaField({
        type: "Webhook",
        nullable: true,
        description:
          "The webhook as it is now; as it was, when it was deleted; null when nothing was done.",
        resolve: (query, { webhook }, _args, { prisma }) =>
          webhook === null
            ? null
            : prisma.webhook
                .findFirst({
                  ...query,
                  where: { tenantId: webhook.tenantId, id: webhook.id, removedAt: null },
                })
                .then((found) => found ?? webhook),
      }),
      secret: t.string({
        nullable: true,
        description:
          "The secret that signs, `whsec_…`: shown in this answer only; null where there is no new one.",
        resolve: ({ secret }) => secret ?? null,
      }),
      userErrors: t.field({
        type: [schema.userError()],
        description: errors,
        resolve: ({ problems }) => [...problems],
      }),
    }),
  });

  const settings = (t: PothosSchemaTypes.InputFieldBuilder<SchemaTypes, "InputObject">) => ({
    description: t.string({ description: "What it is for." }),
    types: t.field({
      type: [types],
      description:
        "Kinds of records whose events it gets; empty or left out: all that its key may read.",
    }),
    operations: t.field({
      type: [operations],
      description: "Operations whose events it gets; empty or left out: all.",
    }),
    where: t.field({
      type: "JSON",
      description:
        'With one type, a filter of its records as their list takes it (`{stage: {eq: "closed_won"}}` is a `DealFilter`): it is told when a record matches before or after an event, with the transition. Else, and with `Webhook`, a `ChangeEventFilter`. Null for none.',
    }),
    payload: t.field({
      type: payload,
      description: "The form of its messages; by default `thin`.",
    }),
    query: t.string({
      description:
        "With payload `graphql`: the document that is run for each event, with the variables `id`, `event`, `type`, `operation`, `version`, `cursor` and `transition`.",
    }),
  });
  const createInput = builder.inputType("CreateWebhookInput", {
    description: "A new webhook.",
    fields: (t) => ({
      url: t.string({ required: true, description: "Where messages are sent, `https://…`." }),
      api_key_id: t.id({
        description:
          "The API key whose rights it has: it may do no more than the caller. The caller's own unless given; needed with a token.",
      }),
      ...settings(t),
    }),
  });
  const updateInput = builder.inputType("UpdateWebhookInput", {
    description: "What is to change of a webhook; what is left out stays.",
    fields: (t) => ({
      url: t.string({ description: "Where messages are sent, `https://…`." }),
      ...settings(t),
    }),
  });

  builder.mutationField("createWebhook", (t) =>
    t.field({
      type: result,
      extensions: writing,
      description:
        "Creates a webhook. It gets the events from now on that its API key may see at the time of each event.",
      args: {
        input: t.arg({
          type: createInput,
          required: true,
          description: "What it is told of, and how.",
        }),
      },
      resolve: (_root, { input }, ctx) =>
        createWebhook(ctx, { ...read(input), url: input.url, apiKeyId: input.api_key_id }),
    }),
  );

  builder.mutationField("updateWebhook", (t) =>
    t.field({
      type: result,
      extensions: writing,
      description: "Changes a webhook. Events that it was told of are not told again.",
      args: {
        id: t.arg.id({ required: true, description: webhookId }),
        input: t.arg({ type: updateInput, required: true, description: "What is to change." }),
      },
      resolve: (_root, { id, input }, ctx) =>
        updateWebhook(ctx, id, { ...read(input), url: input.url ?? undefined }),
    }),
  );

  const plain = (
    name: string,
    description: string,
    work: (ctx: Context, id: string) => Promise<WebhookResult>,
  ): void =>
    builder.mutationField(name, (t) =>
      t.field({
        type: result,
        extensions: writing,
        description,
        args: { id: t.arg.id({ required: true, description: webhookId }) },
        resolve: (_root, { id }, ctx) => work(ctx, id),
      }),
    );
  plain("deleteWebhook", "Deletes a webhook with its deliveries.", deleteWebhook);
  plain(
    "pauseWebhook",
    "Stops deliveries to a webhook until `resumeWebhook`. Events are kept in the log meanwhile.",
    (ctx, id) => setPaused(ctx, id, true),
  );
  plain(
    "resumeWebhook",
    "Has a webhook that is paused or stopped delivered to again, from where it was.",
    (ctx, id) => setPaused(ctx, id, false),
  );

  builder.mutationField("rotateWebhookSecret", (t) =>
    t.field({
      type: result,
      extensions: writing,
      description:
        "Gives a webhook a new secret. The older ones sign too for a grace time. While 10 sign, only a change without grace time is possible.",
      args: {
        id: t.arg.id({ required: true, description: webhookId }),
        graceMinutes: t.arg.int({
          description:
            "How long older secrets sign too, in minutes: 0 to 10,080 (a week), by default 1,440 (a day).",
        }),
      },
      resolve: (_root, { id, graceMinutes }, ctx) =>
        rotateSecret(ctx, id, graceMinutes ?? undefined),
    }),
  );

  builder.mutationField("replayWebhook", (t) =>
    t.field({
      type: result,
      extensions: writing,
      description:
        "Sends a webhook all events behind a place in the log again, with the same `webhook-id` as before. Give `cursor` or `time`. Of several replays at once the one from the earliest place holds: each gets all of its events. A replay leaves out nothing: from a place that the webhook has not reached yet, it changes nothing.",
      args: {
        id: t.arg.id({ required: true, description: webhookId }),
        cursor: t.arg.string({ description: "A cursor of the `changes` list." }),
        time: t.arg({ type: "DateTime", description: "The first event at or after this instant." }),
      },
      resolve: async (_root, { id, cursor, time }, ctx) => {
        if ((cursor == null) === (time == null)) {
          return {
            webhook: null,
            problems: [invalid(["cursor"], "or `time` is needed, and not both.")],
          };
        }
        try {
          return await replay(ctx, id, await placeOf(ctx, cursor ?? null, time ?? ""));
        } catch (error) {
          if (!(error instanceof GatewayError) || error.code !== "BAD_USER_INPUT") throw error;
          const { path = ["cursor"], complaint } = error.refusal;
          return { webhook: null, problems: [invalid(path, complaint)] };
        }
      },
    }),
  );

  const delivered = builder.objectRef<DeliveryResult>("RedeliverPayload").implement({
    description: "What became of a delivery, or what was wrong.",
    fields: (t) => ({
      delivery: t.prismaField({
        type: "WebhookDelivery",
        nullable: true,
        description: "The delivery as it is now; null when nothing was done.",
        resolve: (query, { delivery }, _args, { prisma, actor: { tenantId } }) =>
          delivery === null
            ? null
            : prisma.webhookDelivery.findFirst({ ...query, where: { tenantId, id: delivery.id } }),
      }),
      userErrors: t.field({
        type: [schema.userError()],
        description: errors,
        resolve: ({ problems }) => [...problems],
      }),
    }),
  });
  builder.mutationField("redeliver", (t) =>
    t.field({
      type: delivered,
      extensions: writing,
      description:
        "Sends a delivery that has ended once more, with the same `webhook-id`, ahead of later events of its record.",
      args: { id: t.arg.id({ required: true, description: "The delivery's id, `del-<uuid>`." }) },
      resolve: (_root, { id }, ctx) => redeliver(ctx, id),
    }),
  );

  const sent = builder.objectRef<Sent>("TestWebhookAnswer").implement({
    description: "What a webhook answered to a test.",
    fields: (t) => ({
      milliseconds: t.exposeInt("milliseconds", { description: "How long it took." }),
      status: t.exposeInt("httpStatus", {
        nullable: true,
        description: "The HTTP status of the answer; null without one.",
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
  const tested = builder.objectRef<TestResult>("TestWebhookPayload").implement({
    description: "What became of a test, or what was wrong.",
    fields: (t) => ({
      test: t.field({
        type: sent,
        nullable: true,
        description: "What the webhook answered; null when nothing was sent.",
        resolve: (outcome) => outcome.sent,
      }),
      userErrors: t.field({
        type: [schema.userError()],
        description: errors,
        resolve: ({ problems }) => [...problems],
      }),
    }),
  });
  builder.mutationField("testWebhook", (t) =>
    t.field({
      type: tested,
      extensions: writing,
      description:
        "Sends a webhook a signed message of type `webhook.test` and waits for the answer.",
      args: { id: t.arg.id({ required: true, description: webhookId }) },
      resolve: async (_root, { id }, ctx) => {
        const { webhook, problems } = await withWebhook(ctx, id, (found) =>
          Promise.resolve({ webhook: found, problems: [] }),
        );
        return { sent: webhook === null ? null : await ctx.webhooks.test(webhook), problems };
      },
    }),
  );
}

type Settings = {
  readonly description?: string | null | undefined;
  readonly types?: readonly string[] | null | undefined;
  readonly operations?: readonly string[] | null | undefined;
  readonly where?: unknown;
  readonly payload?: string | null | undefined;
  readonly query?: string | null | undefined;
};

/** Null is the same as nothing for what is a list or has a default. */
function read({ description, types, operations, where, payload, query }: Settings): WebhookInput {
  return {
    ...(description === undefined ? {} : { description }),
    ...(types === undefined ? {} : { types: types ?? [] }),
    ...(operations === undefined ? {} : { operations: (operations ?? []).filter(isOperation) }),
    ...(where === undefined ? {} : { filter: where }),
    ...(payload != null && isValueOf("WebhookPayload", payload) ? { payload } : {}),
    ...(query === undefined ? {} : { query }),
  };
}

const isOperation = (text: string): text is ChangeOperation => isValueOf("ChangeOperation", text);

/** The position of a cursor, or in front of the first event at or after an instant; the end of the log if there is none. */
async function placeOf(
  { prisma, actor: { tenantId }, webhooks }: Context,
  cursor: string | null,
  time: string | Unreadable,
): Promise<bigint> {
  if (cursor !== null) return BigInt(positionOf(cursor, "cursor"));
  assertReadable(time, ["time"]);
  const first = await prisma.changeEvent.findFirst({
    where: { tenantId, occurredAt: { gte: time } },
    orderBy: { position: "asc" },
    select: { position: true },
  });
  return first === null ? await webhooks.endOfLog(tenantId) : first.position - 1n;
}

async function redeliver(ctx: Context, sentId: string): Promise<DeliveryResult> {
  const { prisma, actor, webhooks } = ctx;
  const { tenantId } = actor;
  const id = readId(deliveryPrefix, sentId);
  if (id === null) {
    return { delivery: null, problems: [invalid(["id"], idComplaint(deliveryPrefix, sentId))] };
  }
  const { count } = await prisma.webhookDelivery.updateMany({
    where: { tenantId, id, status: { not: "waiting" }, webhook: visibleTo(actor) },
    data: {
      status: "waiting",
      statusReason: null,
      attempts: 0,
      nextAttemptAt: new Date(),
      leasedUntil: null,
      finishedAt: null,
    },
  });
  // Read behind it: Citus gives no enum back from an UPDATE.
  const delivery =
    count === 0 ? null : await prisma.webhookDelivery.findFirst({ where: { tenantId, id } });
  if (delivery !== null) {
    await webhooks.wake({ tenantId, id: delivery.webhookId });
    return { delivery, problems: [] };
  }
  const waiting = await prisma.webhookDelivery.findFirst({
    where: { tenantId, id, webhook: visibleTo(actor) },
  });
  return waiting === null
    ? { delivery: null, problems: [notFound(["id"], "WebhookDelivery")] }
    : { delivery: waiting, problems: [] };
}
