import { createClient } from "graphql-sse";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cursorAt, positionOf } from "../../src/changes/position.ts";
import { startTenant } from "../support/gateway/one-tenant.ts";
import { EventStream } from "../support/live/event-stream.ts";
import { shortToken, tokenSettings } from "../support/live/short-token.ts";
import { Streams } from "../support/live/streams.ts";
import { RowWriter } from "../support/writes/row-writer.ts";

type Started = Awaited<ReturnType<typeof startTenant>>;
let started: Started;
let accounts: RowWriter;
let ours: Streams;

beforeAll(async () => {
  started = await startTenant("ours", {
    logLevel: "silent",
    env: { POINTS_PER_MINUTE: "2000", ...tokenSettings },
  });
  accounts = new RowWriter(started.gateway, started.key, "accounts");
  ours = new Streams(started.gateway, "ours");
  // Without an event there is no cursor.
  await accounts.made({ name: "Acme" });
});
afterAll(() => started.gateway.close());

describe("a stream that is resumed", () => {
  const query = `subscription ($after: String) { accountChanged(after: $after) { cursor account { name } } }`;

  it("goes on behind the cursor, without gap or double", async () => {
    const first = await ours.open(query, { variables: { after: await ours.now() } });
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
      { variables: { after: await ours.now() }, headers: { "last-event-id": after } },
    ]) {
      const second = await ours.open(query, options);
      expect((await second.data())[0]).toMatchObject({ account: { name: "Second" } });
      await second.close();
    }
  });

  it.each([
    ["no cursor at all", "x", "after: not a cursor"],
    ["a cursor of another list", "WyJhY2NvdW50OiBpZCBhc2MiLCIxIl0", "after: this cursor belongs"],
  ])("is refused with %s", async (_name, after, words) => {
    const stream = await ours.open(query, { variables: { after } });
    const { message, extensions } = await stream.error();
    expect(message).toContain(words);
    expect(extensions["code"]).toBe("BAD_USER_INPUT");
    expect(await stream.next()).toMatchObject({ event: "complete" });
  });

  it("is told if its cursor lies behind the end of the log", async () => {
    const stream = await ours.open(query, { variables: { after: cursorAt("999999") } });
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

// Side by side, since each waits until a credential is looked at again; in tenants of their own.
describe.concurrent("what ends a stream", () => {
  const query = "subscription { changes { cursor node { id } } }";

  type Alone = Awaited<ReturnType<typeof alone>>;
  let revoked: Alone;
  let expired: Alone;
  let spent: Alone;
  let narrowed: string;
  beforeAll(async () => {
    revoked = await alone("revoked");
    expired = await alone("expired");
    spent = await alone("spent");
    narrowed = await started.gateway.keyFor("ours", ["read:deals"]);
  });

  async function alone(slug: string) {
    const { gateway } = started;
    const tenant = await gateway.fixtures.tenant(slug);
    const key = await gateway.keyFor(slug);
    const writer = new RowWriter(gateway, key, "accounts");
    await writer.made({ name: "Acme" });
    const after = await new Streams(gateway, slug).now();
    return { tenant, key, after, writer, made: (name: string) => writer.made({ name }) };
  }

  /** By the database's owner, as another process does it. */
  const change = (key: string, set: string) =>
    started.gateway.database.asOwner((client) =>
      client.query(`UPDATE api_keys SET ${set} WHERE id = $1`, [key.split("_")[2]]),
    );

  it("is a key that is revoked", async () => {
    const { key, made } = revoked;
    const stream = await EventStream.open(started.gateway.url, key, { query });
    await made("Seen");
    const opened = (await stream.next())?.id;
    await change(key, "revoked_at = now()");
    const { extensions } = await stream.error();
    expect(extensions).toMatchObject({ code: "UNAUTHENTICATED", cursor: opened });
    expect(await stream.next()).toMatchObject({ event: "complete" });
    expect(await stream.next()).toBeNull();
  });

  it("is a token that expires, though its like is taken for some seconds more", async () => {
    const { tenant, after, made } = expired;
    await made("Seen");
    /** The first event of a stream, and the stream. Without one the token expired before, as on a busy machine. */
    const opened = async (seconds: number) => {
      const token = await shortToken(tenant.id, seconds);
      const stream = await EventStream.open(started.gateway.url, token, {
        query: "subscription ($after: String) { changes(after: $after) { cursor } }",
        variables: { after },
      });
      const first = await stream.next();
      const seen = first?.data.includes("errors") === false ? first.id : null;
      return { stream, seen };
    };
    let { stream, seen } = await opened(4);
    if (seen === null) ({ stream, seen } = await opened(30));
    const { extensions } = await stream.error();
    expect(extensions).toMatchObject({ code: "UNAUTHENTICATED", cursor: seen });
    expect(await stream.next()).toMatchObject({ event: "complete" });
    expect(await stream.next()).toBeNull();
  });

  it("is a scope that the key has no longer", async () => {
    const stream = await EventStream.open(started.gateway.url, narrowed, {
      query: "subscription { dealChanged { deal { id } } }",
    });
    await change(narrowed, "scopes = '{read:accounts}'");
    expect((await stream.error()).extensions).toMatchObject({ code: "FORBIDDEN" });
  });

  it("is a minute without points for a filter that nothing matches, with the cursor behind what was judged", async () => {
    const { gateway } = started;
    const { slug } = await gateway.fixtures.tenant("judged");
    const key = await gateway.keyFor(slug);
    const writer = new RowWriter(gateway, await gateway.keyFor(slug), "accounts");
    const account_id = await writer.made({ name: "Judged" });
    const after = await new Streams(gateway, slug).now();
    // Each event costs 3 points and a tenth.
    const names = Array.from({ length: 30 }, (_, place) => ({ name: { eq: `Nobody ${place}` } }));
    const dear = {
      query: `subscription ($where: DealFilter, $after: String) { dealChanged(where: $where, after: $after) { cursor } }`,
      variables: { where: { or: names.map((account) => ({ account })) }, after },
    };
    const stream = await EventStream.open(gateway.url, key, dear);
    let isOver = false;
    const ended = stream.error().finally(() => (isOver = true));
    const rows = Array.from({ length: 80 }, () => ({ account_id, name: "In vain" }));
    // Writers have points of their own.
    while (!isOver) await new RowWriter(gateway, await gateway.keyFor(slug), "deals").create(rows);
    const error = await ended;
    expect(error).toMatchObject({ extensions: { code: "RATE_LIMITED" } });
    expect(await stream.next()).toMatchObject({ event: "complete" });
    const judged = positionOf(String(error.extensions["cursor"]), "cursor");
    expect(Number(judged) - Number(positionOf(after, "after"))).toBeGreaterThan(400);
    // It has paid with all that it had, so that the next ones are not for nothing.
    const again = await EventStream.open(gateway.url, key, dear);
    expect((await again.error()).extensions["code"]).toBe("RATE_LIMITED");
  });

  it("is a minute without points, with the cursor behind what was paid for", async () => {
    const { key, after, writer } = spent;
    await writer.create(Array.from({ length: 80 }, (_, place) => ({ name: `A ${place}` })));
    const lists = Array.from({ length: 40 }, (_, place) => `l${place}: deals { nodes { id } }`);
    const stream = await EventStream.open(started.gateway.url, key, {
      query: `subscription ($after: String) { accountChanged(after: $after) { cursor account { ${lists.join(" ")} } event { id } } }`,
      variables: { after },
    });
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
