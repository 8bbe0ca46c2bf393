import { createClient } from "graphql-sse";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { at } from "../support/gateway/gateway.ts";
import { startTenant } from "../support/gateway/one-tenant.ts";
import { EventStream } from "../support/live/event-stream.ts";
import { shortToken, tokenSettings } from "../support/live/short-token.ts";
import { RowWriter } from "../support/writes/row-writer.ts";

type Started = Awaited<ReturnType<typeof startTenant>>;
let started: Started;
let accounts: RowWriter;
let deals: RowWriter;
let account_id: string;

beforeAll(async () => {
  started = await startTenant("ours", {
    logLevel: "silent",
    env: { MAX_STREAMS_PER_KEY: "30", POINTS_PER_MINUTE: "2000", ...tokenSettings },
  });
  accounts = new RowWriter(started.gateway, started.key, "accounts");
  deals = new RowWriter(started.gateway, started.key, "deals");
  account_id = await accounts.made({ name: "Acme" });
});
afterAll(() => started.gateway.close());

/** A stream of a key of its own, so that no test has the points of another. */
async function open(
  query: string,
  { variables = {}, headers = {}, scopes = ["*"] }: OpenOptions = {},
): Promise<EventStream> {
  const key = await started.gateway.keyFor("ours", scopes);
  return EventStream.open(started.gateway.url, key, { query, variables, headers });
}
type OpenOptions = {
  readonly variables?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly scopes?: readonly string[];
};

const made = (values = {}): Promise<string> => deals.made({ account_id, name: "One", ...values });

/** The cursor at the end of the log. */
async function now(): Promise<string> {
  const query = "{ changes(last: 1) { pageInfo { endCursor } } }";
  const data = await started.gateway.data(await started.gateway.keyFor("ours"), query);
  return String(at(data, "changes", "pageInfo", "endCursor"));
}

