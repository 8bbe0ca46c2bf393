-- What likely duplicates are found by: keys that PostgreSQL computes from the record, and the order of each in an index.
-- Columns, not expressions in an index: behind row-level security only those are looked up. COLLATE "C": what begins
-- alike must stand together.

-- Small letters without accents, words one space apart. Punctuation is named by its code points, because what a regular
-- expression takes for a letter depends on the database's locale. Müller, Mueller and Muller become one.
CREATE FUNCTION match_words(value text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN btrim(regexp_replace(
  regexp_replace(
    replace(replace(replace(replace(
      translate(lower(regexp_replace(normalize(left(value, 200), NFKD), '[\u0300-\u036f.''’`´]', '', 'g')), 'øłđðıħ', 'olddih'),
    'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'), 'þ', 'th'),
    '([aou])e', '\1', 'g'),
  '[\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u00bf\u2000-\u206f\u3000-\u303f]+', ' ', 'g'));

-- An organization's name without its legal form; the whole of it when nothing else is left.
CREATE FUNCTION match_organization(value text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN COALESCE(
  NULLIF(btrim(regexp_replace(' ' || match_words(value) || ' ',
    ' (?:the|and|und|et|y|inc|incorporated|llc|llp|lp|ltd|limited|plc|gmbh|mbh|ag|kg|kgaa|ohg|ug|se|sa|sas|sarl|srl|spa|sl|bv|nv|oy|oyj|ab|as|aps|pty|pte|co|company|cie|corp|corporation|group|gruppe|groupe|holding|holdings)(?= )',
    '', 'g')), ''),
  NULLIF(match_words(value), ''));

-- A person's names in the order of the alphabet, so that swapped ones are the same, without titles.
CREATE FUNCTION match_person(first_name text, last_name text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (
  SELECT string_agg(word, ' ' ORDER BY word COLLATE "C")
  FROM unnest(string_to_array(match_words(COALESCE(first_name, '') || ' ' || COALESCE(last_name, '')), ' ')) AS word
  WHERE word NOT IN ('', 'dr', 'mr', 'mrs', 'ms', 'prof', 'jr', 'sr', 'phd', 'herr', 'frau')
);

-- The host in a domain, website or email address that says who somebody works for: null for what many share.
CREATE FUNCTION match_host(value text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (
  SELECT host FROM (
    SELECT substring(lower(left(value, 1000)) FROM '^(?:[a-z][a-z0-9+.-]*://)?(?:[^@/]*@)?(?:www\.)?([^/:?#@\s]+\.[^/:?#@\s.]+)') AS host
  ) found
  WHERE host NOT IN (
    'gmail.com', 'googlemail.com', 'outlook.com', 'hotmail.com', 'hotmail.co.uk', 'hotmail.fr', 'live.com', 'msn.com',
    'yahoo.com', 'yahoo.co.uk', 'yahoo.fr', 'yahoo.de', 'ymail.com', 'aol.com', 'icloud.com', 'me.com', 'mac.com',
    'gmx.de', 'gmx.net', 'gmx.com', 'gmx.at', 'gmx.ch', 'web.de', 't-online.de', 'freenet.de', 'mail.com', 'mail.ru',
    'yandex.ru', 'yandex.com', 'proton.me', 'protonmail.com', 'zoho.com', 'fastmail.com', 'orange.fr', 'free.fr',
    'laposte.net', 'wanadoo.fr', 'libero.it', 'comcast.net', 'verizon.net', 'att.net', 'sbcglobal.net', 'btinternet.com',
    'qq.com', '163.com', '126.com', 'naver.com', 'linkedin.com', 'facebook.com', 'instagram.com', 'x.com', 'twitter.com'
  )
);

-- The last nine digits of a phone number, however it is written and whether or not it has its country code; no extension.
CREATE FUNCTION match_phone(value text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN substring(
  regexp_replace(regexp_replace(lower(left(value, 100)), '\(0\)|(?:ext|x|#|;).*$', '', 'g'), '[^0-9]', '', 'g')
  FROM '[0-9]{7,9}$');

ALTER TABLE "accounts"
  ADD COLUMN "name_key" TEXT COLLATE "C" GENERATED ALWAYS AS (match_organization(COALESCE("name", "legal_name"))) STORED,
  ADD COLUMN "name_key_reversed" TEXT COLLATE "C" GENERATED ALWAYS AS (reverse(match_organization(COALESCE("name", "legal_name")))) STORED,
  -- Only where it says something else than the name.
  ADD COLUMN "legal_name_key" TEXT COLLATE "C" GENERATED ALWAYS AS (NULLIF(match_organization("legal_name"), match_organization(COALESCE("name", "legal_name")))) STORED,
  ADD COLUMN "host_key" TEXT COLLATE "C" GENERATED ALWAYS AS (COALESCE(match_host("domain"), match_host("website"), match_host("email"))) STORED,
  ADD COLUMN "phone_key" TEXT COLLATE "C" GENERATED ALWAYS AS (match_phone("phone")) STORED;

ALTER TABLE "contacts"
  ADD COLUMN "name_key" TEXT COLLATE "C" GENERATED ALWAYS AS (match_person("first_name", "last_name")) STORED,
  ADD COLUMN "host_key" TEXT COLLATE "C" GENERATED ALWAYS AS (COALESCE(match_host("email"), match_host("website"))) STORED,
  ADD COLUMN "phone_key" TEXT COLLATE "C" GENERATED ALWAYS AS (match_phone("phone_1")) STORED,
  ADD COLUMN "phone_2_key" TEXT COLLATE "C" GENERATED ALWAYS AS (match_phone("phone_2")) STORED,
  ADD COLUMN "phone_3_key" TEXT COLLATE "C" GENERATED ALWAYS AS (match_phone("phone_3")) STORED;

CREATE INDEX "accounts_name_key_idx" ON "accounts" ("tenant_id", "name_key", "id") WHERE "deleted_at" IS NULL AND "name_key" IS NOT NULL;
CREATE INDEX "accounts_name_key_reversed_idx" ON "accounts" ("tenant_id", "name_key_reversed", "id") WHERE "deleted_at" IS NULL AND "name_key_reversed" IS NOT NULL;
CREATE INDEX "accounts_legal_name_key_idx" ON "accounts" ("tenant_id", "legal_name_key", "id") WHERE "deleted_at" IS NULL AND "legal_name_key" IS NOT NULL;
CREATE INDEX "accounts_host_key_idx" ON "accounts" ("tenant_id", "host_key", "id") WHERE "deleted_at" IS NULL AND "host_key" IS NOT NULL;
CREATE INDEX "accounts_phone_key_idx" ON "accounts" ("tenant_id", "phone_key", "id") WHERE "deleted_at" IS NULL AND "phone_key" IS NOT NULL;

CREATE INDEX "contacts_name_key_idx" ON "contacts" ("tenant_id", "name_key", "id") WHERE "deleted_at" IS NULL AND "name_key" IS NOT NULL;
CREATE INDEX "contacts_phone_key_idx" ON "contacts" ("tenant_id", "phone_key", "id") WHERE "deleted_at" IS NULL AND "phone_key" IS NOT NULL;
CREATE INDEX "contacts_phone_2_key_idx" ON "contacts" ("tenant_id", "phone_2_key", "id") WHERE "deleted_at" IS NULL AND "phone_2_key" IS NOT NULL;
CREATE INDEX "contacts_phone_3_key_idx" ON "contacts" ("tenant_id", "phone_3_key", "id") WHERE "deleted_at" IS NULL AND "phone_3_key" IS NOT NULL;

-- Those with the same email in the order of their ids: one index more would be one too many.
DROP INDEX "contacts_tenant_id_email_key_idx";
CREATE INDEX "contacts_tenant_id_email_key_id_idx" ON "contacts"("tenant_id", "email_key", "id");
