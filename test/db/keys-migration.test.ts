import { cp, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { migrate } from "../../src/db/migrate.ts";
import { migrationsDirectory } from "../../src/db/migration-files.ts";
import { emailKey } from "../../src/model/kinds/email.ts";
import { organizationHost } from "../../src/lib/organization-host.ts";
import { createEmptyDatabase, type TestDatabase } from "../support/database/database.ts";

const itself = "20261128130000_keys_by_the_gateway";
const count = 60;
/** More than one batch of those that get another key. */
const many = 1_001;
let database: TestDatabase;
let client: pg.Client;
let directory: string;
type Foreign = {
  readonly domain: string | null;
  readonly website: string;
  readonly row: unknown;
  readonly key: string | null;
};
let foreignBefore: Foreign[] = [];
let foreignAfter: Foreign[] = [];

beforeAll(async () => {
  database = await createEmptyDatabase();
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
  directory = await mkdtemp(join(tmpdir(), "crm-gateway-keys-"));
});
afterAll(async () => {
  await client.end();
  await database.drop();
  await rm(directory, { recursive: true });
});

const accounts =
  "SELECT id, email, email_key, host_key, domain, website, xmin FROM accounts WHERE website IS NULL OR website !~ 'ü' ORDER BY id";
/** Those whose hosts are in other scripts. */
const foreign = `SELECT id, domain, website, row, key FROM (
  SELECT id, domain, website, to_jsonb(a) - 'host_key' AS row, host_key AS key FROM accounts a
  UNION ALL SELECT id, email, website, to_jsonb(c) - 'host_key', host_key FROM contacts c) r
  WHERE website ~ 'ü' ORDER BY id`;

it("leaves what emails and hosts were looked up by, as the gateway would make it, and writes no row where it was ASCII", async () => {
  const copied = async (isWanted: (name: string) => boolean): Promise<void> => {
    for (const name of (await readdir(migrationsDirectory)).filter(isWanted))
      await cp(join(migrationsDirectory, name), join(directory, name), { recursive: true });
  };
  await copied((name) => name < itself);
  await migrate({ url: database.url, directory });
  await client.query(
    `WITH t AS (INSERT INTO tenants (id, slug, name) VALUES (gen_random_uuid(), 'old', 'Old') RETURNING id)
     INSERT INTO accounts (tenant_id, id, email, domain, website)
     SELECT t.id, gen_random_uuid(),
       CASE WHEN n % 4 > 0 THEN 'Office.' || n || (ARRAY['@Firm.Example', '@gmail.com', '@a-.Example'])[n % 3 + 1] END,
       CASE WHEN n % 5 = 0 THEN 'firm' || n || '.example' END,
       CASE WHEN n % 7 = 0 THEN 'https://www.Site' || n || '.example/a?b@c' END
     FROM t, generate_series(1, $1) n`.replace("$1", String(count)),
  );
  await client.query(
    `WITH a AS (
       INSERT INTO accounts (tenant_id, id, domain, website)
       SELECT t.id, gen_random_uuid(), CASE WHEN n % 2 = 0 THEN 'Łódź.example' END, 'https://www.münchen.example/x'
       FROM tenants t, generate_series(1, $1) n RETURNING tenant_id, id)
     INSERT INTO contacts (tenant_id, id, email, website)
     SELECT tenant_id, gen_random_uuid(), 'a' || id || '@gmail.com', 'http://bücher.example' FROM a`.replace(
      "$1",
      String(many),
    ),
  );
  foreignBefore = (await client.query<Foreign>(foreign)).rows;
  const before = (await client.query(accounts)).rows;
  await copied((name) => name === itself);
  expect(await migrate({ url: database.url, directory })).toEqual({ applied: [itself] });
  foreignAfter = (await client.query<Foreign>(foreign)).rows;
  const after = (await client.query(accounts)).rows;
  expect(after).toEqual(before);
  expect(after).toHaveLength(count);
  for (const { email, email_key, host_key, domain, website } of after) {
    expect(email_key).toBe(email === null ? null : emailKey(email));
    expect(host_key).toBe(organizationHost([domain, website, email]));
  }
});

it("gives hosts in other scripts the key that a write gives them, and changes nothing else", () => {
  expect(foreignAfter.map(({ row }) => row)).toEqual(foreignBefore.map(({ row }) => row));
  expect(foreignBefore.filter(({ key }) => key === "münchen.example")).toHaveLength(501);
  expect(new Set(foreignAfter.map(({ key }) => key))).toEqual(
    new Set(["xn--bcher-kva.example", "xn--d-uga0v4h.example", "xn--mnchen-3ya.example"]),
  );
  for (const { domain, website, key } of foreignAfter)
    expect(key).toBe(organizationHost([domain, website]));
});

it("keeps an email from being written without its key", async () => {
  await expect(
    client.query("UPDATE accounts SET email = 'new@firm.example', email_key = NULL"),
  ).rejects.toThrow("accounts_email_key_check");
});
