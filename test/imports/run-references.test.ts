import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import type { AskedImport } from "../support/imports/importer.ts";
import { counts, OwnImports } from "../support/imports/own-imports.ts";

let own: OwnImports;

beforeAll(async () => {
  own = await OwnImports.open();
});
afterAll(() => own.close());

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
    "last_name,company,birthday",
    "G,New Ltd,",
    "H,New Ltd,",
    "I,Not Yet Ltd,someday",
  );
  expect(counts(created)).toMatchObject({ rowsCreated: 2, rowsRefused: 1 });
  // The account is not there because its row is refused, which is no fault of its name's.
  expect(await own.refusedOf(created)).toMatchObject([
    [4, {}, [["birthday", expect.stringContaining("must be a day")]]],
  ]);
  const accounts = await own.fixtures.client.query(
    "SELECT count(*)::int AS n FROM accounts WHERE tenant_id = $1 AND name = 'New Ltd'",
    [tenant.uuid],
  );
  expect(accounts.rows).toEqual([{ n: 1 }]);
});

test("more records than a call takes are created where rows name them", async () => {
  const { uuid } = await own.newTenant();
  const emails = (row: number) =>
    Array.from({ length: 6 }, (_, place) => `p${row}-${place}@x.example`).join("; ");
  const lines = Array.from({ length: 200 }, (_, row) => `Deal ${row},Acme,${emails(row)}`);
  const asked = { entity: "deal", createMissing: ["account", "contact"] } as const;
  const file = ["name,account.name,contacts.email", ...lines];
  const tried = await own.imported(uuid, { ...asked, dryRun: true }, ...file);
  const made = await own.imported(uuid, asked, ...file);
  for (const one of [tried, made])
    expect(one).toMatchObject({ status: "done", statusReason: null });
  const { rows } = await own.fixtures.client.query(
    "SELECT count(*)::int AS contacts FROM contacts WHERE tenant_id = $1",
    [uuid],
  );
  expect(rows).toEqual([{ contacts: 1_200 }]);
});

