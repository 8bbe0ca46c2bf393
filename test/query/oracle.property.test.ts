import { PrismaPg } from "@prisma/adapter-pg";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDatabase, type Database } from "../../src/db/database.ts";
import { PrismaClient } from "../../src/db/generated/prisma/client.ts";
import { catalog } from "../../src/modules/catalog.ts";
import type { Entity } from "../../src/model/entity.ts";
import type { OrderTerm } from "../../src/model/order.ts";
import type { Filter } from "../../src/query/filter-value.ts";
import { Reader } from "../../src/query/reader.ts";
import { orderOf, runOptions } from "../support/samples/arbitraries.ts";
import { casesOf, runSeed } from "../support/run/run-length.ts";
import { filterOf, type FilterSource } from "../support/filters/arbitraries.ts";
import { createTestDatabase, type TestDatabase } from "../support/database/database.ts";
import { Fixtures } from "../support/samples/fixtures.ts";
import { PrismaFilter, prismaOrder, type PrismaWhere } from "../support/filters/prisma-filter.ts";
import {
  idsIn,
  randomWorld,
  storedNames,
  storeWorld,
  type RandomWorld,
} from "../support/samples/random-rows.ts";

const casesPerRun = casesOf(1_500);
const entities = catalog.entities.filter(({ name }) => name !== "tenant");

type Case = {
  readonly name: string;
  readonly where: Filter;
  readonly order: readonly OrderTerm[];
  readonly includeDeleted: boolean;
};

let testDatabase: TestDatabase;
let database: Database;
/** Prisma as the owner, whom no fence holds: the tenant stands in its filters. */
let prisma: PrismaClient;
let fixtures: Fixtures;
let tenantId: string;
let world: RandomWorld;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  database = openDatabase({ url: testDatabase.url, maxConnections: 2 });
  prisma = new PrismaClient({
    adapter: new PrismaPg({ connectionString: testDatabase.url, max: 2 }),
  });
  fixtures = await Fixtures.open(testDatabase.url);
  const [ours, theirs] = [
    await fixtures.tenant("north-harbor"),
    await fixtures.tenant("blue-ridge"),
  ];
  tenantId = ours.uuid;
  world = randomWorld(runSeed, ours.uuid);
  await storeWorld(fixtures, world, ours.uuid, runSeed);
  world = await storedNames(fixtures, world);
  await storeWorld(fixtures, randomWorld(runSeed + 1, theirs.uuid), theirs.uuid, runSeed + 1);
});
afterAll(async () => {
  await prisma.$disconnect();
  await database.close();
  await fixtures.close();
  await testDatabase.drop();
});

const leftOut = (entity: Entity, field: string): boolean =>
  // What a quote's status reads as depends on the day; Prisma reads what is stored.
  entity.name === "quote" && field === "status";

function caseOf(entity: Entity, source: FilterSource): fc.Arbitrary<Case> {
  return fc.record({
    name: fc.constant(entity.name),
    where: filterOf(entity, source),
    order: orderOf(entity, leftOut),
    includeDeleted: fc.boolean(),
  });
}

async function ourAnswer({
  name,
  where,
  order,
  includeDeleted,
}: Case): Promise<{ ids: unknown[]; total: number | null }> {
  const reader = new Reader({
    db: database.forTenant(tenantId),
    catalog,
    viewer: { tenantId, appId: null },
  });
  const page = await reader.list({
    entity: catalog.entity(name),
    parent: null,
    fields: [],
    where,
    order,
    words: null,
    includeDeleted,
    limit: 1000,
    backward: false,
    after: null,
    before: null,
    want: { rows: true, cursors: false, total: true, outside: false },
  });
  return { ids: page.rows.map(({ id }) => id), total: page.total };
}

async function prismaAnswer({ name, where, order, includeDeleted }: Case): Promise<string[]> {
  const entity = catalog.entity(name);
  const conditions: PrismaWhere[] = [
    { tenantId },
    new PrismaFilter(catalog, world).where(entity, where),
  ];
  if (entity.softDelete && !includeDeleted) conditions.push({ deletedAt: null });
  const delegate: unknown = Reflect.get(prisma, entity.name);
  if (!isDelegate(delegate)) throw new Error(`Prisma has no ${entity.name}`);
  const rows = await delegate.findMany({
    where: { AND: conditions },
    orderBy: prismaOrder(entity, order),
    select: { id: true },
  });
  return rows.map(({ id }) => id);
}

type Delegate = { findMany(query: object): Promise<readonly { readonly id: string }[]> };
function isDelegate(value: unknown): value is Delegate {
  return typeof value === "object" && value !== null && "findMany" in value;
}

describe(`over random rows (CRM_TEST_SEED=${runSeed})`, () => {
  it(`${casesPerRun} random filters and orders give what Prisma's findMany gives`, async () => {
    const source: FilterSource = {
      catalog,
      ids: (entity) => (entity.name === "tenant" ? [tenantId] : idsIn(world, entity.name)),
      leftOut,
    };
    let telling = 0;
    const property = fc.asyncProperty(
      fc.oneof(...entities.map((entity) => caseOf(entity, source))),
      async (one) => {
        const [ours, prismas] = await Promise.all([ourAnswer(one), prismaAnswer(one)]);
        expect(ours.ids).toEqual(prismas);
        expect(ours.total).toBe(prismas.length);
        if (prismas.length > 0 && prismas.length < idsIn(world, one.name).length) telling += 1;
      },
    );
    // Filters that keep all rows or none say little: more are tried until enough say more.
    for (let seed = runSeed; telling <= casesPerRun / 10; seed += 1) {
      await fc.assert(property, { ...runOptions, seed, numRuns: casesPerRun });
    }
  });
});

describe("found by this property", () => {
  const everything: Omit<Case, "name" | "where"> = {
    order: [{ field: "id", direction: "asc" }],
    includeDeleted: true,
  };

  it.each([{ isNull: null }, { eq: 1, isNull: null }])(
    "null for isNull inside JSON matches nothing: %o",
    async (operators) => {
      const condition = { customFields: [{ path: ["a"], ...operators }] };
      for (const where of [
        condition,
        { not: { customFields: [{ path: ["missing"], ...operators }] } },
      ]) {
        expect((await ourAnswer({ ...everything, name: "deal", where })).ids).toEqual([]);
      }
    },
  );
});
