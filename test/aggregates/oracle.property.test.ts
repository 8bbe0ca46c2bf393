import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDatabase, type Database } from "../../src/db/database.ts";
import { catalog } from "../../src/modules/catalog.ts";
import type { AggregateRequest, GroupOrder } from "../../src/query/aggregate/request.ts";
import type { Aggregate, GroupTerm } from "../../src/query/aggregate/answer.ts";
import type { Entity } from "../../src/model/entity.ts";
import type { OrderDirection } from "../../src/model/order.ts";
import { addable, comparable, groupable, isMoney } from "../../src/model/measure.ts";
import type { PageRequest } from "../../src/query/page.ts";
import { Reader } from "../../src/query/reader.ts";
import { runOptions } from "../support/samples/arbitraries.ts";
import { casesOf, runSeed } from "../support/run/run-length.ts";
import { createTestDatabase, type TestDatabase } from "../support/database/database.ts";
import { filterOf, type FilterSource } from "../support/filters/arbitraries.ts";
import { Fixtures } from "../support/samples/fixtures.ts";
import {
  allFigures,
  asTexts,
  keyText,
  plainAggregate,
} from "../support/filters/plain-aggregates.ts";
import {
  idsIn,
  randomWorld,
  storeWorld,
  type RandomWorld,
} from "../support/samples/random-rows.ts";

const casesPerRun = casesOf(250, 50);
const zones = ["UTC", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia"];
const periods = ["day", "week", "month", "quarter", "year"] as const;
const directions: readonly OrderDirection[] = [
  "asc",
  "desc",
  "asc_nulls_first",
  "asc_nulls_last",
  "desc_nulls_first",
  "desc_nulls_last",
];

let testDatabase: TestDatabase;
let database: Database;
let fixtures: Fixtures;
let tenantId: string;
let world: RandomWorld;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  database = openDatabase({ url: testDatabase.url, maxConnections: 2 });
  fixtures = await Fixtures.open(testDatabase.url);
  const [ours, theirs] = [
    await fixtures.tenant("north-harbor"),
    await fixtures.tenant("blue-ridge"),
  ];
  tenantId = ours.uuid;
  world = randomWorld(runSeed, ours.uuid);
  await storeWorld(fixtures, world, ours.uuid, runSeed);
  await storeWorld(fixtures, randomWorld(runSeed + 1, theirs.uuid), theirs.uuid, runSeed + 1);
});
afterAll(async () => {
  await database.close();
  await fixtures.close();
  await testDatabase.drop();
});

function groupTermOf(entity: Entity): fc.Arbitrary<GroupTerm> {
  return fc
    .tuple(
      fc.constantFrom(...groupable(entity)),
      fc.constantFrom(...periods),
      fc.constantFrom(...zones),
    )
    .map(([[field, { kind }], by, timeZone]) => ({
      field,
      by: kind.name === "date" || kind.name === "dateTime" ? by : null,
      timeZone: kind.name === "dateTime" ? timeZone : null,
    }));
}

function orderOf(entity: Entity, groupBy: readonly GroupTerm[]): fc.Arbitrary<GroupOrder> {
  const known = allFigures(addable(entity), comparable(entity));
  const direction = fc.constantFrom(...directions);
  const kinds: fc.Arbitrary<GroupOrder>[] = [
    direction.map((way): GroupOrder => ({ by: "count", direction: way })),
    fc
      .tuple(fc.constantFrom(...groupBy), direction)
      .map(([{ field }, way]): GroupOrder => ({ by: "key", field, direction: way })),
    fc.tuple(fc.constantFrom(...known), direction).map(([{ of, field }, way]): GroupOrder => {
      const definition = entity.fields[field];
      const currency = definition !== undefined && isMoney(definition) ? "EUR" : null;
      return { by: of, field, direction: way, currency };
    }),
  ];
  return fc.oneof(...kinds);
}

