import { getNamedType, isObjectType, type GraphQLObjectType } from "graphql";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { addable, comparable, groupable, isMoney, isTime } from "../../src/model/measure.ts";
import type { Entity } from "../../src/model/entity.ts";
import { catalog } from "../../src/modules/catalog.ts";
import { skewedRows } from "../support/compile/skewed-rows.ts";
import { captureLog } from "../support/gateway/captured-log.ts";
import { startGateway, type Answer, type TestGateway } from "../support/gateway/gateway.ts";
import { schema } from "../support/gateway/schema.ts";
import { someOf, runSeed } from "../support/run/run-length.ts";
import { storeWorld } from "../support/samples/random-rows.ts";
import { startSecond } from "../support/writes/races.ts";

const log = captureLog();
const env = { MAX_COST: "999999999", MAX_ALIASES: "10000", MAX_FIELDS: "50000" };
let gateway: TestGateway;
let interpreter: Awaited<ReturnType<typeof startSecond>>;
let key: string;

beforeAll(async () => {
  gateway = await startGateway({ logLevel: "info", logTo: log.stream, env });
  interpreter = await startSecond(gateway.databaseUrl, "error", env, false);
  const tenant = await gateway.fixtures.tenant("north-harbor");
  key = await gateway.keyFor(tenant.slug);
  // Its use is not noted between two answers that must be alike.
  await gateway.fixtures.client.query("UPDATE api_keys SET last_used_at = '2099-01-01'");
  await storeWorld(gateway.fixtures, skewedRows(runSeed, tenant.uuid), tenant.uuid, runSeed);
  await tenant.makeMany(
    "account",
    Array.from({ length: 100 }, (_, number) => ({ name: `Account ${number}` })),
  );
});
afterAll(async () => {
  await interpreter.close();
  await gateway.close();
});

