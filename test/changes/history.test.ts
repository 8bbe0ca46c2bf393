import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { v7 as uuidv7 } from "uuid";
import { catalog } from "../../src/modules/catalog.ts";
import { recordType } from "../../src/modules/change-event/model.ts";
import { at, listAt, type TestGateway } from "../support/gateway/gateway.ts";
import { actorOf, kinds, oneOfEach, uuidOf, type Kind } from "../support/samples/one-of-each.ts";
import { expectWritten } from "../support/writes/mutation.ts";
import { boundKey, Writes } from "../support/writes/writes.ts";
import { startTenant } from "../support/gateway/one-tenant.ts";

let gateway: TestGateway;
let key: string;
let writes: Writes;
let theirKey: string;
let ours: Record<Kind, string>;

beforeAll(async () => {
  ({ gateway, key, writes } = await startTenant("ours"));
  ours = await oneOfEach(gateway, key);
  await gateway.fixtures.tenant("theirs");
  theirKey = await gateway.keyFor("theirs");
  await oneOfEach(gateway, theirKey);
});
afterAll(() => gateway.close());

type Values = Readonly<Record<string, unknown>>;
const write = async (field: string, args: Values) =>
  expectWritten(await writes.mutate(field, args));
const historyOf = async (kind: Kind, id: string, args = ""): Promise<readonly unknown[]> => {
  const { plural } = catalog.entity(kind);
  const data = await gateway.data(
    key,
    `query ($id: ID!) { ${plural}(includeDeleted: true, where: { id: { eq: $id } }) { nodes { history${args} {
      nodes { id operation version actor occurredAt recordType recordId changes { field old new } } } } } }`,
    { id },
  );
  return listAt(data, plural, "nodes", 0, "history", "nodes");
};
/** `{ name: [old, new] }`. */
const changesOf = (event: unknown): Record<string, readonly [unknown, unknown]> =>
  Object.fromEntries(
    listAt(event, "changes").map((change) => [
      String(at(change, "field")),
      [at(change, "old"), at(change, "new")] as const,
    ]),
  );

