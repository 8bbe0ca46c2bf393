import fc from "fast-check";
import {
  getNamedType,
  getOperationAST,
  isObjectType,
  parse,
  type GraphQLField,
  type GraphQLObjectType,
} from "graphql";
import { afterAll, beforeAll, expect, it } from "vitest";
import { OperationPlan } from "../../src/graphql/operation-plan.ts";
import { schema } from "../../src/schema.ts";
import { startGateway, type TestGateway } from "../support/gateway.ts";
import { completeTenant } from "../support/two-tenants.ts";

let gateway: TestGateway;
let key: string;

beforeAll(async () => {
  gateway = await startGateway();
  const { tenant } = await completeTenant(gateway.fixtures, "costs");
  key = await gateway.keyFor(tenant.slug);
  for (let index = 0; index < 6; index += 1) {
    const account = await tenant.account({ name: `Account ${index}` });
    const contact = await tenant.contact(account, { lastName: `Contact ${index}` });
    for (let nth = 0; nth < 3; nth += 1) {
      const deal = await tenant.deal(account, { name: `Deal ${nth}` });
      await tenant.stakeholder(deal, contact);
      const quote = await tenant.quote(account, deal);
      await tenant.lineItem(quote, { description: "Line", unitPrice: "1" });
    }
  }
});
afterAll(() => gateway.close());

/** Choices for one selection: the numbers that a generator takes its decisions by. */
type Choices = { readonly next: (below: number) => number };

const objectOf = (field: GraphQLField<unknown, unknown>): GraphQLObjectType | null => {
  const type = getNamedType(field.type);
  return isObjectType(type) ? type : null;
};

/** A selection on a type that has an id: some of its edges, with pages of random size, and so on below. */
function selection(type: GraphQLObjectType, depth: number, choices: Choices): string {
  const edges = Object.values(type.getFields()).filter((field) => {
    const target = objectOf(field);
    return target !== null && (target.name.endsWith("Connection") || "id" in target.getFields());
  });
  const parts = ["id", "__typename"];
  const count = depth === 0 ? 0 : choices.next(4);
  for (let index = 0; index < count; index += 1) {
    const field = edges[choices.next(edges.length)];
    const target = field === undefined ? null : objectOf(field);
    if (field === undefined || target === null) continue;
    parts.push(`e${index}: ${edge(field.name, target, depth - 1, choices)}`);
  }
  return `{ ${parts.join(" ")} }`;
}

function edge(name: string, target: GraphQLObjectType, depth: number, choices: Choices): string {
  const nodes = target.getFields()["nodes"];
  const node = nodes === undefined ? null : objectOf(nodes);
  if (node === null) return `${name} ${selection(target, depth, choices)}`;
  const size = 1 + choices.next(6);
  const page = [`nodes ${selection(node, depth, choices)}`];
  if (choices.next(3) === 0) page.push("totalCount");
  return `${name}(${choices.next(4) === 0 ? "last" : "first"}: ${size}) { ${page.join(" ")} }`;
}

function nodesIn(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  const under = Object.values(value).reduce<number>((sum, item) => sum + nodesIn(item), 0);
  return under + ("id" in value ? 1 : 0);
}

it("no answer ever holds more nodes than the operation was estimated to cost", async () => {
  const tenant = schema.getType("Tenant");
  if (!isObjectType(tenant)) throw new Error("no Tenant");
  let most = 0;
  await fc.assert(
    fc.asyncProperty(fc.infiniteStream(fc.nat(1_000_000)), async (stream) => {
      const choices = { next: (below: number) => Number(stream.next().value) % below };
      const text = `{ tenant ${selection(tenant, 5, choices)} }`;
      const operation = getOperationAST(parse(text));
      if (operation == null) throw new Error("no operation");
      const { cost } = new OperationPlan(schema, operation, new Map()).demand({});
      fc.pre(cost <= 100_000);
      const nodes = nodesIn(await gateway.data(key, text));
      expect(nodes).toBeLessThanOrEqual(cost);
      most = Math.max(most, nodes);
    }),
    { numRuns: 60 },
  );
  // The answers were not all empty.
  expect(most).toBeGreaterThan(20);
});