async function send(url: string, query: string, variables: object) {
  const response = await fetch(`${url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-api-key": key },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors }: Answer = await response.json();
  return { id: response.headers.get("x-request-id"), data, errors };
}

/** Sends a query that must be compiled to one statement. The answer must equal the interpreter's to the letter. */
async function expectSame(query: string, variables: object = {}): Promise<void> {
  gateway.statements.clear();
  const { id, data, errors } = await send(gateway.url, query, variables);
  expect(errors, query).toBeUndefined();
  expect(gateway.statements.all(), query).toHaveLength(1);
  const interpreted = await send(interpreter.url, query, variables);
  // Texts are compared, since the order of members matters.
  expect(JSON.stringify(data, null, 1), query).toBe(JSON.stringify(interpreted.data, null, 1));
  const answered = (await log.of(id)).find((line) => "status" in line);
  expect(answered, query).toMatchObject({ lane: "compiled" });
}

const query = schema.getQueryType();
const counted = catalog.entities.filter(
  ({ plural }) => query?.getFields()[`${plural}Aggregate`] !== undefined,
);

/** All fields of a type, each under its own alias. */
function allOf(type: GraphQLObjectType, leftOut = ""): string {
  const fields = Object.values(type.getFields()).map((field) => {
    const under = getNamedType(field.type);
    if (field.name === leftOut) return "";
    return `_${field.name}: ${field.name}${isObjectType(under) ? ` ${allOf(under)}` : ""}`;
  });
  return `{ __typename ${fields.join(" ")} }`;
}

function aggregateOf(entity: Entity, leftOut = ""): string {
  const type = schema.getType(`${entity.type}Aggregate`);
  if (!isObjectType(type)) throw new Error(`${entity.type} has no aggregate`);
  return allOf(type, leftOut);
}

function groupings(entity: Entity): string[] {
  return groupable(entity).map(([field, definition]) => {
    const by = isTime(definition) ? ", by: month" : "";
    const zone =
      definition.kind.figures.periods === "instants" ? ', timeZone: "Asia/Kathmandu"' : "";
    return `{ field: ${field}${by}${zone} }`;
  });
}

/** Orders of groups by every figure of one field, money in one currency. */
function orders(entity: Entity): string[] {
  const [added, compared] = [addable(entity)[0], comparable(entity)[0]];
  const term = (of: string, found: typeof added) => {
    if (found === undefined) return [];
    const [field, definition] = found;
    const currency = isMoney(definition) ? ', currency: "EUR"' : "";
    return [`{ ${of}: { ${field}: desc_nulls_last }${currency} }`];
  };
  return [
    "{ count: desc }",
    ...["sum", "avg"].flatMap((of) => term(of, added)),
    ...["min", "max"].flatMap((of) => term(of, compared)),
  ];
}

describe(`over skewed rows (CRM_TEST_SEED=${runSeed})`, () => {
  it.each(counted.map((entity) => [entity.plural, entity] as const))(
    "figures over %s and groups of them by each field are those of the interpreter",
    async (plural, entity) => {
      const all = aggregateOf(entity);
      const deleted = entity.softDelete ? "includeDeleted: true, " : "";
      for (const grouping of someOf(groupings(entity))) {
        await expectSame(`{
          a: ${plural}Aggregate(${deleted}groupBy: [${grouping}]) ${all}
          b: ${plural}Aggregate(groupBy: [${grouping}], orderBy: [{ count: desc }], first: 3) { groups { key { __typename } count } }
        }`);
      }
    },
  );

  it.each(counted.map((entity) => [entity.plural, entity] as const))(
    "groups of %s in the order of any figure are those of the interpreter",
    async (plural, entity) => {
      const by = groupings(entity).slice(0, 3).join(", ");
      const aliases = orders(entity).map(
        (order, index) =>
          `o${index}: ${plural}Aggregate(groupBy: [${by}], orderBy: [${order}], first: 5) ${aggregateOf(entity)}`,
      );
      await expectSame(`{ ${aliases.join(" ")} }`);
    },
  );

  it.each(counted.map((entity) => [entity.plural, entity] as const))(
    "figures over nothing, and over %s without groups, are those of the interpreter",
    async (plural, entity) => {
      const grouping = groupings(entity)[0] ?? "";
      await expectSame(
        `query ($none: [ID!]!) {
          all: ${plural}Aggregate ${aggregateOf(entity)}
          none: ${plural}Aggregate(where: { id: { in: $none } }) ${aggregateOf(entity)}
          grouped: ${plural}Aggregate(where: { id: { in: $none } }, groupBy: [${grouping}]) ${aggregateOf(entity)}
          nothing: ${plural}Aggregate(groupBy: [${grouping}]) { __typename min { __typename } }
          groups: ${plural}Aggregate { groups { count } groupCount }
        }`,
        { none: [] },
      );
    },
  );

  it.each(
    catalog.entities.flatMap((entity) =>
      Object.entries(entity.relations).flatMap(([name, relation]) =>
        relation.kind === "one" || !counted.includes(entity)
          ? []
          : [[`${entity.plural}.${name}`, { entity, name, to: relation.to }] as const],
      ),
    ),
  )("figures along %s are those of the interpreter", async (_, { entity, name, to }) => {
    const target = catalog.entity(to);
    const [first = "", second = first] = groupings(target).toReversed();
    const money = orders(target).join(", ");
    await expectSame(`{ ${entity.plural}(first: 20) { nodes {
      plain: ${name}Aggregate ${aggregateOf(target, "groups")}
      grouped: ${name}Aggregate(groupBy: [${first}]) ${aggregateOf(target)}
      ordered: ${name}Aggregate(groupBy: [${first}, ${second}], orderBy: [${money}], first: 2) ${aggregateOf(target)}
    } } }`);
  });
});

describe("the pipeline and the forecast", () => {
  const amounts = "amounts { c: currency count value weightedValue __typename }";
  it.each([
    `{ pipeline { stage count ${amounts} } forecast { month count ${amounts} } }`,
    "{ pipeline { __typename number: count } forecast { when: month } }",
    `{ pipeline(where: { stage: { contains: "o" } }) { ${amounts} more: amounts { value } stage } }`,
    `{ forecast(from: "2020-01-01", to: "2030-01-01", where: { value: { gte: 1 } }) { count ${amounts} } }`,
    `{ pipeline(where: { id: { in: [] } }) { count } forecast(where: { id: { in: [] } }) { ${amounts} } }`,
  ])("are those of the interpreter: %s", (text) => expectSame(text));
});

describe("one statement", () => {
  const parents = `query ($first: Int!) { accounts(first: $first) { nodes { id
    dealsAggregate(groupBy: [{ field: stage }], orderBy: [{ sum: { value: desc }, currency: "EUR" }]) {
      count sum { value { currency amount } } groupCount groups { key { stage } count }
    }
    open: dealsAggregate(where: { stage: { notIn: ["closed_won", "closed_lost"] } }) { count }
    contacts(first: 3) { nodes {
      dealsAggregate { avg { probability } }
      activitiesAggregate(groupBy: [{ field: occurredAt, by: week, timeZone: "America/New_York" }]) { groups { key { occurredAt } count } }
    } }
  } } }`;

  it.each([1, 20, 100])("gives the figures of %i parents and of records under them", (first) =>
    expectSame(parents, { first }),
  );
});
