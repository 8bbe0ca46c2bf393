-- A gateway notes which keys are in use, of all tenants at once and at most once a minute each. A key that is being
-- changed is noted the next time.
CREATE FUNCTION note_api_key_use(key_id uuid)
  RETURNS void
  LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp
  BEGIN ATOMIC
    UPDATE api_keys SET last_used_at = now()
    WHERE (tenant_id, id) IN (
      SELECT k.tenant_id, k.id FROM api_keys k
      WHERE k.id = key_id AND (k.last_used_at IS NULL OR k.last_used_at < now() - interval '1 minute')
      FOR NO KEY UPDATE SKIP LOCKED
    );
  END;
REVOKE ALL ON FUNCTION note_api_key_use(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION note_api_key_use(uuid) TO crm_gateway;
