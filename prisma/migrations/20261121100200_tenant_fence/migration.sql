-- The tenant fence: a role that owns nothing, and row-level security on every table of a tenant.

DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'crm_gateway') THEN
    CREATE ROLE crm_gateway NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;
  END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
  NULL; -- another database of this cluster is being migrated at the same time
END $$;

-- The server signs in as the owner's login and becomes this role, so the login must be a member of it.
DO $$
BEGIN
  IF NOT pg_has_role(current_user, 'crm_gateway', 'MEMBER') THEN
    EXECUTE format('GRANT crm_gateway TO %I', current_user);
  END IF;
END $$;

GRANT USAGE ON SCHEMA public TO crm_gateway;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO crm_gateway;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO crm_gateway;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO crm_gateway;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO crm_gateway;
REVOKE INSERT, UPDATE, DELETE ON tenants, _prisma_migrations FROM crm_gateway;
REVOKE UPDATE, DELETE ON change_events, deal_stage_changes FROM crm_gateway;

-- The tenant this connection is pinned to. Unset reads '' (not NULL) once it was ever set in a session.
CREATE FUNCTION current_tenant_id() RETURNS uuid
  LANGUAGE sql STABLE PARALLEL SAFE
  RETURN NULLIF(current_setting('app.tenant_id', true), '')::uuid;

DO $$
DECLARE
  name text;
BEGIN
  FOR name IN
    SELECT c.table_name FROM information_schema.columns c
    WHERE c.table_schema = 'public' AND c.column_name = 'tenant_id'
  LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format(
      'CREATE POLICY tenant_fence ON %I USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id())',
      name
    );
  END LOOP;
END $$;

ALTER TABLE tenants ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant_fence ON tenants USING (id = current_tenant_id());

-- Who calls is asked before the tenant is known. Only what checking a key needs comes out, one key at a time.
CREATE FUNCTION find_api_key(key_id uuid)
  RETURNS TABLE (
    tenant_id uuid, id uuid, environment text, secret_hash bytea, scopes text[], department_id uuid, app_id text,
    requests_per_minute integer, expires_at timestamptz, revoked_at timestamptz
  )
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
  BEGIN ATOMIC
    SELECT k.tenant_id, k.id, k.environment, k.secret_hash, k.scopes, k.department_id, k.app_id,
           k.requests_per_minute, k.expires_at, k.revoked_at
    FROM api_keys k WHERE k.id = key_id;
  END;
REVOKE ALL ON FUNCTION find_api_key(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION find_api_key(uuid) TO crm_gateway;

-- Behind row-level security PostgreSQL uses an index only for operators that it knows cannot leak a row through an
-- error message. The ones below cannot, but only a superuser may say so; elsewhere (managed databases) text search and
-- decimal filters read the tenant's rows instead of those indexes, and `crm doctor` tells.
DO $$
DECLARE
  signature regprocedure;
BEGIN
  IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
    RETURN;
  END IF;
  FOR signature IN
    SELECT p.oid::regprocedure FROM pg_proc p
    WHERE NOT p.proleakproof
      AND (
        p.pronamespace = 'pg_catalog'::regnamespace AND p.proname IN (
          'texticlike', 'textlike', 'numeric_eq', 'numeric_ne', 'numeric_lt', 'numeric_le', 'numeric_gt', 'numeric_ge',
          'enum_eq', 'enum_ne', 'enum_lt', 'enum_le', 'enum_gt', 'enum_ge',
          'arraycontains', 'arrayoverlap', 'arraycontained', 'jsonb_contains'
        )
        OR p.proname IN ('similarity_op', 'word_similarity_op', 'word_similarity_commutator_op')
      )
  LOOP
    EXECUTE format('ALTER FUNCTION %s LEAKPROOF', signature);
  END LOOP;
  -- Comparing trigrams of a whole text costs far more than the default of 1: told so, the planner narrows by index first.
  FOR signature IN
    SELECT p.oid::regprocedure FROM pg_proc p WHERE p.proname IN ('word_similarity_op', 'word_similarity_commutator_op')
  LOOP
    EXECUTE format('ALTER FUNCTION %s COST 100', signature);
  END LOOP;
END $$;
