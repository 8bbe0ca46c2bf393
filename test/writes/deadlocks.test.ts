import type { Outcome } from "../support/writes/mutation.ts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { casesOf, isLong } from "../support/run/run-length.ts";
import { errorsOf, idsOf, race, startRaceTrack, type RaceTrack } from "../support/writes/races.ts";
import { aftermath, peace } from "../support/writes/soundness.ts";

// Writers that lock in other orders wait for each other until PostgreSQL ends one of them, after a second: the race
// would come out right, but slowly, and under load not at all.

type Write = readonly [field: string, args: Record<string, unknown>];

let track: RaceTrack;
beforeAll(async () => {
  track = await startRaceTrack();
});
afterAll(() => track.close());

const account = () => track.make("Account", { name: "Harbor" });
const contacts = (count: number, accountId: string | null) =>
  race(count, () => track.make("Contact", { account_id: accountId }));

/** Races, each racer with what `choose` gives it; there are no errors but of these codes. */
async function run(
  count: number,
  codes: readonly string[],
  choose: (racer: number) => Write,
): Promise<Outcome[]> {
  const written = await race(count, (racer) => {
    const [field, args] = choose(racer);
    return track.writeMany(field, args, racer % 3 === 0 ? 1 : 0);
  });
  const unexpected = errorsOf(written.flat()).filter(({ code }) => !codes.includes(code));
  expect(unexpected).toEqual([]);
  return written.flat();
}

/** One of a list, by the racer's number. */
function pick<Item>(items: readonly Item[], index: number): Item {
  const item = items[index % items.length];
  if (item === undefined) throw new Error("nothing to pick from");
  return item;
}

/** Live rows below an account. */
async function below(owner: string): Promise<number> {
  const tables = ["contacts", "deals", "activities", "quotes"];
  const counts = tables.map(
    (table) => `(SELECT count(*) FROM ${table} WHERE account_id = $1 AND deleted_at IS NULL)`,
  );
  const [row] = await track.sql(`SELECT ${counts.join(" + ")} AS live`, owner);
  return Number(row?.["live"]);
}

describe("an account that is deleted", () => {
  it("leaves nothing live that was created below it meanwhile, and comes back with what it took", async () => {
    for (let round = 0; round < casesOf(2); round += 1) {
      const owner = await account();
      const [contact] = await contacts(1, owner);
      const deal = await track.make("Deal", { account_id: owner });
      const line_items = [{ unit_price: "3" }];
      const inputs: readonly Write[] = [
        ["createContact", { account_id: owner, reports_to_contact_id: contact }],
        ["createDeal", { account_id: owner, contact_ids: [contact] }],
        ["createActivity", { deal_id: deal }],
        ["createQuote", { account_id: owner, deal_id: deal, is_primary: true, line_items }],
      ];
      await run(40, ["NOT_FOUND"], (racer) => {
        const [field, input] = pick(inputs, racer);
        return racer === 16 ? ["deleteAccount", { id: owner }] : [field, { input }];
      });
      expect(await below(owner)).toBe(0);
      const [taken] = await track.sql(
        "SELECT count(*) AS events FROM change_events WHERE operation = 'deleted' AND transaction_id = (SELECT max(transaction_id) FROM change_events WHERE entity_id = $1 AND operation = 'deleted')",
        owner,
      );
      await track.write("restoreAccount", { id: owner });
      const [returned] = await track.sql(
        "SELECT count(*) AS events FROM change_events WHERE operation = 'restored' AND transaction_id = (SELECT max(transaction_id) FROM change_events WHERE entity_id = $1 AND operation = 'restored')",
        owner,
      );
      expect(returned).toEqual(taken);
    }
    expect(await aftermath(track)).toEqual(peace);
  });

  it("does not wait for those who change what it contains and refer to it", async () => {
    for (let round = 0; round < casesOf(2); round += 1) {
      const owner = await account();
      const people = await contacts(6, owner);
      const deals = await race(6, () => track.make("Deal", { account_id: owner }));
      const quotes = await race(6, () => track.make("Quote", { account_id: owner }));
      const updates: readonly ((racer: number) => Write)[] = [
        (racer) => [
          "updateContact",
          { id: pick(people.slice(1), racer), input: { reports_to_contact_id: people[0] } },
        ],
        (racer) => [
          "updateDeal",
          { id: pick(deals, racer), input: { primary_contact_id: pick(people, racer) } },
        ],
        (racer) => [
          "updateQuote",
          { id: pick(quotes, racer), input: { deal_id: pick(deals, racer), is_primary: true } },
        ],
        (racer) => ["updateContact", { id: pick(people, racer), input: { is_primary: true } }],
        () => ["updateContacts", { inputs: people.map((id) => ({ id, note: "again" })) }],
      ];
      await run(40, ["NOT_FOUND"], (racer) =>
        racer === 20 ? ["deleteAccount", { id: owner }] : pick(updates, racer)(racer),
      );
      expect(await below(owner)).toBe(0);
    }
    expect(await aftermath(track)).toEqual(peace);
  });

  it("does not wait for another that has its people in common", async () => {
    const owners = await race(4, account);
    const people = (await Promise.all(owners.map((owner) => contacts(3, owner)))).flat();
    for (const owner of owners) {
      await track.make("Activity", { account_id: owner, contact_ids: people.toReversed() });
    }
    await run(4, ["NOT_FOUND"], (racer) => ["deleteAccount", { id: owners[racer] }]);
    await run(4, ["NOT_FOUND"], (racer) => ["restoreAccount", { id: owners[racer] }]);
    expect(await aftermath(track)).toEqual(peace);
  });

  it("is not chosen for a contact by its domain, nor found by an upsert", async () => {
    const owner = await track.make("Account", {
      domain: "gone.example",
      email: "all@gone.example",
    });
    const written = await run(30, [], (racer) => {
      if (racer === 8) return ["deleteAccount", { id: owner }];
      return racer % 2 === 0
        ? ["createContact", { input: { email: `p${racer}@gone.example` } }]
        : ["upsertAccount", { input: { email: "all@gone.example", name: `${racer}` } }];
    });
    expect(idsOf(written)).toHaveLength(30);
    expect(await aftermath(track)).toEqual(peace);
  });
});

