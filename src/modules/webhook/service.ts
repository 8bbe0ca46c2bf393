import { isDeepStrictEqual } from "node:util";
import { v7 as uuidv7 } from "uuid";
import type { Actor } from "../../auth/actor.ts";
import { covers } from "../../auth/require-scopes.ts";
import { isScope } from "../../auth/scopes.ts";
import type { FencedPrisma } from "../../db/fenced-prisma.ts";
import type { Prisma, Webhook } from "../../db/generated/prisma/client.ts";
import { parseJson } from "../../lib/exact-number.ts";
import { idComplaint, parseId, readId } from "../../lib/id.ts";
import { invalid, notFound, type Problem } from "../../write/problem.ts";
import { webhook as entity } from "./model.ts";
import type { EndpointSettings, Webhooks } from "./endpoint.ts";

export const webhookPrefix = entity.prefix;
export const deliveryPrefix = "del";

/** The most webhooks of a tenant. */
export const mostWebhooks = 100;
/** The kind of lock under which a tenant's webhooks are counted; any number that no other part uses. */
const countLock = 4_715_019;
/** The most secrets that sign at once: receivers refuse headers that are too long. */
const mostSecrets = 10;
const defaultGraceMinutes = 24 * 60;
const maxGraceMinutes = 7 * 24 * 60;

/** Who writes, and with what. */
export type WebhookContext = {
  readonly actor: Actor;
  readonly prisma: FencedPrisma;
  readonly webhooks: Webhooks;
};

/** What a caller says of an endpoint; what is undefined stays as it is. */
export type WebhookInput = Partial<Omit<EndpointSettings, "url">> & {
  readonly url?: string | undefined;
  readonly description?: string | null | undefined;
};

export type WebhookResult = {
  readonly webhook: Webhook | null;
  readonly secret?: string;
  readonly problems: readonly Problem[];
};

const refused = (...problems: readonly Problem[]): WebhookResult => ({ webhook: null, problems });

/** The webhooks that a caller sees: a caller of an application those of its application. */
export const visibleTo = ({ tenantId, appId }: Actor): Prisma.WebhookWhereInput =>
  appId === null ? { tenantId, removedAt: null } : { tenantId, appId, removedAt: null };

/** Makes a webhook; its secret is in the result and is not shown again. It is told of what happens from now on. */
export async function createWebhook(
  ctx: WebhookContext,
  input: WebhookInput & { readonly url: string; readonly apiKeyId?: string | null | undefined },
): Promise<WebhookResult> {
  const { actor, prisma, webhooks } = ctx;
  const { tenantId } = actor;
  const rights = await keyFor(ctx, input.apiKeyId ?? null);
  if ("problem" in rights) return refused(rights.problem);
  const settings = settingsOf(input, null);
  const problems = await complaints(ctx, settings, rights.actor);
  if (problems.length > 0) return refused(...problems);
  const secret = webhooks.makeSecret();
  const data = {
    ...stored(settings),
    tenantId,
    id: uuidv7(),
    description: input.description ?? null,
    apiKeyId: rights.id,
    appId: rights.actor.appId,
    position: await webhooks.endOfLog(tenantId),
    createdBy: actor.id,
    secrets: { create: { id: uuidv7(), secret } },
  };
  const webhook = await prisma.$transaction(async (transaction) => {
    // One after the other, so that none of those that come at once is counted past.
    await transaction.$queryRaw`SELECT 1 FROM (SELECT pg_advisory_xact_lock(${countLock}::integer, hashtext(${tenantId}))) l`;
    const count = await transaction.webhook.count({ where: { tenantId, removedAt: null } });
    return count < mostWebhooks ? await transaction.webhook.create({ data }) : null;
  });
  if (webhook === null) {
    const message = `There are ${mostWebhooks} webhooks already; delete one first.`;
    return refused(invalid([], message));
  }
  // Where jobs are run, the tenant's commits are listened to from now on.
  await webhooks.wake(webhook);
  return { webhook, secret, problems };
}

