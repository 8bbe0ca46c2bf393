import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { countEvents, eventsOf } from "../support/changes/events.ts";
import type { TestGateway } from "../support/gateway/gateway.ts";
import { expectRefused, expectWritten, type Outcome } from "../support/writes/mutation.ts";
import { Writes } from "../support/writes/writes.ts";
import { actorOf, uuidOf } from "../support/samples/one-of-each.ts";
import { untilWaiting } from "../support/database/waiting.ts";
import { startTenant } from "../support/gateway/one-tenant.ts";

let gateway: TestGateway;
let writes: Writes;

beforeAll(async () => {
  ({ gateway, writes } = await startTenant("ours"));
});
afterAll(() => gateway.close());

type Values = Readonly<Record<string, unknown>>;

const shown = "id version email updatedAt isDeleted";
const upsertAccount = (input: Values, options: Values = {}): Promise<Outcome> =>
  writes.mutate("upsertAccount", { input, ...options }, `${shown} name domain industry`);
const upsertContact = (input: Values, options: Values = {}): Promise<Outcome> =>
  writes.mutate("upsertContact", { input, ...options }, `${shown} lastName city accountId`);
async function account(input: Values = {}): Promise<string> {
  return String(expectWritten(await writes.mutate("createAccount", { input }))["id"]);
}
const remove = async (type: string, id: unknown) =>
  expectWritten(await writes.mutate(`delete${type}`, { id }));
const email = (): string => `upsert${gateway.fixtures.next()}@example.com`;
const domain = (): string => `upsert${gateway.fixtures.next()}.example`;

/** An upsert made a new record, or changed one. */
function expectCreated(outcome: Outcome, created = true): Values {
  const record = expectWritten(outcome);
  expect(outcome.created).toBe(created);
  return record;
}

