import { isClosed, openStages, type UsualStage } from "../modules/deal/stages.ts";
import { arrayText } from "./copy-text.ts";
import { type MadeAccount, makeDeletion } from "./make-account.ts";
import type { MadeContact } from "./make-contact.ts";
import type { Row } from "./tables.ts";
import {
  competitors,
  dealSubjects,
  dealTags,
  dealTypes,
  leadSources,
  losses,
  lostNotes,
  pipelines,
  wonNotes,
} from "./words-business.ts";
import {
  day,
  dayOf,
  type Deletion,
  hour,
  instant,
  momentBetween,
  newId,
  stampsOf,
  type World,
} from "./world.ts";

/** A deal with its stakeholders and stage history. */
export type MadeDeal = {
  id: string;
  label: string;
  stage: string;
  createdAt: number;
  /** Its quotes and activities were written before this. */
  until: number;
  /** When its proposal was due: the time of its first quote; null when it never came that far. */
  proposedAt: number | null;
  /** When it was won or lost; `until` while it is open. */
  decidedAt: number;
  deletion: Deletion | null;
  /** Deleted on its own, and empty: takes no quotes and activities. */
  gone: boolean;
  contacts: MadeContact[];
  row: Row<"deals">;
  dealContacts: Row<"deal_contacts">[];
  stageChanges: Row<"deal_stage_changes">[];
};

const probabilities: Readonly<Record<UsualStage, string>> = {
  lead: "10",
  qualified: "25",
  proposal: "50",
  negotiation: "75",
  closed_won: "100",
  closed_lost: "0",
};
const forecasts: Readonly<Record<UsualStage, string>> = {
  lead: "pipeline",
  qualified: "pipeline",
  proposal: "best case",
  negotiation: "commit",
  closed_won: "closed",
  closed_lost: "omitted",
};

/** The deals with an account. Their numbers are given later, in the order of their creation. */
export function makeDeals(
  world: World,
  account: MadeAccount,
  people: readonly MadeContact[],
): MadeDeal[] {
  const { random } = world;
  const count = random.chance(0.3) ? 0 : 1 + random.tail(1.1, 1.5, 14);
  return Array.from({ length: count }, () => makeDeal(world, account, people));
}

function makeDeal(world: World, account: MadeAccount, people: readonly MadeContact[]): MadeDeal {
  const { random } = world;
  const createdAt = momentBetween(random, account.createdAt, account.until - hour);
  const id = newId(world, createdAt);
  const gone =
    account.deletion === null && createdAt < world.anchor - 3 * day && random.chance(0.02);
  const deletion = gone ? makeDeletion(world, createdAt) : account.deletion;
  const until = deletion?.at ?? account.until;
  const path = pathOf(world, createdAt, until);
  const { stage, at: changedAt } = path.at(-1) ?? { stage: "lead" as const, at: createdAt };
  const contacts = stakeholders(world, people, createdAt);
  const [primary] = contacts;
  const closed = isClosed(stage);
  const loss = stage === "closed_lost" ? random.pick(losses) : null;
  const ownerId = random.chance(0.8) ? account.ownerId : random.pick(world.users);
  const stageChanges = path.map((change, position) => ({
    id: newId(world, change.at),
    deal_id: id,
    from_stage: path[position - 1]?.stage ?? null,
    to_stage: change.stage,
    changed_at: instant(change.at),
    changed_by: position === 0 ? ownerId : random.pick([ownerId, random.pick(world.users)]),
  }));
  const label = `${random.pick(dealSubjects)} ${new Date(createdAt).getUTCFullYear()}`;
  const row: Row<"deals"> = {
    id,
    account_id: account.id,
    name: random.chance(0.97) ? `${account.label}: ${label}` : null,
    deal_number: "",
    owner_id: random.chance(0.96) ? ownerId : null,
    pipeline_id: random.maybe(0.6, pipelines),
    stage,
    value: stage === "lead" && random.chance(0.3) ? null : valueOf(world),
    currency: currencyOf(world),
    probability: random.chance(0.9) ? probabilities[stage] : null,
    forecast_category: random.chance(0.7) ? forecasts[stage] : null,
    expected_close_date: random.chance(0.85)
      ? dayOf(createdAt + random.between(20, 240) * day)
      : null,
    actual_close_date: closed ? dayOf(changedAt) : null,
    next_followup_date:
      !closed && random.chance(0.6) ? dayOf(world.anchor + random.between(-10, 40) * day) : null,
    deal_type: random.weighted(dealTypes),
    deal_source: random.maybe(0.7, leadSources),
    competitors: arrayText(random.some(random.tail(0.6, 1.6, 3), competitors)),
    loss_reason: loss?.[1] ?? null,
    loss_category: loss?.[0] ?? null,
    closure_notes: closed ? random.maybe(0.4, loss === null ? wonNotes : lostNotes) : null,
    primary_contact_id: primary?.id ?? null,
    rfp_record_id: random.chance(0.08) ? `rfp-${newId(world, createdAt)}` : null,
    linked_task_ids: random.chance(0.05) ? arrayText([`tsk-${newId(world, createdAt)}`]) : "{}",
    tags: arrayText(random.some(random.tail(0.8, 1.6, 4), dealTags)),
    custom_fields: customFieldsOf(world),
    ...stampsOf(world, {
      createdAt,
      by: ownerId,
      deletion,
      turns: stageChanges
        .slice(1)
        .map(({ changed_at: at, changed_by: by }) => ({ at: Date.parse(at), by })),
    }),
  };
  const proposedAt = path.find((change) => change.stage === "proposal")?.at ?? null;
  return {
    id,
    label,
    stage,
    createdAt,
    until,
    proposedAt,
    decidedAt: closed ? changedAt : until,
    deletion,
    gone,
    contacts,
    row,
    dealContacts: contacts.map((contact) => ({
      deal_id: id,
      contact_id: contact.id,
      created_at: instant(createdAt),
    })),
    stageChanges,
  };
}

