import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { at } from "../support/gateway/gateway.ts";
import { eventsOf } from "../support/changes/events.ts";
import { done, merge } from "../support/writes/merging.ts";
import { startRaceTrack, type RaceTrack } from "../support/writes/races.ts";
import { aftermath, peace } from "../support/writes/soundness.ts";
import { uuidOf } from "../support/samples/one-of-each.ts";

let track: RaceTrack;
beforeAll(async () => {
  track = await startRaceTrack();
});
afterAll(() => track.close());

const account = (input = {}) => track.make("Account", input);
const contact = (account_id: string | null, input = {}) =>
  track.make("Contact", { account_id, ...input });

/** The account of everything that has one, by its id. */
async function owners(): Promise<Map<string, string>> {
  const tables = ["contacts", "deals", "activities", "quotes"];
  const rows = await track.sql(
    tables.map((table) => `SELECT id, account_id FROM ${table}`).join(" UNION ALL "),
  );
  return new Map(rows.map(({ id, account_id }) => [String(id), String(account_id)]));
}

async function versionsOf(...ids: readonly string[]): Promise<unknown[]> {
  const versions: unknown[] = [];
  for (const id of ids) versions.push((await eventsOf(track, id)).at(-1)?.version);
  return versions;
}

describe("merging accounts", () => {
  it("moves everything that the other had, deleted or not, each as a write with its event", async () => {
    const [into, from] = [await account({ name: "Harbor" }), await account({ name: "Harbour" })];
    const child = await account({ parent_account_id: from });
    const [nora, ned] = [await contact(from), await contact(from)];
    await track.write("updateContact", { id: ned, input: { reports_to_contact_id: nora } });
    const deal = await track.make("Deal", { account_id: from, contact_ids: [nora, ned] });
    const quote = await track.make("Quote", {
      account_id: from,
      deal_id: deal,
      is_primary: true,
      line_items: [{ unit_price: "5" }],
    });
    const activity = await track.make("Activity", { deal_id: deal, contact_id: nora });
    const gone = await track.make("Deal", { account_id: from });
    await track.make("Quote", { account_id: from, deal_id: gone });
    await track.write("deleteDeal", { id: gone });
    await track.write("deleteContact", { id: ned });
    const before = await owners();

    const answer = done(await merge(track, track.key, "account", { into, from }));
    expect(answer.moved).toEqual({
      "Account.parent_account_id": 1,
      "Contact.account_id": 2,
      "Deal.account_id": 2,
      "Activity.account_id": 1,
      "Quote.account_id": 2,
    });
    expect(answer.merged).toMatchObject({ mergedIntoId: into, isDeleted: true, version: 3 });
    const after = await owners();
    expect([...after.keys()]).toEqual([...before.keys()]);
    for (const [id, owner] of before) {
      expect(after.get(id)).toBe(owner === uuidOf(from) ? uuidOf(into) : owner);
    }
    for (const [id, field] of [
      [child, "parent_account_id"],
      [nora, "account_id"],
      [ned, "account_id"],
      [deal, "account_id"],
      [quote, "account_id"],
      [activity, "account_id"],
      [gone, "account_id"],
    ] as const) {
      const event = (await eventsOf(track, id)).at(-1);
      expect({ id, operation: event?.operation, changes: event?.changes }).toEqual({
        id,
        operation: "updated",
        changes: { [field]: [uuidOf(from), uuidOf(into)] },
      });
    }
    const last = (await eventsOf(track, from)).at(-1);
    expect(last?.operation).toBe("deleted");
    expect(last?.changes).toMatchObject({ merged_into_id: [null, uuidOf(into)] });
    expect((await eventsOf(track, into)).at(-1)?.changes["merged_from"]).toEqual([
      null,
      uuidOf(from),
    ]);

    // What was deleted before comes back to the survivor, with what its deletion took.
    expect((await track.write("restoreDeal", { id: gone })).userErrors).toEqual([]);
    expect((await track.write("restoreContact", { id: ned })).userErrors).toEqual([]);
    expect(await aftermath(track)).toEqual(peace);
  });

  it("merges the people of both that have one email, with all that refers to them", async () => {
    const [into, from] = [await account(), await account()];
    const kept = await contact(into, { email: "ned@both.example", first_name: "Ned" });
    const boss = await contact(from, { email: "boss@one.example" });
    const twin = await contact(from, {
      email: "NED@both.example",
      job_title: "Pilot",
      reports_to_contact_id: boss,
      is_primary: true,
    });
    const report = await contact(from, { reports_to_contact_id: twin });
    const deal = await track.make("Deal", {
      account_id: from,
      contact_ids: [boss],
      primary_contact_id: twin,
    });
    const elsewhere = await track.make("Deal", {
      account_id: into,
      contact_ids: [twin, kept],
    });
    const activity = await track.make("Activity", {
      contact_id: twin,
      occurred_at: "2026-05-01T00:00:00Z",
    });

    const answer = done(await merge(track, track.key, "account", { into, from }));
    expect(answer.contactsMerged).toEqual([{ into: kept, from: twin }]);
    expect(answer.moved).toEqual({
      "Contact.account_id": 3,
      "Contact.reports_to_contact_id": 1,
      "Deal.account_id": 1,
      "Deal.primary_contact_id": 1,
      "Deal.contact_ids": 2,
      "Activity.account_id": 1,
      "Activity.contact_id": 1,
      "Activity.contact_ids": 1,
    });
    const data = await track.data(
      track.key,
      `query ($kept: ID!, $twin: ID!, $deal: ID!, $elsewhere: ID!, $activity: ID!, $report: ID!) {
        contact(id: $kept) { email jobTitle isPrimary version lastInteractionAt reportsTo { id } directReports { nodes { id } }
          mergedFrom(includeDeleted: true) { nodes { id } } deals { totalCount } activities { nodes { id } } }
        node(id: $twin) { id }
        deal(id: $deal) { version primaryContact { id } contacts { nodes { id } } }
        elsewhere: deal(id: $elsewhere) { version contacts { nodes { id } } }
        activity(id: $activity) { version contact { id } contacts { nodes { id } } }
        report: contact(id: $report) { version account { id } reportsTo { id } }
      }`,
      { kept, twin, deal, elsewhere, activity, report },
    );
    expect(data).toMatchObject({
      contact: {
        email: "ned@both.example",
        jobTitle: "Pilot",
        isPrimary: true,
        version: 2,
        lastInteractionAt: "2026-05-01T00:00:00.000Z",
        reportsTo: { id: boss },
        directReports: { nodes: [{ id: report }] },
        mergedFrom: { nodes: [{ id: twin }] },
        deals: { totalCount: 2 },
        activities: { nodes: [{ id: activity }] },
      },
      node: null,
      deal: { version: 2, primaryContact: { id: kept } },
      elsewhere: { version: 2, contacts: { nodes: [{ id: kept }] } },
      activity: { version: 2, contact: { id: kept }, contacts: { nodes: [{ id: kept }] } },
      report: { version: 2, account: { id: into }, reportsTo: { id: kept } },
    });
    expect((await eventsOf(track, elsewhere)).at(-1)?.changes).toEqual({
      contact_ids: [[uuidOf(kept), uuidOf(twin)].toSorted(), [uuidOf(kept)]],
    });
    expect(await aftermath(track)).toEqual(peace);
  });

  it("closes no circle of managers when people are merged along", async () => {
    const [into, from] = [await account(), await account()];
    const [a, b] = [
      await contact(into, { email: "a@circle.example" }),
      await contact(into, { email: "b@circle.example" }),
    ];
    const [x, y] = [
      await contact(from, { email: "a@circle.example" }),
      await contact(from, { email: "b@circle.example" }),
    ];
    const between = await contact(from, { reports_to_contact_id: x });
    await track.write("updateContact", { id: a, input: { reports_to_contact_id: b } });
    await track.write("updateContact", { id: y, input: { reports_to_contact_id: between } });
    done(await merge(track, track.key, "account", { into, from }));
    const managers = await track.sql(
      "SELECT id, reports_to_contact_id AS manager FROM contacts WHERE id = ANY ($1)",
      [a, b, between],
    );
    expect(Object.fromEntries(managers.map(({ id, manager }) => [id, manager]))).toEqual({
      [uuidOf(a)]: uuidOf(b),
      [uuidOf(b)]: null,
      [uuidOf(between)]: uuidOf(a),
    });
    expect(await aftermath(track)).toEqual(peace);
  });

  it("leaves the survivor's primary contact in its place; otherwise the other's has it", async () => {
    const accounts = [await account(), await account(), await account()] as const;
    const primaries = [
      await contact(accounts[0], { is_primary: true }),
      await contact(accounts[1], { is_primary: true }),
    ];
    const [into, from, empty] = accounts;
    done(await merge(track, track.key, "account", { into, from }));
    const isPrimary = async () => {
      const rows = await track.sql(
        "SELECT id FROM contacts WHERE is_primary AND id = ANY ($1)",
        primaries,
      );
      return rows.map(({ id }) => `con-${String(id)}`);
    };
    expect(await isPrimary()).toEqual([primaries[0]]);
    expect((await eventsOf(track, primaries[1] ?? "")).at(-1)?.changes).toEqual({
      account_id: [uuidOf(from), uuidOf(into)],
      is_primary: [true, false],
    });
    done(await merge(track, track.key, "account", { into: empty, from: into }));
    expect(await isPrimary()).toEqual([primaries[0]]);
    expect(await aftermath(track)).toEqual(peace);
  });

  it("always points at the last survivor", async () => {
    const [first, second, third] = [await account(), await account(), await account()];
    done(await merge(track, track.key, "account", { into: second, from: first }));
    const answer = done(await merge(track, track.key, "account", { into: third, from: second }));
    expect(answer.moved).toEqual({ "Account.merged_into_id": 1 });
    const data = await track.data(
      track.key,
      `query ($id: ID!) { account(id: $id) { mergedFrom(includeDeleted: true) { nodes { id mergedInto { id } } } } }`,
      { id: third },
    );
    const merged = at(data, "account", "mergedFrom", "nodes");
    expect(merged).toHaveLength(2);
    for (const id of [first, second]) {
      expect(merged).toContainEqual({ id, mergedInto: { id: third } });
    }
    // Created, survived or merged, merged or pointing elsewhere: each is a write.
    expect(await versionsOf(first, second, third)).toEqual([3, 3, 2]);
    expect(await aftermath(track)).toEqual(peace);
  });
});

