-- Text is stored in Unicode NFC: writes and filters put theirs in that form, and this what was stored before. Versions,
-- time stamps and the log stay as they are: it is the same text. So do the names of credentials (created_by, app_id, …),
-- which are compared with what the credentials say.

-- JSON as it is printed has escapes, whose letters are no text: of a line break, `\n`, and an accent behind it, NFC would
-- make `\ń`. So a character that JSON never prints as itself, and that nothing joins, keeps the two apart meanwhile.
CREATE FUNCTION pg_temp.in_nfc(value jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
  SELECT replace(normalize(regexp_replace(value::text, '\\(u[0-9a-f]{4}|.)', '\&' || chr(1), 'g')), chr(1), '')::jsonb
$$;

DO $$
DECLARE
  target record;
  place integer;
  row_at tid;
BEGIN
  FOR target IN
    SELECT c.table_name AS name,
      array_agg(CASE c.data_type
        -- A list has each text once: the first place of each stays.
        WHEN 'ARRAY' THEN format('%1$I = ARRAY(SELECT v FROM (SELECT normalize(u) AS v, min(o) AS o FROM unnest(%1$I) WITH ORDINALITY AS x(u, o) GROUP BY 1) n ORDER BY o)', c.column_name)
        -- Not where two keys would become one, and a value would be lost.
        WHEN 'jsonb' THEN format('%1$I = CASE WHEN (SELECT count(*) FROM jsonb_path_query(%1$I, ''strict $.**'')) = (SELECT count(*) FROM jsonb_path_query(pg_temp.in_nfc(%1$I), ''strict $.**'')) THEN pg_temp.in_nfc(%1$I) ELSE %1$I END', c.column_name)
        ELSE format('%1$I = normalize(%1$I)', c.column_name)
      END ORDER BY c.column_name) AS changes,
      array_agg(format(CASE c.data_type
        WHEN 'ARRAY' THEN 'array_to_string(%I, E''\n'') IS NOT NFC NORMALIZED'
        ELSE '%I::text IS NOT NFC NORMALIZED'
      END, c.column_name) ORDER BY c.column_name) AS conditions
    FROM information_schema.columns c
    WHERE c.table_schema = 'public' AND c.is_generated = 'NEVER'
      AND (c.data_type IN ('text', 'jsonb') OR c.data_type = 'ARRAY' AND c.udt_name = '_text')
      AND (c.table_name IN ('accounts', 'contacts', 'deals', 'activities', 'quotes', 'line_items')
           AND c.column_name NOT IN ('app_id', 'created_by', 'updated_by', 'deleted_by')
        OR (c.table_name, c.column_name) IN (('tenants', 'name'), ('departments', 'name'), ('api_keys', 'name'),
             ('deal_stage_changes', 'from_stage'), ('deal_stage_changes', 'to_stage')))
      -- Unique ones: below.
      AND (c.table_name, c.column_name) NOT IN (('accounts', 'email'), ('contacts', 'email'),
        ('deals', 'deal_number'), ('quotes', 'quote_number'))
    GROUP BY c.table_name
  LOOP
    BEGIN
      EXECUTE format('UPDATE %I SET %s WHERE %s', target.name, array_to_string(target.changes, ', '), array_to_string(target.conditions, ' OR '));
    EXCEPTION WHEN program_limit_exceeded THEN
      -- Some letters are longer in NFC (क़), and an index may not hold the text then: value by value, such a one stays as
      -- it was.
      FOR place IN 1 .. cardinality(target.changes) LOOP
        FOR row_at IN EXECUTE format('SELECT ctid FROM %I WHERE %s', target.name, target.conditions[place]) LOOP
          BEGIN
            EXECUTE format('UPDATE %I SET %s WHERE ctid = $1', target.name, target.changes[place]) USING row_at;
          EXCEPTION WHEN program_limit_exceeded THEN
            CONTINUE;
          END;
        END LOOP;
      END LOOP;
    END;
  END LOOP;

  -- A unique value that another live record has in NFC, or that an older one takes, stays as it was: whoever looks at
  -- the two must say whose it is.
  FOR target IN
    SELECT * FROM (VALUES
      ('accounts', 'email', ''),
      ('contacts', 'email', 'AND o.account_id IS NOT DISTINCT FROM t.account_id'),
      ('deals', 'deal_number', ''),
      ('quotes', 'quote_number', '')
    ) AS v(name, field, within)
  LOOP
    EXECUTE format($sql$
      UPDATE %1$I t SET %2$I = normalize(t.%2$I)
      WHERE t.%2$I IS NOT NFC NORMALIZED
        -- Longer in NFC, it might outgrow the index.
        AND octet_length(normalize(t.%2$I)) <= greatest(octet_length(t.%2$I), 2000)
        AND (t.deleted_at IS NOT NULL OR NOT EXISTS (
          SELECT FROM %1$I o
          WHERE o.tenant_id = t.tenant_id AND o.id <> t.id AND o.deleted_at IS NULL %3$s
            AND lower(normalize(o.%2$I)) = lower(normalize(t.%2$I))
            AND (o.%2$I IS NFC NORMALIZED OR o.id < t.id)))
    $sql$, target.name, target.field, target.within);
  END LOOP;
END $$;

DROP FUNCTION pg_temp.in_nfc(jsonb);
