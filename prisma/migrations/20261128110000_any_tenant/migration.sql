-- Every tenant is planned for as one of 20 of the same size. Statistics of tenant_id name the large tenants, and of all
-- others PostgreSQL then expects one row a table: of a tenant that grew since the last ANALYZE, and of one that is small
-- beside the rest. Nested loops over the whole tenant seem free, so a filter over an edge or a deletion took as many
-- steps as the square of its rows (docs/decisions.md). So ANALYZE leaves tenant_id alone, and what it found is dropped.
-- Without statistics a tenant counts as one of 200; PostgreSQL 18 and newer can be told a number, which must be small
-- enough that a tenant seems to have rows while the table is empty: plans of foreign keys are made then, and kept
-- (20261121200100_first_statistics).
CREATE FUNCTION plan_tenants_alike(name text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
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
REVOKE ALL ON FUNCTION plan_tenants_alike(text) FROM PUBLIC;

SELECT plan_tenants_alike(c.table_name) FROM information_schema.columns c
WHERE c.table_schema = 'public' AND c.column_name = 'tenant_id' ORDER BY c.table_name;
