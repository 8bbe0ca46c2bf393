import { operatorOf } from "../../auth/operator.ts";
import { isScope } from "../../auth/scopes.ts";
import type { Database } from "../../db/database.ts";
import { formatId, parseId, readId } from "../../lib/id.ts";
import { StartupError } from "../../lib/startup-error.ts";
import { composed } from "../../lib/text.ts";
import type { WriteContext } from "../../write/context.ts";
import type { WriteResult } from "../../write/draft.ts";
import { messageOf } from "../../write/problem.ts";
import { catalog } from "../catalog.ts";
import { tenantBySlug } from "../tenant/operator.ts";
import { createApiKey, revokeApiKey, rotateApiKey } from "./service.ts";

/** What the operator says of a new key. */
type NewKey = {
  readonly tenantSlug: string;
  readonly name: string;
  readonly scopes: readonly string[];
  /** The second part of the key, `crm_<env>_…`. */
  readonly env: string;
  /** A department of the tenant, by id or by name. */
  readonly department?: string | undefined;
  readonly appId?: string | undefined;
  readonly expiresAt?: Date | undefined;
  readonly requestsPerMinute?: number | undefined;
};

/** A key that was made: it cannot be shown again. */
export type MadeKey = { readonly id: string; readonly key: string };

/** Makes a key of a tenant's, as the mutation does, change event included. */
export async function createKey(database: Database, options: NewKey): Promise<MadeKey> {
  const unknown = options.scopes.filter((scope) => !isScope(scope));
  if (unknown.length > 0) {
    throw new StartupError(
      `Not a scope: ${unknown.join(", ")}. Scopes look like read:accounts, write:deals, read:*, write:* or *.`,
    );
  }
  const tenant = await tenantBySlug(database, options.tenantSlug);
  const tenantId = parseId("ten", tenant.id);
  const departmentId =
    options.department === undefined
      ? null
      : await findDepartment(database, tenantId, options.department);
  const result = await createApiKey(contextOf(database, tenantId), {
    name: options.name,
    scopes: options.scopes,
    environment: options.env,
    department_id: departmentId,
    app_id: options.appId,
    requests_per_minute: options.requestsPerMinute,
    expires_at: options.expiresAt?.toISOString(),
  });
  return made(result);
}

/** Makes a key that may do the same; the old one works on for the grace time. */
export async function rotateKey(
  database: Database,
  id: string,
  graceMinutes: number,
): Promise<MadeKey> {
  const context = contextOf(database, await tenantOfKey(database, id));
  return made(await rotateApiKey(context, { id, graceMinutes }));
}

/** Makes a key invalid at once. Revoking it again changes nothing. */
export async function revokeKey(database: Database, id: string): Promise<void> {
  const context = contextOf(database, await tenantOfKey(database, id));
  checked(await revokeApiKey(context, id));
}

/** A key as the operator sees it. */
export type ListedKey = {
  readonly id: string;
  readonly tenant: string;
  readonly name: string;
  readonly environment: string;
  readonly scopes: readonly string[];
  readonly department: string | null;
  readonly appId: string | null;
  readonly requestsPerMinute: number | null;
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
  readonly lastUsedAt: Date | null;
};

/** All keys of all tenants, newest last. */
export async function listKeys(database: Database): Promise<ListedKey[]> {
  return database.asOwner(async (client) => {
    const { rows } = await client.query<ListedKey>(
      `SELECT k.id, t.slug AS tenant, k.name, k.environment, k.scopes, d.name AS department, k.app_id AS "appId",
              k.requests_per_minute AS "requestsPerMinute", k.created_at AS "createdAt", k.expires_at AS "expiresAt",
              k.revoked_at AS "revokedAt", k.last_used_at AS "lastUsedAt"
       FROM api_keys k
       JOIN tenants t ON t.id = k.tenant_id
       LEFT JOIN departments d ON d.tenant_id = k.tenant_id AND d.id = k.department_id
       ORDER BY k.created_at, k.id`,
    );
    return rows.map((row) => ({ ...row, id: formatId("key", row.id) }));
  });
}

function contextOf(database: Database, tenantId: string): WriteContext {
  return { actor: operatorOf(tenantId), pool: database.pool, catalog, idempotent: null };
}

async function tenantOfKey(database: Database, id: string): Promise<string> {
  const uuid = readId("key", id);
  if (uuid === null) {
    throw new StartupError(
      `"${id}" is not a key's id: take it from \`keys list\`, e.g. key-<uuid>.`,
    );
  }
  return database.asOwner(async (client) => {
    const { rows } = await client.query<{ tenant_id: string }>(
      "SELECT tenant_id FROM api_keys WHERE id = $1",
      [uuid],
    );
    if (rows[0] === undefined) throw new StartupError(`There is no key ${id}: see \`keys list\`.`);
    return rows[0].tenant_id;
  });
}

async function findDepartment(
  database: Database,
  tenantId: string,
  idOrName: string,
): Promise<string> {
  return database.asOwner(async (client) => {
    const { rows } = await client.query<{ id: string; name: string }>(
      "SELECT id, name FROM departments WHERE tenant_id = $1 ORDER BY name",
      [tenantId],
    );
    const id = readId("dep", idOrName);
    const found = rows.filter((row) => row.id === id || row.name === composed(idOrName));
    if (found.length === 1 && found[0] !== undefined) return found[0].id;
    if (found.length > 1) {
      throw new StartupError(`Several departments are called "${idOrName}": give the id of one.`);
    }
    const known = rows.map((row) => row.name).join(", ");
    throw new StartupError(
      `The tenant has no department "${idOrName}". It has: ${known === "" ? "none" : known}.`,
    );
  });
}

function made(result: WriteResult): MadeKey {
  checked(result);
  return { id: formatId("key", result.id ?? ""), key: result.extra?.["secret"] ?? "" };
}

/** What the service did not like is told as the operator's mistake, a line each. */
function checked({ problems }: WriteResult): void {
  if (problems.length > 0) {
    throw new StartupError(problems.map(messageOf).join("\n"));
  }
}