describe("a subscription over server-sent events", () => {
  it("gives the edges of the list of changes, with the record as it is", async () => {
    const stream = await open(
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
      cursor: await now(),
      node: {
        operation: "created",
        version: 1,
        record: { __typename: "Deal", name: "Two", account: { name: "Acme" } },
      },
    });
    await stream.close();
  });

  it("says which records come, change and leave", async () => {
    const stream = await open(
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
    const stream = await open(query, { variables: { id } });
    await deals.delete(id);
    expect(await stream.data()).toEqual([{ transition: "left", deal: { id, isDeleted: true } }]);
    await stream.close();
  });

  it("follows one record by its id", async () => {
    const id = await made();
    const stream = await open(
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
    const after = await now();
    const variables = { after };
    await made({ value: "12.50", currency: "EUR" });
    const compiled = await open(
      `subscription ($after: String) { dealChanged(after: $after) { ${selection} } }`,
      { variables },
    );
    const interpreted = await open(
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
    const after = await now();
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
      open(`subscription { dealChanged { deal { account { ${field} duplicates { score } } } } }`),
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

  it("are few at once if they are long, with one statement for each few", async () => {
    const description = Array.from({ length: 98_000 }, (_, place) => place % 10).join("");
    const long = await accounts.made({ name: "Long", description });
    const after = await now();
    const names = Array.from({ length: 22 }, (_, place) => `Long ${place}`);
    await deals.create(names.map((name) => ({ name, account_id: long })));
    const aliases = Array.from({ length: 8 }, (_, place) => `a${place}: account { description }`);
    const { statements } = started.gateway;
    statements.clear();
    const stream = await open(
      `subscription ($after: String) { dealChanged(after: $after) { deal { name ${aliases.join(" ")} } } }`,
      { variables: { after } },
    );
    const events = await stream.data(names.length);
    expect(events.map((event) => at(event, "deal", "name"))).toEqual(names);
    const reads = statements.all().filter(({ text }) => /^SELECT concat.*description/s.test(text));
    // 20 until it is known how long they are.
    expect(reads).toHaveLength(3);
    await stream.close();
  });
});

describe("a stream that is resumed", () => {
  const query = `subscription ($after: String) { accountChanged(after: $after) { cursor account { name } } }`;

  it("goes on behind the cursor, without gap or double", async () => {
    const first = await open(query, { variables: { after: await now() } });
    await accounts.made({ name: "First" });
    const event = await first.next();
    expect(event?.data).toContain('"First"');
    await first.close();
    await accounts.made({ name: "Second" });
    const after = event?.id ?? "";
    for (const options of [
      { variables: { after } },
      { headers: { "last-event-id": after } },
      // What a client says again is older than what it got since.
      { variables: { after: await now() }, headers: { "last-event-id": after } },
    ]) {
      const second = await open(query, options);
      expect((await second.data())[0]).toMatchObject({ account: { name: "Second" } });
      await second.close();
    }
  });

  it.each([
    ["no cursor at all", "x", "after: not a cursor"],
    ["a cursor of another list", "WyJhY2NvdW50OiBpZCBhc2MiLCIxIl0", "after: this cursor belongs"],
  ])("is refused with %s", async (_name, after, words) => {
    const stream = await open(query, { variables: { after } });
    const { message, extensions } = await stream.error();
    expect(message).toContain(words);
    expect(extensions["code"]).toBe("BAD_USER_INPUT");
    expect(await stream.next()).toMatchObject({ event: "complete" });
  });

  it("is told if its cursor lies behind the end of the log", async () => {
    const { cursorAt } = await import("../../src/changes/position.ts");
    const stream = await open(query, { variables: { after: cursorAt("999999") } });
    expect((await stream.error()).extensions["code"]).toBe("BAD_USER_INPUT");
  });

  it("comes again by itself with graphql-sse when the server stops its streams", async () => {
    const other = await startTenant("theirs", { logLevel: "silent" });
    try {
      let opened = 0;
      const retried = new Promise<void>((resolve) => {
        createClient({
          url: `${other.gateway.url}/graphql`,
          headers: { "x-api-key": other.key },
          retryAttempts: 1,
          retry: async () => resolve(),
          on: {
            connected: () => {
              opened += 1;
              other.gateway.endStreams();
            },
          },
        }).subscribe(
          { query },
          { next: () => undefined, error: () => undefined, complete: () => undefined },
        );
      });
      await retried;
      expect(opened).toBe(1);
    } finally {
      await other.gateway.close();
    }
  });
});

describe("what ends a stream", () => {
  const query = "subscription { changes { cursor node { id } } }";

  it("is a key that is revoked", async () => {
    const key = await started.gateway.keyFor("ours");
    const stream = await EventStream.open(started.gateway.url, key, { query });
    await accounts.made({ name: "Seen" });
    const opened = (await stream.next())?.id;
    await started.gateway.fixtures.client.query(
      "UPDATE api_keys SET revoked_at = now() WHERE id = $1",
      [key.split("_")[2]],
    );
    const { extensions } = await stream.error();
    expect(extensions).toMatchObject({ code: "UNAUTHENTICATED", cursor: opened });
    expect(await stream.next()).toMatchObject({ event: "complete" });
    expect(await stream.next()).toBeNull();
  });

  it("is a token that expires, though its like is taken for some seconds more", async () => {
    const { gateway, tenant } = started;
    const token = await shortToken(tenant.id, 4);
    const variables = { after: await now() };
    const stream = await EventStream.open(gateway.url, token, {
      query: "subscription ($after: String) { changes(after: $after) { cursor } }",
      variables,
    });
    await accounts.made({ name: "Seen" });
    const seen = (await stream.next())?.id;
    const { extensions } = await stream.error();
    expect(extensions).toMatchObject({ code: "UNAUTHENTICATED", cursor: seen });
    expect(await stream.next()).toMatchObject({ event: "complete" });
    expect(await stream.next()).toBeNull();
  });

  it("is a scope that the key has no longer", async () => {
    const key = await started.gateway.keyFor("ours", ["read:deals"]);
    const stream = await EventStream.open(started.gateway.url, key, {
      query: "subscription { dealChanged { deal { id } } }",
    });
    await started.gateway.fixtures.client.query("UPDATE api_keys SET scopes = $2 WHERE id = $1", [
      key.split("_")[2],
      ["read:accounts"],
    ]);
    expect((await stream.error()).extensions).toMatchObject({ code: "FORBIDDEN" });
  });

  it("is a minute without points, with the cursor behind what was paid for", async () => {
    const after = await now();
    const writer = new RowWriter(started.gateway, await started.gateway.keyFor("ours"), "accounts");
    await writer.create(Array.from({ length: 80 }, (_, place) => ({ name: `A ${place}` })));
    const lists = Array.from({ length: 40 }, (_, place) => `l${place}: deals { nodes { id } }`);
    const stream = await open(
      `subscription ($after: String) { accountChanged(after: $after) { cursor account { ${lists.join(" ")} } event { id } } }`,
      { variables: { after } },
    );
    let last = "";
    let event = await stream.next();
    while (event?.id) {
      last = event.id;
      event = await stream.next();
    }
    expect(event?.data).toContain("RATE_LIMITED");
    expect(event?.data).toContain(last);
    expect(last).not.toBe("");
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
    const refused = await open(changes, { headers: { accept: "text/event-stream;q=0, */*" } });
    expect(refused.status).toBe(406);
    const unknown = await open(changes, { headers: { "x-api-key": "crm_test_no" } });
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
    const stream = await open(query);
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
    const stream = await open(query, { scopes });
    expect(stream.status).toBe(403);
    expect((await stream.error()).extensions["code"]).toBe("FORBIDDEN");
  });

  it("is one that could cost more than any may", async () => {
    const nested = "quotes(first: 500) { nodes { lineItems(first: 500) { nodes { id } } } }";
    const stream = await open(`subscription { dealChanged { deal { ${nested} } } }`);
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
    });
  });
});
