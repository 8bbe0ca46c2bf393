-- Until its first ANALYZE PostgreSQL takes a tenant_id for one in 200, and then any index that begins with it for as
-- good as the primary key. Foreign keys that were first checked on an empty table read a whole tenant for every row, a
-- minute or so long: the fourth 1,000 deals took ten times as long as the first. Told that there is one tenant, it takes
-- the primary key from the start. ANALYZE replaces this. Only PostgreSQL 18 and newer can be told.
DO $$
DECLARE
  name text;
BEGIN
  IF current_setting('server_version_num')::integer < 180000 THEN
    RETURN;
  END IF;
  FOR name IN
    SELECT c.table_name FROM information_schema.columns c
    WHERE c.table_schema = 'public' AND c.column_name = 'tenant_id'
      -- What has rows by now was analyzed, or will be.
      AND NOT EXISTS (SELECT FROM pg_stats s WHERE s.schemaname = c.table_schema AND s.tablename = c.table_name)
  LOOP
    PERFORM pg_restore_attribute_stats(
      'schemaname', 'public', 'relname', name, 'attname', 'tenant_id', 'inherited', false,
      'null_frac', 0::real, 'avg_width', 16, 'n_distinct', 1::real
    );
  END LOOP;
END $$;
