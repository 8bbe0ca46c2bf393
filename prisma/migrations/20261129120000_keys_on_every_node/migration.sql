-- The same functions in PL/pgSQL: its statements are planned when they run, as tables that are distributed over several
-- nodes need it.
CREATE OR REPLACE FUNCTION find_api_key(key_id uuid)
  RETURNS TABLE (
    tenant_id uuid, id uuid, environment text, secret_hash bytea, scopes text[], department_id uuid, app_id text,
    requests_per_minute integer, expires_at timestamptz, revoked_at timestamptz, quota_ids text[], quota_limits integer[]
  )
  LANGUAGE plpgsql STABLE ROWS 1 SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
    SELECT k.tenant_id, k.id, k.environment, k.secret_hash, k.scopes, k.department_id, k.app_id,
           k.requests_per_minute, k.expires_at, k.revoked_at, k.quota_ids,
           ARRAY(
             SELECT counted.requests_per_minute
             FROM unnest(k.quota_ids) WITH ORDINALITY q(id, place)
             LEFT JOIN api_keys counted ON counted.tenant_id = k.tenant_id AND counted.id = q.id::uuid
             ORDER BY q.place
           )
    FROM api_keys k WHERE k.id = key_id;
END $$;

CREATE OR REPLACE FUNCTION note_api_key_use(key_id uuid)
  RETURNS void
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  key_tenant uuid;
BEGIN
  SELECT k.tenant_id INTO key_tenant FROM api_keys k
  WHERE k.id = key_id AND (k.last_used_at IS NULL OR k.last_used_at < now() - interval '1 minute')
  FOR NO KEY UPDATE SKIP LOCKED;
  IF FOUND THEN
    UPDATE api_keys k SET last_used_at = now() WHERE k.tenant_id = key_tenant AND k.id = key_id;
  END IF;
END $$;
