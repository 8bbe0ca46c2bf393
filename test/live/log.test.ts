import { createClient } from "graphql-ws";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { WebSocket } from "ws";
import { cursorAt } from "../../src/changes/position.ts";
import { LiveFeed } from "../../src/live/feed.ts";
import type { LiveEvent } from "../../src/live/listening.ts";
import { endOfLog, type LogSource } from "../../src/live/log.ts";
import { pruneLogs } from "../../src/live/log-keeper.ts";
import { readMatching } from "../../src/live/matching.ts";
import { SeenStates } from "../../src/live/states.ts";
import { catalog } from "../../src/modules/catalog.ts";
import { at } from "../support/gateway/gateway.ts";
import { startTenant } from "../support/gateway/one-tenant.ts";
import { actorOf, listeningOf } from "../support/live/actor.ts";
import { EventStream } from "../support/live/event-stream.ts";
import { RowWriter } from "../support/writes/row-writer.ts";

let started: Awaited<ReturnType<typeof startTenant>>;
let feed: LiveFeed;

beforeAll(async () => {
  started = await startTenant("ours");
  feed = new LiveFeed({ database: started.gateway.database, catalog });
});
afterAll(async () => {
  await feed.close();
  await started.gateway.close();
});

describe("a log that is kept for some days", () => {
  it("loses whole transactions, never the last one, and refuses older cursors", async () => {
    const { gateway } = started;
    const { client } = gateway.fixtures;
    const { key } = started;
    await new RowWriter(gateway, key, "accounts").made({ name: "another tenant's" });
    const tenantId = (await gateway.fixtures.tenant("kept")).uuid;
    const kept = await gateway.keyFor("kept");
    const writer = new RowWriter(gateway, kept, "accounts");
    const sizes = [2, 3, 1, 2];
    for (const size of sizes)
      await writer.create(Array.from({ length: size }, () => ({ name: "a" })));
    const age = (to: number) =>
      client.query(
        "UPDATE change_events SET occurred_at = now() - interval '10 days' WHERE tenant_id = $1 AND position <= $2",
        [tenantId, to],
      );
    const positions = async (): Promise<unknown[]> => {
      const { rows } = await client.query<{ position: string }>(
        "SELECT position FROM change_events WHERE tenant_id = $1 ORDER BY position",
        [tenantId],
      );
      return rows.map(({ position }) => Number(position));
    };
    // The fourth is in the midst of a transaction.
    await age(4);
    expect(await pruneLogs(client, 11)).toBe(0);
    expect(await pruneLogs(client, 9, AbortSignal.abort())).toBe(0);
    expect(await pruneLogs(client, 9)).toBe(2);
    expect(await positions()).toEqual([3, 4, 5, 6, 7, 8]);
    await age(8);
    expect(await pruneLogs(client, 9)).toBe(4);
    expect(await positions()).toEqual([7, 8]);
    await writer.made({ name: "goes on" });
    expect(await positions()).toEqual([7, 8, 9]);

    const query =
      "query ($after: String) { changes(after: $after) { totalCount nodes { position } } }";
    const { errors, data } = await gateway.ask(kept, query, { after: cursorAt("5") });
    const oldestCursor = cursorAt("6");
    expect(errors?.[0]?.extensions).toMatchObject({ code: "CURSOR_EXPIRED", oldestCursor });
    expect(data).toEqual({ changes: null });
    const found = await gateway.data(kept, query, { after: oldestCursor });
    expect(at(found, "changes", "nodes")).toEqual([7, 8, 9].map((position) => ({ position })));
    const who = actorOf(tenantId);
    await expect(feed.open(listeningOf(who), "5").next()).rejects.toMatchObject({
      refusal: { code: "CURSOR_EXPIRED", oldestCursor },
    });
    const live = "subscription ($after: String) { changes(after: $after) { cursor } }";
    const variables = { after: cursorAt("5") };
    const sent = await EventStream.open(gateway.url, kept, { query: live, variables });
    const expired = { extensions: { code: "CURSOR_EXPIRED", oldestCursor } };
    expect(await sent.error()).toMatchObject(expired);
    const subscriber = createClient({
      url: `${gateway.url.replace("http", "ws")}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: { "x-api-key": kept },
    });
    const overSocket = subscriber.iterate({ query: live, variables }).next();
    await expect(overSocket).rejects.toMatchObject([expired]);
    await subscriber.dispose();
    const stream = feed.open(listeningOf(who), "6");
    expect((await stream.next()).value).toHaveLength(3);
    await stream.return();
    // Another tenant's log is as it was.
    expect(at(await gateway.data(key, query), "changes", "nodes", 0, "position")).toBe(1);
  });
});

test("whoever reads page by page has the states of a record worked out once, and is told the same", async () => {
  const { gateway, key, tenant } = started;
  const account_id = await new RowWriter(gateway, key, "accounts").made({ name: "Acme" });
  const deals = new RowWriter(gateway, key, "deals");
  const deal = await deals.made({ account_id, name: "Roof" });
  const stages = ["proposal", "lead", "proposal", "proposal", "lead"];
  for (const [turn, stage] of stages.entries()) {
    await deals.update([{ id: deal, stage, name: `turn ${turn}` }]);
  }
  const { db, ...source } = feed.sourceOf(tenant.uuid);
  const record = {
    entity: catalog.entity("deal"),
    where: { stage: { eq: "proposal" } },
    id: null,
  };
  const listening = listeningOf(actorOf(tenant.uuid), { types: ["Deal"], record });
  /** What is told page by page, and how often the log was read to undo what happened to the deal later. */
  const readAll = async (limit: number, seen?: SeenStates) => {
    const events: LiveEvent[] = [];
    let undoings = 0;
    const counting: LogSource = {
      ...source,
      db: {
        rows: (text, values, ...rest) => {
          const [ids] = values;
          if (text.includes("undo.old") && Array.isArray(ids) && ids.includes(deal.slice(5)))
            undoings += 1;
          return db.rows(text, values, ...rest);
        },
      },
    };
    for (let after = "0", isAtEnd = false; !isAtEnd;) {
      const options = { after, limit, ...(seen === undefined ? {} : { seen }) };
      const page = await readMatching(counting, listening, options);
      events.push(...page.events);
      ({ isAtEnd, position: after } = page);
    }
    return { events, undoings };
  };
  const whole = await readAll(500);
  expect(whole.events.map(({ transition }) => transition)).toEqual([
    "entered",
    "left",
    "entered",
    "changed",
    "left",
  ]);
  const seen = new SeenStates();
  const paged = await readAll(2, seen);
  expect(paged.events).toEqual(whole.events);
  expect(paged.undoings).toBe(1);
  // From another place nothing of it counts.
  expect((await readAll(3, seen)).events).toEqual(whole.events);
});

test("whoever keeps the states of few records loses no event of those that new ones drive out", async () => {
  const { gateway, key, tenant } = started;
  const accounts = new RowWriter(gateway, key, "accounts");
  const source = feed.sourceOf(tenant.uuid);
  const mark = String(await endOfLog(source));
  const made = await accounts.create(Array.from({ length: 5 }, () => ({ name: "a" })));
  // On the second page of three events it comes behind two new ones.
  await accounts.update([{ id: String(made[1]?.id), name: "b" }]);
  const record = { entity: catalog.entity("account"), where: { version: { gte: 2 } }, id: null };
  const listening = listeningOf(actorOf(tenant.uuid), { record });
  // The states of two records: their tenants, deletions and versions.
  const seen = new SeenStates(12);
  const transitions: unknown[] = [];
  for (let after = mark, isAtEnd = false; !isAtEnd;) {
    const page = await readMatching(source, listening, { after, limit: 3, seen });
    transitions.push(...page.events.map(({ transition }) => transition));
    ({ isAtEnd, position: after } = page);
  }
  expect(transitions).toEqual(["entered"]);
});

test("whoever reads page by page is told by what a record was at the time, whatever is read of it", async () => {
  const { gateway, key, tenant } = started;
  const account_id = await new RowWriter(gateway, key, "accounts").made({ name: "Acme" });
  const source = feed.sourceOf(tenant.uuid);
  const mark = String(await endOfLog(source));
  const contacts = new RowWriter(gateway, key, "contacts");
  const id = await contacts.made({ account_id, email: "first@x.example" });
  await contacts.delete(id);
  await contacts.restore(id);
  await contacts.update([{ id, email: "Second@x.example" }]);
  await contacts.delete(id);
  await contacts.restore(id);
  await contacts.update([{ id, email: "third@x.example" }]);
  const record = {
    entity: catalog.entity("contact"),
    where: { email: { in: ["second@X.example"] } },
    id: null,
  };
  const read = async (operations: readonly ["deleted"] | null, seen?: SeenStates) => {
    const listening = listeningOf(actorOf(tenant.uuid), { record, operations });
    const transitions: unknown[] = [];
    for (let after = mark, isAtEnd = false; !isAtEnd;) {
      const options = { after, limit: 1, ...(seen === undefined ? {} : { seen }) };
      const page = await readMatching(source, listening, options);
      transitions.push(...page.events.map(({ transition }) => transition));
      ({ isAtEnd, position: after } = page);
    }
    return transitions;
  };
  // Each page undoes later changes; what the gateway computes of an email is computed of the one it was.
  const all = ["entered", "left", "entered", "left"];
  expect(await read(null)).toEqual(all);
  expect(await read(null, new SeenStates())).toEqual(all);
  // Pages with nothing that is asked for lie between two that have it.
  expect(await read(["deleted"], new SeenStates())).toEqual(["left"]);
});
