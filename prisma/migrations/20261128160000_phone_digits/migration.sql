-- A number is looked up by its last digits in whatever script they are, and what stands behind it begins after a digit:
-- the x of "Fax: 030 1234567" is no extension.
CREATE OR REPLACE FUNCTION match_phone(value text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN substring(
  regexp_replace(
    regexp_replace(lower(plain_digits(left(value, 100))), '\(0\)|([0-9][^0-9x#;]*)[x#;].*$', '\1', 'g'),
    '[^0-9]', '', 'g')
  FROM '[0-9]{7,9}$');

CREATE OR REPLACE FUNCTION match_extension(value text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN COALESCE('x' || NULLIF(regexp_replace(
  substring(lower(plain_digits(left(value, 100))) FROM '[0-9][^0-9x#;]*[x#;](.*)$'), '[^0-9]', '', 'g'), ''), '');

-- Only what the columns hold of other numbers is made anew.
UPDATE "accounts" SET "phone" = "phone" WHERE "phone_key" IS DISTINCT FROM match_phone("phone");
UPDATE "contacts" SET "phone_1" = "phone_1", "phone_2" = "phone_2", "phone_3" = "phone_3"
WHERE "phone_key" IS DISTINCT FROM match_phone("phone_1")
  OR "phone_2_key" IS DISTINCT FROM match_phone("phone_2")
  OR "phone_3_key" IS DISTINCT FROM match_phone("phone_3");
