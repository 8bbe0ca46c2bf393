import fc from "fast-check";
import { getNamedType, isObjectType, type GraphQLField, type GraphQLObjectType } from "graphql";
import { afterAll, beforeAll, expect, it } from "vitest";
import { schema } from "../support/gateway/schema.ts";
import { runOptions } from "../support/samples/arbitraries.ts";
import { at, startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { post } from "../support/gateway/limits.ts";
import { casesOf } from "../support/run/run-length.ts";
import { completeTenant } from "../support/samples/two-tenants.ts";

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

/** The numbers that a generator takes its decisions by, and what it makes beside the selection. */
type Choices = {
  readonly next: (below: number) => number;
  readonly variables: Map<string, Variable>;
  readonly fragments: string[];
};
type Variable = { readonly type: "Int" | "Boolean!"; readonly declared: string; sent: unknown };

/** What the executor, the plan and JavaScript's objects call things of their own. */
const names = ["coerced", "sources", "first", "last", "id", "_", "proto", "Query", "Tenant", "on_"];
/** Those that every object has: aliases and fragments may be called so, variables are refused. */
const everyObjects = ["__proto__", "constructor", "toString", "hasOwnProperty", "valueOf"];

const oneOf = <Item>(items: readonly Item[], { next }: Choices): Item | undefined =>
  items[next(items.length)];

/** A variable of that type, with a default or none, and sent with a value, as null or not at all. */
function variable(type: Variable["type"], choices: Choices): string {
  const { next, variables } = choices;
  const isReserved = next(60) === 0;
  const name = `${oneOf(isReserved ? everyObjects : names, choices)}`;
  const known = variables.get(name);
  if (known !== undefined) return known.type === type ? `$${name}` : variable(type, choices);
  if (type === "Boolean!") {
    const sent = next(3) > 0;
    const isDefault = next(3) === 0;
    const declared = `$${name}: Boolean!${isDefault ? ` = ${String(!sent)}` : ""}`;
    variables.set(name, { type, declared, sent: isDefault && next(2) === 0 ? undefined : sent });
    return `$${name}`;
  }
  const byDefault = ["", " = null", " = 1", " = 2", " = 4"][next(5)];
  const sent = [undefined, null, 1, 3, 5][next(5)];
  variables.set(name, { type, declared: `$${name}: Int${byDefault}`, sent });
  return `$${name}`;
}

const objectOf = (field: GraphQLField<unknown, unknown>): GraphQLObjectType | null => {
  const type = getNamedType(field.type);
  return isObjectType(type) ? type : null;
};

/** A selection on a type that has an id: some of its edges, with pages of random size, and so on below. */
function selection(type: GraphQLObjectType, depth: number, choices: Choices): string {
  const { next, fragments } = choices;
  const edges = Object.values(type.getFields()).filter((field) => {
    const target = objectOf(field);
    return target !== null && (target.name.endsWith("Connection") || "id" in target.getFields());
  });
  const parts = ["id", "__typename"];
  const count = depth === 0 ? 0 : next(4);
  for (let index = 0; index < count; index += 1) {
    const field = oneOf(edges, choices);
    const target = field === undefined ? null : objectOf(field);
    if (field === undefined || target === null) continue;
    const alias = next(3) === 0 ? everyObjects[index] : `e${index}`;
    const condition = next(5) === 0 ? ` @include(if: ${variable("Boolean!", choices)})` : "";
    parts.push(`${alias}: ${edge(field.name, target, depth - 1, condition, choices)}`);
  }
  const text = `{ ${parts.join(" ")} }`;
  if (next(4) > 0) return text;
  const name = everyObjects[fragments.length] ?? `f${fragments.length}`;
  fragments.push(`fragment ${name} on ${type.name} ${text}`);
  return `{ id ...${name} }`;
}

function edge(
  name: string,
  target: GraphQLObjectType,
  depth: number,
  condition: string,
  choices: Choices,
): string {
  const { next } = choices;
  const nodes = target.getFields()["nodes"];
  const node = nodes === undefined ? null : objectOf(nodes);
  if (node === null) return `${name}${condition} ${selection(target, depth, choices)}`;
  const size = next(3) === 0 ? variable("Int", choices) : 1 + next(6);
  const page = [`nodes ${selection(node, depth, choices)}`];
  if (next(3) === 0) page.push("totalCount");
  return `${name}(${next(4) === 0 ? "last" : "first"}: ${size})${condition} { ${page.join(" ")} }`;
}

/** An operation with its variables and fragments, as it is sent. */
function operation(choices: Choices): { readonly query: string; readonly variables: object } {
  const tenant = schema.getType("Tenant");
  if (!isObjectType(tenant)) throw new Error("no Tenant");
  const text = `{ tenant ${selection(tenant, 5, choices)} }`;
  const declared = [...choices.variables.values()].map((one) => one.declared).join(", ");
  const head = declared === "" ? "query" : `query (${declared})`;
  const sent = [...choices.variables].filter(([, { sent: value }]) => value !== undefined);
  return {
    query: [`${head} ${text}`, ...choices.fragments].join(" "),
    variables: Object.fromEntries(sent.map(([name, { sent: value }]) => [name, value])),
  };
}

function nodesIn(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  const under = Object.values(value).reduce<number>((sum, item) => sum + nodesIn(item), 0);
  return under + ("id" in value ? 1 : 0);
}

it("no answer ever holds more nodes than it is charged for, nor is charged more than was estimated", async () => {
  /** Gives how many nodes it holds. */
  const check = (answer: unknown): number => {
    const nodes = nodesIn(at(answer, "data"));
    const actual = Number(at(answer, "extensions", "cost", "actual"));
    expect(nodes).toBeLessThanOrEqual(actual);
    expect(actual).toBeLessThanOrEqual(Number(at(answer, "extensions", "cost", "requested")));
    return nodes;
  };
  const full =
    "{ tenant { id accounts(first: 6) { nodes { id deals(first: 3) { nodes { id } } } } } }";
  expect(check((await post(gateway.url, key, { query: full })).answer)).toBeGreaterThan(20);
  await fc.assert(
    fc.asyncProperty(fc.infiniteStream(fc.nat(1_000_000)), async (stream) => {
      const next = (below: number) => Number(stream.next().value) % below;
      const sent = operation({ next, variables: new Map(), fragments: [] });
      const { answer } = await post(gateway.url, key, { body: JSON.stringify(sent) });
      const isRefused = typeof answer === "object" && answer !== null && "errors" in answer;
      if (isRefused) {
        const code = at(answer, "errors", 0, "extensions", "code");
        // Too large, or a variable with a name that is refused.
        if (code !== "QUERY_TOO_COMPLEX" && code !== "BAD_USER_INPUT")
          throw new Error(`refused: ${JSON.stringify(answer)}`);
        // Another takes its place: so many are answered.
        fc.pre(false);
      }
      check(answer);
    }),
    { ...runOptions, numRuns: casesOf(300) },
  );
});
