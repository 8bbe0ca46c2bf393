import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  accountFamily,
  familyTables,
  type AccountFamily,
} from "../support/samples/account-family.ts";
import type { Made, TenantFixtures } from "../support/samples/fixtures.ts";
import { at, startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { idOf, type Outcome, problemsOf } from "../support/writes/mutation.ts";
import { Writes } from "../support/writes/writes.ts";

let gateway: TestGateway;
let tenant: TenantFixtures;
let write: Writes;
let family: AccountFamily;
/** Another account, with a person who takes part in the family's latest activity. */
let other: Made;
let guest: Made;
let label: string;

beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

beforeEach(async () => {
  label = `f${gateway.fixtures.next()}`;
  tenant = await gateway.fixtures.tenant(label);
  write = new Writes(gateway, await gateway.keyFor(label));
  family = await accountFamily(tenant, 50, label);
  other = await tenant.account();
  guest = await tenant.contact(other);
  const latest = family.activities.at(-1);
  if (latest !== undefined) await tenant.participant(latest, guest);
  await write.created("Activity", { contact_id: guest.id, occurred_at: "2025-05-05T00:00:00Z" });
  await gateway.fixtures.client.query(
    "UPDATE contacts SET last_interaction_at = '2026-01-01T01:39:00Z' WHERE id = $1",
    [guest.uuid],
  );
});

type Row = { readonly id: string; readonly deletion_id: string | null; readonly version: number };

/** All rows of the tenant, by table. */
async function rows(): Promise<Record<string, readonly Row[]>> {
  const found: Record<string, readonly Row[]> = {};
  for (const table of familyTables) {
    const result = await gateway.fixtures.client.query<Row>(
      `SELECT id, deletion_id, version FROM ${table} WHERE tenant_id = $1 ORDER BY id`,
      [tenant.uuid],
    );
    found[table] = result.rows;
  }
  return found;
}

/** The ids of the live rows. */
async function live(): Promise<Record<string, readonly string[]>> {
  return Object.fromEntries(
    Object.entries(await rows()).map(([table, list]) => [
      table,
      list.filter(({ deletion_id }) => deletion_id === null).map(({ id }) => id),
    ]),
  );
}

/** How many live records hold something else than what follows from the others. */
async function wrongDerivations(): Promise<unknown> {
  const { client } = gateway.fixtures;
  const { rows: found } = await client.query(
    `SELECT
      (SELECT count(*)::integer FROM accounts a WHERE a.tenant_id = $1 AND a.deleted_at IS NULL AND a.last_activity_at IS DISTINCT FROM
        (SELECT max(x.occurred_at) FROM activities x WHERE x.tenant_id = $1 AND x.account_id = a.id AND x.deleted_at IS NULL)) AS last_activity_at,
      (SELECT count(*)::integer FROM contacts c WHERE c.tenant_id = $1 AND c.deleted_at IS NULL AND c.last_interaction_at IS DISTINCT FROM
        (SELECT max(x.occurred_at) FROM activity_contacts l JOIN activities x ON x.tenant_id = $1 AND x.id = l.activity_id
         WHERE l.tenant_id = $1 AND l.contact_id = c.id AND x.deleted_at IS NULL)) AS last_interaction_at,
      (SELECT count(*)::integer FROM quotes q WHERE q.tenant_id = $1 AND q.deleted_at IS NULL AND q.total <>
        (SELECT sum(l.total) FROM line_items l WHERE l.tenant_id = $1 AND l.quote_id = q.id AND l.deleted_at IS NULL)) AS total`,
    [tenant.uuid],
  );
  return found;
}
const allRight = [{ last_activity_at: 0, last_interaction_at: 0, total: 0 }];

const accept = (outcome: Outcome) => expect(problemsOf(outcome)).toEqual([]);
const remove = async (type: string, { id }: { id: string }) => accept(await write.delete(type, id));
const restore = (): Promise<Outcome> => write.restore("Account", family.account.id);

/** Deletes some of everything, one by one. */
async function deleteSome(): Promise<void> {
  const some = [
    ...family.lineItems.slice(100, 104).map((made) => ["LineItem", made] as const),
    ...family.quotes.slice(60, 64).map((made) => ["Quote", made] as const),
    ...family.deals.slice(46, 50).map((made) => ["Deal", made] as const),
    ...family.contacts.slice(95, 100).map((made) => ["Contact", made] as const),
  ];
  for (const [type, made] of some) await remove(type, made);
}

describe("an account with 500 descendants, some deleted earlier, is deleted and restored", () => {
  it("exactly those come back that the deletion took", async () => {
    await deleteSome();
    const before = await live();
    const earlier = (await rows())["deals"]?.filter(({ deletion_id }) => deletion_id !== null);
    expect(Object.values(before).map((ids) => ids.length)).toEqual([2, 96, 46, 92, 134, 97]);
    await remove("Account", family.account);
    expect(Object.values(await live()).map((ids) => ids.length)).toEqual([1, 1, 0, 0, 0, 1]);
    accept(await restore());
    expect(await live()).toEqual(before);
    const after = (await rows())["deals"]?.filter(({ deletion_id }) => deletion_id !== null);
    expect(after).toEqual(earlier);
    expect(after).toHaveLength(4);
  });

  it("what was deleted earlier comes back by its own restore, with what that took", async () => {
    const whole = await live();
    await deleteSome();
    await remove("Account", family.account);
    accept(await restore());
    for (const [type, made] of [
      ["LineItem", family.lineItems.slice(100, 104)],
      ["Quote", family.quotes.slice(60, 64)],
      ["Deal", family.deals.slice(46, 50)],
      ["Contact", family.contacts.slice(95, 100)],
    ] as const) {
      for (const { id } of made) accept(await write.restore(type, id));
    }
    expect(await live()).toEqual(whole);
    expect(await wrongDerivations()).toEqual(allRight);
  });

  it("edges between what comes back are whole again", async () => {
    const selection =
      "primaryContactId contacts { nodes { id } } quotes { nodes { id isPrimary } }";
    const [deal] = family.deals;
    const before = await write.read("Deal", deal?.id ?? "", selection);
    await remove("Account", family.account);
    accept(await restore());
    const after = await write.read("Deal", deal?.id ?? "", selection);
    expect(after).toEqual(before);
    expect(at(after, "quotes", "nodes")).toEqual([{ id: family.quotes[0]?.id, isPrimary: true }]);
  });

  it("last_activity_at, last_interaction_at and totals are right, before and after", async () => {
    expect(await wrongDerivations()).toEqual(allRight);
    await deleteSome();
    expect(await wrongDerivations()).toEqual(allRight);
    await remove("Account", family.account);
    const lastSeen = () => write.read("Contact", guest.id, "lastInteractionAt");
    expect(await lastSeen()).toEqual({ lastInteractionAt: "2025-05-05T00:00:00.000Z" });
    expect(await wrongDerivations()).toEqual(allRight);
    await write.created("Activity", { contact_id: guest.id, occurred_at: "2025-12-12T00:00:00Z" });
    accept(await restore());
    expect(await lastSeen()).toEqual({ lastInteractionAt: "2026-01-01T01:39:00.000Z" });
    expect(await wrongDerivations()).toEqual(allRight);
  });
});

describe("a value that was taken meanwhile is reported, and nothing is half restored", () => {
  it("the account's email, with the id of the record that has it", async () => {
    await remove("Account", family.account);
    const taker = await write.created("Account", {
      email: `${label.toUpperCase()}@family.example`,
    });
    const before = await rows();
    const outcome = await restore();
    expect(outcome.record).toBeNull();
    expect(outcome.userErrors).toMatchObject([
      { __typename: "DuplicateError", path: ["email"], existingId: idOf(taker) },
    ]);
    expect(await rows()).toEqual(before);
    await remove("Account", { id: idOf(taker) });
    accept(await restore());
  });

  it.each([
    ["Deal", "deals", "deal_number", () => `DEAL-${label}-7`],
    ["Quote", "quotes", "quote_number", () => `Q-${label}-7`],
  ])("the number of a %s that would come back", async (type, plural, field, number) => {
    await remove("Account", family.account);
    const input = { account_id: other.id, [field]: number() };
    const taker = idOf(await write.created(type, input));
    const before = await rows();
    const outcome = await restore();
    expect(outcome.record).toBeNull();
    expect(outcome.userErrors).toMatchObject([
      {
        code: "DUPLICATE",
        path: [plural, field],
        message: expect.stringContaining(number()),
      },
    ]);
    expect(await rows()).toEqual(before);
    // Who may not read what would come back is told that something stands in the way, and not its number.
    const blind = new Writes(
      gateway,
      await gateway.keyFor(tenant.slug, ["write:accounts", "read:accounts"]),
    );
    const { userErrors } = await blind.restore("Account", family.account.id);
    expect(userErrors).toMatchObject([{ code: "DUPLICATE", path: [plural, field] }]);
    expect(JSON.stringify(userErrors)).not.toContain(number());
    await remove(type, { id: taker });
    accept(await restore());
  });

  it("all of them at once", async () => {
    await remove("Account", family.account);
    const email = `${label}@family.example`;
    await write.created("Account", { email });
    const owner = { account_id: other.id };
    for (const place of [3, 4]) {
      await write.created("Deal", { ...owner, deal_number: `DEAL-${label}-${place}` });
    }
    await write.created("Quote", { ...owner, quote_number: `Q-${label}-9` });
    expect(problemsOf(await restore()).toSorted()).toEqual([
      "DUPLICATE deals.deal_number",
      "DUPLICATE deals.deal_number",
      "DUPLICATE email",
      "DUPLICATE quotes.quote_number",
    ]);
  });
});

it("the number of SQL statements does not grow with the descendants", async () => {
  const counts: number[][] = [];
  for (const size of [2, 50]) {
    const { account } = await accountFamily(tenant, size, `${label}-${size}`);
    const count: number[] = [];
    for (const verb of ["delete", "restore"] as const) {
      gateway.statements.clear();
      accept(await write[verb]("Account", account.id));
      count.push(gateway.statements.all().length);
    }
    counts.push(count);
  }
  const [small, large] = counts;
  expect(large).toEqual(small);
  expect(Math.max(...(large ?? []))).toBeLessThan(30);
});
