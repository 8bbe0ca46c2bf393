import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { TenantFixtures } from "../support/samples/fixtures.ts";
import { startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { RowWriter } from "../support/writes/row-writer.ts";
import { rowsOf } from "../support/writes/writes.ts";

let gateway: TestGateway;
let tenant: TenantFixtures;
let activities: RowWriter;
let deals: RowWriter;

beforeAll(async () => {
  gateway = await startGateway();
  tenant = await gateway.fixtures.tenant("ours");
  const key = await gateway.keyFor("ours");
  activities = new RowWriter(gateway, key, "activities");
  deals = new RowWriter(gateway, key, "deals");
});
afterAll(() => gateway.close());

/** What a deadlock takes: PostgreSQL waits a second before it looks for one. */
async function deadlocks(): Promise<unknown> {
  // The statistics of a session are written once a second.
  await sleep(1_200);
  const [row] = await rowsOf(
    gateway,
    "SELECT deadlocks::int FROM pg_stat_database WHERE datname = current_database()",
  );
  return row?.["deadlocks"];
}

it("activities of a deal and its deletion do not wait for each other in a circle", async () => {
  const account = await tenant.account();
  const contact = await tenant.contact(account);
  const deal = await tenant.deal(account);
  const log = { deal_id: deal.id, contact_ids: [contact.id] };
  await activities.made(log);
  const rounds = Array.from({ length: 20 }, (_, round) => [
    activities.create([{ deal_id: deal.id }]),
    round % 2 === 0 ? deals.delete(deal.id) : deals.restore(deal.id),
  ]);
  await Promise.all(rounds.flat());
  expect(await deadlocks()).toBe(0);
});

it("activities with the same people, in whatever role, do not either", async () => {
  const [one, other] = [await tenant.contact(null), await tenant.contact(null)];
  const pairs = Array.from({ length: 20 }, () => [
    activities.create([{ contact_id: one.id, contact_ids: [other.id] }]),
    activities.create([{ contact_id: other.id, contact_ids: [one.id] }]),
  ]);
  const outcomes = await Promise.all(pairs.flat());
  expect(outcomes.flat().every(({ id }) => id !== null)).toBe(true);
  expect(await deadlocks()).toBe(0);
});
