import type { Outcome } from "../support/writes/mutation.ts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { casesOf } from "../support/run/run-length.ts";
import { race, startRaceTrack, type RaceTrack } from "../support/writes/races.ts";
import { seededRandom } from "../support/writes/random-writes.ts";
import { aftermath, peace } from "../support/writes/soundness.ts";
import { uuidOf } from "../support/samples/one-of-each.ts";

type Write = readonly [field: string, args: Record<string, unknown>];

let track: RaceTrack;
beforeAll(async () => {
  track = await startRaceTrack();
});
afterAll(() => track.close());

const tables = ["contacts", "deals", "activities", "quotes"] as const;

/** Rows that still refer to what was merged, by what they are, and pointers that do not name a survivor. */
async function leftBehind(): Promise<Record<string, unknown>> {
  const references = [
    ...tables.map((table) => [table, "account_id", "accounts"] as const),
    ["accounts", "parent_account_id", "accounts"],
    ["accounts", "merged_into_id", "accounts"],
    ["contacts", "merged_into_id", "contacts"],
    ["contacts", "reports_to_contact_id", "contacts"],
    ["deals", "primary_contact_id", "contacts"],
    ["activities", "contact_id", "contacts"],
    ["deal_contacts", "contact_id", "contacts"],
    ["activity_contacts", "contact_id", "contacts"],
  ] as const;
  const found: Record<string, unknown> = {};
  for (const [table, column, target] of references) {
    const rows = await track.sql(
      `SELECT r.* FROM ${table} r JOIN ${target} t ON t.tenant_id = r.tenant_id AND t.id = r.${column} WHERE t.merged_into_id IS NOT NULL`,
    );
    if (rows.length > 0) found[`${table}.${column}`] = rows.slice(0, 2);
  }
  return found;
}

/** What a family of accounts is made of. */
type Family = {
  readonly accounts: readonly string[];
  readonly contacts: readonly string[];
  readonly deals: readonly string[];
};

/** Accounts with people that have emails in common, deals with them, and activities. */
async function family(size: number, round: number): Promise<Family> {
  const accounts = await race(size, () => track.make("Account", { name: `Round ${round}` }));
  const contacts: string[] = [];
  const deals: string[] = [];
  for (const [place, account_id] of accounts.entries()) {
    const boss = await track.make("Contact", {
      account_id,
      email: `boss-${round}@twins.example`,
      is_primary: true,
    });
    const own = await track.make("Contact", {
      account_id,
      email: `own-${round}-${place}@twins.example`,
      reports_to_contact_id: boss,
    });
    const deal = await track.make("Deal", {
      account_id,
      contact_ids: [boss],
      primary_contact_id: own,
    });
    await track.make("Quote", { account_id, deal_id: deal, is_primary: true });
    await track.make("Activity", { deal_id: deal, contact_ids: [own, contacts.at(-1) ?? own] });
    contacts.push(boss, own);
    deals.push(deal);
  }
  return { accounts, contacts, deals };
}

/** One of a list, by the racer's number. */
function pick(items: readonly string[], index: number): string {
  return items[index % items.length] ?? "";
}

async function run(writes: readonly Write[], codes: readonly string[]): Promise<Outcome[]> {
  const written = await race(writes.length, (racer) => {
    const [field, args] = writes[racer] ?? ["", {}];
    return track.write(field, args, racer % 2);
  });
  const unexpected = written
    .flatMap(({ userErrors }) => userErrors)
    .filter(({ code }) => !codes.includes(code));
  expect(unexpected).toEqual([]);
  return written;
}

/** Live accounts among these. */
async function living(ids: readonly string[]): Promise<string[]> {
  const rows = await track.sql(
    "SELECT id FROM accounts WHERE id = ANY ($1) AND deleted_at IS NULL",
    ids,
  );
  return rows.map(({ id }) => `acc-${String(id)}`);
}

const merge = (into: string, from: string): Write => ["mergeAccounts", { into, from }];

