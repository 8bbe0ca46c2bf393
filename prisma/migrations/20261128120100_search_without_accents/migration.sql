-- Searches and the text filters find without case, accents and Unicode form. All that is used is IMMUTABLE and the same
-- in every PostgreSQL since 15: unaccent's rules are files that change, and an index made by them would be wrong then.

-- Small letters without accents, of what is stored and of what is looked for. What is ASCII takes the short way. Marks are
-- named by their code points: accents, Hebrew and Arabic points, those of kana, and what nobody sees.
CREATE FUNCTION search_fold(value text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN octet_length(value) = char_length(value) THEN lower(value COLLATE "C") ELSE
  replace(replace(replace(replace(
    translate(
      lower(regexp_replace(normalize(value, NFKD),
        '[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u064b-\u065f\u0670\u3099\u309a\u00ad\u200b\u2060\ufeff]', '', 'g')),
      'øłđðıħŧς', 'olddihtσ'),
    'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'), 'þ', 'th')
END;

-- The same of what is looked for, with what LIKE would read as a pattern escaped.
CREATE FUNCTION search_pattern(value text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN regexp_replace(search_fold(value), '([\\%_])', '\\\1', 'g');

-- Prose as searches look into it. Cut again when it is folded: there are characters that become 18, and Korean ones three.
CREATE FUNCTION search_prose(value text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN left(search_fold(left(COALESCE(value, ''), 2000)), 6000);

-- Full-width, Arabic and Persian digits as plain ones.
CREATE FUNCTION plain_digits(value text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN octet_length(value) = char_length(value) THEN value ELSE
  translate(value, '０１２３４５６７８９٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹', '012345678901234567890123456789') END;

-- What RFC 3492 wrote as that label of a host: xn--kln-sna is köln. What is no punycode stays as it is.
CREATE FUNCTION label_unicode(label text) RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
  written text := substr(label, 5);
  dash int := length(written) - strpos(reverse(written), '-') + 1;
  result text := CASE WHEN dash > length(written) THEN '' ELSE left(written, dash - 1) END;
  rest text := CASE WHEN dash > length(written) THEN written ELSE substr(written, dash + 1) END;
  code bigint := 128;
  place bigint := 0;
  bias bigint := 72;
  before bigint;
  weight bigint;
  step bigint;
  digit int;
  threshold bigint;
  delta bigint;
  size int;
BEGIN
  IF length(label) > 63 THEN RETURN label; END IF;
  WHILE rest <> '' LOOP
    before := place; weight := 1; step := 36;
    LOOP
      digit := strpos('abcdefghijklmnopqrstuvwxyz0123456789', left(rest, 1)) - 1;
      IF rest = '' OR digit < 0 THEN RETURN label; END IF;
      rest := substr(rest, 2);
      place := place + digit * weight;
      threshold := least(26, greatest(1, step - bias));
      EXIT WHEN digit < threshold;
      weight := weight * (36 - threshold); step := step + 36;
      IF weight > 100000000 OR place > 100000000 THEN RETURN label; END IF;
    END LOOP;
    size := length(result) + 1;
    delta := CASE WHEN before = 0 THEN (place - before) / 700 ELSE (place - before) / 2 END;
    delta := delta + delta / size;
    step := 0;
    WHILE delta > 455 LOOP delta := delta / 35; step := step + 36; END LOOP;
    bias := step + 36 * delta / (delta + 38);
    code := code + place / size;
    place := place % size;
    IF code > 1114111 OR code BETWEEN 55296 AND 57343 THEN RETURN label; END IF;
    result := left(result, place::int) || chr(code::int) || substr(result, place::int + 1);
    place := place + 1;
  END LOOP;
  RETURN result;
END $$;

-- A host, or what one stands in, without punycode; null where there is none in it.
CREATE FUNCTION host_unicode(value text) RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
  result text := lower(value);
  label text;
BEGIN
  IF value IS NULL OR strpos(result, 'xn--') = 0 THEN RETURN NULL; END IF;
  FOR label IN
    SELECT l FROM (SELECT DISTINCT m[1] AS l FROM regexp_matches(result, 'xn--[a-z0-9-]+', 'g') m) x ORDER BY length(l) DESC, l
  LOOP
    result := replace(result, label, label_unicode(label));
  END LOOP;
  RETURN result;
END $$;

-- The digits of a phone number, however it is written: without `(0)`, and without what stands behind the number.
CREATE FUNCTION phone_digits(value text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN regexp_replace(regexp_replace(plain_digits(left(value, 100)), '\(0\)|([0-9][)\s]*)[^-0-9+()./\s\u00a0\u2010-\u2015].*$', '\1', 'g'), '[^0-9]', '', 'g');

-- Each name and number on a line of its own, then a form feed, then the other texts: a search that is a line of the
-- first part is the name of the record.
ALTER TABLE "accounts" DROP COLUMN "search_text", ADD COLUMN "search_text" TEXT NOT NULL GENERATED ALWAYS AS (search_fold(
  E'\n' || COALESCE("name", '') || E'\n' || COALESCE("legal_name", '') || E'\n' || COALESCE("domain", '') || E'\n' || COALESCE("email", '')
  || COALESCE(E'\n' || host_unicode("domain"), '') || COALESCE(E'\n' || host_unicode("email"), '')
  || E'\n' || phone_digits(COALESCE("phone", ''))
  || E'\n\f' || COALESCE("phone", '') || E'\n' || COALESCE("website", '') || COALESCE(E'\n' || host_unicode("website"), '') || E'\n' || COALESCE("industry", '') || E'\n') || search_prose("description")) STORED;

ALTER TABLE "contacts" DROP COLUMN "search_text", ADD COLUMN "search_text" TEXT NOT NULL GENERATED ALWAYS AS (search_fold(
  E'\n' || btrim(COALESCE("first_name", '') || ' ' || COALESCE("last_name", '')) || E'\n' || COALESCE("custom_display_name", '') || E'\n' || COALESCE("email", '') || COALESCE(E'\n' || host_unicode("email"), '')
  || E'\n' || phone_digits(COALESCE("phone_1", '')) || E'\n' || phone_digits(COALESCE("phone_2", '')) || E'\n' || phone_digits(COALESCE("phone_3", ''))
  || E'\n\f' || COALESCE("phone_1", '') || E'\n' || COALESCE("phone_2", '') || E'\n' || COALESCE("phone_3", '')
  || E'\n' || COALESCE("company", '') || E'\n' || COALESCE("job_title", '') || E'\n' || COALESCE("city", '') || E'\n') || search_prose("note")) STORED;

ALTER TABLE "deals" DROP COLUMN "search_text", ADD COLUMN "search_text" TEXT NOT NULL GENERATED ALWAYS AS (search_fold(
  E'\n' || COALESCE("name", '') || E'\n' || "deal_number" || E'\n\f') || search_prose("closure_notes")) STORED;

ALTER TABLE "activities" DROP COLUMN "search_text", ADD COLUMN "search_text" TEXT NOT NULL GENERATED ALWAYS AS (search_fold(
  E'\n' || COALESCE("subject", '') || E'\n\f' || COALESCE("activity_type", '') || E'\n' || COALESCE("outcome", '') || E'\n') || search_prose("description")) STORED;

ALTER TABLE "quotes" DROP COLUMN "search_text", ADD COLUMN "search_text" TEXT NOT NULL GENERATED ALWAYS AS (search_fold(
  E'\n' || COALESCE("name", '') || E'\n' || "quote_number" || E'\n\f') || search_prose("notes")) STORED;

ALTER TABLE "line_items" DROP COLUMN "search_text", ADD COLUMN "search_text" TEXT NOT NULL GENERATED ALWAYS AS (
  E'\n' || search_prose("description") || E'\n\f') STORED;

CREATE INDEX "accounts_search_idx" ON "accounts" USING gin ("tenant_id", "search_text" gin_trgm_ops);
CREATE INDEX "contacts_search_idx" ON "contacts" USING gin ("tenant_id", "search_text" gin_trgm_ops);
CREATE INDEX "deals_search_idx" ON "deals" USING gin ("tenant_id", "search_text" gin_trgm_ops);
CREATE INDEX "activities_search_idx" ON "activities" USING gin ("tenant_id", "search_text" gin_trgm_ops);
CREATE INDEX "quotes_search_idx" ON "quotes" USING gin ("tenant_id", "search_text" gin_trgm_ops);
CREATE INDEX "line_items_search_idx" ON "line_items" USING gin ("tenant_id", "search_text" gin_trgm_ops);

-- What is known of the column went with it. An empty table keeps the statistics that it was given first.
DO $$
DECLARE
  name text;
  filled boolean;
BEGIN
  FOREACH name IN ARRAY ARRAY['accounts', 'contacts', 'deals', 'activities', 'quotes', 'line_items'] LOOP
    EXECUTE format('SELECT EXISTS (SELECT FROM %I)', name) INTO filled;
    IF filled THEN
      EXECUTE format('ANALYZE %I (search_text)', name);
    END IF;
  END LOOP;
END $$;
