/** Whoever has this advisory lock holds all commits up. */
export const commits = 1;

/**
 * Transactions that stay open for a while: one in three where it writes its first row, and one in ten at its commit,
 * with its events written.
 */
export const dawdle = `
  CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN PERFORM pg_advisory_xact_lock_shared(${commits}); RETURN NULL; END $$;
  CREATE CONSTRAINT TRIGGER hold AFTER INSERT ON change_events DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.ends_transaction) EXECUTE FUNCTION hold();
  CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF random() < TG_ARGV[0]::float8 THEN PERFORM pg_sleep(random() * 0.04); END IF;
      RETURN NULL;
    END $$;
  CREATE TRIGGER dawdle AFTER INSERT OR UPDATE ON accounts FOR EACH STATEMENT EXECUTE FUNCTION dawdle('0.33');
  CREATE TRIGGER dawdle AFTER INSERT OR UPDATE ON contacts FOR EACH STATEMENT EXECUTE FUNCTION dawdle('0.33');
  CREATE TRIGGER dawdle AFTER INSERT OR UPDATE ON deals FOR EACH STATEMENT EXECUTE FUNCTION dawdle('0.33');
  CREATE TRIGGER dawdle AFTER INSERT OR UPDATE ON line_items FOR EACH STATEMENT EXECUTE FUNCTION dawdle('0.33');
  CREATE CONSTRAINT TRIGGER dawdle AFTER INSERT ON change_events DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.ends_transaction) EXECUTE FUNCTION dawdle('0.1');`;