describe("20 merges at once", () => {
  it("of a ring of accounts and of pairs both ways leave one, with all that there was", async () => {
    for (let round = 0; round < casesOf(2); round += 1) {
      const { accounts, deals } = await family(5, round);
      const written = await run(
        Array.from({ length: 20 }, (_, racer) => {
          const [into, from] = [pick(accounts, racer), pick(accounts, racer + 1 + (racer % 3))];
          return racer % 2 === 0 ? merge(into, from) : merge(from, into);
        }),
        ["NOT_FOUND"],
      );
      const alive = await living(accounts);
      // Each that was done took one away.
      expect(written.filter(({ id }) => id !== null)).toHaveLength(5 - alive.length);
      expect(alive.length).toBeLessThan(3);
      for (const from of alive.slice(1)) await track.write(...merge(alive[0] ?? "", from));
      const owned = await track.sql(
        "SELECT DISTINCT account_id FROM deals WHERE id = ANY ($1) AND deleted_at IS NULL",
        deals,
      );
      expect(owned).toEqual([{ account_id: uuidOf(alive[0] ?? "") }]);
      const people = await track.sql(
        "SELECT count(*)::int AS people FROM contacts WHERE account_id = $1 AND deleted_at IS NULL",
        alive[0],
      );
      // One boss of all, and five others.
      expect(people).toEqual([{ people: 6 }]);
      expect(await leftBehind()).toEqual({});
    }
    expect(await aftermath(track)).toEqual(peace);
  });

  it("of contacts, and of the accounts that they are at, end in one result", async () => {
    const { accounts, contacts } = await family(4, 3);
    await run(
      Array.from({ length: 20 }, (_, racer) =>
        racer % 4 === 0
          ? merge(pick(accounts, racer / 4), pick(accounts, racer / 4 + 1))
          : [
              "mergeContacts",
              { into: pick(contacts, racer), from: pick(contacts, racer + 1 + (racer % 2)) },
            ],
      ),
      // A manager above a survivor, and a twin that a third one stands beside.
      ["NOT_FOUND", "BAD_USER_INPUT", "DUPLICATE"],
    );
    expect(await leftBehind()).toEqual({});
    expect(await aftermath(track)).toEqual(peace);
  });

  it.each([1, 2, 3].slice(0, casesOf(3)))(
    "beside racing creates, updates, deletes and restores wait for nobody in a circle (seed %i)",
    async (seed) => {
      const { accounts, contacts, deals } = await family(4, 10 + seed);
      const random = seededRandom(seed);
      const any = (items: readonly string[]) => pick(items, Math.floor(random() * items.length));
      const others: readonly (() => Write)[] = [
        () => ["createContact", { input: { account_id: any(accounts), is_primary: true } }],
        () => [
          "createContact",
          { input: { account_id: any(accounts), reports_to_contact_id: any(contacts) } },
        ],
        () => [
          "createDeal",
          { input: { account_id: any(accounts), contact_ids: [any(contacts), any(contacts)] } },
        ],
        () => ["createActivity", { input: { deal_id: any(deals), contact_ids: [any(contacts)] } }],
        () => ["createActivity", { input: { contact_id: any(contacts) } }],
        () => ["createQuote", { input: { account_id: any(accounts), deal_id: any(deals) } }],
        () => [
          "updateDeal",
          {
            id: any(deals),
            input: {
              contact_ids: [any(contacts), any(contacts)],
              primary_contact_id: any(contacts),
            },
          },
        ],
        () => ["updateContact", { id: any(contacts), input: { is_primary: true } }],
        () => ["updateContact", { id: any(contacts), input: { account_id: any(accounts) } }],
        () => ["updateAccount", { id: any(accounts), input: { parent_account_id: any(accounts) } }],
        () => ["deleteDeal", { id: any(deals) }],
        () => ["restoreDeal", { id: any(deals) }],
        () => ["deleteContact", { id: any(contacts) }],
        () => ["restoreContact", { id: any(contacts) }],
        () => ["deleteAccount", { id: any(accounts) }],
        () => ["restoreAccount", { id: any(accounts) }],
      ];
      const writes = Array.from({ length: 60 }, (_, racer): Write => {
        if (racer % 3 > 0) return others[Math.floor(random() * others.length)]?.() ?? ["", {}];
        return racer % 2 === 0
          ? merge(any(accounts), any(accounts))
          : ["mergeContacts", { into: any(contacts), from: any(contacts) }];
      });
      await run(writes, ["NOT_FOUND", "BAD_USER_INPUT", "DUPLICATE"]);
      expect(await leftBehind()).toEqual({});
      expect(await aftermath(track)).toEqual(peace);
    },
  );
});

describe("a merge does not wait in a circle", () => {
  it("for those who link the contact that goes to deals that it is linked to", async () => {
    const account_id = await track.make("Account", {});
    for (let round = 0; round < casesOf(6, 2); round += 1) {
      const into = await track.make("Contact", { account_id });
      const from = await track.make("Contact", { account_id });
      const contact_ids = [from];
      const deals = await race(6, () => track.make("Deal", { account_id, contact_ids }));
      await run(
        Array.from({ length: 25 }, (_, racer): Write => {
          if (racer === 12) return ["mergeContacts", { into, from }];
          const input = { contact_ids: racer % 2 === 0 ? [from, into] : [from] };
          return ["updateDeal", { id: pick(deals, racer), input }];
        }),
        ["NOT_FOUND"],
      );
    }
    expect(await leftBehind()).toEqual({});
    expect(await aftermath(track)).toEqual(peace);
  });

  it("with the deletion of deals that it moves and with what is logged on them", async () => {
    for (let round = 0; round < casesOf(6, 2); round += 1) {
      const [into, from] = [await track.make("Account", {}), await track.make("Account", {})];
      const deals = await race(4, () => track.make("Deal", { account_id: from }));
      for (const deal_id of deals) await track.make("Activity", { deal_id });
      await run(
        Array.from({ length: 33 }, (_, racer): Write => {
          if (racer === 1) return merge(into, from);
          const deal = pick(deals, racer);
          return racer > 1 && racer < 6
            ? ["deleteDeal", { id: deal }]
            : ["createActivity", { input: { deal_id: deal } }];
        }),
        ["NOT_FOUND"],
      );
    }
    expect(await leftBehind()).toEqual({});
    expect(await aftermath(track)).toEqual(peace);
  });
});

describe("an activity that is logged while its deal goes to another account", () => {
  it("is logged there, and nobody is told of an account that was not named", async () => {
    for (let round = 20; round < 20 + casesOf(3); round += 1) {
      const { accounts, deals, contacts } = await family(2, round);
      const [into = "", from = ""] = accounts;
      const written = await run(
        Array.from({ length: 12 }, (_, racer): Write => {
          if (racer === 4) return merge(into, from);
          const input = racer % 2 === 0 ? { deal_id: deals[1] } : { contact_id: contacts[3] };
          return ["createActivity", { input }];
        }),
        [],
      );
      expect(written.every(({ id }) => id !== null)).toBe(true);
    }
    expect(await leftBehind()).toEqual({});
    expect(await aftermath(track)).toEqual(peace);
  });
});
