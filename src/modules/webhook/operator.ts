import { operatorOf } from "../../auth/operator.ts";
import type { Database } from "../../db/database.ts";
import { formatId, readId } from "../../lib/id.ts";
import { StartupError } from "../../lib/startup-error.ts";
import { messageOf } from "../../write/problem.ts";
import { catalog } from "../catalog.ts";
import type { PayloadKind, Sent, Webhooks } from "./endpoint.ts";
import { createWebhook, webhookPrefix } from "./service.ts";

/** A webhook as the operator sees it. */
export type ListedWebhook = {
  readonly id: string;
  readonly tenant: string;
  readonly url: string;
  readonly description: string | null;
  readonly types: readonly string[];
  readonly payload: PayloadKind;
  /** The key whose rights it has. */
  readonly keyId: string;
  readonly status: string;
  readonly statusReason: string | null;
  /** Events that are still to be sent. */
  readonly waiting: number;
  readonly createdAt: Date;
};

/** What the operator says of a new webhook. */
type NewWebhook = {
  /** The key whose rights it has, `key-<uuid>`; its tenant is the webhook's. */
  readonly keyId: string;
  readonly url: string;
  readonly description: string | null;
  readonly types: readonly string[];
  readonly payload: PayloadKind;
  readonly query: string | null;
};

/** All webhooks of all tenants, newest last. */
export function listWebhooks(database: Database): Promise<ListedWebhook[]> {
  return database.asOwner(async (client) => {
    const { rows } = await client.query<ListedWebhook>(
      `SELECT w.id, t.slug AS tenant, w.url, w.description, w.types, w.payload, w.api_key_id AS "keyId", w.status,
              w.status_reason AS "statusReason", w.created_at AS "createdAt",
              (SELECT count(*)::integer FROM webhook_deliveries d
               WHERE d.tenant_id = w.tenant_id AND d.webhook_id = w.id AND d.status = 'waiting') AS waiting
       FROM webhooks w JOIN tenants t ON t.id = w.tenant_id
       WHERE w.removed_at IS NULL ORDER BY w.created_at, w.id`,
    );
    return rows.map(({ id, keyId, ...row }) => ({
      ...row,
      id: formatId(webhookPrefix, id),
      keyId: formatId("key", keyId),
    }));
  });
}

/** Makes a webhook as the mutation does. The secret is not shown again. */
export async function addWebhook(
  database: Database,
  webhooks: Webhooks,
  { keyId, types, query, ...input }: NewWebhook,
): Promise<{ readonly id: string; readonly secret: string }> {
  checkTypes(types);
  const { tenantId } = await rowOf(database, "api_keys", "key", keyId, "`keys list`");
  const context = { actor: operatorOf(tenantId), prisma: database.prismaFor(tenantId), webhooks };
  const made = await createWebhook(context, { ...input, types, query, apiKeyId: keyId });
  if (made.problems.length > 0) throw new StartupError(made.problems.map(messageOf).join("\n"));
  const { webhook, secret } = made;
  if (webhook === null || secret === undefined) throw new Error("no webhook was made");
  return { id: formatId(webhookPrefix, webhook.id), secret };
}

/** Sends a webhook a message that says that it is a test. */
export async function testWebhook(
  database: Database,
  webhooks: Webhooks,
  id: string,
): Promise<Sent> {
  const found = await rowOf(database, "webhooks", webhookPrefix, id, "`webhooks list`");
  const prisma = database.prismaFor(found.tenantId);
  return await webhooks.test(await prisma.webhook.findFirstOrThrow({ where: found }));
}

/** @throws StartupError if a kind of record has no history, with those that have one. */
export function checkTypes(types: readonly string[]): void {
  const known = (catalog.entity("changeEvent").tellsOf ?? []).map((name) => catalog.entity(name));
  const unknown = types.filter((type) => !known.some((entity) => entity.type === type));
  if (unknown.length === 0) return;
  const names = known.map(({ type }) => type).join(", ");
  throw new StartupError(`--types: there is no ${unknown.join(", ")}. There are: ${names}.`);
}

/** The tenant and the bare id of a row that the operator names. */
async function rowOf(
  database: Database,
  table: "api_keys" | "webhooks",
  prefix: string,
  sent: string,
  listed: string,
): Promise<{ readonly tenantId: string; readonly id: string }> {
  const id = readId(prefix, sent);
  if (id === null) throw new StartupError(`"${sent}" is no id: take it from ${listed}.`);
  return database.asOwner(async (client) => {
    const { rows } = await client.query<{ tenant_id: string }>(
      `SELECT tenant_id FROM ${table} WHERE id = $1${table === "webhooks" ? " AND removed_at IS NULL" : ""}`,
      [id],
    );
    if (rows[0] === undefined) throw new StartupError(`There is no ${sent}: see ${listed}.`);
    return { tenantId: rows[0].tenant_id, id };
  });
}
