import type { Database } from "../db/database.ts";
import { asOwnWork } from "../db/work.ts";
import { parseJson } from "../lib/exact-number.ts";
import type { Endpoint } from "../modules/webhook/endpoint.ts";

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
      include: { secrets: { orderBy: { createdAt: "desc" } } },
    }),
  );
  if (row === null) return null;
  const secrets = row.secrets.filter(({ expiresAt }) => expiresAt === null || expiresAt > now);
  return {
    ...row,
    filter: row.filter === null ? null : parseJson(row.filter),
    position: String(row.position),
    secrets: secrets.map(({ secret }) => secret),
  };
}

/** Switches an endpoint off, with the reason for whoever looks at it. True if it was on. */
export async function stopEndpoint(
  database: Database,
  { tenantId, id }: Of,
  reason: string,
): Promise<boolean> {
  const prisma = database.prismaFor(tenantId);
  const { count } = await asOwnWork(() =>
    prisma.webhook.updateMany({
      where: { tenantId, id, status: "active" },
      data: { status: "stopped", statusReason: reason, statusAt: new Date() },
    }),
  );
  return count > 0;
}
