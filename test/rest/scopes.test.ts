import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Scope } from "../../src/auth/scopes.ts";
import { catalog } from "../../src/modules/catalog.ts";
import { exports } from "../../src/rest/export/operations.ts";
import type { AnyOperation } from "../../src/rest/face.ts";
import { operations } from "../../src/rest/operations.ts";
import type { TestGateway } from "../support/gateway/gateway.ts";
import { leakGateway, makeSide, scopedKey, type Side } from "../support/leaks/world.ts";
import { ours, theirs } from "../support/leaks/marks.ts";
import { dumpOf, fillRows } from "../support/leaks/worlds.ts";
import { someOf } from "../support/run/run-length.ts";
import {
  exportProbes,
  readProbes,
  readShown,
  sendProbe,
  writeProbes,
  type RestProbe,
  type RestReply,
} from "../support/leaks/rest-probes.ts";

let gateway: TestGateway;
let side: Side;
let lists: readonly RestProbe[];
let reads: readonly RestProbe[];
let writes: readonly RestProbe[];

beforeAll(async () => {
  gateway = await leakGateway();
  side = await makeSide(gateway, ours);
  const shown = await readShown(gateway, { key: side.key, organization: side.graph.tenant.uuid });
  lists = readProbes(shown);
  reads = [...lists, ...exportProbes(lists)];
  writes = writeProbes(shown, shown);
});
afterAll(() => gateway.close());

const every: readonly AnyOperation[] = [...operations, ...exports];

const probesOf = (operation: AnyOperation): readonly RestProbe[] =>
  [...reads, ...writes].filter((probe) => probe.operation === operation);

const subjects = [
  "accounts",
  "contacts",
  "deals",
  "activities",
  "quotes",
  "line_items",
  "customers",
];
const everyScope = subjects.flatMap((subject) => [`read:${subject}`, `write:${subject}`]);

/** What is needed for what, once more and by hand: what the code says is compared with it. */
const needed: Readonly<Record<string, readonly Scope[]>> = {
  listAccounts: ["read:accounts"],
  createAccount: ["write:accounts", "read:accounts"],
  getAccount: ["read:accounts"],
  updateAccount: ["write:accounts", "read:accounts"],
  deleteAccount: ["write:accounts", "read:accounts"],
  upsertAccount: ["write:accounts", "read:accounts"],
  listContacts: ["read:contacts"],
  createContact: ["write:contacts", "read:contacts"],
  getContact: ["read:contacts"],
  updateContact: ["write:contacts", "read:contacts"],
  deleteContact: ["write:contacts", "read:contacts"],
  upsertContact: ["write:contacts", "read:contacts"],
  listDeals: ["read:deals"],
  createDeal: ["write:deals", "read:deals"],
  getDeal: ["read:deals"],
  updateDeal: ["write:deals", "read:deals"],
  deleteDeal: ["write:deals", "read:deals"],
  upsertDeal: ["write:deals", "read:deals"],
  listActivities: ["read:activities"],
  createActivity: ["write:activities", "read:activities"],
  getActivity: ["read:activities"],
  listQuotes: ["read:quotes", "read:line_items"],
  createQuote: ["write:quotes", "read:quotes", "read:line_items"],
  getQuote: ["read:quotes", "read:line_items"],
  updateQuote: ["write:quotes", "read:quotes", "read:line_items"],
  deleteQuote: ["write:quotes", "read:quotes", "read:line_items"],
  upsertQuote: ["write:quotes", "read:quotes", "read:line_items"],
  listLineItems: ["read:line_items"],
  createLineItem: ["write:line_items", "read:line_items"],
  getLineItem: ["read:line_items"],
  updateLineItem: ["write:line_items", "read:line_items"],
  deleteLineItem: ["write:line_items", "read:line_items"],
  upsertLineItem: ["write:line_items", "read:line_items"],
  listIntegrationCustomers: ["read:customers"],
  createIntegrationCustomer: ["write:customers"],
  getIntegrationCustomer: ["read:customers"],
  listCustomers: ["read:customers"],
  createCustomer: ["write:customers"],
  getCustomer: ["read:customers"],
  exportEverything: [
    "read:accounts",
    "read:contacts",
    "read:deals",
    "read:activities",
    "read:quotes",
    "read:line_items",
  ],
  exportAccounts: ["read:accounts"],
  exportContacts: ["read:contacts"],
  exportDeals: ["read:deals"],
  exportActivities: ["read:activities"],
  exportQuotes: ["read:quotes", "read:line_items"],
  exportLineItems: ["read:line_items"],
};

