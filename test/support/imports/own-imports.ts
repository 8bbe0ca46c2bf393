import type { Import } from "../../../src/db/generated/prisma/client.ts";
import { operatorOf } from "../../../src/auth/operator.ts";
import { createTestDatabase, type TestDatabase } from "../database/database.ts";
import { Fixtures, type TenantFixtures } from "../samples/fixtures.ts";
import { Importer, type AskedImport } from "./importer.ts";

type Own = {
  readonly database: TestDatabase;
  readonly fixtures: Fixtures;
  readonly importer: Importer;
};

/** A database of its own that files are imported into. */
export class OwnImports {
  readonly database: TestDatabase;
  readonly fixtures: Fixtures;
  readonly importer: Importer;
  #count = 0;

  constructor({ database, fixtures, importer }: Own) {
    this.database = database;
    this.fixtures = fixtures;
    this.importer = importer;
  }

  static async open(): Promise<OwnImports> {
    const database = await createTestDatabase();
    const fixtures = await Fixtures.open(database.url);
    return new OwnImports({ database, fixtures, importer: new Importer(database.url) });
  }

  async close(): Promise<void> {
    await this.importer.close();
    await this.fixtures.close();
    await this.database.drop();
  }

  newTenant(): Promise<TenantFixtures> {
    this.#count += 1;
    return this.fixtures.tenant(`tenant-${this.#count}`);
  }

  /** Imports lines of a file, and gives the import as it is in the end. */
  async imported(
    tenantId: string,
    asked: AskedImport,
    ...lines: readonly string[]
  ): Promise<Import> {
    const { import: made } = await this.importer.stage(tenantId, asked, `${lines.join("\n")}\n`);
    await this.importer.runAll();
    return await this.state(made);
  }

  async state({ tenantId, id }: Import): Promise<Import> {
    const found = await this.importer.service.find(operatorOf(tenantId), id);
    if (found === null) throw new Error("the import is gone");
    return found;
  }

  async refusedOf(made: Import): Promise<unknown[]> {
    const told = [];
    for await (const { row, errors } of this.importer.service.refusedRows(made)) {
      told.push([row.number, row.cells, errors.map(({ column, message }) => [column, message])]);
    }
    return told;
  }

  /** How often each external id is there, live, and how many events tell of its creation. */
  async written(tenantId: string): Promise<unknown> {
    const { rows } = await this.fixtures.client.query(
      `SELECT t.external_id AS id, count(DISTINCT t.id)::integer AS records, count(e.id)::integer AS events
     FROM contacts t LEFT JOIN change_events e ON e.tenant_id = t.tenant_id AND e.entity_id = t.id AND e.operation = 'created'
     WHERE t.tenant_id = $1 AND t.deleted_at IS NULL GROUP BY 1 ORDER BY 1`,
      [tenantId],
    );
    return rows;
  }
}

export const counts = ({
  status,
  rows,
  rowsDone,
  rowsCreated,
  rowsUpdated,
  rowsRefused,
}: Import) => ({ status, rows, rowsDone, rowsCreated, rowsUpdated, rowsRefused });

/** The header of `people`. */
export const header = "external_id,last_name";

/** Lines of contacts with these numbers. */
export const people = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, place) => `p${from + place},Person ${from + place}`);
