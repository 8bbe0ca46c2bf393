-- The gateway writes what emails and hosts are looked up by, since PostgreSQL knows no punycode: info@bücher.example and
-- info@xn--bcher-kva.example are one address. What stands there stays as it is: until now addresses were ASCII, and their
-- keys in small letters are what the gateway makes of them too. Only hosts in other scripts get
-- another key, which the gateway writes behind this (src/db/migration-steps.ts).
ALTER TABLE "accounts" ALTER COLUMN "email_key" DROP EXPRESSION, ALTER COLUMN "host_key" DROP EXPRESSION;
ALTER TABLE "contacts" ALTER COLUMN "email_key" DROP EXPRESSION, ALTER COLUMN "host_key" DROP EXPRESSION;
DROP FUNCTION match_host(text);

-- Whoever writes an email without its key would go round the unique index.
ALTER TABLE "accounts" ADD CONSTRAINT "accounts_email_key_check" CHECK (("email" IS NULL) = ("email_key" IS NULL));
ALTER TABLE "contacts" ADD CONSTRAINT "contacts_email_key_check" CHECK (("email" IS NULL) = ("email_key" IS NULL));

-- The extension that match_phone leaves out: two people at one switchboard have different numbers.
CREATE FUNCTION match_extension(value text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN COALESCE('x' || NULLIF(regexp_replace(substring(lower(left(value, 100)) FROM '(?:ext|x|#|;).*$'), '[^0-9]', '', 'g'), ''), '');
