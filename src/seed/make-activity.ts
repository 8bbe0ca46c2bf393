import { arrayText } from "./copy-text.ts";
import type { MadeAccount } from "./make-account.ts";
import type { MadeContact } from "./make-contact.ts";
import type { MadeDeal } from "./make-deal.ts";
import type { Row } from "./tables.ts";
import {
  activityOutcomes,
  activitySubjects,
  activityTags,
  activityTexts,
} from "./words-business.ts";
import {
  day,
  type Deletion,
  hour,
  instant,
  momentBetween,
  newId,
  stampsOf,
  type World,
} from "./world.ts";

/** An activity with the people who took part. */
export type MadeActivity = {
  occurredAt: number;
  contacts: readonly MadeContact[];
  row: Row<"activities">;
  activityContacts: Row<"activity_contacts">[];
};

/** What an activity is about; the widest one leaves deal and contact empty. */
type Subject = {
  account: MadeAccount | null;
  deal: MadeDeal | null;
  contact: MadeContact | null;
  /** Who else may take part. */
  others: readonly MadeContact[];
  from: number;
  until: number;
  label: string;
};

const types: readonly (readonly [keyof typeof activitySubjects, number])[] = [
  ["email", 36],
  ["call", 26],
  ["meeting", 14],
  ["note", 14],
  ["task", 10],
];
const busyEvery = 45;

/**
 * The activities of an account, on the account itself, its deals and its people. A few for most;
 * hundreds for one account in 45, so that small tenants have such accounts too.
 */
export function makeActivities(
  world: World,
  account: MadeAccount,
  family: { index: number; people: readonly MadeContact[]; deals: readonly MadeDeal[] },
): MadeActivity[] {
  const { random } = world;
  const people = family.people.filter(({ gone }) => !gone);
  const deals = family.deals.filter(({ gone }) => !gone);
  const busy = family.index % busyEvery === 6;
  const count = busy
    ? 305 + random.tail(25, 1.2, 2_000)
    : random.chance(0.12)
      ? 0
      : 1 + random.tail(2, 1.8, 120);
  return Array.from({ length: count }, () =>
    makeActivity(world, subjectOf(world, account, people, deals)),
  );
}

/** The few activities with a person who has no account. */
export function makeFreeActivities(world: World, contact: MadeContact): MadeActivity[] {
  if (contact.gone) return [];
  const { createdAt: from, label } = contact;
  const subject = {
    account: null,
    deal: null,
    contact,
    others: [],
    from,
    until: world.anchor,
    label,
  };
  return Array.from({ length: world.random.tail(1.5, 2, 10) }, () => makeActivity(world, subject));
}

function subjectOf(
  { random }: World,
  account: MadeAccount,
  people: readonly MadeContact[],
  deals: readonly MadeDeal[],
): Subject {
  const level = random.share();
  if (level < 0.4 && deals.length > 0) {
    const deal = random.pick(deals);
    const contact = random.maybe(0.6, deal.contacts.length > 0 ? deal.contacts : [null]);
    const from = Math.max(deal.createdAt, contact?.createdAt ?? 0);
    return {
      account,
      deal,
      contact,
      others: deal.contacts,
      from,
      until: deal.until,
      label: deal.label,
    };
  }
  if (level < 0.7 && people.length > 0) {
    const contact = random.pick(people);
    const { createdAt: from, label } = contact;
    return { account, deal: null, contact, others: people, from, until: account.until, label };
  }
  const { createdAt: from, until, label } = account;
  return { account, deal: null, contact: null, others: people, from, until, label };
}

function makeActivity(world: World, subject: Subject): MadeActivity {
  const { random } = world;
  const { account, deal, contact } = subject;
  const type = random.weighted(types);
  const occurredAt = momentBetween(random, subject.from, subject.until - hour);
  const createdAt = Math.min(
    occurredAt + random.between(0, 30) * 60_000,
    Math.max(occurredAt, subject.until - 1),
  );
  const id = newId(world, createdAt);
  const deletion: Deletion | null = account?.deletion ?? null;
  const userId =
    random.chance(0.7) && account !== null ? account.ownerId : random.pick(world.users);
  const byAgent = random.chance(0.05);
  const contacts = attendees(world, subject, type, occurredAt);
  const isTask = type === "task";
  const dueAt = isTask ? occurredAt + random.between(1, 30) * day : null;
  // Few tasks stay open long after they were due.
  const late = dueAt !== null && dueAt < world.anchor - 60 * day;
  const done = random.chance(isTask ? (late ? 0.96 : 0.4) : 0.6);
  const completedAt = !done
    ? null
    : isTask
      ? momentBetween(random, occurredAt, subject.until)
      : occurredAt;
  const row: Row<"activities"> = {
    id,
    account_id: account?.id ?? null,
    deal_id: deal?.id ?? null,
    contact_id: contact?.id ?? null,
    type,
    activity_type: random.chance(0.05)
      ? random.pick(["site visit", "webinar", "contract review"])
      : null,
    subject: random.chance(0.97)
      ? random.pick(activitySubjects[type]).replace("{about}", subject.label)
      : null,
    description: random.maybe(0.45, activityTexts),
    occurred_at: instant(occurredAt),
    due_date: dueAt === null ? null : instant(dueAt),
    completed_at: completedAt === null ? null : instant(completedAt),
    status: done ? "completed" : isTask ? "open" : null,
    priority: isTask ? random.pick(["low", "normal", "high"]) : null,
    direction: type === "call" || type === "email" ? random.pick(["inbound", "outbound"]) : null,
    outcome: type === "call" || type === "meeting" ? random.maybe(0.7, activityOutcomes) : null,
    actor_type: byAgent ? "agent" : "user",
    performed_by_user_id: byAgent ? null : userId,
    owner_id: userId,
    participants: participantsOf(type, userId, contacts),
    linked_trace_id: byAgent ? newId(world, createdAt).replaceAll("-", "") : null,
    reminder_sent: isTask && random.chance(0.4),
    tags: arrayText(random.some(random.tail(0.25, 1.8, 2), activityTags)),
    custom_fields: random.chance(0.04)
      ? JSON.stringify({ location: { room: `B-${random.between(1, 40)}` } })
      : "{}",
    ...stampsOf(world, {
      createdAt,
      by: userId,
      deletion,
      // A log entry is written once; completing it is the only change.
      turns:
        completedAt === null || completedAt <= createdAt ? [] : [{ at: completedAt, by: userId }],
    }),
  };
  return {
    occurredAt,
    contacts,
    row,
    activityContacts: contacts.map((person) => ({
      activity_id: id,
      contact_id: person.id,
      created_at: instant(createdAt),
    })),
  };
}

/** The main person first; meetings have more. */
function attendees(
  { random }: World,
  subject: Subject,
  type: string,
  occurredAt: number,
): MadeContact[] {
  const { contact } = subject;
  if (type !== "meeting") return contact === null ? [] : [contact];
  const known = subject.others.filter(
    (person) => person !== contact && person.createdAt <= occurredAt,
  );
  const more = random.some(random.between(0, 3), known);
  return contact === null ? more : [contact, ...more];
}

function participantsOf(type: string, userId: string, contacts: readonly MadeContact[]): string {
  if (type !== "meeting") return "[]";
  return JSON.stringify([
    { type: "user", id: userId },
    ...contacts.map(({ id, label }) => ({ type: "contact", id: `con-${id}`, name: label })),
  ]);
}
