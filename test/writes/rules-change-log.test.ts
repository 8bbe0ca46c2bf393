import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { catalog } from "../../src/modules/catalog.ts";
import { countEvents, eventsOf } from "../support/changes/events.ts";
import type { TenantFixtures } from "../support/samples/fixtures.ts";
import type { TestGateway } from "../support/gateway/gateway.ts";
import { expectWritten, type Outcome } from "../support/writes/mutation.ts";
import { Writes } from "../support/writes/writes.ts";
import {
  actorOf,
  fieldFor,
  kinds,
  leastInput,
  oneOfEach,
  unknownId,
  uuidOf,
  type Kind,
} from "../support/samples/one-of-each.ts";
import { untilWaiting } from "../support/database/waiting.ts";
import { startTenant } from "../support/gateway/one-tenant.ts";

let gateway: TestGateway;
let tenant: TenantFixtures;
let key: string;
let writes: Writes;
let theirKey: string;
let ours: Record<Kind, string>;

beforeAll(async () => {
  ({ gateway, tenant, key, writes } = await startTenant("ours"));
  await gateway.fixtures.tenant("theirs");
  theirKey = await gateway.keyFor("theirs");
  ours = await oneOfEach(gateway, key);
});
afterAll(() => gateway.close());

type Values = Readonly<Record<string, unknown>>;

const write = (
  verb: string,
  kind: Kind,
  args: Values,
  selection = "id version updatedAt",
): Promise<Outcome> => writes.mutate(fieldFor(verb, kind), args, selection);
const create = (kind: Kind, input: Values = {}): Promise<Outcome> =>
  write("create", kind, { input: { ...leastInput(kind, ours), ...input } });

