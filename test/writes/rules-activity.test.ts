import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Made, TenantFixtures } from "../support/samples/fixtures.ts";
import { at, listAt, startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { expectWritten, idOf, type Outcome, problemsOf } from "../support/writes/mutation.ts";
import { Writes } from "../support/writes/writes.ts";

let gateway: TestGateway;
let tenant: TenantFixtures;
let account: Made;
let other: Made;
let write: Writes;

beforeAll(async () => {
  gateway = await startGateway();
  tenant = await gateway.fixtures.tenant("activities");
  account = await tenant.account();
  other = await tenant.account();
  write = new Writes(gateway, await gateway.keyFor(tenant.slug));
});
afterAll(() => gateway.close());

type Values = Readonly<Record<string, unknown>>;
const make = (values: Values, selection?: string) => write.created("Activity", values, selection);
const attempt = (values: Values) => write.create("Activity", values);

function complete(id: string, version?: number): Promise<Outcome> {
  return write.mutate(
    "completeActivity",
    { id, ...(version === undefined ? {} : { version }) },
    "id status completedAt updatedAt version",
  );
}

describe("account_id, deal_id, contact_id", () => {
  const owners = "accountId dealId contactId";

  it("at least one is needed", async () => {
    const contact = await tenant.contact(account);
    const alone = await attempt({ type: "call", contact_ids: [contact.id] });
    expect(problemsOf(alone)).toEqual(["BAD_USER_INPUT account_id"]);
    expect(alone.userErrors[0]).toMatchObject({
      message: expect.stringMatching(/deal_id.*contact_id/),
    });
    for (const owner of [
      { account_id: account.id },
      { deal_id: (await tenant.deal(account)).id },
      { contact_id: contact.id },
    ]) {
      expect(problemsOf(await attempt(owner))).toEqual([]);
    }
  });

  it("a deal's or contact's account is filled in when absent", async () => {
    const deal = await tenant.deal(account);
    const contact = await tenant.contact(other);
    expect(await make({ deal_id: deal.id }, owners)).toEqual({
      accountId: account.id,
      dealId: deal.id,
      contactId: null,
    });
    expect(await make({ contact_id: contact.id }, owners)).toEqual({
      accountId: other.id,
      dealId: null,
      contactId: contact.id,
    });
    const free = await tenant.contact(null);
    expect(at(await make({ contact_id: free.id }, owners), "accountId")).toBeNull();
  });

  it("a contradiction is an error", async () => {
    const [deal, contact] = [await tenant.deal(account), await tenant.contact(account)];
    const stranger = await tenant.contact(other);
    expect(problemsOf(await attempt({ account_id: other.id, deal_id: deal.id }))).toEqual([
      "BAD_USER_INPUT deal_id",
    ]);
    expect(problemsOf(await attempt({ account_id: other.id, contact_id: contact.id }))).toEqual([
      "BAD_USER_INPUT contact_id",
    ]);
    expect(problemsOf(await attempt({ deal_id: deal.id, contact_id: stranger.id }))).toEqual([
      "BAD_USER_INPUT contact_id",
    ]);
    const free = await tenant.contact(null);
    expect(problemsOf(await attempt({ deal_id: deal.id, contact_id: free.id }))).toEqual([]);
  });

  it("are edges that are walked both ways", async () => {
    const [deal, contact] = [await tenant.deal(account), await tenant.contact(account)];
    const links = { account_id: account.id, deal_id: deal.id, contact_id: contact.id };
    const back = "activities { nodes { id } }";
    const activity = await make(
      links,
      `id account { id } deal { id ${back} } contact { id ${back} }`,
    );
    const self = { nodes: [{ id: idOf(activity) }] };
    expect(activity).toEqual({
      id: idOf(activity),
      account: { id: account.id },
      deal: { id: deal.id, activities: self },
      contact: { id: contact.id, activities: self },
    });
  });
});

it("contact_ids is a many-to-many edge that contains contact_id", async () => {
  const [main, guest] = [await tenant.contact(account), await tenant.contact(other)];
  const selection = "id contacts { nodes { id } }";
  const people = (activity: unknown) => listAt(activity, "contacts", "nodes").map(idOf).toSorted();
  const both = await make({ contact_id: main.id, contact_ids: [guest.id, guest.uuid] }, selection);
  expect(people(both)).toEqual([main.id, guest.id].toSorted());
  const alone = await make({ contact_id: main.id }, selection);
  expect(people(alone)).toEqual([main.id]);
  const contact = await write.read("Contact", main.id, "activities { nodes { id } }");
  const found = listAt(contact, "activities", "nodes").map(idOf).toSorted();
  expect(found).toEqual([idOf(both), idOf(alone)].toSorted());
});

describe("what an activity holds", () => {
  it.each(["call", "email", "meeting", "note", "task"])("type may be %s", async (type) => {
    expect(await make({ account_id: account.id, type }, "type")).toEqual({ type });
  });

  it("type is one of call, email, meeting, note, task", async () => {
    const outcome = await gateway.ask(
      write.key,
      "mutation ($input: CreateActivityInput!) { createActivity(input: $input) { activity { id } } }",
      { input: { account_id: account.id, type: "fax" } },
    );
    expect(outcome.errors?.[0]?.extensions.code).toBe("BAD_USER_INPUT");
    expect(outcome.errors?.[0]?.message).toContain("type");
  });

  it("activity_type is free text beside type", async () => {
    const input = { account_id: account.id, type: "meeting", activity_type: "Site visit" };
    expect(await make(input, "type activityType")).toEqual({
      type: "meeting",
      activityType: "Site visit",
    });
  });

  it("occurred_at is now unless given", async () => {
    const before = Date.now();
    const occurred = at(await make({ account_id: account.id }, "occurredAt"), "occurredAt");
    expect(Date.parse(String(occurred))).toBeGreaterThanOrEqual(before);
    expect(Date.parse(String(occurred))).toBeLessThanOrEqual(Date.now());
    const given = { account_id: account.id, occurred_at: "2026-03-18T16:40:12+01:00" };
    expect(await make(given, "occurredAt")).toEqual({ occurredAt: "2026-03-18T15:40:12.000Z" });
  });

  it("reminder_sent is false unless given", async () => {
    const input = { account_id: account.id };
    expect(await make(input, "reminderSent")).toEqual({ reminderSent: false });
    const sent = { ...input, reminder_sent: true };
    expect(await make(sent, "reminderSent")).toEqual({ reminderSent: true });
  });

  it("participants is a JSON list", async () => {
    const participants = [{ id: "usr-1", role: "host" }, "usr-2"];
    const input = { account_id: account.id, participants };
    expect(await make(input, "participants")).toEqual({ participants });
    const outcome = await attempt({ ...input, participants: { id: "usr-1" } });
    expect(problemsOf(outcome)).toEqual(["BAD_USER_INPUT participants"]);
  });

  it("its other fields are kept as given", async () => {
    const given = {
      subject: "Kickoff",
      description: "# Notes\nAll agreed.",
      status: "open",
      priority: "high",
      direction: "outbound",
      outcome: "agreed",
    };
    const input = {
      account_id: account.id,
      ...given,
      due_date: "2026-12-01T09:00:00Z",
      completed_at: "2026-11-30T09:00:00Z",
      actor_type: "agent",
      performed_by_user_id: "usr-9",
      owner_id: "usr-1",
      linked_trace_id: "trace-1",
      attachment_refs: ["calls/1.mp3"],
      recurrence: { freq: "weekly" },
      tags: ["kickoff"],
      custom_fields: { duration_minutes: 30 },
    };
    const selection = `${Object.keys(given).join(" ")} dueDate completedAt actorType performedByUserId ownerId linkedTraceId attachmentRefs recurrence tags customFields`;
    expect(await make(input, selection)).toEqual({
      ...given,
      dueDate: "2026-12-01T09:00:00.000Z",
      completedAt: "2026-11-30T09:00:00.000Z",
      actorType: "agent",
      performedByUserId: "usr-9",
      ownerId: "usr-1",
      linkedTraceId: "trace-1",
      attachmentRefs: ["calls/1.mp3"],
      recurrence: { freq: "weekly" },
      tags: ["kickoff"],
      customFields: { duration_minutes: 30 },
    });
  });
});

describe("an activity is a log entry", () => {
  it("that can be listed, read and created, and not updated or deleted", async () => {
    const data = await gateway.data(write.key, "{ __schema { mutationType { fields { name } } } }");
    const fields = listAt(data, "__schema", "mutationType", "fields").map((field) =>
      String(at(field, "name")),
    );
    const own = fields.filter((name) => /Activit(y|ies)$/.test(name));
    expect(own.toSorted()).toEqual(["completeActivity", "createActivities", "createActivity"]);
  });

  it("completeActivity sets completed_at and status completed, as a write with its event", async () => {
    const made = await make({ account_id: account.id, type: "task", status: "open" });
    const { record } = await complete(idOf(made), 1);
    expect(record).toMatchObject({ status: "completed", version: 2 });
    expect(at(record, "completedAt")).toBe(at(record, "updatedAt"));
    const { rows } = await gateway.fixtures.client.query(
      "SELECT operation, version, changes FROM change_events WHERE entity_id = $1 AND version = 2",
      [idOf(made).slice("act-".length)],
    );
    expect(rows).toEqual([
      {
        operation: "updated",
        version: 2,
        changes: {
          status: ["open", "completed"],
          completed_at: [null, at(record, "completedAt")],
        },
      },
    ]);
  });

  it("completeActivity is refused for one that is completed, or changed, or not there", async () => {
    const id = idOf(await make({ account_id: account.id, type: "task" }));
    const stale = await complete(id, 7);
    expect(problemsOf(stale)).toEqual(["CONFLICT version"]);
    expect(stale.userErrors[0]).toMatchObject({ current: { id, version: 1 } });
    expect(problemsOf(await complete(id))).toEqual([]);
    expect(problemsOf(await complete(id))).toEqual(["BAD_USER_INPUT id"]);
    expect(problemsOf(await complete("acc-1"))).toEqual(["BAD_USER_INPUT id"]);
    expect(problemsOf(await complete(`act-${account.uuid}`))).toEqual(["NOT_FOUND id"]);
  });

  it("updateTask changes a task until it is completed: when it is due, its owner, its subject", async () => {
    const task = idOf(await make({ account_id: account.id, type: "task", status: "open" }));
    const update = (id: string, input: Values) =>
      write.mutate("updateTask", { id, input }, "dueDate ownerId subject status version");
    const changed = { due_date: "2026-12-01T00:00:00Z", owner_id: "usr-7", subject: " Call back " };
    expect((await update(task, { ...changed, version: 1 })).record).toEqual({
      dueDate: "2026-12-01T00:00:00.000Z",
      ownerId: "usr-7",
      subject: "Call back",
      status: "open",
      version: 2,
    });
    expect((await update(task, { subject: "" })).record).toMatchObject({ subject: null });
    expect(problemsOf(await update(task, { version: 1 }))).toEqual(["CONFLICT version"]);
    const wrong = { owner_id: "x".repeat(256), due_date: "soon" };
    expect(problemsOf(await update(task, wrong)).toSorted()).toEqual([
      "BAD_USER_INPUT due_date",
      "BAD_USER_INPUT owner_id",
    ]);
    expect(problemsOf(await update(`act-${account.uuid}`, {}))).toEqual(["NOT_FOUND id"]);
    expectWritten(await complete(task));
    expect(problemsOf(await update(task, { subject: "late" }))).toEqual(["BAD_USER_INPUT id"]);
    for (const made of [
      { type: "task", status: "Completed" },
      { type: "task", completed_at: "2026-01-01T10:00:00Z" },
      { type: "call" },
    ]) {
      const id = idOf(await make({ account_id: account.id, subject: "kept", ...made }));
      const outcome = await update(id, { subject: "other" });
      expect(problemsOf(outcome)).toEqual(["BAD_USER_INPUT id"]);
      expect(await write.read("Activity", id, "subject version")).toEqual({
        subject: "kept",
        version: 1,
      });
    }
  });
});
