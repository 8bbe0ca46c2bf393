import { withOwner } from "../db/with-owner.ts";
import { type OnProgress, seedPlans, today } from "./seed.ts";
import type { TenantPlan } from "./world.ts";

// Any number that no other part locks: of two processes that start at once, one writes the demo.
const demoLock = 4_715_001;
const demoSeed = 9;

const demoTenants: readonly Omit<TenantPlan, "seed" | "anchor" | "history">[] = [
  {
    slug: "north-harbor",
    name: "North Harbor Facilities",
    currency: "USD",
    timeZone: "America/New_York",
    accounts: 100,
  },
  {
    slug: "blue-ridge",
    name: "Blue Ridge Supply",
    currency: "USD",
    timeZone: "America/Denver",
    accounts: 52,
  },
];

/**
 * Makes sure that the demo's two tenants, `north-harbor` and `blue-ridge`, are there: writes those
 * that are missing (as the owner, `url`) and touches nothing else. Any number of processes may do
 * it at once.
 */
export async function seedDemo(options: { url: string; onProgress?: OnProgress }): Promise<void> {
  const { url, onProgress } = options;
  await withOwner(url, "seed", async (client) => {
    await client.query("SELECT pg_advisory_lock($1)", [demoLock]);
    const { rows } = await client.query<{ slug: string }>(
      "SELECT slug FROM tenants WHERE slug = ANY($1)",
      [demoTenants.map(({ slug }) => slug)],
    );
    const missing = demoTenants.filter((tenant) => rows.every(({ slug }) => slug !== tenant.slug));
    if (missing.length === 0) return;
    const anchor = today();
    const plans = missing.map((tenant) => ({ ...tenant, seed: demoSeed, anchor, history: true }));
    await seedPlans({ url, plans, onProgress });
  });
}
