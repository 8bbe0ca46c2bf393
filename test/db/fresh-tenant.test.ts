import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { catalog } from "../../src/modules/catalog.ts";
import { crmFace } from "../../src/rest/crm/face.ts";
import { fillTenant, rowId } from "../support/samples/crowded-database.ts";
import { crowdedWrites } from "../support/writes/crowded-writes.ts";
import { edgeFilters } from "../support/filters/edge-filters.ts";
import type { TenantFixtures } from "../support/samples/fixtures.ts";
import { startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { makeSide } from "../support/leaks/world.ts";
import { hearPlans, tellPlans, type PlanLog } from "../support/database/plan-log.ts";
import { documentOf, type Call } from "../support/leaks/calls.ts";
import { theirs } from "../support/leaks/marks.ts";
import { mutationFields } from "../support/leaks/mutations.ts";
import { isOperational } from "../support/writes/mutation.ts";
import { distinct, listCalls, plainCalls, valueCalls } from "../support/leaks/reads.ts";
import { Values } from "../support/leaks/values.ts";
import { casesOf, isLong, someOf } from "../support/run/run-length.ts";

/** Rows in each table: of the tenant whose rows were counted, and of the one that came after. */
const [counted, fresh] = [casesOf(20_000, 4_000), 3_000];
/**
 * What one statement may cost for each row that a table has of the tenant. Five tables in one filter, each row read,
 * hashed, sorted, joined and counted: some 30. A nested loop over the tenant's rows is 1,500 or more.
 */
const [rowsAtMost, pagesAtMost] = [60, 60];

let gateway: TestGateway;
let tenant: TenantFixtures;
let key: string;
let plans: PlanLog;
let values: Values;

beforeAll(async () => {
  const unlimited = ["ALIASES", "COST", "DOCUMENT_BYTES", "FIELDS", "TOKENS"];
  gateway = await startGateway({
    compare: isLong,
    env: Object.fromEntries(unlimited.map((name) => [`MAX_${name}`, "999999999"])),
  });
  const { fixtures } = gateway;
  await fillTenant(fixtures, await fixtures.tenant("big"), counted);
  // What a filter looks for is another tenant's: it finds nothing, and looks at everything.
  const other = await makeSide(gateway, theirs);
  await fixtures.client.query("ANALYZE");
  values = await Values.read(gateway, other.key, listCalls());
  tenant = await fixtures.tenant("fresh");
  await fillTenant(fixtures, tenant, fresh);
  key = await gateway.keyFor("fresh");
  await fixtures.client.query("UPDATE api_keys SET requests_per_minute = 100000000");
  await tellPlans(fixtures.client);
  plans = await hearPlans(gateway.database.pool);
});
afterAll(() => gateway.close());

/** The statements since the last call that exceed the bounds. One statement answers at most this many calls. */
function dear(asked: string, calls = 1): readonly string[] {
  const rows = fresh * calls;
  return plans
    .take()
    .filter(({ handled, buffers }) => handled > rowsAtMost * rows || buffers > pagesAtMost * rows)
    .map(({ handled, buffers, text }) => `${asked}: ${handled} rows, ${buffers} pages: ${text}`);
}

/** Asks one after the other, and gives what was too dear; of what is to be written also what was refused. */
async function dearOf(
  calls: readonly Call[],
  operation: "query" | "mutation" = "query",
): Promise<readonly string[]> {
  const found: string[] = [];
  const size = operation === "query" ? 4 : 1;
  for (let start = 0; start < calls.length; start += size) {
    const some = calls.slice(start, start + size);
    const names = some.map(({ name }) => name).join(", ");
    const { query, variables } = documentOf(some, operation);
    const answer = JSON.stringify(await gateway.data(key, query, variables));
    if (operation === "mutation" && answer.includes("message")) found.push(`${names}: ${answer}`);
    found.push(...dear(names, some.length));
  }
  return found;
}

/** Lists with a filter over so many edges, every so many of them; all of what they find is counted. */
function filtered(edges: number, every = 1): readonly Call[] {
  const filters = catalog.entities
    .filter(({ relations }) => relations["tenant"] !== undefined)
    .flatMap((entity) => edgeFilters(entity, edges).map((filter) => ({ entity, ...filter })));
  return filters
    .filter((_, index) => index % every === 0)
    .map(({ entity, name, where }) => ({
      name: `${entity.plural} where ${name}`,
      steps: [{ field: entity.plural, args: { where } }],
      selection: "totalCount nodes { id }",
    }));
}

/** One of those that differ in an operator, a direction, or a value. */
function eachOnce(calls: readonly Call[]): readonly Call[] {
  const kindOf = ({ name }: Call): string =>
    name.replace(/(where \w+).*/, "$1").replaceAll(/:"(asc|desc)\w*"/g, "");
  return [...new Map(distinct(calls).map((call) => [kindOf(call), call])).values()];
}

describe("a tenant that came after the last ANALYZE costs no more than its rows", () => {
  it("in what is told of every statement", async () => {
    await gateway.data(key, "{ accounts(first: 1) { nodes { id contacts { totalCount } } } }");
    const lists = plans.take().filter(({ text }) => text.includes('"accounts"'));
    expect(lists).toHaveLength(1);
    expect(lists[0]?.handled).toBeGreaterThan(0);
    expect(lists[0]?.buffers).toBeGreaterThan(0);
  });

  it("in lists with filters over one edge, and over two and three", async () => {
    expect(await dearOf(filtered(1))).toEqual([]);
    expect(await dearOf(filtered(2, isLong ? 17 : 68))).toEqual([]);
    expect(await dearOf(filtered(3, isLong ? 331 : 1_324))).toEqual([]);
  });

  it("in every field and argument: orders, pages, counts, searches, figures, duplicates, changes", async () => {
    expect(await dearOf(plainCalls())).toEqual([]);
    expect(await dearOf(someOf(eachOnce(valueCalls(values))))).toEqual([]);
  });

  it("in the lists of the REST API", async () => {
    for (const { path } of crmFace.resources) {
      const answer = await fetch(`${gateway.url}${path}?limit=100`, {
        headers: { "x-api-key": key },
      });
      expect(answer.status, path).toBe(200);
      await answer.arrayBuffer();
      expect(dear(path)).toEqual([]);
    }
  });

  it("in every mutation", async () => {
    const calls = crowdedWrites((entity, number) => rowId(tenant, entity, number));
    const fields = new Set(calls.map(({ steps }) => steps[0]?.field));
    const crm = mutationFields().filter((field) => !isOperational(field));
    expect(crm.filter(({ name }) => !fields.has(name))).toEqual([]);
    expect(await dearOf(calls, "mutation")).toEqual([]);
  });
});
