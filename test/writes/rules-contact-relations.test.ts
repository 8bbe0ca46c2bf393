import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { at, listAt, type TestGateway } from "../support/gateway/gateway.ts";
import { expectRefused, expectWritten, type Outcome } from "../support/writes/mutation.ts";
import type { Writes } from "../support/writes/writes.ts";
import { startTenant } from "../support/gateway/one-tenant.ts";

let gateway: TestGateway;
let key: string;
let writes: Writes;

beforeAll(async () => {
  ({ gateway, key, writes } = await startTenant("ours"));
});
afterAll(() => gateway.close());

type Values = Readonly<Record<string, unknown>>;

const shown = "id version accountId isPrimary reportsToContactId lastInteractionAt";
const create = (input: Values): Promise<Outcome> =>
  writes.mutate("createContact", { input }, shown);
const update = (id: unknown, input: Values): Promise<Outcome> =>
  writes.mutate("updateContact", { id, input }, shown);
const updateAll = (inputs: readonly Values[], onError = "abort") =>
  writes.mutateMany("updateContacts", { inputs, onError }, shown);
async function made(input: Values = {}): Promise<string> {
  return String(expectWritten(await create(input))["id"]);
}
async function account(): Promise<string> {
  return String(expectWritten(await writes.mutate("createAccount", { input: {} }))["id"]);
}
async function read(id: string): Promise<unknown> {
  const query = `query ($id: ID!) { contact(id: $id) { ${shown} } }`;
  return at(await gateway.data(key, query, { id }), "contact");
}
const remove = async (id: string) => expectWritten(await writes.mutate("deleteContact", { id }));
const restore = (id: string) => writes.mutate("restoreContact", { id }, shown);

describe("reports_to_contact_id", () => {
  const manager = [["reports_to_contact_id", "ValidationError"]] as const;

  it("same account", async () => {
    const [one, two] = [await account(), await account()];
    const [here, there] = [await made({ account_id: one }), await made({ account_id: two })];
    expectWritten(await create({ account_id: one, reports_to_contact_id: here }));
    for (const account_id of [two, null]) {
      expectRefused(await create({ account_id, reports_to_contact_id: here }), manager);
    }
    expectRefused(await update(here, { reports_to_contact_id: there }), manager);
    const loose = await made();
    expectWritten(await create({ reports_to_contact_id: loose }));
  });

  it("same account, also for who goes to another one", async () => {
    const [one, two] = [await account(), await account()];
    const boss = await made({ account_id: one });
    const report = await made({ account_id: one, reports_to_contact_id: boss });
    expectRefused(await update(report, { account_id: two, reports_to_contact_id: boss }), manager);
    const left = expectWritten(await update(report, { account_id: two }));
    expect(left).toMatchObject({ accountId: two, reportsToContactId: null });
  });

  it("same account, also for the reports of who goes to another one", async () => {
    const [one, two] = [await account(), await account()];
    const boss = await made({ account_id: one });
    const report = await made({ account_id: one, reports_to_contact_id: boss });
    expectWritten(await update(boss, { account_id: two }));
    expect(await read(report)).toMatchObject({ reportsToContactId: null, version: 2 });
  });

  it("same account, also for who comes back after the manager left", async () => {
    const [one, two] = [await account(), await account()];
    const boss = await made({ account_id: one });
    const report = await made({ account_id: one, reports_to_contact_id: boss });
    await remove(report);
    expectWritten(await update(boss, { account_id: two }));
    expect(expectWritten(await restore(report))).toMatchObject({
      accountId: one,
      reportsToContactId: null,
    });
  });

  it("same account, also when both go in one call", async () => {
    const [one, two] = [await account(), await account()];
    const boss = await made({ account_id: one });
    const report = await made({ account_id: one });
    await updateAll(
      [
        { id: report, reports_to_contact_id: boss },
        { id: boss, account_id: two },
      ],
      "continue",
    );
    expect(await read(report)).toMatchObject({ accountId: one, reportsToContactId: null });
    expect(await read(boss)).toMatchObject({ accountId: two });
  });

  it("no cycles", async () => {
    const account_id = await account();
    const top = await made({ account_id });
    const middle = await made({ account_id, reports_to_contact_id: top });
    const bottom = await made({ account_id, reports_to_contact_id: middle });
    expectRefused(await update(top, { reports_to_contact_id: middle }), manager);
    expectRefused(await update(top, { reports_to_contact_id: bottom }), manager);
    await remove(middle);
    expectRefused(await update(top, { reports_to_contact_id: bottom }), manager);
    const self = await update(top, { reports_to_contact_id: top });
    expect(self.record).toBeNull();
    expect(self.userErrors.map(({ path }) => path)).toEqual([["reports_to_contact_id"]]);
  });

  it("no cycles of changes in one call", async () => {
    const account_id = await account();
    const [a, b] = [await made({ account_id }), await made({ account_id })];
    const inputs = [
      { id: a, reports_to_contact_id: b },
      { id: b, reports_to_contact_id: a },
    ];
    const { results } = await updateAll(inputs, "continue");
    expect(results.map(({ record }) => record !== null)).toEqual([true, false]);
  });

  it("no cycles around a row that is refused", async () => {
    const account_id = await account();
    const top = await made({ account_id });
    const below = await made({ account_id, reports_to_contact_id: top });
    const elsewhere = await made({ account_id, email: "taken@example.com" });
    const inputs = [
      { id: below, reports_to_contact_id: elsewhere, email: "taken@example.com" },
      { id: top, reports_to_contact_id: below },
    ];
    const { results } = await updateAll(inputs, "continue");
    expect(results.map(({ record }) => record)).toEqual([null, null]);
  });
});