describe("upsertAccount", () => {
  it("creates what is not there and changes what is, and says which", async () => {
    const input = { email: email(), name: "Harbor", industry: "Tools" };
    const made = expectCreated(await upsertAccount(input));
    expect(made).toMatchObject({ version: 1, name: "Harbor", industry: "Tools" });
    const changed = { email: input.email.toUpperCase(), name: "Harbor 2" };
    expect(expectCreated(await upsertAccount(changed), false)).toMatchObject({
      id: made["id"],
      version: 2,
      email: changed.email,
      name: "Harbor 2",
      industry: "Tools",
    });
    const events = await eventsOf(gateway, String(made["id"]));
    expect(events.map(({ operation }) => operation)).toEqual(["created", "updated"]);
  });

  it("finds by domain where there is no email, however the domain is written", async () => {
    const host = domain();
    const made = expectCreated(await upsertAccount({ domain: host, name: "Harbor" }));
    const found = await upsertAccount({ domain: `https://www.${host.toUpperCase()}/` });
    expect(expectCreated(found, false)).toMatchObject({ id: made["id"], domain: host });
  });

  it("finds by what it is told to", async () => {
    const input = { email: email(), domain: domain() };
    const made = expectCreated(await upsertAccount(input));
    const moved = { email: email(), domain: input.domain };
    const found = expectCreated(await upsertAccount(moved, { by: "domain" }), false);
    expect(found).toMatchObject({ id: made["id"], email: moved.email });
    const other = expectCreated(await upsertAccount(input, { by: "email" }));
    expect(other["id"]).not.toBe(made["id"]);
  });

  it("needs something to find by", async () => {
    expectRefused(await upsertAccount({ name: "Harbor" }), [["email", "ValidationError"]]);
    expectRefused(await upsertAccount({ email: email() }, { by: "domain" }), [
      ["email", "ValidationError"],
    ]);
  });

  it("a domain of several live accounts is a problem that says so", async () => {
    const host = domain();
    await account({ domain: host });
    await account({ domain: host });
    expectRefused(await upsertAccount({ domain: host }), [["domain", "ValidationError", /2 live/]]);
  });

  it("what is wrong is told, and nothing is written", async () => {
    const input = { email: email() };
    const before = await countEvents(gateway);
    expectRefused(await upsertAccount({ ...input, owner_id: "\u0000", tags: ["x".repeat(65)] }), [
      ["owner_id", "ValidationError"],
      ["tags.0", "ValidationError"],
    ]);
    expectRefused(await upsertAccount({ email: "nobody", domain: domain() }), [
      ["email", "ValidationError"],
    ]);
    expect(await countEvents(gateway)).toBe(before);
  });

  it("a value that another record has is a duplicate", async () => {
    const [taken, host] = [email(), domain()];
    const holder = await account({ email: taken });
    await account({ domain: host });
    const outcome = await upsertAccount({ email: taken, domain: host }, { by: "domain" });
    expectRefused(outcome, [["email", "DuplicateError"]]);
    expect(outcome.userErrors[0]?.existingId).toBe(holder);
  });

  it("carries version: if it is not the current one, a conflict", async () => {
    const input = { email: email(), name: "Harbor" };
    expectCreated(await upsertAccount(input));
    expectRefused(await upsertAccount({ ...input, version: 2 }), [["version", "ConflictError"]]);
    expectCreated(await upsertAccount({ ...input, version: 1 }), false);
  });

  it("a soft-deleted match stays deleted and a new record is made, unless asked", async () => {
    const input = { email: email() };
    const first = expectCreated(await upsertAccount(input));
    await remove("Account", first["id"]);
    for (const options of [{}, { restore: false }]) {
      const second = expectCreated(await upsertAccount(input, options));
      expect(second["id"]).not.toBe(first["id"]);
      await remove("Account", second["id"]);
    }
  });

  it("restore: true brings a soft-deleted match back and changes it", async () => {
    const input = { email: email(), name: "Harbor" };
    const { id } = expectCreated(await upsertAccount(input));
    const contact = await writes.mutate("createContact", { input: { account_id: id } });
    await remove("Account", id);
    const back = await upsertAccount({ ...input, name: "Harbor 2" }, { restore: true });
    expect(expectCreated(back, false)).toMatchObject({ id, name: "Harbor 2", isDeleted: false });
    const events = await eventsOf(gateway, String(id));
    expect(events.map(({ operation }) => operation)).toEqual([
      "created",
      "deleted",
      "restored",
      "updated",
    ]);
    const along = await eventsOf(gateway, String(expectWritten(contact)["id"]));
    expect(along.at(-1)?.operation).toBe("restored");
  });

  it("restore: true takes the live match before a deleted one, and the one deleted last", async () => {
    const input = { email: email() };
    await remove("Account", await account(input));
    const latest = await account(input);
    await remove("Account", latest);
    const back = expectCreated(await upsertAccount(input, { restore: true }), false);
    expect(back["id"]).toBe(latest);
    const live = expectCreated(await upsertAccount(input, { restore: true }), false);
    expect(live["id"]).toBe(latest);
  });

  it("restore: true with the current version of the deleted record is no conflict", async () => {
    const input = { email: email(), name: "Harbor" };
    const { id } = expectCreated(await upsertAccount(input));
    await remove("Account", id);
    const stale = await upsertAccount({ ...input, version: 1 }, { restore: true });
    expectRefused(stale, [["version", "ConflictError"]]);
    const back = await upsertAccount({ ...input, version: 2 }, { restore: true });
    expect(expectCreated(back, false)).toMatchObject({ id, isDeleted: false });
  });

  it("restore: true reports a value that was taken meanwhile", async () => {
    const [taken, host] = [email(), domain()];
    await remove("Account", await account({ email: taken, domain: host }));
    const holder = await account({ email: taken });
    const outcome = await upsertAccount({ domain: host }, { by: "domain", restore: true });
    expectRefused(outcome, [["email", "DuplicateError"]]);
    expect(outcome.userErrors[0]?.existingId).toBe(holder);
  });

  it("restore: true leaves the match deleted when the change is refused", async () => {
    const input = { email: email() };
    const id = await account(input);
    await remove("Account", id);
    const outcome = await upsertAccount({ ...input, name: "\u0000" }, { restore: true });
    expectRefused(outcome, [["name", "ValidationError"]]);
    const events = await eventsOf(gateway, id);
    expect(events.map(({ operation }) => operation)).toEqual(["created", "deleted"]);
  });

  it("of N racers exactly one creates, the others change", async () => {
    const input = { email: email() };
    const racers = Array.from({ length: 12 }, (_, index) =>
      upsertAccount({ ...input, name: `Racer ${index}` }),
    );
    const outcomes = await Promise.all(racers);
    expect(new Set(outcomes.map((outcome) => expectWritten(outcome)["id"])).size).toBe(1);
    expect(outcomes.filter(({ created }) => created === true)).toHaveLength(1);
    const events = await eventsOf(gateway, String(outcomes[0]?.record?.["id"]));
    expect(events.map(({ version }) => version)).toEqual(
      Array.from({ length: 12 }, (_, n) => n + 1),
    );
  });

  it("a match that is deleted meanwhile is none", async () => {
    const input = { email: email() };
    const id = await account(input);
    const { client } = gateway.fixtures;
    await client.query("BEGIN");
    await client.query(
      "UPDATE accounts SET deleted_at = now(), version = version + 1 WHERE id = $1",
      [uuidOf(id)],
    );
    const waiting = upsertAccount(input);
    await untilWaiting(gateway);
    await client.query("COMMIT");
    expect(expectCreated(await waiting)["id"]).not.toBe(id);
  });

  it("what belongs to another application is neither found nor named", async () => {
    const input = { email: email() };
    await account(input);
    const bound = await gateway.keyFor("ours");
    await gateway.fixtures.client.query("UPDATE api_keys SET app_id = 'app-1' WHERE id = $1", [
      uuidOf(actorOf(bound)),
    ]);
    const outcome = await new Writes(gateway, bound).mutate("upsertAccount", { input });
    expectRefused(outcome, [["email", "DuplicateError"]]);
    expect(outcome.userErrors[0]?.existingId).toBeNull();
  });
});