test("what rows name in several ways is created once", async () => {
  const { uuid } = await own.newTenant();
  const made = await own.imported(
    uuid,
    { entity: "deal", map: { of: "account.domain" }, createMissing: ["account"] },
    "name,of",
    "A,Acme.example",
    "B,acme.example",
    "C,www.acme.example",
  );
  expect(await own.refusedOf(made)).toEqual([]);
  const { rows } = await own.fixtures.client.query(
    "SELECT count(*)::int AS deals, count(DISTINCT account_id)::int AS accounts FROM deals WHERE tenant_id = $1",
    [uuid],
  );
  expect(rows).toEqual([{ deals: 3, accounts: 1 }]);
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

test("rows name records that rows anywhere in the file make", async () => {
  const tenant = await own.newTenant();
  const lines = ["external_id,name,parent", "a,A,", "b,B,a", "c,C,a", "d,D,c", "e,E,f", "f,F,"];
  const asked = { entity: "account", map: { parent: "parent_account.external_id" } } as const;
  const tried = await own.imported(tenant.uuid, { ...asked, dryRun: true }, ...lines);
  const made = await own.imported(tenant.uuid, asked, ...lines);
  for (const one of [tried, made]) {
    expect(counts(one)).toMatchObject({ rowsDone: 6, rowsCreated: 6, rowsRefused: 0 });
  }
  const { rows } = await own.fixtures.client.query(
    `SELECT t.external_id AS id, p.external_id AS parent FROM accounts t LEFT JOIN accounts p ON p.tenant_id = t.tenant_id AND p.id = t.parent_account_id
     WHERE t.tenant_id = $1 ORDER BY 1`,
    [tenant.uuid],
  );
  expect(rows.map(({ id, parent }) => `${id}<${parent ?? ""}`)).toEqual(
    "a< b<a c<a d<c e<f f<".split(" "),
  );
  const staff = await own.imported(
    tenant.uuid,
    { map: { boss: "reports_to_contact.name", firm: "account.external_id" } },
    "first_name,last_name,email,firm,boss",
    "Ada,Berg,ada@x.example,a,",
    "Noor,Haddad,noor@x.example,a,Ada Berg",
  );
  expect(counts(staff)).toMatchObject({ rowsCreated: 2, rowsRefused: 0 });
});

test("rows that wait for records in vain are refused under their own numbers, and tried a few times", async () => {
  const { uuid } = await own.newTenant();
  const children = Array.from({ length: 1_100 }, (_, place) => `c${place},Child,p${place % 5}`);
  const rows = [
    // In vain: nobody, itself, each other, and one that is refused.
    "x,X,nobody",
    "y,Y,x",
    "z,Z,z",
    "m,M,n",
    "n,N,m",
    "e,E,bad",
    ...children,
    "p0,P,q",
    "p1,P,p0",
    "p2,P,p1",
    "p3,P,p2",
    "p4,P,p3",
    "q,Q,r",
    "r,R,",
    `${"b".repeat(300)},Bad,`,
  ].map((line) => `${line},`);
  const lines = ["external_id,name,parent,email", ...rows, "bad,Bad,,no email"];
  const map = { parent: "parent_account.external_id" };
  const asked = { entity: "account", map, mode: "upsert", key: "external_id" } as const;
  const tried = await own.imported(uuid, { ...asked, dryRun: true }, ...lines);
  const made = await own.imported(uuid, asked, ...lines);
  for (const one of [tried, made]) {
    expect(counts(one)).toMatchObject({
      status: "done",
      rowsDone: 1_115,
      rowsCreated: 1_107,
      rowsRefused: 8,
    });
    const refused = await own.refusedOf(one);
    expect(refused.map((row) => (Array.isArray(row) ? row[0] : null))).toEqual([
      2, 3, 4, 5, 6, 7, 1_115, 1_116,
    ]);
    expect(JSON.stringify(refused[0])).toContain("parent names no Account");
  }
  const again = await own.imported(uuid, { ...asked, force: true }, ...lines);
  expect(counts(again)).toMatchObject({ rowsDone: 1_115, rowsUpdated: 0, rowsRefused: 8 });
  const { rows: found } = await own.fixtures.client.query(
    `SELECT count(*)::int AS n, count(parent_account_id)::int AS children,
       (SELECT count(*)::int FROM change_events WHERE tenant_id = $1) AS events,
       (SELECT count(*)::int FROM import_chunks WHERE tenant_id = $1) AS chunks
     FROM accounts WHERE tenant_id = $1`,
    [uuid],
  );
  expect(found).toEqual([{ n: 1_107, children: 1_106, events: 1_107, chunks: 0 }]);
});

test("a dry run refuses what the import would refuse", async () => {
  const tenant = await own.newTenant();
  await tenant.account({ name: "Taken", externalId: "taken" });
  const both = async (asked: AskedImport, ...lines: readonly string[]) => {
    const tried = await own.imported(tenant.uuid, { ...asked, dryRun: true }, ...lines);
    const made = await own.imported(tenant.uuid, asked, ...lines);
    expect(counts(tried)).toEqual(counts(made));
    const told = await Promise.all([own.refusedOf(tried), own.refusedOf(made)]);
    return told.map((rows) => JSON.stringify(rows));
  };
  const asked: AskedImport = { entity: "account", map: { parent: "parent_account.name" } };
  const [tried = "", made = ""] = await both(
    asked,
    "external_id,name,parent,email",
    // Two of a name, and a new one with the name of one that is there.
    "1,Twin,,",
    "2,Twin,,",
    "3,Of twins,Twin,",
    "4,Taken,,",
    "5,Of Taken,Taken,",
    // Refused when it is written, and so are those below it.
    "taken,Firm,,",
    "7,Child,Firm,",
    "8,Grandchild,Child,",
    // Above its parent, and with another error.
    "9,Early,Late,no email",
    "10,Late,,",
    "11,In time,Late,",
  );
  for (const told of [tried, made]) {
    const rows = z.array(z.tuple([z.int(), z.unknown(), z.unknown()])).parse(JSON.parse(told));
    expect(rows.map(([row]) => row)).toEqual([4, 6, 7, 8, 9, 10]);
    expect(JSON.stringify(rows[0])).toContain("parent is not clear: two accounts");
    expect(JSON.stringify(rows[1])).toContain("parent is not clear: two accounts");
    expect(JSON.stringify(rows[3])).toContain("parent names no Account");
    expect(JSON.stringify(rows[4])).toContain("parent names no Account");
    expect(rows[5]?.[2]).toEqual([["email", "Invalid email address"]]);
  }
  // In chunks of their own, too.
  const others = Array.from({ length: 1_000 }, (_, place) => `o${place},Other ${place},,`);
  const columns = "external_id,name,parent,email";
  const far = ["x1,Far,,", "x2,Far,,", ...others, "x3,Of far,Far,", "x4,Of nobody,Nobody,"];
  for (const told of await both(asked, columns, ...far)) {
    expect(told).toContain("parent is not clear: two accounts");
    expect(told).toContain("parent names no Account");
  }
  // A new record between two of a tree.
  await tenant.account({ name: "Top", externalId: "top" });
  const byKey = { parent: "parent_account.external_id" };
  const tree: AskedImport = { entity: "account", mode: "upsert", key: "external_id", map: byKey };
  const rows = ["m1,M,top", "m2,M,m1", "m3,M,m2", "top,Top,m3", "m4,M,m3"];
  for (const told of await both(tree, "external_id,name,parent", ...rows)) {
    expect(told).toMatch(/^\[\[5,.*parent would close a circle[^[]*$/);
  }
  const domains: AskedImport = { map: { of: "account.domain" }, createMissing: ["account"] };
  for (const told of await both(domains, "last_name,of", "A,good.example", "B,not a domain")) {
    expect(told).toContain("of names no Account, and none could be created: domain");
  }
});

test("line items name their quote by its external id, and make its total", async () => {
  const tenant = await own.newTenant();
  const account = await tenant.account({ name: "Acme" });
  const deal = await tenant.deal(account);
  const quotes = await own.imported(
    tenant.uuid,
    { entity: "quote" },
    "external_id,name,account_id,deal_id",
    `Q-17,Cranes,${account.id},${deal.id}`,
  );
  expect(counts(quotes)).toMatchObject({ rowsCreated: 1, rowsRefused: 0 });
  const lines = await own.imported(
    tenant.uuid,
    { entity: "lineItem" },
    "quote_external_id;description;quantity;unit_price",
    "Q-17;Crane, 12 t;1;1200,00",
    "Q-17;Rope;3;99,50",
    "Q-18;Rope;3;99,50",
  );
  expect(counts(lines)).toMatchObject({ rowsCreated: 2, rowsRefused: 1 });
  expect(JSON.stringify(await own.refusedOf(lines))).toContain("quote_external_id names no Quote");
  const { rows } = await own.fixtures.client.query(
    "SELECT total::text FROM quotes WHERE tenant_id = $1",
    [tenant.uuid],
  );
  expect(rows).toEqual([{ total: "1498.5000" }]);
});

test("a cell names several contacts by their emails or keys", async () => {
  const tenant = await own.newTenant();
  const account = await tenant.account({ name: "Acme", externalId: "acme" });
  await own.imported(
    tenant.uuid,
    {},
    "external_id,last_name,email,account_id",
    `1,Berg,ada@x.example,${account.id}`,
    `2,Haddad,noor@x.example,${account.id}`,
  );
  const of = async (entity: string, ...lines: readonly string[]) => {
    const made = await own.imported(tenant.uuid, { entity }, ...lines);
    return { made, told: JSON.stringify(await own.refusedOf(made)) };
  };
  const deals = await of(
    "deal",
    "name,account_external_id,Associated Contact IDs",
    "Both,acme,1; 2",
    "One,acme,2",
    "None,acme,",
    'Some,acme,"[""1"",""3""]"',
  );
  expect(counts(deals.made)).toMatchObject({ rowsCreated: 3, rowsRefused: 1 });
  expect(deals.told).toContain(
    'Associated Contact IDs names no Contact: none has the external_id \\"3\\"',
  );
  const calls = await of(
    "activity",
    "type,subject,account_external_id,Contact emails",
    'call,Hello,acme,"ada@x.example, noor@x.example"',
  );
  expect(counts(calls.made)).toMatchObject({ rowsCreated: 1, rowsRefused: 0 });
  const { rows } = await own.fixtures.client.query(
    `SELECT d.name, array_agg(c.last_name ORDER BY 1) AS people FROM deals d
     JOIN deal_contacts l ON l.tenant_id = d.tenant_id AND l.deal_id = d.id JOIN contacts c ON c.tenant_id = d.tenant_id AND c.id = l.contact_id
     WHERE d.tenant_id = $1 GROUP BY 1 UNION ALL
     SELECT a.subject, array_agg(c.last_name ORDER BY 1) FROM activities a
     JOIN activity_contacts l ON l.tenant_id = a.tenant_id AND l.activity_id = a.id JOIN contacts c ON c.tenant_id = a.tenant_id AND c.id = l.contact_id
     WHERE a.tenant_id = $1 GROUP BY 1 ORDER BY 1`,
    [tenant.uuid],
  );
  expect(rows.map((row) => [row.name, row.people.toSorted()])).toEqual([
    ["Both", ["Berg", "Haddad"]],
    ["Hello", ["Berg", "Haddad"]],
    ["One", ["Haddad"]],
  ]);
});
