import { afterAll, beforeAll, expect, test } from "vitest";
import { counts, header, OwnImports, people } from "../support/imports/own-imports.ts";
import { usualManner } from "../support/imports/usual-options.ts";

let own: OwnImports;

beforeAll(async () => {
  own = await OwnImports.open();
});
afterAll(() => own.close());

test("writes the good rows, and tells of each refused one what the file said and why", async () => {
  const { uuid } = await own.newTenant();
  const made = await own.imported(
    uuid,
    {},
    "external_id,last_name,email",
    "a,Harbor,ada@a.example",
    "b,Quay,no email",
    "c,Dock,",
  );
  expect(counts(made)).toEqual({
    status: "done",
    rows: 3,
    rowsDone: 3,
    rowsCreated: 2,
    rowsUpdated: 0,
    rowsRefused: 1,
  });
  expect(await own.refusedOf(made)).toEqual([
    [
      3,
      { external_id: "b", last_name: "Quay", email: "no email" },
      [["email", "Invalid email address"]],
    ],
  ]);
  expect(await own.written(uuid)).toEqual([
    { id: "a", records: 1, events: 1 },
    { id: "c", records: 1, events: 1 },
  ]);
});

test("numbers of any size are told as the file said them", async () => {
  const { uuid } = await own.newTenant();
  const made = await own.imported(
    uuid,
    {},
    '{"last_name":"Berg","custom_fields":{"a":1e400000}}',
    '{"last_name":"Quay"}',
    '{"last_name":"Dock","email":12345678901234567890123}',
  );
  expect(counts(made)).toMatchObject({ status: "done", rowsCreated: 1, rowsRefused: 2 });
  expect(await own.refusedOf(made)).toMatchObject([
    [
      1,
      { last_name: "Berg", custom_fields: { a: "1e400000" } },
      [["custom_fields", expect.any(String)]],
    ],
    [3, { email: "12345678901234567890123" }, [["email", expect.any(String)]]],
  ]);
});

test("a key twice in the file is refused with the number of the first row, also in another chunk", async () => {
  const { uuid } = await own.newTenant();
  const again = ["p0,Again", "p1500,Also again"];
  const made = await own.imported(
    uuid,
    { mode: "upsert", key: "external_id" },
    header,
    ...people(0, 1_600),
    ...again,
  );
  expect(counts(made)).toMatchObject({ status: "done", rowsCreated: 1_600, rowsRefused: 2 });
  const told = (first: number) =>
    `external_id is the same as in row ${first} of the file; keep one of the two rows.`;
  expect(await own.refusedOf(made)).toEqual([
    [1_602, { external_id: "p0", last_name: "Again" }, [["external_id", told(2)]]],
    [1_603, { external_id: "p1500", last_name: "Also again" }, [["external_id", told(1_502)]]],
  ]);
});

test("keys are compared as they are read: by what texts stand for, and in columns of any name", async () => {
  const { uuid } = await own.newTenant();
  const values = { "*": { NULL: "" }, external_id: { old: "new" } };
  const made = await own.imported(
    uuid,
    {
      mode: "upsert",
      key: "external_id",
      map: { constructor: "external_id" },
      manner: { ...usualManner, values },
    },
    '{"constructor":"NULL","last_name":"None"}',
    '{"constructor":"NULL","last_name":"None again"}',
    '{"last_name":"Nothing"}',
    '{"constructor":"old","last_name":"One"}',
    '{"constructor":"new","last_name":"One again"}',
  );
  expect(counts(made)).toMatchObject({ status: "done", rowsCreated: 1, rowsRefused: 4 });
  const refused = await own.refusedOf(made);
  expect(refused).toMatchObject([
    [1, {}, [["constructor", expect.stringContaining("is needed")]]],
    [2, {}, [["constructor", expect.stringContaining("is needed")]]],
    [3, {}, [["constructor", expect.stringContaining("is needed")]]],
    [5, {}, [["constructor", expect.stringContaining("is the same as in row 4")]]],
  ]);
});

test("creates, changes, or only changes, by keys of any kind", async () => {
  const { uuid } = await own.newTenant();
  await own.imported(
    uuid,
    { entity: "account" },
    "external_id,name,domain",
    "acme,Acme,acme.example",
  );
  const by = async (key: string, mode: "upsert" | "update", ...lines: readonly string[]) =>
    counts(await own.imported(uuid, { entity: "account", mode, key }, ...lines));
  expect(
    await by("domain", "upsert", "domain,name", "acme.example,Acme 2", "new.example,New"),
  ).toMatchObject({ rowsCreated: 1, rowsUpdated: 1 });
  expect(await by("name", "update", "name,industry", "Acme 2,Steel", "Nobody,Air")).toMatchObject({
    rowsUpdated: 1,
    rowsRefused: 1,
  });
  const { rows } = await own.fixtures.client.query(
    "SELECT id, name, industry FROM accounts WHERE tenant_id = $1 AND external_id = 'acme'",
    [uuid],
  );
  expect(rows).toMatchObject([{ name: "Acme 2", industry: "Steel" }]);
  expect(await by("id", "update", "id,name", `acc-${rows[0].id},Acme 3`)).toMatchObject({
    rowsUpdated: 1,
  });
  await expect(by("phone", "update", "phone,name", "1,A")).rejects.toThrow(
    "key: must be one of name, external_id",
  );
  await expect(by("id", "upsert", "id,name", "1,A")).rejects.toThrow(
    "key: cannot be id with upsert",
  );
});

