-- Keys that a key made draw on its quota too: the ids of the keys in whose minutes a key's requests count, its own first,
-- its maker's next. Empty: its own alone. A rotated key counts as the one whose place it took.
ALTER TABLE "api_keys" ADD COLUMN "quota_ids" TEXT[] NOT NULL DEFAULT ARRAY[]::TEXT[];

WITH RECURSIVE family AS (
  SELECT k.tenant_id, 'key-' || k.id AS name, ARRAY[k.id::text] AS ids, false AS is_made
  FROM api_keys k
  WHERE NOT EXISTS (
    SELECT FROM api_keys maker WHERE maker.tenant_id = k.tenant_id AND 'key-' || maker.id = k.created_by
  )
  UNION ALL
  SELECT k.tenant_id, 'key-' || k.id, k.id::text || f.ids, true
  FROM family f
  JOIN api_keys k ON k.tenant_id = f.tenant_id AND k.created_by = f.name
)
UPDATE api_keys k SET quota_ids = f.ids
FROM family f
WHERE f.is_made AND k.tenant_id = f.tenant_id AND 'key-' || k.id = f.name;

DROP FUNCTION find_api_key(uuid);
CREATE FUNCTION find_api_key(key_id uuid)
  RETURNS TABLE (
    tenant_id uuid, id uuid, environment text, secret_hash bytea, scopes text[], department_id uuid, app_id text,
    requests_per_minute integer, expires_at timestamptz, revoked_at timestamptz, quota_ids text[], quota_limits integer[]
  )
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
  BEGIN ATOMIC
    SELECT k.tenant_id, k.id, k.environment, k.secret_hash, k.scopes, k.department_id, k.app_id,
           k.requests_per_minute, k.expires_at, k.revoked_at, k.quota_ids,
           ARRAY(
             SELECT counted.requests_per_minute
             FROM unnest(k.quota_ids) WITH ORDINALITY q(id, place)
             LEFT JOIN api_keys counted ON counted.tenant_id = k.tenant_id AND counted.id = q.id::uuid
             ORDER BY q.place
           )
    FROM api_keys k WHERE k.id = key_id;
  END;
REVOKE ALL ON FUNCTION find_api_key(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION find_api_key(uuid) TO crm_gateway;