describe("change log", () => {
  it.each(kinds)("entity type and id, operation, version, actor, time: %s", async (kind) => {
    const made = expectWritten(await create(kind));
    const id = String(made["id"]);
    const records = [made];
    for (const verb of kind === "activity" ? [] : ["update", "delete", "restore"]) {
      records.push(expectWritten(await write(verb, kind, { id, input: {} })));
    }
    const events = await eventsOf(gateway, id);
    const operations = ["created", "updated", "deleted", "restored"];
    expect(events).toHaveLength(records.length);
    for (const [index, record] of records.entries()) {
      expect(events[index]).toMatchObject({
        entity_type: catalog.entity(kind).type,
        operation: operations[index],
        version: record["version"],
        actor: actorOf(key),
        occurred_at: new Date(String(record["updatedAt"])),
      });
    }
  });

  it("completing an activity is a write", async () => {
    const { id } = expectWritten(await create("activity"));
    expectWritten(await writes.mutate("completeActivity", { id }));
    const [, event] = await eventsOf(gateway, String(id));
    expect(event).toMatchObject({ operation: "updated", version: 2 });
    expect(event?.changes).toMatchObject({ status: [null, "completed"] });
  });

  it("changed fields with old and new value", async () => {
    const input = {
      name: "Harbor",
      annual_revenue: "10.50",
      first_contacted_at: "2026-03-18T15:40:12+02:00",
      tags: ["a"],
      custom_fields: { a: 1 },
      addresses: [{ city: "Rome" }],
    };
    const { id } = expectWritten(await create("account", input));
    const changed = {
      name: "Harbor 2",
      annual_revenue: 11,
      first_contacted_at: "2026-03-18T13:40:12Z",
      tags: [],
      custom_fields: { a: 1 },
      owner_id: "usr-1",
    };
    expectWritten(await write("update", "account", { id, input: changed }));
    expectWritten(await write("delete", "account", { id }));
    expectWritten(await write("restore", "account", { id }));
    const [created, updated, deleted, restored] = await eventsOf(gateway, String(id));
    expect(created?.changes).toMatchObject({
      name: [null, "Harbor"],
      annual_revenue: [null, "10.5"],
      first_contacted_at: [null, "2026-03-18T13:40:12.000Z"],
      tags: [null, ["a"]],
      custom_fields: [null, { a: 1 }],
      addresses: [null, [{ city: "Rome" }]],
      account_type: [null, "business"],
      created_by: [null, actorOf(key)],
    });
    expect(created?.changes).not.toHaveProperty("email");
    expect(updated?.changes).toEqual({
      name: ["Harbor", "Harbor 2"],
      annual_revenue: ["10.5", "11"],
      tags: [["a"], []],
      owner_id: [null, "usr-1"],
    });
    const at = deleted?.occurred_at.toISOString();
    expect(deleted?.changes).toMatchObject({
      deleted_at: [null, at],
      deleted_by: [null, actorOf(key)],
    });
    expect(restored?.changes).toMatchObject({
      deleted_at: [at, null],
      deleted_by: [actorOf(key), null],
    });
    expect(deleted?.changes).not.toHaveProperty("name");
  });

  it("names and values are those of the REST face: phone_1, reports_to_contact_id", async () => {
    const { id: boss } = expectWritten(await create("contact"));
    const input = {
      phone: "+1 404 555 0128",
      phone_2: "2",
      phone_2_label: "Home",
      birthday: "1990-01-31",
      opted_in: true,
      reports_to_contact_id: boss,
    };
    const { id } = expectWritten(await create("contact", input));
    const [created] = await eventsOf(gateway, String(id));
    expect(created?.changes).toMatchObject({
      phone: [null, "+14045550128"],
      phone_2: [null, "2"],
      phone_2_label: [null, "Home"],
      birthday: [null, "1990-01-31"],
      opted_in: [null, true],
      reports_to_contact_id: [null, uuidOf(String(boss))],
    });
  });

  it("every write adds its event, also those that follow from another", async () => {
    const { id: account } = expectWritten(await create("account"));
    const { id: first } = expectWritten(
      await create("contact", { account_id: account, is_primary: true }),
    );
    expectWritten(await create("contact", { account_id: account, is_primary: true }));
    expectWritten(await create("activity", { account_id: account, contact_id: first }));
    const [, yielded, spoken] = await eventsOf(gateway, String(first));
    expect(yielded).toMatchObject({ operation: "updated", version: 2 });
    expect(yielded?.changes).toEqual({ is_primary: [true, false] });
    expect(Object.keys(spoken?.changes ?? {})).toEqual(["last_interaction_at"]);
    const [, touched] = await eventsOf(gateway, String(account));
    expect(touched).toMatchObject({ operation: "updated", version: 2 });
    expect(Object.keys(touched?.changes ?? {}).toSorted()).toEqual([
      "first_contacted_at",
      "last_activity_at",
    ]);
  });

  it("in the same transaction as the write", async () => {
    for (const kind of kinds) {
      const { id } = expectWritten(await create(kind));
      const { rows } = await gateway.fixtures.client.query<{ same: boolean }>(
        `SELECT t.xmin::text::bigint = e.transaction_id % 4294967296 AS same
         FROM ${catalog.entity(kind).table} t JOIN change_events e ON e.entity_id = t.id WHERE t.id = $1`,
        [uuidOf(String(id))],
      );
      expect(rows, kind).toEqual([{ same: true }]);
    }
  });

  it("what was refused leaves none", async () => {
    const { id } = expectWritten(await create("account", { email: "taken@example.com" }));
    const before = await countEvents(gateway);
    const refused = [
      create("account", { email: "taken@example.com" }),
      create("account", { name: "\u0000" }),
      write("update", "account", { id, input: { version: 7 } }),
      write("delete", "account", { id: unknownId("account") }),
      write("restore", "account", { id }),
    ];
    for (const outcome of await Promise.all(refused)) expect(outcome.record).toBeNull();
    const batch = await writes.mutateMany("createAccounts", {
      inputs: [{ name: "Good" }, { email: "taken@example.com" }],
    });
    expect(batch.written).toBe(0);
    expect(await countEvents(gateway)).toBe(before);
  });

  it("a record's events stand in the log in the order of its versions, without a gap", async () => {
    const { id } = expectWritten(await create("account"));
    const racers = Array.from({ length: 15 }, (_, index) =>
      write("update", "account", { id, input: { name: `Racer ${index}` } }),
    );
    for (const outcome of await Promise.all(racers)) expectWritten(outcome);
    const events = await eventsOf(gateway, String(id));
    expect(events.map(({ version }) => version)).toEqual(
      Array.from({ length: 16 }, (_, n) => n + 1),
    );
    for (const [index, event] of events.entries()) {
      if (index < 2) continue;
      expect(event.changes["name"]?.[0]).toBe(events[index - 1]?.changes["name"]?.[1]);
    }
  });

  it("positions are in the order of the commits: none is given out ahead of an open transaction", async () => {
    const { client } = gateway.fixtures;
    const slow = String(expectWritten(await create("account"))["id"]);
    const quick = String(expectWritten(await create("account"))["id"]);
    // Events of the slow account are written, and their transaction then waits at its commit.
    await client.query(`CREATE FUNCTION wait_for_test() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN PERFORM pg_advisory_xact_lock(4711); RETURN NULL; END $$`);
    await client.query(`CREATE CONSTRAINT TRIGGER wait_for_test AFTER INSERT ON change_events
      DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.entity_id = '${uuidOf(slow)}') EXECUTE FUNCTION wait_for_test()`);
    const follow = async (after: number): Promise<string[]> => {
      const { rows } = await client.query<{ key: string }>(
        "SELECT entity_id || ' ' || version AS key FROM change_events WHERE tenant_id = $1 AND position > $2 ORDER BY position",
        [tenant.uuid, after],
      );
      return rows.map((row) => row.key);
    };
    const known = (await follow(0)).length;
    await client.query("SELECT pg_advisory_lock(4711)");
    const waiting = write("update", "account", { id: slow, input: { name: "Slow" } });
    await untilWaiting(gateway);
    const behind = write("update", "account", { id: quick, input: { name: "Quick" } });
    // Somebody else's log does not wait for it.
    expectWritten(await new Writes(gateway, theirKey).mutate("createAccount", { input: {} }));
    expect(await follow(known)).toEqual([]);
    await client.query("SELECT pg_advisory_unlock(4711)");
    for (const outcome of await Promise.all([waiting, behind])) expectWritten(outcome);
    expect(await follow(known)).toEqual([`${uuidOf(slow)} 2`, `${uuidOf(quick)} 2`]);
  });
});