/** The stages a deal went through. Old deals are decided, young ones are on their way. */
function pathOf(
  world: World,
  createdAt: number,
  until: number,
): { stage: UsualStage; at: number }[] {
  const { random } = world;
  const age = (until - createdAt) / day;
  const decided = random.chance(Math.min(0.92, age / 260));
  const won = decided && random.chance(0.42);
  // Lost deals may end at any stage; won ones pass through all.
  const reached = won ? openStages.length : random.between(1, openStages.length);
  const stages: UsualStage[] = openStages.slice(0, reached);
  if (decided) stages.push(won ? "closed_won" : "closed_lost");
  const span = Math.min(until - createdAt, random.between(20, 300) * day);
  const slot = Math.floor(span / stages.length);
  return stages.map((stage, position) => ({
    stage,
    at:
      position === 0
        ? createdAt
        : momentBetween(random, createdAt + (position - 1) * slot + 1, createdAt + position * slot),
  }));
}

/** The people with a part in the deal, its primary contact first. */
function stakeholders(
  { random }: World,
  people: readonly MadeContact[],
  createdAt: number,
): MadeContact[] {
  const present = people.filter((person) => !person.gone && person.createdAt <= createdAt);
  // Whoever was there first usually leads.
  const [primary, ...others] = present;
  if (primary === undefined || random.chance(0.1)) return [];
  return [primary, ...random.some(random.tail(1.8, 1.8, 4), others)];
}

/** Mostly a few thousand, rarely millions; one in seven with cents. */
function valueOf({ random }: World): string {
  const size = 10 ** (2.7 + random.share() + random.share() + random.share());
  const whole = size > 20_000 ? Math.round(size / 500) * 500 : Math.round(size / 10) * 10;
  return random.chance(0.14)
    ? `${whole}.${String(random.between(1, 99)).padStart(2, "0")}`
    : String(whole);
}

/** Mostly the tenant's own. */
export function currencyOf({ random, plan }: World): string {
  return random.weighted([
    [plan.currency, 88],
    ["EUR", 7],
    ["GBP", 5],
  ]);
}

function customFieldsOf({ random }: World): string {
  if (random.chance(0.7)) return "{}";
  return JSON.stringify({
    procurement: {
      process: random.pick(["direct", "tender", "framework"]),
      budget_confirmed: random.chance(0.5),
    },
    ...(random.chance(0.4) ? { sites: random.between(1, 25) } : {}),
  });
}