/** Any question about any list, at the root or on an edge. */
function requestOf(entity: Entity, source: FilterSource): fc.Arbitrary<AggregateRequest> {
  const known = allFigures(addable(entity), comparable(entity));
  const figures = fc.subarray(known, { maxLength: Math.min(4, known.length) });
  const parents = catalog.entities.flatMap((from) =>
    Object.values(from.relations).flatMap((relation) =>
      relation.kind !== "one" && relation.to === entity.name && from.name !== "tenant"
        ? [{ source: from, relation }]
        : [],
    ),
  );
  return fc
    .uniqueArray(groupTermOf(entity), { maxLength: 4, selector: ({ field }) => field })
    .chain((groupBy) =>
      fc.record({
        entity: fc.constant(entity),
        parent: fc.constantFrom(null, ...parents),
        where: fc.option(filterOf(entity, source, 1, 1)),
        words: fc.constant(null),
        includeDeleted: fc.boolean(),
        groupBy: fc.constant(groupBy),
        total: fc.record({ figures, groupCount: fc.constant(true) }),
        groups:
          groupBy.length === 0
            ? fc.constant(null)
            : fc.record({
                figures,
                order: fc.array(orderOf(entity, groupBy), { maxLength: 2 }),
                limit: fc.constantFrom(1, 3, 100),
              }),
      }),
    );
}

function listOf(request: AggregateRequest): PageRequest {
  return {
    ...request,
    fields: [],
    order: null,
    limit: 1000,
    backward: false,
    after: null,
    before: null,
    want: { rows: true, cursors: false, total: false, outside: false },
  };
}

/** The engine's answers, and the ids of the rows that each is about: one for a root list, one for each parent. */
async function answersOf(
  request: AggregateRequest,
): Promise<{ aggregate: Aggregate; ids: string[] }[]> {
  const reader = new Reader({
    db: database.forTenant(tenantId),
    catalog,
    viewer: { tenantId, appId: null },
  });
  const { parent } = request;
  const list = listOf(request);
  const idsOf = (rows: readonly { readonly id?: unknown }[]) => rows.map(({ id }) => String(id));
  if (parent === null) {
    const [aggregate, page] = await Promise.all([reader.aggregate(request), reader.list(list)]);
    return [{ aggregate, ids: idsOf(page.rows) }];
  }
  return Promise.all(
    idsIn(world, parent.source.name)
      .slice(0, 5)
      .map(async (id) => {
        const [aggregate, page] = await Promise.all([
          reader.aggregateChildren("a", () => request, id),
          reader.children("l", () => list, id),
        ]);
        return { aggregate, ids: idsOf(page.rows) };
      }),
  );
}

describe(`over random rows (CRM_TEST_SEED=${runSeed})`, () => {
  it(`${casesPerRun} random aggregates give what plain SQL gives for each group`, async () => {
    const source: FilterSource = {
      catalog,
      ids: (entity) => (entity.name === "tenant" ? [tenantId] : idsIn(world, entity.name)),
      leftOut: () => false,
    };
    const entities = catalog.entities.filter(({ name }) => idsIn(world, name).length > 0);
    let telling = 0;
    const property = fc.asyncProperty(
      fc.oneof(...entities.map((entity) => requestOf(entity, source))),
      async (request) => {
        for (const { aggregate, ids } of await answersOf(request)) {
          const plain = await plainAggregate(request, { fixtures, tenantId, ids });
          const { entity, groupBy, total, groups } = request;
          expect({
            total: asTexts(entity, aggregate, total?.figures ?? []),
            groupCount: aggregate.groupCount,
            groups: aggregate.groups.map((group) => ({
              key: groupBy.map(({ field }) => keyText(group.key[field])),
              figures: asTexts(entity, group, groups?.figures ?? []),
            })),
          }).toEqual(plain);
          if (plain.groups.length > 1) telling += 1;
        }
      },
    );
    // Aggregates over nothing, or of one group, say little: more are tried until enough say more.
    for (let seed = runSeed; telling <= casesPerRun / 20; seed += 1) {
      await fc.assert(property, { ...runOptions, seed, numRuns: casesPerRun });
    }
  });
});
