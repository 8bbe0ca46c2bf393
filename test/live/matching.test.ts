import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Actor } from "../../src/auth/actor.ts";
import { LiveFeed } from "../../src/live/feed.ts";
import type { Listening, LiveEvent } from "../../src/live/listening.ts";
import { readMatching } from "../../src/live/matching.ts";
import { catalog } from "../../src/modules/catalog.ts";
import { startTenant } from "../support/gateway/one-tenant.ts";
import { RowWriter } from "../support/writes/row-writer.ts";

type Started = Awaited<ReturnType<typeof startTenant>>;
let started: Started;
let feed: LiveFeed;

beforeAll(async () => {
  started = await startTenant("ours");
  feed = new LiveFeed({ database: started.gateway.database, catalog });
});
afterAll(async () => {
  await feed.close();
  await started.gateway.close();
});

const actorOf = (change: Partial<Actor> = {}): Actor => ({
  kind: "apiKey",
  id: "key",
  tenantId: started.tenant.uuid,
  scopes: ["*"],
  appId: null,
  departmentId: null,
  expiresAt: null,
  requestsPerMinute: null,
  ...change,
});

const listeningTo = (change: Partial<Listening> = {}): Listening => ({
  actor: actorOf(),
  types: null,
  operations: null,
  where: null,
  record: null,
  ...change,
});

const told = (events: readonly LiveEvent[]) =>
  events.map(({ event, transition }) => [event["operation"], event["version"], transition]);

describe("matching", () => {
  it("tells what entered, changed in and left a list of records", async () => {
    const source = feed.sourceOf(started.tenant.uuid);
    const deals = new RowWriter(started.gateway, started.key, "deals");
    const accounts = new RowWriter(started.gateway, started.key, "accounts");
    const account_id = await accounts.made({ name: "Acme" });
    const id = await deals.made({ account_id, name: "One", value: "5" });
    await deals.update([{ id, value: "50" }]);
    await deals.update([{ id, name: "Two" }]);
    await deals.update([{ id, value: "7" }]);
    const record = { entity: catalog.entity("deal"), id: null };
    const over10 = { ...record, where: { value: { gt: "10" } } };
    const read = (listening: Listening) =>
      readMatching(source, listening, { after: "0", limit: 100 });
    expect(told((await read(listeningTo({ record: over10 }))).events)).toEqual([
      ["updated", 2, "entered"],
      ["updated", 3, "changed"],
      ["updated", 4, "left"],
    ]);
    const all = await read(listeningTo({ record: { ...record, where: null } }));
    expect(told(all.events).map(([, , transition]) => transition)).toEqual([
      "entered",
      "changed",
      "changed",
      "changed",
    ]);
    const stream = feed.open(listeningTo({ record: over10 }), "0");
    expect(told((await stream.next()).value ?? [])).toHaveLength(3);
    const next = stream.next();
    await deals.update([{ id, value: "11" }]);
    expect(told((await next).value ?? [])).toEqual([["updated", 5, "entered"]]);
    await stream.return();
  });
});
