import { v7 as uuidv7 } from "uuid";
import { Random } from "./random.ts";

export const hour = 3_600_000;
export const day = 24 * hour;

/** One tenant to make. The same plan makes the same rows, to the byte. */
export type TenantPlan = {
  slug: string;
  name: string;
  currency: string;
  timeZone: string;
  /** How many accounts, with all that hangs on them. */
  accounts: number;
  seed: number;
  /** The end of its history: nothing was written later. */
  anchor: Date;
  /** Whether its change log is written too. */
  history: boolean;
};

/** What took a record away, and all that it contained. */
export type Deletion = { at: number; by: string; id: string };

/** An account that may become a parent. */
type ParentCandidate = { id: string; depth: number };

/** What the makers of one tenant's records share. */
export type World = {
  plan: TenantPlan;
  random: Random;
  tenantId: string;
  /** History runs from here … */
  start: number;
  /** … to here, in milliseconds. */
  anchor: number;
  /** The tenant's people, `usr-…`. */
  users: readonly string[];
  departments: readonly string[];
  /** A few earlier accounts: enough for chains, and flat in memory. */
  parents: ParentCandidate[];
  /** Last number given out by kind and year. */
  numbers: Map<string, number>;
  /** Where the sequence of company names begins. */
  nameOffset: number;
};

const history = 3 * 365 * day;
/** The time in the ids of a tenant and its people: a slug has the same ones on whatever day it is seeded. */
const idTime = Date.UTC(2023, 10, 30);

/** The beginning of a tenant: its people and an empty memory. Tenants of other slugs are others. */
export function makeWorld(plan: TenantPlan): World {
  const random = new Random(`${plan.seed}/${plan.slug}`);
  const anchor = plan.anchor.getTime();
  const start = anchor - history;
  const newUuid = (): string => uuidOf(idTime, random);
  return {
    plan,
    random,
    tenantId: newUuid(),
    start,
    anchor,
    users: Array.from({ length: random.between(6, 12) }, () => `usr-${newUuid()}`),
    departments: Array.from({ length: random.between(2, 4) }, newUuid),
    parents: [],
    numbers: new Map(),
    nameOffset: random.between(0, 1_000_000),
  };
}

/** A UUIDv7 of the record's time. */
export const newId = ({ random }: World, at: number): string => uuidOf(at, random);

const uuidOf = (msecs: number, random: Random): string =>
  uuidv7({ msecs, random: random.bytes(16) });

/** The next number of its kind and year, e.g. `DEAL-2026-00417`. */
export function nextNumber(world: World, kind: "deal" | "quote", at: number): string {
  const year = new Date(at).getUTCFullYear();
  const key = `${kind}/${year}`;
  const value = (world.numbers.get(key) ?? 0) + 1;
  world.numbers.set(key, value);
  return `${kind === "deal" ? "DEAL" : "Q"}-${year}-${String(value).padStart(5, "0")}`;
}

/** A time from `from` up to, and without, `until`: in office hours where there is room. */
export function momentBetween(random: Random, from: number, until: number): number {
  if (until <= from) return from;
  const any = from + Math.floor(random.share() * (until - from));
  // 13 to 22 UTC is the working day of North America; weekends move to Friday.
  const weekday = (Math.floor(any / day) + 4) % 7;
  const workday = Math.floor(any / day) - (weekday === 6 ? 1 : weekday === 0 ? 2 : 0);
  const working = workday * day + 13 * hour + Math.floor(random.share() * 9 * hour);
  return working >= from && working < until ? working : any;
}

/** The instant as text. */
export function instant(at: number): string {
  return new Date(at).toISOString();
}

/** The day (UTC) as text. */
export function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}

const sourceTypes: readonly (readonly [string, number])[] = [
  ["api", 60],
  ["frontend", 30],
  ["backend", 8],
  ["system", 2],
];

/** A write of a record after its creation. */
type Turn = { at: number; by: string };

/**
 * Actor stamps, version and times of a record that was created, changed by the `turns` (in their order) and perhaps
 * deleted. Every turn is one that history.ts finds again in the rows, or the log would lack a version.
 */
export function stampsOf(
  world: World,
  made: {
    createdAt: number;
    by: string;
    deletion: Deletion | null;
    turns?: readonly Turn[];
  },
): {
  source_type: string;
  version: number;
  created_at: string;
  created_by: string;
  updated_at: string;
  updated_by: string;
  deleted_at: string | null;
  deleted_by: string | null;
  deletion_id: string | null;
} {
  const { deletion, turns = [] } = made;
  const last = deletion ?? turns.at(-1) ?? { at: made.createdAt, by: made.by };
  return {
    source_type: world.random.weighted(sourceTypes),
    version: 1 + turns.length + (deletion === null ? 0 : 1),
    created_at: instant(made.createdAt),
    created_by: made.by,
    updated_at: instant(last.at),
    updated_by: last.by,
    deleted_at: deletion === null ? null : instant(deletion.at),
    deleted_by: deletion?.by ?? null,
    deletion_id: deletion?.id ?? null,
  };
}
