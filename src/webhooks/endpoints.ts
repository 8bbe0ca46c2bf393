import { EventLog } from "../changes/event-log.ts";
import type { Database } from "../db/database.ts";
import type { FencedPool } from "../db/fenced-pool.ts";
import type { Prisma, WebhookStatus } from "../db/generated/prisma/client.ts";
import { asOwnWork } from "../db/work.ts";
import { parseJson } from "../lib/exact-number.ts";
import { render } from "../lib/sql.ts";
import type { Endpoint } from "../modules/webhook/endpoint.ts";
import { webhook } from "../modules/webhook/model.ts";

type Of = Pick<Endpoint, "tenantId" | "id">;

/** An endpoint with the secrets that sign for it. */
export type Signed = Endpoint & { readonly secrets: readonly string[] };

/** The endpoint as it is now; null if it is gone, paused or stopped. */
export async function findActive(
  database: Database,
  { tenantId, id }: Of,
  now: Date,
): Promise<Signed | null> {
  const prisma = database.prismaFor(tenantId);
  const row = await asOwnWork(() =>
    prisma.webhook.findUnique({
      where: { tenantId_id: { tenantId, id }, status: "active" },
      include: { secrets: signingAt(now) },
    }),
  );
  if (row === null) return null;
  return {
    ...row,
    filter: row.filter === null ? null : parseJson(row.filter),
    position: String(row.position),
    secrets: row.secrets.map(({ secret }) => secret),
  };
}

/** The secrets that sign for an endpoint, whatever its status. */
export async function findSecrets(
  database: Database,
  { tenantId, id }: Of,
  now: Date,
): Promise<readonly string[]> {
  const { where, orderBy } = signingAt(now);
  const prisma = database.prismaFor(tenantId);
  const found = await asOwnWork(() =>
    prisma.webhookSecret.findMany({ where: { ...where, tenantId, webhookId: id }, orderBy }),
  );
  return found.map(({ secret }) => secret);
}

/** The secrets that sign at an instant, the newest first. */
const signingAt = (now: Date) =>
  ({
    where: { OR: [{ expiresAt: null }, { expiresAt: { gt: now } }] },
    orderBy: { createdAt: "desc" },
  }) satisfies Prisma.Webhook$secretsArgs;

/** What becomes of an endpoint's status, by whom, and why if it is switched off. */
export type StatusChange = {
  readonly from: readonly WebhookStatus[];
  readonly to: WebhookStatus;
  readonly reason: string | null;
  readonly actor: string;
};

/** Changes the status of an endpoint, with an event that says so. False if it had no status to change from. */
export function changeStatus(
  pool: FencedPool,
  { tenantId, id }: Of,
  { from, to, reason, actor }: StatusChange,
): Promise<boolean> {
  return pool.transaction(tenantId, async (transaction) => {
    const [old] = await transaction.rows(
      `SELECT status, status_reason, version::text, app_id FROM webhooks
       WHERE tenant_id = $1::uuid AND id = $2::uuid AND status = ANY ($3::webhook_status[]) AND removed_at IS NULL FOR NO KEY UPDATE`,
      [tenantId, id, from],
    );
    if (old === undefined) return false;
    const [status, statusReason, version, appId] = old;
    const now = new Date().toISOString();
    transaction.send(
      `UPDATE webhooks SET status = $3::webhook_status, status_reason = $4::text, status_at = $5::timestamptz, version = version + 1,
         failing_since = CASE WHEN $3::webhook_status = 'stopped' THEN failing_since END
       WHERE tenant_id = $1::uuid AND id = $2::uuid`,
      [tenantId, id, to, reason, now],
    );
    const log = new EventLog({ tenantId, actor, now });
    const after = { id, appId, version: Number(version) + 1, status: to, statusReason: reason };
    log.add(webhook, "updated", { ...after, status, statusReason }, after);
    for (const statement of log.statements()) {
      const { text, values } = render(statement);
      transaction.send(text, values);
    }
    return true;
  });
}