describe("upsertContact", () => {
  it("finds by email among the contacts of the account, without case", async () => {
    const [one, two] = [await account(), await account()];
    const input = { email: email(), last_name: "Lee" };
    const ids = new Set<unknown>();
    for (const account_id of [one, two, null]) {
      const made = expectCreated(await upsertContact({ ...input, account_id }));
      ids.add(made["id"]);
      const again = { email: input.email.toUpperCase(), account_id, city: "Rome" };
      expect(expectCreated(await upsertContact(again), false)).toMatchObject({
        id: made["id"],
        version: 2,
        lastName: "Lee",
        city: "Rome",
        accountId: account_id,
      });
    }
    expect(ids.size).toBe(3);
  });

  it("finds again what it attached to an account by the email's domain", async () => {
    const host = domain();
    const account_id = await account({ domain: host });
    const input = { email: `ann@${host}`, last_name: "Lee" };
    const made = expectCreated(await upsertContact(input));
    expect(made["accountId"]).toBe(account_id);
    const found = expectCreated(await upsertContact({ ...input, city: "Rome" }), false);
    expect(found).toMatchObject({ id: made["id"], accountId: account_id, city: "Rome" });
  });

  it("needs an email to find by", async () => {
    for (const sent of [undefined, null, " "]) {
      expectRefused(await upsertContact({ last_name: "Lee", email: sent }), [
        ["email", "ValidationError"],
      ]);
    }
    expectRefused(await upsertContact({ email: "nobody" }), [["email", "ValidationError"]]);
  });

  it("restore: true takes a live match at the domain's account before a deleted one without account", async () => {
    const host = domain();
    const input = { email: `ann@${host}` };
    const { id: loose } = expectCreated(await upsertContact(input));
    await remove("Contact", loose);
    const account_id = await account({ domain: host });
    const { id } = expectCreated(await upsertContact({ ...input, account_id }));
    expect(expectCreated(await upsertContact(input, { restore: true }), false)["id"]).toBe(id);
    await remove("Contact", id);
    expect(expectCreated(await upsertContact(input, { restore: true }), false)["id"]).toBe(loose);
  });

  it("restore: true brings a soft-deleted match of the account back and changes it", async () => {
    const account_id = await account();
    const input = { email: email(), account_id };
    const { id } = expectCreated(await upsertContact(input));
    await remove("Contact", id);
    const other = expectCreated(await upsertContact({ email: input.email }, { restore: true }));
    expect(other["id"]).not.toBe(id);
    const back = await upsertContact({ ...input, city: "Rome" }, { restore: true });
    expect(expectCreated(back, false)).toMatchObject({ id, city: "Rome", isDeleted: false });
  });

  it("without restore a soft-deleted match stays deleted", async () => {
    const input = { email: email() };
    const { id } = expectCreated(await upsertContact(input));
    await remove("Contact", id);
    expect(expectCreated(await upsertContact(input))["id"]).not.toBe(id);
  });

  it("of N racers exactly one creates, the others change", async () => {
    for (const account_id of [null, await account()]) {
      const input = { email: email(), account_id };
      const racers = Array.from({ length: 10 }, (_, index) =>
        upsertContact({ ...input, city: `City ${index}` }),
      );
      const outcomes = await Promise.all(racers);
      expect(new Set(outcomes.map((outcome) => expectWritten(outcome)["id"])).size).toBe(1);
      expect(outcomes.filter(({ created }) => created === true)).toHaveLength(1);
    }
  });
});
