import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Resource } from "../../src/rest/face.ts";
import { runOptions } from "../support/samples/arbitraries.ts";
import { casesOf, runSeed } from "../support/run/run-length.ts";
import { at, listAt, startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { randomWorld, storeWorld } from "../support/samples/random-rows.ts";
import { restClient, unchecked, type RestClient } from "../support/rest/client.ts";
import {
  filtersOf,
  matches,
  nameOf,
  readExactly,
  resources,
  sortOf,
  valueOf,
  type Filtered,
  type Item,
} from "../support/rest/filters.ts";

let gateway: TestGateway;
let rest: RestClient;
let key: string;
/** All records of each resource, deleted ones too. */
const everything = new Map<Resource, readonly Item[]>();
/** The ids of those that are not deleted. */
const live = new Set<string>();

beforeAll(async () => {
  gateway = await startGateway();
  const tenant = await gateway.fixtures.tenant("north-harbor");
  await storeWorld(gateway.fixtures, randomWorld(runSeed, tenant.uuid), tenant.uuid, runSeed);
  key = await gateway.keyFor(tenant.slug);
  const headers = { "x-api-key": key, "x-organization-id": tenant.id };
  rest = restClient(gateway, headers, unchecked);
  for (const resource of resources) {
    const items = await read(resource, { limit: "100", ...whole(resource) });
    everything.set(resource, items.data);
    const others = await read(resource, { limit: "100" });
    for (const { id } of others.data) live.add(`${resource.path} ${String(id)}`);
  }
});
afterAll(() => gateway.close());

type Query = Readonly<Record<string, string>>;
type Read = {
  readonly data: readonly Item[];
  readonly count: number;
  readonly next: string | null;
};

const whole = ({ list }: Resource): Query => (list.isRich ? { include_deleted: "true" } : {});

async function read({ path }: Resource, query: Query): Promise<Read> {
  const { status, text } = await rest.get(`${path}?${new URLSearchParams(query).toString()}`);
  expect([status, text]).toEqual([200, expect.anything()]);
  const body = readExactly(text);
  const next = at(body, "pagination", "next_cursor");
  return {
    data: listAt(body, "data").map((item): Item => Object(item)),
    count: Number(at(body, "pagination", "count")),
    next: typeof next === "string" ? next : null,
  };
}

/** All pages of a list, each with the count of all. */
async function walk(resource: Resource, query: Query, count: number): Promise<unknown[]> {
  const ids: unknown[] = [];
  let cursor: string | null = null;
  do {
    const page: Read = await read(resource, { ...query, ...(cursor === null ? {} : { cursor }) });
    expect(page.count).toBe(count);
    ids.push(...page.data.map((item) => item["id"]));
    cursor = page.next;
  } while (cursor !== null);
  return ids;
}

function queryOf(filters: readonly Filtered[], sort: readonly string[]): Query {
  const named = filters.map((filter) => [nameOf(filter), valueOf(filter)]);
  return {
    ...Object.fromEntries(named),
    ...(sort.length === 0 ? {} : { sort: sort.join(",") }),
  };
}

const isTextual = (kind: string): boolean =>
  ["text", "url", "email", "currency", "phone", "domain"].includes(kind);
const isOrdering = (operator: string): boolean => ["gt", "gte", "lt", "lte"].includes(operator);

function resourceAt(path: string): Resource {
  const found = resources.find((one) => one.path === path);
  if (found === undefined) throw new Error(`nothing at ${path}`);
  return found;
}

const asked = fc.constantFrom(...resources).chain((resource) =>
  fc.record({
    path: fc.constant(resource.path),
    filters: fc
      .constant(null)
      .chain(() =>
        filtersOf(
          resource,
          everything.get(resource) ?? [],
          (kind, operator) => !(isTextual(kind) && isOrdering(operator)),
        ),
      ),
    sort: sortOf(resource),
    limit: fc.integer({ min: 1, max: 9 }),
    withDeleted: fc.boolean(),
  }),
);

describe(`lists of random records (CRM_TEST_SEED=${runSeed})`, () => {
  it("hold each record once that shows what every filter asks for, over all pages, and count them", async () => {
    const property = fc.asyncProperty(
      asked,
      async ({ path, filters, sort, limit, withDeleted }) => {
        const resource = resourceAt(path);
        const showsDeleted = resource.list.isRich && withDeleted;
        const asksForDeleted = filters.some(
          ({ key: name, values }) => name === "is_deleted" && values[0] === "true",
        );
        const wanted = (everything.get(resource) ?? [])
          .filter(
            (item) => showsDeleted || asksForDeleted || live.has(`${path} ${String(item["id"])}`),
          )
          .filter((item) => filters.every((filter) => matches(resource, item, filter)))
          .map((item) => item["id"]);
        const query = {
          ...queryOf(filters, sort),
          ...(showsDeleted ? whole(resource) : {}),
          limit: String(limit),
        };
        const ids = await walk(resource, query, wanted.length);
        expect(ids).toHaveLength(wanted.length);
        expect(new Set(ids)).toEqual(new Set(wanted));
      },
    );
    await fc.assert(property, { ...runOptions, numRuns: casesOf(200) });
  });

  it("hold each record byte for byte as it is by its id", async () => {
    for (const resource of resources) {
      const deleted = new URLSearchParams(whole(resource)).toString();
      const list = await rest.get(`${resource.path}?limit=100&${deleted}`);
      const items: string[] = [];
      for (const id of listAt(list.body, "data").map((item) => String(at(item, "id")))) {
        const { text } = await rest.get(`${resource.path}/${id}?${deleted}`);
        items.push(text.startsWith('{"data":') ? text.slice('{"data":'.length, -1) : text);
      }
      const { pagination } = Object(list.body);
      expect(list.text).toBe(
        `{"data":[${items.join(",")}],"pagination":${JSON.stringify(pagination)}}`,
      );
    }
  });
});
