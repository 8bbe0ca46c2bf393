import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { Database } from "../db/database.ts";
import type { FencedPool } from "../db/fenced-pool.ts";
import { formatId, isUuid, parseId, uuidv7 } from "../lib/id.ts";
import { StartupError } from "../lib/startup-error.ts";
import type { Actor } from "./actor.ts";
import { isScope } from "./scopes.ts";

/** `crm_<env>_<id>_<secret>`: the id finds the row, the secret proves the caller. */
const keyPattern = /^crm_([a-z]{1,16})_([0-9a-f-]{36})_([0-9a-f]{48})$/;
const maxKeyLength = 120;

/** What is stored of a secret. It is 192 random bits, so a plain hash cannot be guessed back. */
function hashSecret(secret: string): Buffer {
  return createHash("sha256").update(secret).digest();
}

type KeyRow = {
  tenant_id: string;
  id: string;
  environment: string;
  secret_hash: Buffer;
  scopes: string[];
  department_id: string | null;
  app_id: string | null;
  requests_per_minute: number | null;
  expires_at: Date | null;
  revoked_at: Date | null;
};

/** A hash that no secret has: an unknown key takes the same comparison as a known one. */
const noHash = Buffer.alloc(32);

/** The actor that a key stands for; null for every key that does not work, whatever the reason. */
export async function authenticateApiKey(pool: FencedPool, key: string): Promise<Actor | null> {
  const [, environment, id, secret] =
    (key.length <= maxKeyLength ? keyPattern.exec(key) : null) ?? [];
  if (environment === undefined || id === undefined || secret === undefined || !isUuid(id))
    return null;
  const [row] = await pool.callFunction<KeyRow>("find_api_key", id);
  const matches = timingSafeEqual(hashSecret(secret), row?.secret_hash ?? noHash);
  if (row === undefined || !matches || row.environment !== environment) return null;
  if (row.revoked_at !== null || (row.expires_at !== null && row.expires_at <= new Date()))
    return null;
  return {
    kind: "apiKey",
    id: formatId("key", row.id),
    tenantId: row.tenant_id,
    // What an older version stored and this one does not know opens nothing.
    scopes: row.scopes.filter(isScope),
    appId: row.app_id,
    departmentId: row.department_id,
    expiresAt: row.expires_at,
    requestsPerMinute: row.requests_per_minute,
  };
}

/** A new secret: the whole key, to be shown once, and the hash that is kept of it. */
export function makeSecret(environment: string, id: string): { key: string; hash: Buffer } {
  const secret = randomBytes(24).toString("hex");
  return { key: `crm_${environment}_${id}_${secret}`, hash: hashSecret(secret) };
}

/** Makes a key for a tenant. The key is in the answer and nowhere else. */
export async function createApiKey(
  database: Database,
  options: { tenantSlug: string; scopes: readonly string[]; name: string; env: string },
): Promise<{ id: string; key: string }> {
  const { tenantSlug, scopes, name, env } = options;
  const unknown = scopes.filter((scope) => !isScope(scope));
  if (unknown.length > 0) {
    throw new StartupError(
      `Not a scope: ${unknown.join(", ")}. Scopes look like read:accounts, write:deals, read:*, write:* or *.`,
    );
  }
  const id = uuidv7();
  const { key, hash } = makeSecret(env, id);
  await database.asOwner(async (client) => {
    const made = await client.query(
      `INSERT INTO api_keys (tenant_id, id, name, environment, secret_hash, scopes)
       SELECT t.id, $2, $3, $4, $5, $6 FROM tenants t WHERE t.slug = $1`,
      [tenantSlug, id, name, env, hash, scopes],
    );
    if (made.rowCount === 0) {
      const { rows } = await client.query<{ slug: string }>(
        "SELECT slug FROM tenants ORDER BY slug LIMIT 20",
      );
      const known = rows.map(({ slug }) => slug).join(", ");
      throw new StartupError(
        `There is no tenant "${tenantSlug}". Known: ${known === "" ? "none yet; start the server once for the demo, or run `crm seed`" : known}.`,
      );
    }
  });
  return { id: formatId("key", id), key };
}

/** A key as the operator sees it. */
export type ListedKey = {
  readonly id: string;
  readonly tenant: string;
  readonly name: string;
  readonly environment: string;
  readonly scopes: readonly string[];
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
};

/** All keys of all tenants, newest last. */
export async function listApiKeys(database: Database): Promise<ListedKey[]> {
  return database.asOwner(async (client) => {
    const { rows } = await client.query<Omit<ListedKey, "id"> & { id: string }>(
      `SELECT k.id, t.slug AS tenant, k.name, k.environment, k.scopes, k.created_at AS "createdAt",
              k.expires_at AS "expiresAt", k.revoked_at AS "revokedAt"
       FROM api_keys k JOIN tenants t ON t.id = k.tenant_id ORDER BY k.created_at, k.id`,
    );
    return rows.map((row) => ({ ...row, id: formatId("key", row.id) }));
  });
}

/** Makes a key invalid at once. Revoking it again changes nothing. */
export async function revokeApiKey(database: Database, id: string): Promise<void> {
  let uuid: string;
  try {
    uuid = parseId("key", id);
  } catch {
    throw new StartupError(
      `"${id}" is not a key's id: take it from \`keys list\`, e.g. key-<uuid>.`,
    );
  }
  await database.asOwner(async (client) => {
    const revoked = await client.query(
      "UPDATE api_keys SET revoked_at = coalesce(revoked_at, now()) WHERE id = $1",
      [uuid],
    );
    if (revoked.rowCount === 0) throw new StartupError(`There is no key ${id}: see \`keys list\`.`);
  });
}
