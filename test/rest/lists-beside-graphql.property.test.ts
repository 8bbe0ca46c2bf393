import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { crmFace } from "../../src/rest/crm/face.ts";
import type { Resource } from "../../src/rest/face.ts";
import { runOptions } from "../support/samples/arbitraries.ts";
import { casesOf, runSeed } from "../support/run/run-length.ts";
import { activityRows, changeSteps, ChangingList } from "../support/filters/changing-list.ts";
import { at, listAt, startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import type { Cut, GotPage } from "../support/filters/list-pages.ts";
import { randomWorld, storeWorld } from "../support/samples/random-rows.ts";
import { restClient, unchecked, type RestClient } from "../support/rest/client.ts";
import {
  filtersOf,
  kindOf,
  memberOf,
  nameOf,
  readExactly,
  sortOf,
  valueOf,
  type Filtered,
  type Item,
} from "../support/rest/filters.ts";

let gateway: TestGateway;
let rest: RestClient;
let key: string;
const everything = new Map<string, readonly Item[]>();

beforeAll(async () => {
  gateway = await startGateway();
  const tenant = await gateway.fixtures.tenant("north-harbor");
  await storeWorld(gateway.fixtures, randomWorld(runSeed, tenant.uuid), tenant.uuid, runSeed);
  key = await gateway.keyFor(tenant.slug);
  rest = restClient(gateway, { "x-api-key": key }, unchecked);
  for (const { path } of crmFace.resources) {
    const { text } = await rest.get(`${path}?limit=100&include_deleted=true`);
    everything.set(
      path,
      listAt(readExactly(text), "data").map((item): Item => Object(item)),
    );
  }
});
afterAll(() => gateway.close());

function resourceAt(path: string): Resource {
  const found = crmFace.resources.find((one) => one.path === path);
  if (found === undefined) throw new Error(`nothing at ${path}`);
  return found;
}

const operators: Readonly<Record<string, string>> = {
  not_in: "notIn",
  starts_with: "startsWith",
  ends_with: "endsWith",
  is_null: "isNull",
};
const ofLists: Readonly<Record<string, string>> = {
  eq: "has",
  in: "hasSome",
  all: "hasEvery",
  is_empty: "isEmpty",
};

/** The same filter as GraphQL's `where`; null where that has none of the kind. */
function whereOf(resource: Resource, { key: name, operator, values }: Filtered): unknown {
  const member = memberOf(resource, name);
  if (member.kind !== "field" || member.or !== undefined) return null;
  const kind = kindOf(resource, member);
  const typed = values.map((value) => {
    if (kind === "boolean" || operator.startsWith("is_")) return value === "true";
    return kind === "int" ? Number(value) : value;
  });
  const isMany = ["in", "not_in", "all"].includes(operator);
  const operand = isMany ? typed : typed[0];
  if (kind !== "textList") {
    return { [member.field]: { [operators[operator] ?? operator]: operand } };
  }
  const isNegated = operator === "ne" || operator === "not_in";
  const positive = { ne: "eq", not_in: "in" }[operator] ?? operator;
  const condition = { [member.field]: { [ofLists[positive] ?? positive]: operand } };
  return isNegated ? { not: condition } : condition;
}

const asked = fc.constantFrom(...crmFace.resources).chain((resource) =>
  fc.record({
    path: fc.constant(resource.path),
    filters: fc
      .constant(null)
      .chain(() => filtersOf(resource, everything.get(resource.path) ?? [], () => true)),
    sort: sortOf(resource),
    includeDeleted: fc.boolean(),
  }),
);

const sortable = crmFace.resources.find(({ path }) => path.endsWith("/activities"));
if (sortable === undefined) throw new Error("there are no activities");
const changingCase = fc.record({
  sort: sortOf(sortable),
  filter: fc.constantFrom(
    "",
    "&type[in]=call,email,note",
    "&tags[is_empty]=true",
    "&due_date[is_null]=false",
  ),
  rows: activityRows,
  steps: changeSteps,
  size: fc.integer({ min: 1, max: 4 }),
});

describe(`lists of random records (CRM_TEST_SEED=${runSeed})`, () => {
  it("are those of the same filter and order over GraphQL", async () => {
    const property = fc.asyncProperty(asked, async ({ path, filters, sort, includeDeleted }) => {
      const resource = resourceAt(path);
      const { entity } = resource.projection;
      const alike = filters.flatMap((filter) => {
        const where = whereOf(resource, filter);
        return where === null ? [] : [{ filter, where }];
      });
      const query = new URLSearchParams([
        ...alike.map(({ filter }) => [nameOf(filter), valueOf(filter)]),
        ...(sort.length === 0 ? [] : [["sort", sort.join(",")]]),
        ["include_deleted", String(includeDeleted)],
        ["limit", "100"],
      ]);
      const { body } = await rest.get(`${path}?${query.toString()}`);
      const orderBy = sort.flatMap((term) => {
        const member = memberOf(resource, term.replace("-", ""));
        if (member.kind !== "field") return [];
        const direction = term.startsWith("-") ? "desc_nulls_last" : "asc";
        const other = member.or === undefined ? [] : [{ [member.or]: direction }];
        return [{ [member.field]: direction }, ...other];
      });
      const data = await gateway.data(
        key,
        `query ($where: ${entity.type}Filter, $orderBy: [${entity.type}Order!], $includeDeleted: Boolean) {
          list: ${entity.plural}(first: 100, where: $where, orderBy: $orderBy, includeDeleted: $includeDeleted) {
            totalCount nodes { id }
          } }`,
        {
          where: { and: alike.map(({ where }) => where) },
          orderBy: orderBy.length === 0 ? null : orderBy,
          includeDeleted,
        },
      );
      expect(listAt(body, "data").map((item) => at(item, "id"))).toEqual(
        listAt(data, "list", "nodes").map((node) => at(node, "id")),
      );
      expect(at(body, "pagination", "count")).toBe(at(data, "list", "totalCount"));
    });
    await fc.assert(property, { ...runOptions, numRuns: casesOf(150) });
  });

  it("walked while rows are inserted, changed and deleted, repeat and skip no unchanged one", async () => {
    const property = fc.asyncProperty(changingCase, async ({ sort, filter, rows, steps, size }) => {
      const list = new ChangingList(gateway.fixtures);
      await list.fill(rows);
      const client = restClient(
        gateway,
        { "x-api-key": await gateway.keyFor(list.slug) },
        unchecked,
      );
      const order = sort.length === 0 ? "" : `&sort=${sort.join(",")}`;
      const page = async ({ size: limit, after }: Cut): Promise<Map<string, GotPage>> => {
        const cursor = after === null ? "" : `&cursor=${after}`;
        const path = `/api/v1/crm/activities?limit=${limit}${order}${filter}${cursor}`;
        const { status, text, body } = await client.get(path);
        expect([status, text]).toEqual([200, expect.anything()]);
        const next = at(body, "pagination", "next_cursor");
        const ids = listAt(body, "data").map((item) => String(at(item, "id")).slice("act-".length));
        const hasNextPage = next !== null;
        const total = Number(at(body, "pagination", "count"));
        return new Map([
          ["", { ids, cursors: [String(next)], total, hasNextPage, hasPreviousPage: false }],
        ]);
      };
      const start: Cut = { size: 100, backward: false, after: null, before: null };
      const whole = (await page(start)).get("")?.ids ?? [];
      const seen = await list.walk(page, { ...start, size }, steps);
      const untouched = (id: string): boolean => !list.touched.has(id);
      expect(seen.filter((id) => whole.includes(id)).filter(untouched)).toEqual(
        whole.filter(untouched),
      );
      const unchanged = seen.filter(untouched);
      expect(new Set(unchanged).size).toBe(unchanged.length);
    });
    await fc.assert(property, { ...runOptions, numRuns: casesOf(12) });
  });
});