test("writes nothing of rows that say what their record is, however they say it", async () => {
  const { uuid } = await own.newTenant();
  const columns = "external_id,name,annual_revenue,custom_fields,tags,first_contacted_at";
  await own.imported(
    uuid,
    { entity: "account" },
    columns,
    'a,Acme,500000,"{""size"": 1, ""in"": [1.5, null]}",x;y,2026-03-18T15:40:12Z',
    "b,Quay,1,,,",
  );
  const lines = [
    columns,
    'a,  Acme ,500000.0,"{""in"":[1.50,null],""size"":1.0}","[""x"",""y""]",2026-03-18 16:40:12.000+01:00',
    "b,Quay 2,1,,,",
  ];
  const again = { entity: "account", mode: "upsert", key: "external_id" } as const;
  const tried = await own.imported(uuid, { ...again, dryRun: true }, ...lines);
  const made = await own.imported(uuid, again, ...lines);
  expect(await own.refusedOf(made)).toEqual([]);
  const { rows } = await own.fixtures.client.query(
    `SELECT r.external_id, r.version, e.changes FROM accounts r
     LEFT JOIN change_events e ON e.tenant_id = r.tenant_id AND e.entity_id = r.id AND e.operation = 'updated' WHERE r.tenant_id = $1 ORDER BY 1`,
    [uuid],
  );
  expect(rows).toEqual([
    { external_id: "a", version: 1, changes: null },
    { external_id: "b", version: 2, changes: { name: ["Quay", "Quay 2"] } },
  ]);
  for (const one of [tried, made]) {
    expect(counts(one)).toMatchObject({ rowsDone: 2, rowsCreated: 0, rowsUpdated: 1 });
  }
  await own.imported(uuid, {}, "external_id,last_name,phone", "a,Berg,+49 30 901820");
  const called = await own.imported(
    uuid,
    { mode: "upsert", key: "external_id", manner: { ...usualManner, country: "DE" } },
    "external_id,last_name,phone",
    "a,Berg,030 / 90 18 20",
  );
  expect(counts(called)).toMatchObject({ rowsDone: 1, rowsUpdated: 0, rowsRefused: 0 });
});

test("values and defaults of what is no field are refused", async () => {
  const { uuid } = await own.newTenant();
  const by = (manner: Partial<typeof usualManner>) =>
    own.imported(uuid, { manner: { ...usualManner, ...manner } }, header, ...people(0, 1));
  await expect(by({ values: { stge: { a: "b" } } })).rejects.toThrow("values.stge: is no field");
  await expect(by({ defaults: { contry: "DE" } })).rejects.toThrow("defaults.contry: is no field");
});

test("what only PostgreSQL refuses is told of its row, or ends the import", async () => {
  const { uuid } = await own.newTenant();
  const { client } = own.fixtures;
  await client.query(
    "ALTER TABLE contacts ADD CONSTRAINT test_rule CHECK (last_name IS DISTINCT FROM 'Bad')",
  );
  const made = await own.imported(uuid, {}, "last_name", "Good", "Bad", "Fine");
  await client.query("ALTER TABLE contacts DROP CONSTRAINT test_rule");
  expect(counts(made)).toMatchObject({ status: "done", rowsCreated: 2, rowsRefused: 1 });
  expect(JSON.stringify(await own.refusedOf(made))).toContain("breaks a rule of the database");
  // Not of a row, but of what is written with them.
  await client.query(
    "ALTER TABLE import_errors ADD CONSTRAINT test_rule CHECK (field IS DISTINCT FROM 'email') NOT VALID",
  );
  const ended = await own.imported(uuid, {}, "last_name,email", "Good,", "Bad,no email");
  await client.query("ALTER TABLE import_errors DROP CONSTRAINT test_rule");
  expect(ended).toMatchObject({
    status: "failed",
    statusReason: expect.stringContaining("an unexpected error again and again"),
  });
});

test("an import writes few rows at once while others have requests", async () => {
  const { uuid } = await own.newTenant();
  own.importer.load = 1;
  const made = await own.imported(uuid, {}, header, ...people(0, 120), "p7,Again");
  own.importer.load = 0;
  expect(counts(made)).toMatchObject({ status: "done", rowsCreated: 120, rowsRefused: 1 });
  const { rows } = await own.fixtures.client.query(
    "SELECT count(*) FILTER (WHERE ends_transaction)::int AS transactions, count(*)::int AS events FROM change_events WHERE tenant_id = $1",
    [uuid],
  );
  expect(rows).toEqual([{ transactions: 12, events: 120 }]);
});

test("numbers of new deals are drawn, and no two have one", async () => {
  const tenant = await own.newTenant();
  const account = await tenant.account({ name: "Acme" });
  const lines = Array.from({ length: 1_100 }, (_, place) => `Deal ${place},${account.id}`);
  const made = await own.imported(tenant.uuid, { entity: "deal" }, "name,account_id", ...lines);
  expect(counts(made)).toMatchObject({ rowsCreated: 1_100 });
  const { rows } = await own.fixtures.client.query(
    "SELECT count(DISTINCT deal_number)::int AS numbers FROM deals WHERE tenant_id = $1",
    [tenant.uuid],
  );
  expect(rows).toEqual([{ numbers: 1_100 }]);
});
