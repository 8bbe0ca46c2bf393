import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { at } from "../support/gateway/gateway.ts";
import { patience } from "../support/database/waiting.ts";
import { startTenant } from "../support/gateway/one-tenant.ts";
import { EventStream } from "../support/live/event-stream.ts";
import { Streams } from "../support/live/streams.ts";
import { RowWriter } from "../support/writes/row-writer.ts";

type Started = Awaited<ReturnType<typeof startTenant>>;
let started: Started;
let accounts: RowWriter;
let deals: RowWriter;
let account_id: string;
let ours: Streams;

beforeAll(async () => {
  started = await startTenant("ours", {
    logLevel: "silent",
    env: { MAX_STREAMS_PER_KEY: "30" },
  });
  accounts = new RowWriter(started.gateway, started.key, "accounts");
  deals = new RowWriter(started.gateway, started.key, "deals");
  ours = new Streams(started.gateway, "ours");
  account_id = await accounts.made({ name: "Acme" });
});
afterAll(() => started.gateway.close());

const made = (values = {}): Promise<string> => deals.made({ account_id, name: "One", ...values });

describe("a subscription over server-sent events", () => {
  it("gives the edges of the list of changes, with the record as it is", async () => {
    const stream = await ours.open(
      `subscription { changes { cursor node { operation version changes { field new } record { __typename ... on Deal { name stage account { name } } } } } }`,
    );
    expect(stream.status).toBe(200);
    expect(stream.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    expect(stream.headers.get("cache-control")).toBe("no-cache, no-store, no-transform");
    expect(stream.headers.get("x-accel-buffering")).toBe("no");
    expect(stream.headers.get("content-encoding")).toBeNull();
    await made({ name: "Two" });
    const [edge] = await stream.data();
    expect(edge).toMatchObject({
      cursor: await ours.now(),
      node: {
        operation: "created",
        version: 1,
        record: { __typename: "Deal", name: "Two", account: { name: "Acme" } },
      },
    });
    await stream.close();
  });

  it("says which records come, change and leave", async () => {
    const stream = await ours.open(
      `subscription ($where: DealFilter) { dealChanged(where: $where) { transition event { operation } } }`,
      { variables: { where: { value: { gt: "10" } } } },
    );
    const id = await made({ value: "5" });
    await deals.update([{ id, value: "50" }]);
    await deals.update([{ id, name: "Two" }]);
    await deals.update([{ id, value: "7" }]);
    await deals.update([{ id, value: "70" }]);
    await deals.delete(id);
    expect(
      (await stream.data(5)).map(({ transition, event }) => [transition, at(event, "operation")]),
    ).toEqual([
      ["entered", "updated"],
      ["changed", "updated"],
      ["left", "updated"],
      ["entered", "updated"],
      ["left", "deleted"],
    ]);
    await stream.close();
  });

  it("shows a deleted record to those who followed it", async () => {
    const id = await made();
    const query = `subscription ($id: ID) { dealChanged(id: $id) { transition deal { id isDeleted } } }`;
    const stream = await ours.open(query, { variables: { id } });
    await deals.delete(id);
    expect(await stream.data()).toEqual([{ transition: "left", deal: { id, isDeleted: true } }]);
    await stream.close();
  });

  it("follows one record by its id", async () => {
    const id = await made();
    const stream = await ours.open(
      `subscription ($id: ID) { dealChanged(id: $id) { deal { id name } } }`,
      { variables: { id } },
    );
    await made();
    await deals.update([{ id, name: "Mine" }]);
    expect(await stream.data()).toEqual([{ deal: { id, name: "Mine" } }]);
    await stream.close();
  });

  it("is opened by GET as well", async () => {
    const stream = await EventStream.get(
      started.gateway.url,
      started.key,
      "subscription { accountChanged { account { name } } }",
    );
    await accounts.made({ name: "By GET" });
    expect(await stream.data()).toEqual([{ account: { name: "By GET" } }]);
    await stream.close();
  });

  it("is not for a page of another origin to read", async () => {
    const query = "subscription { changes { cursor } }";
    const { url } = started.gateway;
    const stream = await EventStream.get(url, started.key, query, { origin: "https://a.example" });
    expect(stream.headers.get("access-control-allow-origin")).toBeNull();
    await stream.close();
  });

  it("answers what only resolvers can in the same way", async () => {
    const selection =
      "cursor transition deal { id name value account { name } } event { id version }";
    const after = await ours.now();
    const variables = { after };
    await made({ value: "12.50", currency: "EUR" });
    const compiled = await ours.open(
      `subscription ($after: String) { dealChanged(after: $after) { ${selection} } }`,
      { variables },
    );
    const interpreted = await ours.open(
      `subscription ($after: String) { dealChanged(after: $after) { ${selection} deal { account { duplicates { score } } } } }`,
      { variables },
    );
    const [one] = await compiled.data();
    const [other] = await interpreted.data();
    expect(other).toMatchObject(one ?? {});
    expect(at(other, "deal", "account", "duplicates")).toEqual([]);
    await Promise.all([compiled.close(), interpreted.close()]);
  });

  it("reads an event once for all equal subscriptions", async () => {
    const query = `subscription ($after: String) { dealChanged(after: $after) { deal { name account { industry } } } }`;
    const after = await ours.now();
    // Two keys of the same sight, and different places to begin at.
    const streams = await Promise.all(
      Array.from({ length: 12 }, (_, place) =>
        EventStream.open(started.gateway.url, started.key, {
          query,
          variables: place % 2 === 0 ? { after } : {},
        }),
      ),
    );
    const { statements } = started.gateway;
    statements.clear();
    await made({ name: "For all" });
    for (const stream of streams) {
      expect(await stream.data()).toEqual([
        { deal: { name: "For all", account: { industry: null } } },
      ]);
    }
    const reads = statements.all().filter(({ text }) => /^SELECT concat.*industry/s.test(text));
    expect(reads).toHaveLength(1);
    await Promise.all(streams.map((stream) => stream.close()));
  });
});

describe("events that are read", () => {
  it("are those of their own subscription where only resolvers can answer it", async () => {
    const asked = ["name", "industry"].map((field) =>
      ours.open(
        `subscription { dealChanged { deal { account { ${field} duplicates { score } } } } }`,
      ),
    );
    const streams = await Promise.all(asked);
    await made({ name: "For each" });
    const seen = [];
    for (const stream of streams) {
      const [event] = await stream.data();
      seen.push(Object.keys(Object(at(event, "deal", "account"))));
      await stream.close();
    }
    expect(seen).toEqual([
      ["name", "duplicates"],
      ["industry", "duplicates"],
    ]);
  });

  it("are one at once if they are long, but for the first few", async () => {
    const description = Array.from({ length: 98_000 }, (_, place) => place % 10).join("");
    const long = await accounts.made({ name: "Long", description });
    const after = await ours.now();
    const names = Array.from({ length: 22 }, (_, place) => `Long ${place}`);
    await deals.create(names.map((name) => ({ name, account_id: long })));
    const aliases = Array.from({ length: 8 }, (_, place) => `a${place}: account { description }`);
    const { statements } = started.gateway;
    statements.clear();
    const stream = await ours.open(
      `subscription ($after: String) { dealChanged(after: $after) { deal { name ${aliases.join(" ")} } } }`,
      { variables: { after } },
    );
    const events = await stream.data(names.length);
    expect(events.map((event) => at(event, "deal", "name"))).toEqual(names);
    const reads = statements.all().filter(({ text }) => /^SELECT concat.*description/s.test(text));
    // 4 until it is known how long they are, then one.
    expect(reads).toHaveLength(1 + names.length - 4);
    await stream.close();
  });
});

describe("what opens no stream", () => {
  const changes = "subscription { changes { cursor } }";

  it("is a client that takes no events: it is told how", async () => {
    const response = await fetch(`${started.gateway.url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-api-key": started.key },
      body: JSON.stringify({ query: changes }),
    });
    expect(response.status).toBe(406);
    expect(await response.text()).toContain("send `Accept: text/event-stream`");
  });

  it("is a client that refuses events, or has no key", async () => {
    const refused = await ours.open(changes, { headers: { accept: "text/event-stream;q=0, */*" } });
    expect(refused.status).toBe(406);
    const unknown = await ours.open(changes, { headers: { "x-api-key": "crm_test_no" } });
    expect(unknown.status).toBe(401);
  });

  it.each([
    ["several fields", "subscription { changes { cursor } accountChanged { cursor } }"],
    ["introspection", "subscription { __schema { types { name } } }"],
    ["@defer", "subscription { changes { ... @defer { cursor } } }"],
    ["@stream", "subscription { changes @stream { cursor } }"],
    ["no field", "subscription { changes @skip(if: true) { cursor } }"],
    ["an unknown kind", "subscription { changes(types: [Tenant]) { cursor } }"],
    ["no id of the kind", `subscription { dealChanged(id: "acc-1") { cursor } }`],
  ])("is %s", async (_name, query) => {
    const stream = await ours.open(query);
    expect((await stream.error()).extensions["code"]).toBe("BAD_USER_INPUT");
    expect(await stream.next()).toMatchObject({ event: "complete" });
    expect(await stream.next()).toBeNull();
  });

  it.each([
    ["all kinds of changes", changes, ["read:deals"]],
    ["records", "subscription { accountChanged { cursor } }", ["read:deals"]],
    [
      "a filter over an edge",
      `subscription { dealChanged(where: { account: { name: { eq: "A" } } }) { cursor } }`,
      ["read:deals"],
    ],
    [
      "a record of another kind below",
      "subscription { dealChanged { deal { account { name } } } }",
      ["read:deals"],
    ],
  ])("is a key without the scopes: %s", async (_name, query, scopes) => {
    const stream = await ours.open(query, { scopes });
    expect(stream.status).toBe(403);
    expect((await stream.error()).extensions["code"]).toBe("FORBIDDEN");
  });

  it("is one that could cost more than any may", async () => {
    const nested = "quotes(first: 500) { nodes { lineItems(first: 500) { nodes { id } } } }";
    const stream = await ours.open(`subscription { dealChanged { deal { ${nested} } } }`);
    expect((await stream.error()).extensions["code"]).toBe("QUERY_TOO_COMPLEX");
  });

  it("is a key with as many streams as it may have", async () => {
    const key = await started.gateway.keyFor("ours");
    const opening = () => EventStream.open(started.gateway.url, key, { query: changes });
    const streams = await Promise.all(Array.from({ length: 30 }, opening));
    const more = await opening();
    expect(more.status).toBe(429);
    expect((await more.error()).message).toContain("30 open subscriptions");
    await Promise.all(streams.map((stream) => stream.close()));
    await vi.waitFor(async () => {
      const again = await opening();
      expect(again.status).toBe(200);
      await again.close();
    }, patience);
  });
});
