import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Queryable } from "../../src/db/fenced-pool.ts";
import { encodeCursor } from "../../src/lib/cursor.ts";
import { at, startGateway, type TestGateway } from "../support/gateway/gateway.ts";

type Sent = { readonly text: string; readonly values: readonly unknown[] };

let gateway: TestGateway;
let key: string;
/** Compiled statements, and the errors of those that failed. */
const sent: Sent[] = [];
const failed: unknown[] = [];

beforeAll(async () => {
  gateway = await startGateway();
  const tenant = await gateway.fixtures.tenant("north-harbor");
  await tenant.deal(await tenant.account());
  key = await gateway.keyFor("north-harbor");
  const { forTenant } = gateway.database;
  Object.assign(gateway.database, {
    forTenant: (tenantId: string): Queryable => {
      const reads = forTenant(tenantId);
      return {
        rows: (text, values, options) => {
          const answer = reads.rows(text, values, options);
          if (!text.startsWith("SELECT concat('{")) return answer;
          sent.push({ text, values });
          return answer.catch((error: unknown) => {
            failed.push(error);
            throw error;
          });
        },
      };
    },
  });
});
afterAll(() => gateway.close());

it("a list that fails at the root leaves the others as they are", async () => {
  const after = encodeCursor("deal: createdAt desc,id desc", ["no time", "no id"]);
  const query = `query ($after: String, $zone: String) {
    accounts { totalCount } deals(after: $after) { nodes { id } } again: deals { totalCount }
    dealsAggregate(groupBy: [{ field: createdAt, by: month, timeZone: $zone }]) { count }
    pipeline(where: { name: { in: [] } }) { count } search(query: " ") { totalCount } }`;
  const { data, errors = [] } = await gateway.ask(key, query, { after, zone: "Nowhere/None" });
  expect(data).toEqual({
    accounts: { totalCount: 1 },
    deals: null,
    again: { totalCount: 1 },
    dealsAggregate: null,
    pipeline: [],
    search: null,
  });
  const failing = errors.map(({ path }) => String(path)).toSorted();
  expect(failing).toEqual(["deals", "dealsAggregate", "search"]);
  expect(errors.map(({ extensions }) => extensions.code)).toEqual(
    errors.map(() => "BAD_USER_INPUT"),
  );
});

it("an id that is none fails alone among the ids of nodes", async () => {
  const list = await gateway.data(key, "{ accounts { nodes { id } } }");
  const id = at(list, "accounts", "nodes", 0, "id");
  const query = "query ($ids: [ID!]!) { accounts { totalCount } nodes(ids: $ids) { id } }";
  const { data, errors } = await gateway.ask(key, query, { ids: [id, "acc-1", id, "nothing"] });
  expect(data).toEqual({ accounts: { totalCount: 1 }, nodes: [{ id }, null, { id }, null] });
  expect(errors).toMatchObject(
    [1, 3].map((index) => ({
      message: `ids.${index}: an id with its prefix is needed here, e.g. acc-<uuid>.`,
      path: ["nodes", index],
      extensions: { code: "BAD_USER_INPUT", inputPath: ["ids", String(index)] },
    })),
  );
});

// The interpreter runs after such a failure to find the field at fault, so the work must not be done twice.
describe("a value that PostgreSQL cannot read fails before anything is read", () => {
  it("in a cursor, as a parameter", async () => {
    const after = encodeCursor("deal: createdAt desc,id desc", ["no time", "no id"]);
    const query = "query ($after: String) { deals(after: $after) { nodes { id } } }";
    await gateway.data(key, query);
    const { errors } = await gateway.ask(key, query, { after });
    expect(errors?.[0]?.extensions).toMatchObject({ inputPath: ["after"] });
    expect(failed).toHaveLength(1);
    expect(failed[0]).toBeInstanceOf(pg.DatabaseError);
    expect(failed[0]).toMatchObject({ where: expect.stringMatching(/portal parameter \$\d/) });
  });

  it("in a time zone, as a condition above all reads", async () => {
    sent.length = 0;
    const data = await gateway.data(
      key,
      `{ accounts { nodes { id } }
        dealsAggregate(groupBy: [{ field: createdAt, by: month, timeZone: "Asia/Tokyo" }]) { groups { count } } }`,
    );
    expect(at(data, "dealsAggregate", "groups", 0, "count")).toBe(1);
    const [{ text, values } = { text: "", values: [] }] = sent;
    const { client } = gateway.fixtures;
    const explain = (given: readonly unknown[]) =>
      client.query<{ "QUERY PLAN": unknown }>(`EXPLAIN (FORMAT JSON) ${text}`, [...given]);
    const { rows } = await explain(values);
    expect(at(rows[0], "QUERY PLAN", 0, "Plan", "One-Time Filter")).toMatch(/timezone/);
  });
});