describe("each operation", () => {
  it("is in the list of what is needed", () => {
    expect(Object.fromEntries(every.map(({ id, scopes }) => [id, scopes]))).toEqual(needed);
  });

  it.each(every.map((operation) => [operation.id, operation] as const))(
    "%s without one of its scopes is 403 that names it, before anything is read or written",
    async (_, operation) => {
      const { slug, uuid: organization } = side.graph.tenant;
      const before = await dumpOf(gateway, side.graph.tenant);
      const [probe, ...more] = probesOf(operation);
      if (probe === undefined) throw new Error("nothing is asked of it");
      for (const missing of operation.scopes) {
        const key = await scopedKey(
          gateway,
          slug,
          everyScope.filter((scope) => scope !== missing),
        );
        // So that the key is known, and the credential's own statement is done.
        await sendProbe(gateway, { key, organization }, probe);
        gateway.statements.clear();
        for (const one of [probe, ...more.slice(0, 3)]) {
          const { status, text } = await sendProbe(gateway, { key, organization }, one);
          const error = { error: "API key missing required scopes", missingScopes: [missing] };
          expect([status, JSON.parse(text)]).toEqual([403, error]);
        }
        expect(gateway.statements.all()).toEqual([]);
      }
      const nothing = await scopedKey(gateway, slug, []);
      const { status, text } = await sendProbe(gateway, { key: nothing, organization }, probe);
      expect([status, JSON.parse(text).missingScopes]).toEqual([403, operation.scopes]);
      const rows = await dumpOf(gateway, side.graph.tenant);
      const withoutKeys = (all: readonly string[]) =>
        all.filter((row) => !row.startsWith("api_keys "));
      expect(withoutKeys(rows)).toEqual(withoutKeys(before));
    },
  );

  it("passes with what it needs and no more", async () => {
    const { slug, uuid: organization } = side.graph.tenant;
    for (const operation of every.filter(({ method }) => method === "GET")) {
      const key = await scopedKey(gateway, slug, operation.scopes);
      const [probe] = probesOf(operation);
      if (probe === undefined) throw new Error("nothing is asked of it");
      const { status } = await sendProbe(gateway, { key, organization }, probe);
      expect([operation.id, status]).toEqual([operation.id, 200]);
    }
  });
});

/** Whose rows records of each kind are made of: what else changes, changes nothing of them. */
const madeOf: Readonly<Record<string, readonly string[]>> = {
  deal: ["deal", "stageChange"],
  quote: ["quote", "lineItem"],
};

describe("what a key is told that may read one kind of record", () => {
  const reading = operations.filter(({ verb }) => verb === "list");

  it.each(reading.map((operation) => [operation.id, operation] as const))(
    "%s does not change when rows of all other kinds do",
    async (_, { resource, scopes }) => {
      const { tenant } = side.graph;
      const key = await scopedKey(gateway, tenant.slug, scopes);
      const asker = { key, organization: tenant.uuid };
      const probes = someOf(lists.filter((probe) => probe.operation.resource === resource));
      const told = async (): Promise<RestReply[]> => {
        const replies: RestReply[] = [];
        for (const probe of probes) replies.push(await sendProbe(gateway, asker, probe));
        return replies;
      };
      const before = await told();
      const { name } = resource.projection.entity;
      const own = madeOf[name] ?? [name];
      const others = catalog.entities.filter(
        (entity) => !own.includes(entity.name) && !["tenant", "apiKey"].includes(entity.name),
      );
      try {
        await fillRows(gateway, side.graph, theirs, others);
        expect(await told()).toEqual(before);
      } finally {
        await fillRows(
          gateway,
          side.graph,
          ours,
          catalog.entities.filter((one) => others.includes(one)),
        );
      }
    },
  );
});