describe("is_primary", () => {
  /** The live primary contacts of an account. */
  async function primaries(id: string): Promise<unknown[]> {
    const query =
      "query ($id: ID!) { account(id: $id) { contacts(where: { isPrimary: { eq: true } }) { nodes { id } } } }";
    const nodes = listAt(await gateway.data(key, query, { id }), "account", "contacts", "nodes");
    return nodes.map((node) => at(node, "id"));
  }

  it("setting a new one clears the old one in the same transaction", async () => {
    const account_id = await account();
    const first = await made({ account_id, is_primary: true });
    const second = await made({ account_id, is_primary: true });
    expect(await primaries(account_id)).toEqual([second]);
    expect(await read(first)).toMatchObject({ isPrimary: false, version: 2 });
    expectWritten(await update(first, { is_primary: true }));
    expect(await primaries(account_id)).toEqual([first]);
    expect(await read(second)).toMatchObject({ isPrimary: false, version: 2 });
    const { rows } = await gateway.fixtures.client.query<{ transactions: number }>(
      `SELECT count(DISTINCT transaction_id)::integer AS transactions FROM change_events
       WHERE changes ? 'is_primary' AND operation = 'updated'`,
    );
    expect(rows[0]?.transactions).toBe(2);
  });

  it("at most one live primary contact per account, whoever races", async () => {
    const account_id = await account();
    const ids = await Promise.all(Array.from({ length: 8 }, () => made({ account_id })));
    const racers = [
      ...ids.map((id) => update(id, { is_primary: true })),
      ...ids.map(() => create({ account_id, is_primary: true })),
    ];
    for (const outcome of await Promise.all(racers)) expectWritten(outcome);
    expect(await primaries(account_id)).toHaveLength(1);
  });

  it("of those that one call makes primary the last one is", async () => {
    const account_id = await account();
    const first = await made({ account_id, is_primary: true });
    const inputs = Array.from({ length: 3 }, () => ({ account_id, is_primary: true }));
    const { results } = await writes.mutateMany("createContacts", { inputs }, shown);
    expect(results.map(({ record }) => record?.["isPrimary"])).toEqual([false, false, true]);
    expect(await primaries(account_id)).toEqual([results[2]?.record?.["id"]]);
    const last = String(results[2]?.record?.["id"]);
    await updateAll([
      { id: last, is_primary: false },
      { id: first, is_primary: true },
    ]);
    expect(await primaries(account_id)).toEqual([first]);
  });

  it("who goes to another account is not primary there unless told so", async () => {
    const [one, two] = [await account(), await account()];
    const there = await made({ account_id: two, is_primary: true });
    const mover = await made({ account_id: one, is_primary: true });
    expect(expectWritten(await update(mover, { account_id: two }))["isPrimary"]).toBe(false);
    expect(await primaries(two)).toEqual([there]);
    expectWritten(await update(mover, { account_id: one, is_primary: true }));
    expectWritten(await update(mover, { account_id: two, is_primary: true }));
    expect([await primaries(one), await primaries(two)]).toEqual([[], [mover]]);
  });

  it("two primary contacts can change places in one call", async () => {
    const [one, two] = [await account(), await account()];
    const first = await made({ account_id: one, is_primary: true });
    const second = await made({ account_id: two, is_primary: true });
    const { written } = await updateAll([
      { id: first, account_id: two, is_primary: true },
      { id: second, account_id: one, is_primary: true },
    ]);
    expect(written).toBe(2);
    expect([await primaries(one), await primaries(two)]).toEqual([[second], [first]]);
  });

  it("one call can make another one primary while the old one goes to be primary elsewhere", async () => {
    const [one, two] = [await account(), await account()];
    const old = await made({ account_id: one, is_primary: true });
    const next = await made({ account_id: one });
    const { written } = await updateAll([
      { id: next, is_primary: true },
      { id: old, account_id: two, is_primary: true },
    ]);
    expect(written).toBe(2);
    expect([await primaries(one), await primaries(two)]).toEqual([[next], [old]]);
  });

  it("who comes back is primary only where nobody else is meanwhile", async () => {
    const account_id = await account();
    const first = await made({ account_id, is_primary: true });
    await remove(first);
    expect(await primaries(account_id)).toEqual([]);
    expect(expectWritten(await restore(first))["isPrimary"]).toBe(true);
    await remove(first);
    const second = await made({ account_id, is_primary: true });
    expect(expectWritten(await restore(first))["isPrimary"]).toBe(false);
    expect(await primaries(account_id)).toEqual([second]);
  });

  it("of those that come back in one call at most one is primary", async () => {
    const account_id = await account();
    const ids: string[] = [];
    for (let place = 0; place < 3; place += 1) {
      ids.push(await made({ account_id, is_primary: true }));
      await remove(ids.at(-1) ?? "");
    }
    const inputs = ids.map((id) => ({ id }));
    const { written } = await writes.mutateMany("restoreContacts", { inputs });
    expect(written).toBe(3);
    expect(await primaries(account_id)).toHaveLength(1);
  });
});

