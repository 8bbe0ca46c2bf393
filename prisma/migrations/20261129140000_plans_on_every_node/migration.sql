-- On Citus the rows lie in shards, which had this from their table when they were made, and Citus passes no
-- `ALTER COLUMN … SET STATISTICS` on to them: a migration that names a table which is distributed leaves it as it is.
CREATE OR REPLACE FUNCTION plan_tenants_alike(name text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (
    SELECT FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
    WHERE t.tgrelid = format('public.%I', name)::regclass AND p.proname = 'citus_truncate_trigger'
  ) THEN
    RETURN;
  END IF;
  IF current_setting('server_version_num')::integer >= 180000 THEN
    PERFORM pg_clear_attribute_stats('public', name, 'tenant_id', false);
    PERFORM pg_restore_attribute_stats(
      'schemaname', 'public', 'relname', name, 'attname', 'tenant_id', 'inherited', false,
      'null_frac', 0::real, 'avg_width', 16, 'n_distinct', 20::real
    );
  ELSIF (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
    DELETE FROM pg_statistic s USING pg_attribute a
    WHERE s.starelid = format('public.%I', name)::regclass
      AND a.attrelid = s.starelid AND a.attnum = s.staattnum AND a.attname = 'tenant_id';
  ELSIF EXISTS (SELECT FROM pg_stats s WHERE s.schemaname = 'public' AND s.tablename = name AND s.attname = 'tenant_id') THEN
    -- Kept for ever, old statistics would be worse than new ones: `crm doctor` says what a superuser can do.
    RETURN;
  END IF;
  EXECUTE format('ALTER TABLE public.%I ALTER COLUMN tenant_id SET STATISTICS 0', name);
END $$;