describe("parents that would close a circle", () => {
  it.each([
    ["of accounts", "updateAccount", "parent_account_id", false],
    ["of contacts", "updateContact", "reports_to_contact_id", false],
    [
      "of contacts, sent with their account as REST clients do",
      "updateContact",
      "reports_to_contact_id",
      true,
    ],
  ] as const)("%s are refused to one of the racers", async (_, field, key, isWhole) => {
    for (const size of isLong ? [2, 2, 2, 10] : [2, 6]) {
      const owner = await account();
      const ids =
        field === "updateAccount" ? await race(size, account) : await contacts(size, owner);
      const rest = isWhole ? { account_id: owner, is_primary: true } : {};
      const written = await run(size, ["BAD_USER_INPUT"], (racer) => [
        field,
        { id: ids[racer], input: { ...rest, [key]: pick(ids, racer + 1) } },
      ]);
      expect(errorsOf(written).map(({ path }) => path)).toEqual([key]);
    }
    expect(await aftermath(track)).toEqual(peace);
  });

  it("do not make new records and other moves wait for each other", async () => {
    const owner = await account();
    const [manager, ...people] = await contacts(8, owner);
    const rest = { reports_to_contact_id: manager, is_primary: true };
    await run(40, [], (racer) =>
      racer % 2 === 0
        ? ["updateContact", { id: pick(people, racer), input: rest }]
        : ["createContact", { input: { ...rest, account_id: owner } }],
    );
    expect(await aftermath(track)).toEqual(peace);
  });
});

describe("deleting and restoring at once", () => {
  it("ends with one of the two, for an account and for what it contains", async () => {
    const owner = await account();
    const [primary, other] = await contacts(2, owner);
    const deal = await track.make("Deal", { account_id: owner });
    await track.make("Activity", { deal_id: deal, contact_id: primary });
    const quote = await track.make("Quote", {
      account_id: owner,
      deal_id: deal,
      line_items: [{ unit_price: "1" }],
    });
    const writes: readonly Write[] = [
      ["deleteAccount", { id: owner }],
      ["restoreAccount", { id: owner }],
      ["deleteContact", { id: primary }],
      ["restoreContact", { id: primary }],
      ["deleteDeal", { id: deal }],
      ["restoreDeal", { id: deal }],
      ["deleteQuote", { id: quote }],
      ["restoreQuote", { id: quote }],
      ["updateContact", { id: other, input: { is_primary: true } }],
      ["createActivity", { input: { deal_id: deal, contact_id: primary } }],
    ];
    await run(100, ["NOT_FOUND", "BAD_USER_INPUT"], (racer) => pick(writes, racer));
    await track.write("restoreAccount", { id: owner });
    expect(await aftermath(track)).toEqual(peace);
  });

  it("of a deal does not wait for activities with it", async () => {
    const owner = await account();
    const [contact] = await contacts(1, owner);
    const deal = await track.make("Deal", { account_id: owner });
    const activity: Write = ["createActivity", { input: { deal_id: deal, contact_id: contact } }];
    await run(40, ["NOT_FOUND", "BAD_USER_INPUT"], (racer) => {
      if (racer % 10 === 5) return ["deleteDeal", { id: deal }];
      return racer % 10 === 9 ? ["restoreDeal", { id: deal }] : activity;
    });
    expect(await aftermath(track)).toEqual(peace);
  });
});

describe("calls that write the same rows in other orders", () => {
  it("are no trouble for the people of activities", async () => {
    const people = await contacts(6, null);
    await run(40, [], (racer) => [
      "createActivity",
      { input: { contact_id: pick(people, racer), contact_ids: people } },
    ]);
    expect(await aftermath(track)).toEqual(peace);
  });

  it.each([
    ["emails", "createAccounts", (name: string) => ({ email: `${name}@batch.example` })],
    [
      "emails without an account",
      "createContacts",
      (name: string) => ({ email: `${name}@batch.example` }),
    ],
  ] as const)("are no trouble for unique values: %s", async (_, field, input) => {
    for (let round = 0; round < casesOf(2); round += 1) {
      const inputs = Array.from({ length: 30 }, (_item, index) => input(`${round}-${index}`));
      const written = await run(12, ["DUPLICATE"], (racer) => [
        field,
        { inputs: racer % 2 === 0 ? inputs : inputs.toReversed() },
      ]);
      expect(idsOf(written)).toHaveLength(30);
    }
    expect(await aftermath(track)).toEqual(peace);
  });

  it("are no trouble for batches and primaries", async () => {
    const owner = await account();
    const people = await contacts(6, owner);
    await run(40, [], (racer) =>
      racer % 2 === 0
        ? ["updateContact", { id: pick(people, racer / 2), input: { is_primary: true } }]
        : [
            "updateContacts",
            {
              inputs: (racer % 4 === 1 ? people : people.toReversed()).map((id) => ({
                id,
                note: `by ${racer}`,
              })),
            },
          ],
    );
    expect(await aftermath(track)).toEqual(peace);
  });
});
