import { afterAll, beforeAll, expect, test } from "vitest";
import type { Import } from "../../src/db/generated/prisma/client.ts";
import { operatorOf } from "../../src/auth/operator.ts";
import { createTestDatabase, type TestDatabase } from "../support/database/database.ts";
import { Importer, type AskedImport } from "../support/imports/importer.ts";
import { Fixtures, type TenantFixtures } from "../support/samples/fixtures.ts";

let database: TestDatabase;
let fixtures: Fixtures;
let importer: Importer;
let count = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  fixtures = await Fixtures.open(database.url);
  importer = new Importer(database.url);
});

afterAll(async () => {
  await importer.close();
  await fixtures.close();
  await database.drop();
});

const newTenant = (): Promise<TenantFixtures> => fixtures.tenant(`tenant-${++count}`);

/** Imports lines of a file, and gives the import as it is in the end. */
async function imported(
  tenantId: string,
  asked: AskedImport,
  ...lines: readonly string[]
): Promise<Import> {
  const { import: made } = await importer.stage(tenantId, asked, `${lines.join("\n")}\n`);
  await importer.runAll();
  return await state(made);
}

async function state({ tenantId, id }: Import): Promise<Import> {
  const found = await importer.service.find(operatorOf(tenantId), id);
  if (found === null) throw new Error("the import is gone");
  return found;
}

async function refusedOf(made: Import): Promise<unknown[]> {
  const told = [];
  for await (const { row, errors } of importer.service.refusedRows(made)) {
    told.push([row.number, row.cells, errors.map(({ column, message }) => [column, message])]);
  }
  return told;
}

/** How often each external id is there, live, and how many events tell of its creation. */
async function written(tenantId: string): Promise<unknown> {
  const { rows } = await fixtures.client.query(
    `SELECT t.external_id AS id, count(DISTINCT t.id)::integer AS records, count(e.id)::integer AS events
     FROM contacts t LEFT JOIN change_events e ON e.tenant_id = t.tenant_id AND e.entity_id = t.id AND e.operation = 'created'
     WHERE t.tenant_id = $1 AND t.deleted_at IS NULL GROUP BY 1 ORDER BY 1`,
    [tenantId],
  );
  return rows;
}

const counts = ({ status, rows, rowsDone, rowsCreated, rowsUpdated, rowsRefused }: Import) => ({
  status,
  rows,
  rowsDone,
  rowsCreated,
  rowsUpdated,
  rowsRefused,
});

test("writes the good rows, and tells of each refused one what the file said and why", async () => {
  const { uuid } = await newTenant();
  const made = await imported(
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
  expect(await refusedOf(made)).toEqual([
    [
      3,
      { external_id: "b", last_name: "Quay", email: "no email" },
      [["email", "Invalid email address"]],
    ],
  ]);
  expect(await written(uuid)).toEqual([
    { id: "a", records: 1, events: 1 },
    { id: "c", records: 1, events: 1 },
  ]);
});
