import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { catalog } from "../../src/modules/catalog.ts";
import { orderOf, runOptions } from "../support/samples/arbitraries.ts";
import { casesOf, runSeed } from "../support/run/run-length.ts";
import { activityRows, changeSteps, ChangingList } from "../support/filters/changing-list.ts";
import { startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import {
  defaultOrder,
  engineFetch,
  httpFetch,
  lists,
  pageOf,
  wholeLists,
  type Asked,
  type Cut,
  type Fetch,
  type List,
  type RankedCut,
} from "../support/filters/list-pages.ts";
import {
  idOf,
  idsIn,
  randomWorld,
  storeRows,
  storeWorld,
  type RandomRow,
} from "../support/samples/random-rows.ts";

let gateway: TestGateway;
let tenantId: string;
const engine: Fetch = (...parameters) =>
  engineFetch(gateway.database.forTenant(tenantId), tenantId)(...parameters);
let key: string;
const http: Fetch = (...parameters) => httpFetch(gateway, key)(...parameters);
/** The ids of the tenant's rows, by entity. */
const ids = new Map<string, readonly string[]>();

beforeAll(async () => {
  gateway = await startGateway();
  const tenant = await gateway.fixtures.tenant("north-harbor");
  tenantId = tenant.uuid;
  const world = randomWorld(runSeed, tenantId);
  await storeWorld(gateway.fixtures, world, tenantId, runSeed);
  for (const name of world.keys()) ids.set(name, idsIn(world, name));
  ids.set("tenant", [tenantId]);
  for (const name of ["activity", "lineItem", "stageChange"]) {
    const twins = twinsOf(world.get(name)?.find((row) => (row["deletedAt"] ?? null) === null));
    await storeRows(gateway.fixtures, name, twins);
    ids.set(name, [...idsIn(world, name), ...twins.map(({ id }) => id)]);
  }
  key = await gateway.keyFor(tenant.slug);
});
afterAll(() => gateway.close());

/** Rows that are equal in everything but the id; none has a key that only one may have. */
function twinsOf(row: RandomRow | undefined): RandomRow[] {
  if (row === undefined) throw new Error("no row to copy");
  return Array.from({ length: 9 }, (_, index) => ({
    ...row,
    ...("externalId" in row ? { externalId: null } : {}),
    id: idOf(100 + index),
  }));
}

const searches = [
  "a",
  "A",
  "b a",
  "example",
  "ana exampel",
  "%",
  "_",
  "σ",
  "日",
  "100%",
  "straße",
  "a\\b",
  "nothing like this",
];

function askedOf(list: List): fc.Arbitrary<Asked> {
  const entity = catalog.entity(list.name);
  return fc.record({
    name: fc.constant(list.name),
    source: fc.constant(list.source),
    relation: fc.constant(list.relation),
    order: fc.option(orderOf(entity), { freq: 5 }),
    search: entity.searchable
      ? fc.option(fc.constantFrom(...searches), { freq: 2 })
      : fc.constant(null),
    among: fc.option(fc.subarray([...(ids.get(list.name) ?? [])]), { freq: 2 }),
    includeDeleted: fc.boolean(),
  });
}

function parentsOf(list: List): readonly string[] {
  return list.source === null ? [""] : (ids.get(list.source) ?? []);
}

/** Reads each parent's list to its end, the first pages of all parents at once, and checks every page. */
async function walk(fetch: Fetch, asked: Asked, size: number, backward: boolean): Promise<void> {
  const parents = parentsOf(asked);
  const wholes = await wholeLists(gateway.fixtures.client, tenantId, asked, parents);
  const firstPages = await fetch(asked, parents, { size, backward, after: null, before: null });
  const longest = [...wholes]
    .toSorted(([, one], [, other]) => other.length - one.length)
    .slice(0, 2);
  for (const [parent, whole] of wholes) {
    const rank = (id: string): number => whole.indexOf(id);
    let page = firstPages.get(parent);
    const start: RankedCut = { size, backward, after: -1, before: whole.length };
    let cut = start;
    const seen: string[] = [];
    for (;;) {
      expect(page).toMatchObject(pageOf(whole, rank, cut));
      if (page === undefined) break;
      seen.splice(backward ? 0 : seen.length, 0, ...page.ids);
      const more = backward ? page.hasPreviousPage : page.hasNextPage;
      if (!more || !longest.some(([id]) => id === parent)) break;
      const cursor = (backward ? page.cursors[0] : page.cursors.at(-1)) ?? null;
      const from: Cut = {
        size,
        backward,
        after: backward ? null : cursor,
        before: backward ? cursor : null,
      };
      page = (await fetch(asked, [parent], from)).get(parent);
      cut = backward
        ? { ...cut, before: rank(seen[0] ?? "") }
        : { ...cut, after: rank(seen.at(-1) ?? "") };
    }
    const walked = longest.some(([id]) => id === parent);
    expect(seen).toEqual(walked ? whole : pageOf(whole, rank, start).ids);
  }
}

/** Cuts the lists of all parents at once between two rows of the whole order, which most of the lists do not hold. */
async function cutLists(
  fetch: Fetch,
  asked: Asked,
  size: number,
  backward: boolean,
  picks: Picks,
): Promise<void> {
  const parents = parentsOf(asked);
  const explicit = {
    ...asked,
    order: asked.search === null ? (asked.order ?? defaultOrder(asked)) : asked.order,
  };
  const root: Asked = {
    ...explicit,
    source: null,
    relation: null,
    among: null,
    includeDeleted: true,
  };
  const all = await engine(root, [""], { size: 1000, backward: false, after: null, before: null });
  const { ids: order = [], cursors = [] } = all.get("") ?? {};
  const place = (pick: number | null): number | null =>
    pick === null || order.length === 0 ? null : pick % order.length;
  const [after, before] = [place(picks.after), place(picks.before)];
  const pages = await fetch(explicit, parents, {
    size,
    backward,
    after: after === null ? null : (cursors[after] ?? null),
    before: before === null ? null : (cursors[before] ?? null),
  });
  const cut = { size, backward, after: after ?? -1, before: before ?? order.length };
  for (const [parent, whole] of await wholeLists(
    gateway.fixtures.client,
    tenantId,
    explicit,
    parents,
  )) {
    expect(pages.get(parent)).toMatchObject(pageOf(whole, (id) => order.indexOf(id), cut));
  }
}
type Picks = { readonly after: number | null; readonly before: number | null };

const picks = fc.record({
  after: fc.option(fc.nat(200), { freq: 4 }),
  before: fc.option(fc.nat(200), { freq: 4 }),
});
const size = fc.integer({ min: 1, max: 9 });
const anyList = (of: readonly List[]): fc.Arbitrary<Asked> => fc.oneof(...of.map(askedOf));
/** Stage changes have no query of their own; they hang on deals. */
const overHttp = lists.filter(({ name, source }) => name !== "stageChange" || source !== null);
const ways = [
  { by: "the engine", fetch: engine, of: lists, walks: casesOf(300), cuts: casesOf(400) },
  { by: "HTTP", fetch: http, of: overHttp, walks: casesOf(60), cuts: casesOf(60) },
];

describe(`over random rows (CRM_TEST_SEED=${runSeed})`, () => {
  it.each(ways)(
    "$walks walks by $by: the pages are the whole list, flags and totals exact",
    async (way) => {
      const property = fc.asyncProperty(
        anyList(way.of),
        size,
        fc.boolean(),
        (asked, nodes, backward) => walk(way.fetch, asked, nodes, backward),
      );
      await fc.assert(property, { ...runOptions, numRuns: way.walks });
    },
  );

  it.each(ways)("$cuts pages by $by between two cursors hold what lies between", async (way) => {
    const property = fc.asyncProperty(
      anyList(way.of),
      size,
      fc.boolean(),
      picks,
      (asked, nodes, backward, picked) => cutLists(way.fetch, asked, nodes, backward, picked),
    );
    await fc.assert(property, { ...runOptions, numRuns: way.cuts });
  });
});

/** The same rows as a list of the tenant, of an account and, through the join table, of a contact. */
const changing: readonly List[] = lists.filter(
  ({ name, source }) => name === "activity" && [null, "account", "contact"].includes(source),
);
const changingCase = fc.record({
  list: fc.constantFrom(...changing),
  order: fc.option(orderOf(catalog.entity("activity")), { freq: 5 }),
  rows: activityRows,
  steps: changeSteps,
  size: fc.integer({ min: 1, max: 4 }),
  backward: fc.boolean(),
});
type ChangingCase = typeof changingCase extends fc.Arbitrary<infer Value> ? Value : never;

async function walkWhileChanging(
  fetchFor: (list: ChangingList) => Promise<Fetch>,
  one: ChangingCase,
): Promise<void> {
  const { order, rows, steps, size: nodes, backward } = one;
  const list = new ChangingList(gateway.fixtures);
  await list.fill(rows);
  const fetch = await fetchFor(list);
  const asked: Asked = { ...one.list, order, search: null, among: null, includeDeleted: false };
  const parents = [{ account: list.account, contact: list.contact }[asked.source ?? ""] ?? ""];
  const whole = await wholeLists(gateway.fixtures.client, list.tenantId, asked, parents);
  const cut: Cut = { size: nodes, backward, after: null, before: null };
  const seen = await list.walk((next) => fetch(asked, parents, next), cut, steps);

  const untouched = (id: string): boolean => !list.touched.has(id);
  const still = new Set([...whole.values()].flat().filter(untouched));
  expect(seen.filter((id) => still.has(id))).toEqual([...still]);
  expect(new Set(seen.filter(untouched)).size).toBe(seen.filter(untouched).length);
}

describe("while rows are inserted, updated and deleted between pages", () => {
  it("no unchanged row is repeated or skipped, by the engine", async () => {
    const fetchFor = ({ tenantId: id }: ChangingList) =>
      Promise.resolve(engineFetch(gateway.database.forTenant(id), id));
    const property = fc.asyncProperty(changingCase, (one) => walkWhileChanging(fetchFor, one));
    await fc.assert(property, { ...runOptions, numRuns: casesOf(60) });
  });

  it("no unchanged row is repeated or skipped, by HTTP", async () => {
    const fetchFor = async ({ slug }: ChangingList) =>
      httpFetch(gateway, await gateway.keyFor(slug));
    const property = fc.asyncProperty(changingCase, (one) => walkWhileChanging(fetchFor, one));
    await fc.assert(property, { ...runOptions, numRuns: casesOf(10, 2) });
  });
});

describe("found by these properties", () => {
  it.each(["asc", "desc", "asc_nulls_first", "desc_nulls_last"] as const)(
    "cursors the wrong way round, one on a null, leave an empty page (%s)",
    async (direction) => {
      const asked: Asked = {
        name: "activity",
        source: null,
        relation: null,
        order: [{ field: "dueDate", direction }],
        search: null,
        among: null,
        includeDeleted: true,
      };
      const all = (
        await http(asked, [], { size: 100, backward: false, after: null, before: null })
      ).get("");
      const [first, last] = [all?.cursors[0] ?? null, all?.cursors.at(-1) ?? null];
      for (const backward of [false, true]) {
        const page = (await http(asked, [], { size: 5, backward, after: last, before: first })).get(
          "",
        );
        expect(page).toEqual({
          ids: [],
          cursors: [],
          total: all?.total,
          hasNextPage: true,
          hasPreviousPage: true,
        });
      }
    },
  );
});