describe("last_interaction_at", () => {
  const [march, may] = ["2026-03-01T10:00:00.000Z", "2026-05-01T10:00:00.000Z"];
  const log = async (input: Values) =>
    expectWritten(await writes.mutate("createActivity", { input }));

  it("derived: the latest occurred_at of the live activities that the contact is part of", async () => {
    const account_id = await account();
    const [one, two] = [await made({ account_id }), await made()];
    await log({ contact_id: one, contact_ids: [two], occurred_at: may });
    await log({ contact_id: two, occurred_at: march });
    await log({ account_id, occurred_at: "2026-06-01T10:00:00.000Z" });
    for (const id of [one, two]) expect(await read(id)).toMatchObject({ lastInteractionAt: may });
    const sent = expectWritten(await create({ last_interaction_at: march }));
    expect(sent["lastInteractionAt"]).toBeNull();
  });

  it("what a deletion took no longer counts, what comes back counts again", async () => {
    const account_id = await account();
    const [here, outside] = [await made({ account_id }), await made()];
    await log({ contact_id: outside, occurred_at: march });
    await log({ account_id, contact_ids: [here, outside], occurred_at: may });
    expectWritten(await writes.mutate("deleteAccount", { id: account_id }));
    expect(await read(outside)).toMatchObject({ lastInteractionAt: march });
    expectWritten(await writes.mutate("restoreAccount", { id: account_id }));
    for (const id of [here, outside]) {
      expect(await read(id)).toMatchObject({ lastInteractionAt: may });
    }
  });

  it("who comes back has what happened meanwhile", async () => {
    const account_id = await account();
    const contact = await made();
    await log({ account_id, contact_ids: [contact], occurred_at: may });
    await remove(contact);
    expectWritten(await writes.mutate("deleteAccount", { id: account_id }));
    expectWritten(await restore(contact));
    expect(await read(contact)).toMatchObject({ lastInteractionAt: null });
  });
});
