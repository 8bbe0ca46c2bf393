import type pg from "pg";
import { withOwner } from "../db/with-owner.ts";
import { type Loaded, loadTenant } from "./load.ts";
import { companyName } from "./naming.ts";
import { Random } from "./random.ts";
import { tableNames } from "./tables.ts";
import { timeZones } from "./words-business.ts";
import { day, type TenantPlan } from "./world.ts";

/** Called after every portion: rows so far, rows expected (an estimate until the end), and where. */
/** Hears how many accounts of how many are written, and of which tenant the last ones were. */
export type OnProgress = (accounts: number, total: number, slug: string) => void;

/** What a seeding did. */
type Seeded = { tenants: number; rows: number; seconds: number };

/** Tenants written at the same time, each on its own connection. */
const connections = 2;
// Any number that no other part locks: two seedings at once would take the same slugs.
const seedLock = 4_715_002;

/**
 * Adds `tenants` tenants with `accounts` accounts each and all that hangs on them, as the owner of
 * the tables (`url`). The same `seed`, `anchor` and slugs give the same rows, to the byte. A slug
 * that is taken gets a number: seeding again adds `tenant-6` after `tenant-5`. Every tenant is
 * written as a whole or not at all; when one fails, so does the call.
 */
export async function seed(options: {
  url: string;
  tenants: number;
  /** For each tenant. */
  accounts: number;
  seed: number;
  /** Wanted slugs, by tenant; `tenant-<number>` where there is none. */
  slugs?: readonly string[];
  /** No row is younger; today at 00:00 UTC when left out. */
  anchor?: Date;
  /** Whether the tenants get their change log too, which about doubles the rows; without it the log starts empty. */
  history?: boolean;
  onProgress?: OnProgress;
}): Promise<Seeded> {
  const { url, anchor = today() } = options;
  return await withOwner(url, "seed", async (client) => {
    await client.query("SELECT pg_advisory_lock($1)", [seedLock]);
    const slugs = await freeSlugs(client, options.tenants, options.slugs ?? []);
    const plans = slugs.map((slug) => planOf(slug, { history: false, ...options, anchor }));
    return await seedPlans({ url, plans, onProgress: options.onProgress });
  });
}

/** Writes the planned tenants, whose slugs must be free, and refreshes the tables' statistics. */
export async function seedPlans(options: {
  url: string;
  plans: readonly TenantPlan[];
  onProgress?: OnProgress | undefined;
}): Promise<Seeded> {
  const { url, plans } = options;
  const startedAt = performance.now();
  const accounts = plans.reduce((sum, plan) => sum + plan.accounts, 0);
  const done = { rows: 0, accounts: 0 };
  const onLoaded = (loaded: Loaded): void => {
    done.rows += loaded.rows;
    done.accounts += loaded.accounts;
    options.onProgress?.(done.accounts, accounts, loaded.slug);
  };
  const queue = [...plans];
  let failed = false;
  let analyzed = false;
  // Once, by whoever comes first: two loads would wait for each other's lock until the end.
  const analyzes = (): boolean => {
    const mine = !analyzed;
    analyzed = true;
    return mine;
  };
  const work = async (): Promise<void> => {
    await withOwner(url, "seed", async (client) => {
      for (let plan = queue.shift(); plan !== undefined; plan = queue.shift()) {
        await loadTenant(client, plan, { onLoaded, stopped: () => failed, analyzes });
      }
    }).catch((error: unknown) => {
      // The first failure ends the others; theirs would only say so.
      const first = !failed;
      failed = true;
      queue.length = 0;
      if (first) throw error;
    });
  };
  const workers = Array.from({ length: Math.min(connections, plans.length) }, work);
  for (const result of await Promise.allSettled(workers)) {
    if (result.status === "rejected") throw result.reason;
  }
  await withOwner(url, "seed", finish);
  return {
    tenants: plans.length,
    rows: done.rows,
    seconds: (performance.now() - startedAt) / 1000,
  };
}

/** Files what the search indexes still hold unsorted, and counts anew what the planner goes by. */
async function finish(client: pg.Client): Promise<void> {
  await client.query("SET statement_timeout = 0");
  await client.query(
    `SELECT gin_clean_pending_list(c.oid) FROM pg_class c
     JOIN pg_am m ON m.oid = c.relam JOIN pg_index i ON i.indexrelid = c.oid
     WHERE m.amname = 'gin' AND i.indrelid = ANY($1::regclass[])`,
    [tableNames],
  );
  await client.query(`ANALYZE ${tableNames.join(", ")}, change_events`);
}

/** One slug for each tenant: the wanted one while it is free, otherwise with the next number. */
async function freeSlugs(
  client: pg.Client,
  count: number,
  wanted: readonly string[],
): Promise<string[]> {
  const { rows } = await client.query<{ slug: string }>("SELECT slug FROM tenants");
  const taken = new Set(rows.map(({ slug }) => slug));
  const next = new Map<string, number>();
  return Array.from({ length: count }, (_, position) => {
    const base = wanted[position];
    let slug = base ?? "tenant-1";
    let number = next.get(base ?? "tenant") ?? 2;
    for (; taken.has(slug); number += 1) slug = `${base ?? "tenant"}-${number}`;
    next.set(base ?? "tenant", number);
    taken.add(slug);
    return slug;
  });
}

function planOf(
  slug: string,
  options: Pick<TenantPlan, "accounts" | "seed" | "anchor" | "history">,
): TenantPlan {
  const random = new Random(`${options.seed}/${slug}/plan`);
  return {
    slug,
    name: companyName(random.between(0, 2_000), 0).name,
    currency: random.weighted([
      ["USD", 80],
      ["EUR", 12],
      ["GBP", 8],
    ]),
    timeZone: random.pick(timeZones),
    accounts: options.accounts,
    seed: options.seed,
    anchor: options.anchor,
    history: options.history,
  };
}

/** Today at 00:00 UTC. */
export function today(): Date {
  return new Date(Math.floor(Date.now() / day) * day);
}
