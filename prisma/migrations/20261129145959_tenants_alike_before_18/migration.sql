-- Before PostgreSQL 18 a tenant without statistics counted as one of 200 (20261128110000_any_tenant). In tables of a few
-- thousand rows it then has less than a row, and a filter over four edges of the demo's records took over 10 s in place
-- of 60 ms. A superuser can write there what PostgreSQL 18 is told by a function: that there are 20 tenants. Shards of
-- Citus get it by `crm distribute`.
CREATE OR REPLACE FUNCTION plan_tenants_alike(name text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  tenant record;
BEGIN
  IF EXISTS (
    SELECT FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
    WHERE t.tgrelid = format('public.%I', name)::regclass AND p.proname = 'citus_truncate_trigger'
  ) THEN
    RETURN;
  END IF;
  SELECT attrelid, attnum INTO tenant FROM pg_attribute
  WHERE attrelid = format('public.%I', name)::regclass AND attname = 'tenant_id';
  IF current_setting('server_version_num')::integer >= 180000 THEN
    PERFORM pg_clear_attribute_stats('public', name, 'tenant_id', false);
    PERFORM pg_restore_attribute_stats(
      'schemaname', 'public', 'relname', name, 'attname', 'tenant_id', 'inherited', false,
      'null_frac', 0::real, 'avg_width', 16, 'n_distinct', 20::real
    );
  ELSIF (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
    DELETE FROM pg_statistic WHERE starelid = tenant.attrelid AND staattnum = tenant.attnum;
    INSERT INTO pg_statistic (
      starelid, staattnum, stainherit, stanullfrac, stawidth, stadistinct, stakind1, stakind2, stakind3, stakind4, stakind5,
      staop1, staop2, staop3, staop4, staop5, stacoll1, stacoll2, stacoll3, stacoll4, stacoll5
    ) VALUES (tenant.attrelid, tenant.attnum, false, 0, 16, 20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
  ELSIF EXISTS (SELECT FROM pg_stats s WHERE s.schemaname = 'public' AND s.tablename = name AND s.attname = 'tenant_id') THEN
    -- Kept for ever, old statistics would be worse than new ones: `crm doctor` says what a superuser can do.
    RETURN;
  END IF;
  EXECUTE format('ALTER TABLE public.%I ALTER COLUMN tenant_id SET STATISTICS 0', name);
END $$;

SELECT plan_tenants_alike(c.table_name) FROM information_schema.columns c
WHERE c.table_schema = 'public' AND c.column_name = 'tenant_id' ORDER BY c.table_name;
