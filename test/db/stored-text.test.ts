// Rows from before text was stored in Unicode NFC and searches went without accents.
import { cp, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { migrate } from "../../src/db/migrate.ts";
import { migrationsDirectory } from "../../src/db/migration-files.ts";
import { createEmptyDatabase, type TestDatabase } from "../support/database/database.ts";
import { Fixtures, type TenantFixtures } from "../support/samples/fixtures.ts";

let database: TestDatabase;
let fixtures: Fixtures;
let tenant: TenantFixtures;
let before: Record<string, unknown>[];
const composed = "Zoë Café";
const decomposed = composed.normalize("NFD");
/** An accent behind what JSON prints as an escape: a line break, a tab, a backslash and the letter n, … */
const escapes = {
  note: 'line\n\u0301x \t\u0301 \r\u0301 \b\u0301 \f\u0307 \u001f\u0307 "\u0301',
  ["key\n\u0301"]: ["\\n\u0301 \\\\\u0301 \\u000a\u0301", decomposed],
};
/** The letters U+0958… have no NFC of one letter: 2,580 bytes become 2,835, and an index holds no such text. */
const outgrowing =
  Array.from({ length: 775 }, (_, index) => String.fromCharCode(0x4e00 + index * 7)).join("") +
  Array.from({ length: 85 }, (_, index) => String.fromCharCode(0x958 + ((index * 5) % 8))).join("");

/** All that is in these rows but what is searched, and a column from later, in one Unicode form. */
async function contents(): Promise<Record<string, unknown>[]> {
  const tables = ["tenants", "departments", "accounts", "contacts", "deals", "quotes"];
  const rows = tables.map(
    (table) =>
      `SELECT '${table}' AS of, id, normalize((to_jsonb(r) - '{search_text,tags,custom_fields,external_id}'::text[])::text)::jsonb AS row FROM ${table} r`,
  );
  return (await fixtures.client.query(`${rows.join(" UNION ALL ")} ORDER BY of, id`)).rows;
}

beforeAll(async () => {
  database = await createEmptyDatabase();
  const older = await mkdtemp(join(tmpdir(), "crm-gateway-migrations-"));
  await cp(migrationsDirectory, older, { recursive: true });
  for (const name of await readdir(older)) {
    if (name >= "20261128120000") await rm(join(older, name), { recursive: true });
  }
  await migrate({ url: database.url, directory: older });
  await rm(older, { recursive: true });
  fixtures = await Fixtures.open(database.url);
  tenant = await fixtures.tenant("north", { name: decomposed });
  await tenant.department(decomposed);
  const account = await tenant.account({
    name: decomposed,
    description: decomposed,
    tags: ["b", decomposed, composed, "a"],
    customFields: { [decomposed]: [decomposed, 1.5, { a: decomposed }] },
    createdBy: decomposed,
    version: 7,
    updatedAt: "2020-01-01T00:00:00.000Z",
  });
  await tenant.account({ name: "Plain", customFields: { [decomposed]: 1, [composed]: 2 } });
  await tenant.contact(account, { firstName: decomposed, phone: "(201) 555-0100 ext. 7" });
  await tenant.deal(account, { name: "alone", dealNumber: `A ${decomposed}` });
  await tenant.deal(account, { name: "taken", dealNumber: composed });
  await tenant.deal(account, { name: "second", dealNumber: decomposed });
  await tenant.account({ name: "Escapes", customFields: escapes });
  await tenant.account({ name: outgrowing, description: decomposed, industry: outgrowing });
  await tenant.deal(account, { name: "outgrown", dealNumber: outgrowing });
  before = await contents();
  await migrate({ url: database.url });
});
afterAll(async () => {
  await fixtures.close();
  await database.drop();
});

const select = async (sql: string) =>
  (await fixtures.client.query({ text: sql, rowMode: "array" })).rows;

it("are in NFC, in lists and JSON too, and nothing else of them changed", async () => {
  const after = (await contents()).filter(({ row }) => !JSON.stringify(row).includes("second"));
  expect(after).toEqual(before.filter(({ row }) => !JSON.stringify(row).includes("second")));
  expect(
    await select(
      "SELECT name, description, tags, custom_fields, version FROM accounts WHERE version = 7",
    ),
  ).toEqual([
    [composed, composed, ["b", composed, "a"], { [composed]: [composed, 1.5, { a: composed }] }, 7],
  ]);
  expect(await select("SELECT name FROM tenants UNION ALL SELECT name FROM departments")).toEqual([
    [composed],
    [composed],
  ]);
});

it("are in NFC in JSON whose escapes stand before an accent", async () => {
  expect(await select("SELECT custom_fields FROM accounts WHERE name = 'Escapes'")).toEqual([
    [
      {
        note: escapes.note,
        ["key\n\u0301"]: ["\\\u0144 \\\\\u0301 \\u000\u00e1", composed],
      },
    ],
  ]);
});

it("stay as they were where NFC outgrows an index; the row's other texts do not", async () => {
  expect(
    await select("SELECT name, description, industry FROM accounts WHERE octet_length(name) > 999"),
  ).toEqual([[outgrowing, composed, outgrowing.normalize("NFC")]]);
});

it("keep what would collide, or lose a value, and who wrote them", async () => {
  expect(await select("SELECT name, deal_number FROM deals ORDER BY name")).toEqual([
    ["alone", `A ${composed}`],
    ["outgrown", outgrowing],
    ["second", decomposed],
    ["taken", composed],
  ]);
  expect(await select("SELECT custom_fields FROM accounts WHERE name = 'Plain'")).toEqual([
    [{ [decomposed]: 1, [composed]: 2 }],
  ]);
  expect(await select("SELECT created_by FROM accounts WHERE version = 7")).toEqual([[decomposed]]);
});

it("are found without accents and by digits", async () => {
  expect(
    await select(
      "SELECT split_part(search_text, E'\\f', 1) FROM contacts WHERE first_name IS NOT NULL",
    ),
  ).toEqual([[expect.stringMatching(/^\nzoe cafe doe \d+\n\n\n2015550100\n\n\n$/)]]);
});
