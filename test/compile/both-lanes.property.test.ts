import fc from "fast-check";
import { isObjectType } from "graphql";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fieldsIn } from "../support/compile/coverage.ts";
import { startLanes, type Lanes } from "../support/compile/lanes.ts";
import { schema } from "../support/gateway/schema.ts";
import { isLong, runSeed } from "../support/run/run-length.ts";
import { catalog } from "../../src/modules/catalog.ts";

let lanes: Lanes;
beforeAll(async () => {
  lanes = await startLanes(runSeed);
});
afterAll(() => lanes.close());

const cases = isLong ? 2_000 : 100;

/** Every field of every entity, and of the queries. */
const allFields = [...catalog.entities.map(({ type }) => type), "Query"].flatMap((name) => {
  const type = schema.getType(name);
  return isObjectType(type) ? Object.keys(type.getFields()).map((field) => `${name}.${field}`) : [];
});

/** Maps as JSON. */
const entries = (_key: string, value: unknown): unknown =>
  value instanceof Map ? [...value] : value;

describe("found by the property below", () => {
  it.each([
    "{ accounts { edges { cursor node { name } } pageInfo { endCursor } } }",
    "query ($yes: Boolean! = true) { a: contacts(first: 4) @include(if: $yes) { pageInfo { endCursor } } a: contacts(first: 4) { pageInfo { startCursor } } }",
    "query ($no: Boolean! = true) { contacts { edges { node { __typename } } pageInfo @skip(if: $no) { startCursor endCursor hasNextPage hasPreviousPage } pageInfo { a: startCursor b: endCursor c: hasNextPage d: hasPreviousPage } } }",
    "{ changes { nodes { recordId record { id } } } }",
    "{ a: accounts(first: 3) { a: totalCount nodes { contacts(first: 2) { a: totalCount b: totalCount nodes { id deals { b: totalCount a: totalCount } } } } b: totalCount pageInfo { hasNextPage } } }",
    'query ($one: String = "WyJhY2NvdW50OiBuYW1lIGFzYyxpZCBhc2MiLCJiIixudWxsXQ") { accounts(after: $one, before: $one, orderBy: [{ name: asc }]) { a: pageInfo { hasPreviousPage hasNextPage } b: pageInfo { a: hasPreviousPage a2: hasNextPage } totalCount } }',
    '{ search(query: "a") { a: totalCount b: totalCount } }',
  ])("%s", async (query) => {
    const { difference } = await lanes.compare(lanes.plain(query));
    expect(difference).toBeNull();
  });
});

describe(`over random rows (CRM_TEST_SEED=${runSeed})`, () => {
  it(`${cases} random operations are answered by a compiled statement as they are interpreted`, async () => {
    const asked = new Set<string>();
    const count = { sent: 0, varied: 0, succeeded: 0 };
    const compare = async (number: number): Promise<void> => {
      const request = lanes.request(number);
      const { reply, difference } = await lanes.compare(request);
      if (difference !== null) {
        throw new Error(`${await lanes.smallest(request)}\nfirst: ${difference}`);
      }
      // What was compiled for the first values answers others.
      const other = lanes.varied(request, number);
      if (other !== null) {
        count.varied += 1;
        const found = await lanes.compare(other);
        if (found.difference !== null) {
          throw new Error(`${JSON.stringify([request, other], entries)}\n${found.difference}`);
        }
      }
      count.sent += 1;
      if (reply.text.startsWith('{"errors"') || reply.status !== 200) return;
      count.succeeded += 1;
      for (const field of fieldsIn(request.operation.query)) asked.add(field);
    };
    const numbers = fc.noShrink(fc.integer({ min: 0, max: 2 ** 31 - 1 }));
    await fc.assert(fc.asyncProperty(numbers, compare), { seed: runSeed, numRuns: cases });
    // Refused operations compare only errors, so most must succeed: about four of five do.
    expect(count.succeeded).toBeGreaterThan(0.6 * count.sent);
    // A long run selects every field. Those that chance left out are in one of the next operations.
    const missed = new Set(isLong ? allFields.filter((field) => !asked.has(field)) : []);
    for (let number = -1; missed.size > 0 && number > -100_000; number -= 1) {
      const fields = fieldsIn(lanes.request(number).operation.query);
      if (![...missed].some((field) => fields.has(field))) continue;
      await compare(number);
      for (const field of asked) missed.delete(field);
    }
    expect([...missed]).toEqual([]);
    const { compiled, interpreted } = await lanes.counts();
    expect(compiled).toBeGreaterThan(count.succeeded / 4);
    console.log(
      `both lanes: CRM_TEST_SEED=${runSeed}, ${count.sent} operations, ${count.varied} again with other variables, ${count.succeeded} succeeded, ${asked.size} fields, ${compiled} answers compiled and ${interpreted} interpreted`,
    );
  }, 900_000);
});