describe("merging contacts", () => {
  it("of one account makes one of them, with the deals and activities of both", async () => {
    const owner = await account();
    const manager = await contact(owner);
    const into = await contact(owner, { last_name: "Doe" });
    const from = await contact(owner, {
      email: "doe@one.example",
      reports_to_contact_id: manager,
      is_primary: true,
    });
    const report = await contact(owner, { reports_to_contact_id: from });
    const deal = await track.make("Deal", {
      account_id: owner,
      contact_ids: [into],
      primary_contact_id: from,
    });
    await track.make("Activity", { contact_id: from, occurred_at: "2026-04-01T00:00:00Z" });
    const answer = done(
      await merge(
        track,
        track.key,
        "contact",
        { into, from },
        "version email isPrimary lastInteractionAt reportsTo { id }",
      ),
    );
    expect(answer.record).toMatchObject({
      version: 2,
      email: "doe@one.example",
      isPrimary: true,
      lastInteractionAt: "2026-04-01T00:00:00.000Z",
      reportsTo: { id: manager },
    });
    expect(answer.moved).toEqual({
      "Contact.reports_to_contact_id": 1,
      "Deal.primary_contact_id": 1,
      "Deal.contact_ids": 1,
      "Activity.contact_id": 1,
      "Activity.contact_ids": 1,
    });
    expect(await versionsOf(report, deal)).toEqual([2, 2]);
    expect(await aftermath(track)).toEqual(peace);
  });

  it("of two accounts leaves the survivor where it is, and the other's reports without a manager", async () => {
    const [here, there] = [await account(), await account()];
    const into = await contact(here);
    const from = await contact(there, { is_primary: true });
    const report = await contact(there, { reports_to_contact_id: from });
    const answer = done(
      await merge(track, track.key, "contact", { into, from }, "accountId isPrimary"),
    );
    expect(answer.record).toMatchObject({ accountId: here, isPrimary: false });
    expect(answer.moved).toEqual({ "Contact.reports_to_contact_id": 1 });
    expect((await eventsOf(track, report)).at(-1)?.changes).toEqual({
      reports_to_contact_id: [uuidOf(from), null],
    });
    expect(await aftermath(track)).toEqual(peace);
  });
});
