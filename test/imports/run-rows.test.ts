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

test("finds the records that rows name, and tells of those that are not there or not clear", async () => {
  const tenant = await own.newTenant();
  const theirs = await (await own.newTenant()).account({ name: "Theirs" });
  const acme = await tenant.account({ name: "Acme", externalId: "acme" });
  const twins = [await tenant.account({ name: "Twin" }), await tenant.account({ name: "Twin" })];
  const by = async (map: Readonly<Record<string, string>>, ...lines: readonly string[]) => {
    const made = await own.imported(tenant.uuid, { map }, ...lines);
    return { ...counts(made), told: JSON.stringify(await own.refusedOf(made)) };
  };
  const byName = ["last_name,company", "A,Acme", "B,Twin", "C,Nobody", "D,Theirs"];
  const { told, ...named } = await by({ company: "account.name" }, ...byName);
  expect(named).toMatchObject({ rowsCreated: 1, rowsRefused: 3 });
  const ids = twins
    .map(({ id }) => id)
    .toSorted()
    .join(", ");
  expect(told).toContain(`company is not clear: two accounts have the name \\"Twin\\": ${ids}`);
  expect(told).toContain('company names no Account: none has the name \\"Nobody\\"');
  expect(told).toContain('company names no Account: none has the name \\"Theirs\\"');
  const byKey = await by({ key: "account_external_id" }, "last_name,key", "E,acme");
  expect(byKey).toMatchObject({ rowsCreated: 1 });
  const byId = await by({ account_id: "account_id" }, "last_name,account_id", `F,${theirs.id}`);
  expect(byId).toMatchObject({
    rowsRefused: 1,
    told: expect.stringContaining("There is no such Account."),
  });
  const { rows } = await own.fixtures.client.query(
    "SELECT DISTINCT account_id FROM contacts WHERE tenant_id = $1",
    [tenant.uuid],
  );
  expect(rows).toEqual([{ account_id: acme.uuid }]);
  const created = await own.imported(
    tenant.uuid,
    { map: { company: "account.name" }, createMissing: ["account"] },
    "last_name,company",
    "G,New Ltd",
    "H,New Ltd",
  );
  expect(counts(created)).toMatchObject({ rowsCreated: 2 });
  const accounts = await own.fixtures.client.query(
    "SELECT count(*)::int AS n FROM accounts WHERE tenant_id = $1 AND name = 'New Ltd'",
    [tenant.uuid],
  );
  expect(accounts.rows).toEqual([{ n: 1 }]);
});

test("rows name records of their own kind that earlier chunks of the file made", async () => {
  const { uuid } = await own.newTenant();
  const firms = Array.from({ length: 2_000 }, (_, place) =>
    place < 1_000 ? `f${place},Firm,` : `f${place},Firm,f${place - 1_000}`,
  );
  const map = { parent: "parent_account.external_id" };
  const made = await own.imported(
    uuid,
    { entity: "account", map },
    "external_id,name,parent",
    ...firms,
  );
  expect(counts(made)).toMatchObject({ rowsCreated: 2_000, rowsRefused: 0 });
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
