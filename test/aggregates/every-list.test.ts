import { isEnumType, isInputObjectType, isObjectType, type GraphQLObjectType } from "graphql";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { catalog } from "../../src/modules/catalog.ts";
import type { Entity } from "../../src/model/entity.ts";
import { schema } from "../support/gateway/schema.ts";
import { at, listAt, startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { completeTenant } from "../support/samples/two-tenants.ts";

let gateway: TestGateway;
let key: string;

beforeAll(async () => {
  gateway = await startGateway({ env: { MAX_COST: "999999999" } });
  await completeTenant(gateway.fixtures, "ours");
  await completeTenant(gateway.fixtures, "theirs");
  key = await gateway.keyFor("ours");
});
afterAll(() => gateway.close());

const query = schema.getQueryType();
const listed = catalog.entities.filter(({ plural }) => query?.getFields()[plural] !== undefined);
const toMany = catalog.entities.flatMap((entity) =>
  Object.entries(entity.relations).flatMap(([name, relation]) =>
    relation.kind === "one"
      ? []
      : [{ entity, name, target: catalog.entity(relation.to), label: `${entity.name}.${name}` }],
  ),
);

function objectType(name: string): GraphQLObjectType {
  const type = schema.getType(name);
  if (!isObjectType(type)) throw new Error(`${name} is no object type`);
  return type;
}

/** The list's own arguments, and those of groups instead of those of pages. */
function expectAggregateBeside(parent: GraphQLObjectType, list: string, target: Entity): void {
  const field = parent.getFields()[`${list}Aggregate`];
  // At the root it may fail alone.
  const type = `${target.type}Aggregate${parent.name === "Query" ? "" : "!"}`;
  expect(String(field?.type), `${parent.name}.${list}Aggregate`).toBe(type);
  // `types` of the change log is short for a filter.
  const paging = new Set(["first", "after", "last", "before", "orderBy", "types"]);
  const listArguments = parent.getFields()[list]?.args ?? [];
  const shared = listArguments.map(({ name }) => name).filter((name) => !paging.has(name));
  expect(field?.args.map(({ name }) => name).toSorted()).toEqual(
    [...shared, "groupBy", "orderBy", "first"].toSorted(),
  );
}

describe("beside", () => {
  it.each(listed.map((entity) => [entity.plural, entity] as const))(
    "the root list %s stands its aggregate",
    (plural, entity) => {
      expectAggregateBeside(objectType("Query"), plural, entity);
    },
  );

  it.each(toMany.map((edge) => [edge.label, edge] as const))(
    "the edge %s stands its aggregate",
    (_, { entity, name, target }) => {
      expectAggregateBeside(objectType(entity.type), name, target);
    },
  );
});

describe("an aggregate counts what its list counts", () => {
  it.each(listed.map((entity) => [entity.plural, entity] as const))(
    "for %s and the edges of each",
    async (plural, entity) => {
      const edges = toMany.filter((edge) => edge.entity === entity).map(({ name }) => name);
      const counts = edges.map((name) => `${name} { totalCount } ${name}Aggregate { count }`);
      const data = await gateway.data(
        key,
        `{ ${plural} { totalCount nodes { id ${counts.join(" ")} } } ${plural}Aggregate { count } }`,
      );
      expect(at(data, `${plural}Aggregate`, "count")).toBe(at(data, plural, "totalCount"));
      expect(at(data, plural, "totalCount")).toBeGreaterThan(0);
      for (const node of listAt(data, plural, "nodes")) {
        for (const name of edges)
          expect(at(node, `${name}Aggregate`, "count"), name).toBe(at(node, name, "totalCount"));
      }
    },
  );

  it("for the edges of the tenant", async () => {
    const edges = toMany.filter(({ entity }) => entity.name === "tenant").map(({ name }) => name);
    const counts = edges.map((name) => `${name} { totalCount } ${name}Aggregate { count }`);
    const data = await gateway.data(key, `{ tenant { ${counts.join(" ")} } }`);
    for (const name of edges) {
      expect(at(data, "tenant", `${name}Aggregate`, "count"), name).toBe(
        at(data, "tenant", name, "totalCount"),
      );
    }
  });
});

describe.each(listed.map((entity) => [entity.type, entity] as const))("%s", (type, entity) => {
  const kinds = new Set(
    "enum reference currency boolean email phone domain date dateTime".split(" "),
  );
  const groupable = Object.entries(entity.fields)
    .filter(
      ([, { kind, form }]) => kinds.has(kind.name) || (kind.name === "text" && form !== "prose"),
    )
    .map(([name]) => name)
    .filter((name) => name !== "tenantId");

  it("is grouped by every field of a kind that makes groups", () => {
    const fields = schema.getType(`${type}GroupField`);
    if (!isEnumType(fields)) throw new Error("no enum of fields");
    expect(
      fields
        .getValues()
        .map(({ name }) => name)
        .toSorted(),
    ).toEqual(groupable.toSorted());
    expect(Object.keys(objectType(`${type}GroupKey`).getFields()).toSorted()).toEqual(
      groupable.toSorted(),
    );
  });

  it("is grouped by each of them in a query that works", async () => {
    const items = groupable.map((name) => {
      const isInstant = entity.fields[name]?.kind.name === "dateTime";
      return `${name}: ${entity.plural}Aggregate(groupBy: [{ field: ${name}${isInstant ? ', by: month, timeZone: "Asia/Kathmandu"' : ""} }]) { count groupCount groups { key { ${name} } count } }`;
    });
    const data = await gateway.data(key, `{ ${items.join(" ")} }`);
    for (const name of groupable) {
      const groups = listAt(data, name, "groups");
      expect(at(data, name, "groupCount"), name).toBe(groups.length);
      const counts = groups.map((group) => Number(at(group, "count")));
      expect(counts.reduce((sum, count) => sum + count, 0)).toBe(at(data, name, "count"));
    }
  });
});

describe("what does not add up", () => {
  it("has no sum: versions, and discounts that are money or percents", () => {
    const lineItem = Object.keys(objectType("LineItemNumbers").getFields());
    expect(lineItem.toSorted()).toEqual(["position", "quantity", "total", "unitPrice"]);
    expect(Object.keys(objectType("DealNumbers").getFields())).toEqual(["probability", "value"]);
    expect(objectType("ContactAggregate").getFields()["sum"]).toBeUndefined();
    const order = schema.getType("ContactGroupOrder");
    expect(isInputObjectType(order) && Object.keys(order.getFields())).toEqual(
      expect.not.arrayContaining(["sum", "avg", "currency"]),
    );
  });
});