/** Changes what is sent. Its key's rights are not changed. */
export function updateWebhook(
  ctx: WebhookContext,
  id: string,
  input: WebhookInput,
): Promise<WebhookResult> {
  return withWebhook(ctx, id, async (webhook) => {
    const rights = await rightsOf(ctx, webhook.apiKeyId, ["id"]);
    if ("problem" in rights) return refused(rights.problem);
    const settings = settingsOf(input, webhook);
    const problems = await complaints(ctx, settings, rights.actor);
    if (problems.length > 0) return refused(...problems);
    const late = await ctx.prisma.$transaction(async (transaction) => {
      await transaction.$queryRaw`SELECT 1 FROM webhooks WHERE tenant_id = ${webhook.tenantId}::uuid AND id = ${webhook.id}::uuid FOR NO KEY UPDATE`;
      const now = await transaction.webhook.findFirst({ where: keyOf(webhook) });
      if (now === null) return [];
      const both = settingsOf(input, now);
      // Somebody else has changed it meanwhile: what both say is looked at together. Either one's URL was looked up.
      const isChecked = isDeepStrictEqual(both, settings);
      const conflicts = isChecked ? [] : formComplaints(ctx, both, rights.actor);
      if (conflicts.length > 0) return conflicts;
      const { description = now.description } = input;
      const data = { ...stored(both), description };
      await transaction.webhook.updateMany({ where: keyOf(webhook), data });
      return [];
    });
    return late.length > 0 ? refused(...late) : await found(ctx, webhook);
  });
}

/** Pauses it, or has it delivered to again from where it was. */
export function setPaused(
  ctx: WebhookContext,
  id: string,
  paused: boolean,
): Promise<WebhookResult> {
  return withWebhook(ctx, id, async (webhook) => {
    const status = paused ? "paused" : "active";
    if (webhook.status === status) return { webhook, problems: [] };
    if (!paused && (await ctx.webhooks.actorOf(webhook.apiKeyId)) === null) {
      return refused(invalid(["id"], "is a webhook whose API key works no more; make a new one."));
    }
    await ctx.webhooks.setPaused(webhook, paused, ctx.actor.id);
    if (!paused) await ctx.webhooks.wake(webhook);
    return { webhook, problems: [] };
  });
}

/** Deletes it. Nothing of it is taken for sending from then on; its deliveries, which may be many, are removed by a job. */
export function deleteWebhook(ctx: WebhookContext, id: string): Promise<WebhookResult> {
  return withWebhook(ctx, id, async (webhook) => {
    const { tenantId, id: webhookId } = webhook;
    await ctx.prisma.$transaction(async (transaction) => {
      const data = { status: "stopped", removedAt: new Date() } as const;
      await transaction.webhook.updateMany({ where: keyOf(webhook), data });
      await transaction.webhookSecret.deleteMany({ where: { tenantId, webhookId } });
    });
    await ctx.webhooks.removeDeleted();
    return { webhook, problems: [] };
  });
}

/** Gives it a new secret; the older ones sign too for a grace time. */
export function rotateSecret(
  ctx: WebhookContext,
  id: string,
  graceMinutes: number = defaultGraceMinutes,
): Promise<WebhookResult> {
  if (graceMinutes < 0 || graceMinutes > maxGraceMinutes) {
    const message = `must be from 0 to ${maxGraceMinutes} (a week).`;
    return Promise.resolve(refused(invalid(["graceMinutes"], message)));
  }
  return withWebhook(ctx, id, async (webhook) => {
    const rights = await rightsOf(ctx, webhook.apiKeyId, ["id"]);
    if ("problem" in rights) return refused(rights.problem);
    const { tenantId, id: webhookId } = webhook;
    const secret = ctx.webhooks.makeSecret();
    const end = new Date(Date.now() + graceMinutes * 60_000);
    const isRotated = await ctx.prisma.$transaction(async (transaction) => {
      const signing = { OR: [{ expiresAt: null }, { expiresAt: { gt: new Date() } }] };
      const count = await transaction.webhookSecret.count({
        where: { tenantId, webhookId, ...signing },
      });
      if (graceMinutes > 0 && count >= mostSecrets) return false;
      await transaction.webhookSecret.updateMany({
        where: { tenantId, webhookId, OR: [{ expiresAt: null }, { expiresAt: { gt: end } }] },
        data: { expiresAt: end },
      });
      await transaction.webhookSecret.create({
        data: { tenantId, id: uuidv7(), webhookId, secret },
      });
      return true;
    });
    if (isRotated) return { webhook, secret, problems: [] };
    const message = `must be 0: ${mostSecrets} secrets sign already.`;
    return refused(invalid(["graceMinutes"], message));
  });
}

/**
 * Sends it all events behind a position again. Those that it was told of have the same `webhook-id` as then. It never goes
 * forward: events that it was not told of yet, or that another replay asks for, are sent all the same.
 */
export function replay(ctx: WebhookContext, id: string, position: bigint): Promise<WebhookResult> {
  return withWebhook(ctx, id, async (webhook) => {
    const { tenantId } = webhook;
    if (position > (await ctx.webhooks.endOfLog(tenantId))) {
      return refused(invalid(["cursor"], { complaint: "cursorAhead" }));
    }
    await ctx.prisma
      .$executeRaw`UPDATE webhooks SET position = least(position, ${position}::bigint) WHERE tenant_id = ${tenantId}::uuid AND id = ${webhook.id}::uuid`;
    await ctx.webhooks.wake(webhook);
    return await found(ctx, webhook);
  });
}