describe("history", () => {
  it.each(kinds)("tells every write of a record, latest first: %s", async (kind) => {
    const { type, prefix } = catalog.entity(kind);
    const events = await historyOf(kind, ours[kind]);
    const versions = events.map((event) => at(event, "version"));
    expect(versions).toEqual(versions.map((_, index) => versions.length - index));
    expect(events.at(-1)).toMatchObject({
      operation: "created",
      actor: actorOf(key),
      recordType: type,
      recordId: `${prefix}-${uuidOf(ours[kind])}`,
    });
    for (const event of events) expect(at(event, "id")).toMatch(/^evt-[0-9a-f-]{36}$/);
  });

  it("has a type for everything that has a history", () => {
    const types = catalog.entities.flatMap(({ type, relations }) =>
      relations["history"] === undefined ? [] : type,
    );
    const all = [...types, ...catalog.apart.map(({ type }) => type)];
    expect(Object.keys(recordType.values).toSorted()).toEqual(all.toSorted());
  });

  it("gives old and new values as the API does: decimals, days, instants and ids are strings", async () => {
    const id = ours.deal;
    await write("updateDeal", {
      id,
      input: {
        value: 1000.5,
        expected_close_date: "2026-11-30",
        contact_ids: [ours.contact],
        account_id: ours.account,
        competitors: ["a"],
        custom_fields: { n: 1 },
      },
    });
    const [event] = await historyOf("deal", id, "(first: 1)");
    expect(changesOf(event)).toMatchObject({
      value: [null, "1000.5"],
      expected_close_date: [null, "2026-11-30"],
      contact_ids: [[], [ours.contact]],
      competitors: [[], ["a"]],
      custom_fields: [{}, { n: 1 }],
    });
    const [created] = (await historyOf("deal", id)).slice(-1);
    expect(changesOf(created)).toMatchObject({
      account_id: [null, ours.account],
      created_at: [null, at(created, "occurredAt")],
    });
  });

  it("keeps the gateway's own columns and secrets to itself", async () => {
    const { id } = await write("createContact", {
      input: { phone: "+1 415 555 0100", display_name: "By hand" },
    });
    await write("deleteContact", { id });
    const events = await historyOf("contact", String(id));
    const named = events.flatMap((event) => Object.keys(changesOf(event)));
    expect(named).toContain("phone");
    expect(named).toContain("deleted_at");
    for (const hidden of ["phone_e164", "custom_display_name", "deletion_id", "tenant_id"]) {
      expect(named).not.toContain(hidden);
    }
    const made = await gateway.data(
      key,
      'mutation { createApiKey(input: { name: "n", scopes: ["read:*"] }) { secret apiKey { id history { nodes { changes { field new } } } } } }',
    );
    const secret =
      String(at(made, "createApiKey", "secret"))
        .split("_")
        .at(-1) ?? "";
    const told = JSON.stringify(at(made, "createApiKey", "apiKey"));
    expect(told).toContain('"scopes"');
    expect(told).not.toContain(secret);
    expect(told).not.toContain("secret_hash");
  });

  it("of a deleted record is kept, and found through it, by its id in the feed, and as a node", async () => {
    const { id } = await write("createAccount", { input: { name: "Gone" } });
    await write("deleteAccount", { id });
    const events = await historyOf("account", String(id));
    expect(events.map((event) => at(event, "operation"))).toEqual(["deleted", "created"]);
    const data = await gateway.data(
      key,
      `query ($id: ID!, $event: ID!) {
        changes(where: { recordId: { eq: $id } }) { totalCount nodes { operation record { id ... on Account { name isDeleted } } } }
        node(id: $event) { ... on ChangeEvent { operation recordId } }
        changeEvent(id: $event) { version } }`,
      { id, event: at(events[0], "id") },
    );
    expect(data).toEqual({
      changes: {
        totalCount: 2,
        nodes: ["created", "deleted"].map((operation) => ({
          operation,
          record: { id, name: "Gone", isDeleted: true },
        })),
      },
      node: { operation: "deleted", recordId: id },
      changeEvent: { version: 2 },
    });
  });

  it("is paged without a gap while the record is written", async () => {
    const { id } = await write("createAccount", { input: {} });
    for (const name of ["a", "b", "c", "d"]) await write("updateAccount", { id, input: { name } });
    const page = async (after: unknown) => {
      const data = await gateway.data(
        key,
        "query ($id: ID!, $after: String) { account(id: $id) { history(first: 2, after: $after) { nodes { version } pageInfo { endCursor hasNextPage } } } }",
        { id, after },
      );
      return at(data, "account", "history");
    };
    const first = await page(null);
    await write("updateAccount", { id, input: { name: "e" } });
    const second = await page(at(first, "pageInfo", "endCursor"));
    const versions = [first, second].flatMap((one) =>
      listAt(one, "nodes").map((node) => at(node, "version")),
    );
    expect(versions).toEqual([5, 4, 3, 2]);
    expect(at(second, "pageInfo", "hasNextPage")).toBe(true);
  });

  it("can be asked for: who did what, when", async () => {
    const { id } = await write("createDeal", { input: { account_id: ours.account } });
    await write("updateDeal", { id, input: { stage: "closed_won" } });
    const where =
      "(where: { operation: { eq: updated }, actor: { eq: $actor }, occurredAt: { gte: $since } })";
    const data = await gateway.data(
      key,
      `query ($id: ID!, $actor: String, $since: DateTime) { deal(id: $id) { history${where} { nodes { version } } }
        deals(where: { history: { some: { operation: { eq: updated }, occurredAt: { gte: $since } } }, id: { eq: $id } }) { totalCount } }`,
      { id, actor: actorOf(key), since: "2020-01-01T00:00:00Z" },
    );
    expect(data).toEqual({
      deal: { history: { nodes: [{ version: 2 }] } },
      deals: { totalCount: 1 },
    });
  });

  it("and aggregates of all records of a page cost no statement of their own", async () => {
    const inputs = Array.from({ length: 100 }, (_, index) => ({ name: `Many ${index}` }));
    await gateway.data(
      key,
      "mutation ($inputs: [CreateAccountInput!]!) { createAccounts(inputs: $inputs) { written } }",
      { inputs },
    );
    const counts: number[] = [];
    for (const first of [1, 20, 100]) {
      gateway.statements.clear();
      const data = await gateway.data(
        key,
        `query ($first: Int) { accounts(first: $first) { nodes {
          history(first: 3) { nodes { version changes { field } } }
          dealsAggregate(groupBy: [{ field: stage }]) { count sum { value { currency amount } } groups { key { stage } count } }
          activitiesAggregate { count max { occurredAt } }
        } } }`,
        { first },
      );
      expect(listAt(data, "accounts", "nodes")).toHaveLength(first);
      counts.push(gateway.statements.all().length);
    }
    expect(new Set(counts)).toEqual(new Set([1]));
  });
});

