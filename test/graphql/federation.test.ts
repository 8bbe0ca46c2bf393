import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { composeServices, type CompositionResult } from "@apollo/composition";
import { buildSubgraphSchema } from "@apollo/subgraph";
import { getStitchedSchemaFromSupergraphSdl } from "@graphql-tools/federation";
import { graphql, parse, type GraphQLSchema } from "graphql";
import { createYoga } from "graphql-yoga";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { listen, portOf } from "../../src/cli/http.ts";
import { printSchemaText } from "../../src/graphql/schema/print.ts";
import { at, listAt, startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { schema } from "../support/gateway/schema.ts";

let gateway: TestGateway;
let key: string;
let names: readonly string[];
let ids: readonly string[];
let foreign: string;
let deleted: string;
let deal: string;

beforeAll(async () => {
  gateway = await startGateway({ logLevel: "silent", env: { FEDERATION: "on" } });
  const north = await gateway.fixtures.tenant("north");
  const blue = await gateway.fixtures.tenant("blue");
  names = Array.from({ length: 100 }, (_, index) => `Account ${index}`);
  const accounts: Awaited<ReturnType<typeof north.account>>[] = [];
  for (const name of names) accounts.push(await north.account({ name }));
  ids = accounts.map(({ id }) => id);
  foreign = (await blue.account()).id;
  deleted = (await north.account({ deletedAt: new Date() })).id;
  const [first] = accounts;
  if (first === undefined) throw new Error("there are 100");
  deal = (await north.deal(first, { name: "Renewal" })).id;
  key = await gateway.keyFor("north");
});
afterAll(() => gateway.close());

const entities = `query ($of: [_Any!]!) {
  _entities(representations: $of) { __typename ... on Account { name } ... on Deal { name account { name } } }
}`;
const represented = (type: string, id: string) => ({ __typename: type, id });
const ask = (of: readonly unknown[], as = key) => gateway.ask(as, entities, { of });

describe("_entities", () => {
  it("reads 100 accounts by one statement, in the order of the representations", async () => {
    gateway.statements.clear();
    const { data } = await ask(ids.map((id) => represented("Account", id)));
    expect(listAt(data, "_entities").map((one) => at(one, "name"))).toEqual(names);
    expect(gateway.statements.all()).toHaveLength(1);
  });

  it("mixes types, and gives null for what is deleted, of another tenant or unknown", async () => {
    const [first = ""] = ids;
    const unknown = `acc-${crypto.randomUUID()}`;
    const asked = [
      represented("Deal", deal),
      ...[foreign, deleted, unknown, first, first].map((id) => represented("Account", id)),
    ];
    const account = { __typename: "Account", name: "Account 0" };
    const named = { __typename: "Deal", name: "Renewal", account: { name: "Account 0" } };
    expect(await ask(asked)).toMatchObject({
      data: { _entities: [named, null, null, null, account, account] },
    });
  });

  it("refuses an id that is none, or another type's, at its place alone", async () => {
    const [first = ""] = ids;
    for (const [type, wrong, words] of [
      ["Account", "acc-1", '"acc-1" is not an id of Account; send acc-<uuid>.'],
      ["Account", "", '"" is not an id of Account; send acc-<uuid>.'],
      ["Account", deal, `"${deal}" is not an id of Account; send acc-<uuid>.`],
      ["Deal", "acc-__proto__", '"acc-__proto__" is not an id of Deal; send deal-<uuid>.'],
      ["Planet", deal, '"Planet" is not a type of this subgraph that has an id.'],
    ] as const) {
      const of = [represented("Account", first), represented(type, wrong)];
      const { data, errors } = await ask(of);
      expect(data).toEqual({ _entities: [{ __typename: "Account", name: "Account 0" }, null] });
      expect(errors).toMatchObject([
        {
          message: `representations.1.id: ${words}`,
          path: ["_entities", 1],
          extensions: { code: "BAD_USER_INPUT", inputPath: ["representations", "1", "id"] },
        },
      ]);
    }
  });

  it.each([
    ["no type", { id: "acc-1" }],
    ["no id", { __typename: "Account" }],
    ["an id that is no text", { __typename: "Account", id: 1 }],
    ["a text", "acc-1"],
    ["null", null],
    ["a list", [["Account"]]],
  ])("refuses a representation with %s", async (_what, wrong) => {
    const { data, errors = [] } = await ask([represented("Account", ids[0] ?? ""), wrong]);
    expect([data, errors[0]?.extensions.code]).toEqual([undefined, "BAD_USER_INPUT"]);
    expect(errors[0]?.message).toMatch(/ at "of\[1\]"|\$of\[1\]/);
  });

  it("needs the scope of each type that is represented, and of what is selected", async () => {
    const accountsOnly = await gateway.keyFor("north", ["read:accounts"]);
    const [first = ""] = ids;
    const query = (id: string) =>
      `{ _entities(representations: [{ __typename: "Account", id: "${id}" }]) { ... on Account { name } } }`;
    expect((await gateway.ask(accountsOnly, query(first))).data).toEqual({
      _entities: [{ name: "Account 0" }],
    });
    const dealOf = `query ($of: [_Any!]!) { _entities(representations: $of) { ... on Deal { name } } }`;
    const of = [represented("Deal", deal)];
    expect((await gateway.ask(accountsOnly, dealOf, { of })).errors).toMatchObject([
      { extensions: { code: "FORBIDDEN", missingScopes: ["read:deals"] } },
    ]);
  });

  it("takes at most 1,000", async () => {
    const [first = ""] = ids;
    const many = (count: number) =>
      ask(Array.from({ length: count }, () => represented("Account", first)));
    const { data } = await many(1_000);
    expect(listAt(data, "_entities")).toHaveLength(1_000);
    const { errors } = await many(1_001);
    expect(errors).toMatchObject([
      {
        message: "representations: at most 1000 at a time.",
        extensions: { code: "BAD_USER_INPUT" },
      },
    ]);
  });
});

describe("behind a gateway, beside another subgraph", () => {
  let other: Server;
  let composed: CompositionResult;
  let supergraph: GraphQLSchema;
  let sdl: string;

  beforeAll(async () => {
    sdl = String(at(await gateway.data(key, "{ _service { sdl } }"), "_service", "sdl"));
    const pointsOf = ({ id }: { readonly id: string }) => ids.indexOf(id) * 10;
    const resolvers = {
      Account: { __resolveReference: (account: object) => account, points: pointsOf },
      Query: { best: () => [...ids.slice(90), foreign].map((id) => ({ id })) },
    };
    // The other subgraph is the document's.
    const text = await readFile(new URL("../../docs/federation.md", import.meta.url), "utf8");
    const typeDefs = parse(/^```graphql\n(.*?)^```/ms.exec(text)?.[1] ?? "");
    const yoga = createYoga({
      schema: buildSubgraphSchema([{ typeDefs, resolvers }]),
      logging: false,
    });
    // oxlint-disable-next-line typescript/no-misused-promises
    other = createServer(yoga);
    await listen(other, "127.0.0.1", 0);
    const services = [
      { name: "crm", typeDefs: parse(sdl), url: `${gateway.url}/graphql` },
      { name: "loyalty", typeDefs, url: `http://127.0.0.1:${portOf(other)}/graphql` },
    ];
    composed = composeServices(services);
    supergraph = getStitchedSchemaFromSupergraphSdl({
      supergraphSdl: composed.supergraphSdl ?? "",
      httpExecutorOpts: { headers: { "x-api-key": key } },
    });
  });
  afterAll(() => other.close());

  it("is composed without errors and hints", () => {
    expect([composed.errors, composed.hints]).toEqual([undefined, []]);
  });

  it("answers a query across both, from either side", async () => {
    const ours = `{ accounts(first: 3, orderBy: [{ name: asc }]) { nodes { name points deals { nodes { name account { points } } } } } }`;
    expect(await graphql({ schema: supergraph, source: ours })).toEqual({
      data: {
        accounts: {
          nodes: [
            {
              name: "Account 0",
              points: 0,
              deals: { nodes: [{ name: "Renewal", account: { points: 0 } }] },
            },
            { name: "Account 1", points: 10, deals: { nodes: [] } },
            { name: "Account 10", points: 100, deals: { nodes: [] } },
          ],
        },
      },
    });
    gateway.statements.clear();
    const theirs = "{ best { points name deals { totalCount } } }";
    const { data, errors } = await graphql({ schema: supergraph, source: theirs });
    expect(gateway.statements.all()).toHaveLength(1);
    const best = names.slice(90).map((name, index) => ({
      points: 900 + index * 10,
      name,
      deals: { totalCount: 0 },
    }));
    // The account of another tenant is none of ours.
    expect(data).toEqual({ best: [...best, null] });
    expect(errors).toMatchObject([{ path: ["best", 10, "deals"] }]);
  });

  it("has a key for each node, no field of the gateway's, and no @oneOf, which composition refuses", () => {
    expect(sdl).toMatch(/^type Account implements Node @key\(fields: "id"\)/m);
    expect(sdl).not.toMatch(/_entities|_service|_Any|_Entity|_Service|@oneOf/);
    expect(printSchemaText(schema)).toMatch(/^input AccountOrder @oneOf/m);
  });
});

describe("the schema", () => {
  it("tells nothing of itself without introspection", async () => {
    const closed = await startGateway({ env: { FEDERATION: "on", INTROSPECTION: "off" } });
    await closed.fixtures.tenant("north");
    const { data, errors } = await closed.ask(
      await closed.keyFor("north"),
      "{ s: _service { sdl } }",
    );
    expect([data, errors?.[0]?.message]).toEqual([
      undefined,
      expect.stringContaining("introspection"),
    ]);
    await closed.close();
  });

  it("is without all of that by default", () => {
    expect(printSchemaText(schema)).not.toMatch(/_entities|_service|_Any/);
  });
});
