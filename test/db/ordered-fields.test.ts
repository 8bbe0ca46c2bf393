// Which orders are cheap is said by the models; PostgreSQL has the indexes that make them so.
import { afterAll, beforeAll, expect, it } from "vitest";
import { catalog } from "../../src/modules/catalog.ts";
import { isSortable } from "../../src/model/field.ts";
import { createTestDatabase, type TestDatabase } from "../support/database/database.ts";
import { Fixtures } from "../support/samples/fixtures.ts";

let database: TestDatabase;
let fixtures: Fixtures;
beforeAll(async () => {
  database = await createTestDatabase();
  fixtures = await Fixtures.open(database.url);
});
afterAll(async () => {
  await fixtures.close();
  await database.drop();
});

it("fields are ordered by an index exactly where their model says so", async () => {
  const { rows } = await fixtures.client.query<{ definition: string }>(
    "SELECT indexdef AS definition FROM pg_indexes WHERE schemaname = 'public'",
  );
  const definitions = rows.map(({ definition }) => definition.replaceAll('"', ""));
  const indexed = catalog.entities.map((entity) => {
    const found = Object.entries(entity.fields).flatMap(([name, field]) => {
      const index = ` ON public.${entity.table} USING btree (tenant_id, ${field.column}, id)`;
      const isOrdered = definitions.some((definition) => definition.endsWith(index));
      return isSortable(field) && isOrdered ? [name] : [];
    });
    return [entity.name, found.toSorted()];
  });
  const said = catalog.entities.map(({ name, ordered }) => [name, [...ordered].toSorted()]);
  expect(said).toEqual(indexed);
});