describe("changes", () => {
  const query = `query ($first: Int, $after: String, $types: [RecordType!], $where: ChangeEventFilter) {
    changes(first: $first, after: $after, types: $types, where: $where) {
      nodes { position recordType recordId operation } pageInfo { endCursor hasNextPage } } }`;
  const nodes = async (variables: Values, who = key) =>
    listAt(await gateway.data(who, query, variables), "changes", "nodes");

  it("begin with the tenant's first write, and go on from a cursor", async () => {
    const data = await gateway.data(key, query, { first: 3 });
    const positions = listAt(data, "changes", "nodes").map((node) => at(node, "position"));
    expect(positions).toEqual([1, 2, 3]);
    const [next] = await nodes({ first: 1, after: at(data, "changes", "pageInfo", "endCursor") });
    expect(at(next, "position")).toBe(4);
  });

  it("give nothing more at the end, and then what was written since", async () => {
    const last = await gateway.data(key, "{ changes(last: 1) { pageInfo { endCursor } } }");
    const after = at(last, "changes", "pageInfo", "endCursor");
    const none = await gateway.data(key, query, { after });
    expect(at(none, "changes")).toEqual({
      nodes: [],
      pageInfo: { endCursor: null, hasNextPage: false },
    });
    const { id } = await write("createAccount", { input: {} });
    const [node, ...others] = await nodes({ after });
    expect(node).toMatchObject({ operation: "created", recordType: "Account", recordId: id });
    expect(others).toEqual([]);
  });

  it("can be narrowed to kinds of records, together with a filter", async () => {
    const types = (found: readonly unknown[]) =>
      new Set(found.map((node) => at(node, "recordType")));
    expect(types(await nodes({ types: ["Quote", "Deal"], first: 100 }))).toEqual(
      new Set(["Quote", "Deal"]),
    );
    const created = { operation: { eq: "created" } };
    const found = await nodes({ types: ["Deal"], where: created, first: 100 });
    expect(new Set(found.map((node) => at(node, "operation")))).toEqual(new Set(["created"]));
    expect(await nodes({ types: [], first: 100 })).toEqual([]);
  });

  it("find records by ids with a prefix only", async () => {
    const where = (recordId: Values) => ({ where: { recordId }, first: 100 });
    const uuid = uuidOf(ours.deal);
    expect(await nodes(where({ eq: ours.deal }))).not.toEqual([]);
    expect(await nodes(where({ in: [ours.deal, ours.quote] }))).not.toEqual([]);
    // The same UUID as another kind of record's names nothing.
    expect(await nodes(where({ eq: `acc-${uuid}` }))).toEqual([]);
    expect(await nodes(where({ eq: `deal-${uuidv7()}` }))).toEqual([]);
    expect(await nodes(where({ in: [] }))).toEqual([]);
    const others = await nodes(where({ notIn: [ours.deal] }));
    expect(others.map((node) => at(node, "recordId"))).not.toContain(ours.deal);
    for (const wrong of [uuid, "deal-1", "", "xyz-" + uuid]) {
      const answer = await gateway.ask(key, query, where({ eq: wrong }));
      expect(answer.errors?.[0]).toMatchObject({
        message: expect.stringContaining("where.recordId.eq"),
        extensions: { code: "BAD_USER_INPUT" },
      });
    }
  });

  it("are the tenant's own, and none of another's", async () => {
    const [mine] = await nodes({ first: 1 });
    const [theirs] = await nodes({ first: 1 }, theirKey);
    expect(at(theirs, "position")).toBe(1);
    expect(at(theirs, "recordId")).not.toBe(at(mine, "recordId"));
    expect(await nodes({ where: { recordId: { eq: ours.account } } }, theirKey)).toEqual([]);
  });

  it("show a credential of an application what happened to that application's records", async () => {
    const appKey = await boundKey(gateway, key, { app_id: "app-1" });
    const made = expectWritten(
      await new Writes(gateway, appKey).mutate("createAccount", { input: {} }),
    );
    await write("deleteAccount", { id: made["id"] });
    const seen = await nodes({ first: 100 }, appKey);
    expect(seen.map((node) => at(node, "recordId"))).toContain(made["id"]);
    expect(seen.filter((node) => at(node, "recordType") === "Account")).toHaveLength(2);
    expect(seen.map((node) => at(node, "recordId"))).not.toContain(ours.account);
  });
});