/** Does something with a webhook that the caller sees. */
export async function withWebhook(
  { actor, prisma }: WebhookContext,
  sent: string,
  work: (webhook: Webhook) => Promise<WebhookResult>,
): Promise<WebhookResult> {
  const id = readId(webhookPrefix, sent);
  if (id === null) return refused(invalid(["id"], idComplaint(webhookPrefix, sent)));
  const webhook = await prisma.webhook.findFirst({ where: { ...visibleTo(actor), id } });
  return webhook === null ? refused(notFound(["id"], "Webhook")) : await work(webhook);
}

const keyOf = ({ tenantId, id }: Webhook) => ({ tenantId, id, removedAt: null });

/** A webhook as it is now. Read behind its change: Citus gives no enum back from an UPDATE. */
async function found(
  { prisma }: WebhookContext,
  { tenantId, id }: Webhook,
): Promise<WebhookResult> {
  const webhook = await prisma.webhook.findFirst({ where: { tenantId, id, removedAt: null } });
  return webhook === null ? refused(notFound(["id"], "Webhook")) : { webhook, problems: [] };
}

type Rights = { readonly id: string; readonly actor: Actor } | { readonly problem: Problem };

/** The key of a new webhook: the one that is named, or the caller's own. A token lives too short to be one. */
function keyFor(ctx: WebhookContext, sent: string | null): Promise<Rights> {
  const path = ["api_key_id"];
  if (sent !== null) {
    const id = readId("key", sent);
    if (id === null) return Promise.resolve({ problem: invalid(path, idComplaint("key", sent)) });
    return rightsOf(ctx, id, path);
  }
  if (ctx.actor.kind === "apiKey") return rightsOf(ctx, parseId("key", ctx.actor.id), path);
  const message = "is needed with a token: the API key whose rights the webhook has.";
  return Promise.resolve({ problem: invalid(path, message) });
}

/**
 * A key whose rights the caller may hand on: it works, it may do no more, and it is of the caller's application. Its
 * department may be another one: a department is no fence, and a webhook writes nothing that would get it.
 */
async function rightsOf(
  { actor: caller, webhooks }: WebhookContext,
  id: string,
  path: readonly string[],
): Promise<Rights> {
  const actor = await webhooks.actorOf(id);
  if (actor === null || actor.tenantId !== caller.tenantId) {
    return { problem: notFound(path, "API key") };
  }
  const may = actor.scopes.every((scope) => isScope(scope) && covers(caller.scopes, scope));
  const isOwn = caller.appId === null || actor.appId === caller.appId;
  if (may && isOwn) return { id, actor };
  return { problem: invalid(path, "has an API key that may do more than the caller itself.") };
}

/** What an input comes to, on top of what there is. */
function settingsOf(input: WebhookInput, webhook: Webhook | null): EndpointSettings {
  const payload = input.payload ?? webhook?.payload ?? "thin";
  const filter = webhook?.filter == null ? null : parseJson(webhook.filter);
  return {
    url: input.url ?? webhook?.url ?? "",
    types: input.types ?? webhook?.types ?? [],
    operations: input.operations ?? webhook?.operations ?? [],
    filter: input.filter === undefined ? filter : input.filter,
    payload,
    query:
      input.query === undefined && payload === "graphql"
        ? (webhook?.query ?? null)
        : (input.query ?? null),
  };
}

async function complaints(
  ctx: WebhookContext,
  settings: EndpointSettings,
  actor: Actor,
): Promise<readonly Problem[]> {
  const url = await ctx.webhooks.checkUrl(settings.url);
  return [...url, ...formComplaints(ctx, settings, actor)];
}

/** The errors of settings, except those of their URL. */
function formComplaints(
  { webhooks }: WebhookContext,
  settings: EndpointSettings,
  actor: Actor,
): readonly Problem[] {
  const { payload, query } = settings;
  const needs =
    payload === "graphql" && query === null
      ? [invalid(["query"], "is needed with payload graphql.")]
      : payload !== "graphql" && query !== null
        ? [invalid(["query"], "needs payload graphql.")]
        : [];
  return [...needs, ...webhooks.check(settings, actor)];
}

const stored = ({ filter, types, operations, ...settings }: EndpointSettings) => ({
  ...settings,
  types: [...types],
  operations: [...operations],
  filter: filter === null ? null : JSON.stringify(filter),
});
