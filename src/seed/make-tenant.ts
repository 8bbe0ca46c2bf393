import { setImmediate as otherWork } from "node:timers/promises";
import { CopyBatch } from "./copy-text.ts";
import { type MadeAccount, makeAccount } from "./make-account.ts";
import { type MadeActivity, makeActivities, makeFreeActivities } from "./make-activity.ts";
import { type MadeContact, makeContacts, makeFreeContact } from "./make-contact.ts";
import { type MadeDeal, makeDeals } from "./make-deal.ts";
import { makeAccountQuotes, makeDealQuotes, type MadeQuote } from "./make-quote.ts";
import type { Row } from "./tables.ts";
import { departmentNames } from "./words-business.ts";
import { instant, makeWorld, nextNumber, type TenantPlan, type World } from "./world.ts";

/** Accounts whose rows are made and copied together: what memory holds twice, however many follow. */
const accountsPerBatch = 200;
/** How often the making lets the copying of the batch before go on. */
const accountsPerTurn = 5;

type Family = {
  account: MadeAccount | null;
  people: MadeContact[];
  deals: MadeDeal[];
  quotes: MadeQuote[];
  activities: MadeActivity[];
};

/** All rows of a tenant, in batches that only reference themselves and what came before. */
export async function* makeTenant(plan: TenantPlan): AsyncGenerator<CopyBatch, void> {
  const world = makeWorld(plan);
  let batch = startTenant(world);
  let families: Family[] = [];
  for (let index = 0; index < plan.accounts; index += 1) {
    families.push(makeFamily(world, index));
    if (world.random.chance(0.07)) families.push(makeFreeFamily(world, index));
    if (index % accountsPerTurn === 0) await otherWork();
    if ((index + 1) % accountsPerBatch === 0) {
      await addFamilies(world, batch, families);
      yield batch;
      batch = new CopyBatch(world.tenantId);
      families = [];
    }
  }
  await addFamilies(world, batch, families);
  addSequences(world, batch);
  yield batch;
}

function startTenant(world: World): CopyBatch {
  const { plan, random, tenantId, start } = world;
  const batch = new CopyBatch(tenantId);
  batch.add("tenants", {
    id: tenantId,
    name: plan.name,
    slug: plan.slug,
    default_currency: plan.currency,
    time_zone: plan.timeZone,
    created_at: instant(start),
  });
  const names = random.some(world.departments.length, departmentNames);
  world.departments.forEach((id, position) => {
    batch.add("departments", { id, name: names[position] ?? "Other", created_at: instant(start) });
  });
  return batch;
}

function makeFamily(world: World, index: number): Family {
  const account = makeAccount(world, index);
  const people = makeContacts(world, account);
  const deals = makeDeals(world, account, people);
  const quotes = [
    ...deals.flatMap((deal) => makeDealQuotes(world, account, deal)),
    ...makeAccountQuotes(world, account),
  ];
  const activities = makeActivities(world, account, { index, people, deals });
  return { account, people, deals, quotes, activities };
}

function makeFreeFamily(world: World, index: number): Family {
  const contact = makeFreeContact(world, index);
  const activities = makeFreeActivities(world, contact);
  return { account: null, people: [contact], deals: [], quotes: [], activities };
}

async function addFamilies(
  world: World,
  batch: CopyBatch,
  families: readonly Family[],
): Promise<void> {
  // Numbers follow the order of creation, as far as a batch reaches.
  for (const deal of families.flatMap(({ deals }) => deals).toSorted(byCreation)) {
    deal.row.deal_number = nextNumber(world, "deal", deal.createdAt);
  }
  for (const quote of families.flatMap(({ quotes }) => quotes).toSorted(byCreation)) {
    quote.row.quote_number = nextNumber(world, "quote", quote.createdAt);
  }
  for (const [position, family] of families.entries()) {
    addFamily(batch, family);
    if (position % accountsPerTurn === 0) await otherWork();
  }
}

function addFamily(batch: CopyBatch, family: Family): void {
  noteTimes(family);
  if (family.account !== null) {
    batch.add("accounts", family.account.row);
    batch.accounts += 1;
  }
  for (const { row } of family.people) batch.add("contacts", row);
  for (const deal of family.deals) {
    batch.add("deals", deal.row);
    for (const row of deal.dealContacts) batch.add("deal_contacts", row);
    for (const row of deal.stageChanges) batch.add("deal_stage_changes", row);
  }
  for (const quote of family.quotes) {
    batch.add("quotes", quote.row);
    for (const row of quote.lineItems) batch.add("line_items", row);
  }
  for (const activity of family.activities) {
    batch.add("activities", activity.row);
    for (const row of activity.activityContacts) batch.add("activity_contacts", row);
  }
}

/**
 * Derived times come from live activities only; the first contact stays known after a deletion. They count as one more
 * write of the account and of each contact, made with the activity that was written last.
 */
function noteTimes({ account, activities }: Family): void {
  const live = account?.deletion == null;
  const partsOf = new Map<MadeContact, MadeActivity[]>();
  for (const activity of activities) {
    for (const contact of activity.contacts) {
      partsOf.set(contact, [...(partsOf.get(contact) ?? []), activity]);
    }
  }
  if (account !== null && activities.length > 0) {
    const times = activities.map(({ occurredAt }) => occurredAt);
    account.row.first_contacted_at = instant(Math.min(...times));
    account.row.last_activity_at = live ? instant(Math.max(...times)) : null;
    noteWrite(account.row, activities);
  }
  if (!live) return;
  for (const [{ row }, parts] of partsOf) {
    row.last_interaction_at = instant(Math.max(...parts.map(({ occurredAt }) => occurredAt)));
    noteWrite(row, parts);
  }
}

type Written = Pick<Row<"accounts">, "version" | "updated_at" | "updated_by" | "deleted_at">;

/** Counts the write that an activity brought along; a deletion stays the last one. */
function noteWrite(row: Written, activities: readonly MadeActivity[]): void {
  row.version = Number(row.version) + 1;
  if (row.deleted_at !== null) return;
  // Ids are in the order of their creation.
  const written = activities.map((activity) => activity.row);
  const last = written.reduce((a, b) => (String(a.id) > String(b.id) ? a : b));
  row.updated_at = last.created_at;
  row.updated_by = last.created_by;
}

function addSequences({ numbers }: World, batch: CopyBatch): void {
  for (const [key, lastValue] of numbers) {
    const [kind = "", year = ""] = key.split("/");
    batch.add("number_sequences", { kind, year: Number(year), last_value: lastValue });
  }
}

function byCreation(a: { createdAt: number }, b: { createdAt: number }): number {
  return a.createdAt - b.createdAt;
}
