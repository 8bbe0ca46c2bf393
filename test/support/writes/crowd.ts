import type { TestGateway } from "../gateway/gateway.ts";
import { seededRandom, writeAnything, type Kind } from "./random-writes.ts";
import { RowWriter } from "./row-writer.ts";

type Crowd = {
  readonly seed: number;
  readonly callers: number;
  readonly writesOfEach: number;
};

/** Many callers write the same few records of a tenant at once, rightly and wrongly; done when all are. */
export async function crowd(gateway: TestGateway, key: string, options: Crowd): Promise<void> {
  const random = seededRandom(options.seed);
  const pick = <Item>(items: readonly Item[]): Item | undefined =>
    items[Math.floor(random() * items.length)];
  const kinds = kindsOf(gateway, key, random, pick);
  await firstRecords(kinds);
  const merge = async (name: "Accounts" | "Contacts") => {
    const { ids } = name === "Accounts" ? kinds.accounts : kinds.contacts;
    await gateway.data(
      key,
      `mutation ($into: ID!, $from: ID!, $dryRun: Boolean) { merge${name}(into: $into, from: $from, dryRun: $dryRun) { userErrors { code } } }`,
      { into: pick(ids), from: pick(ids), dryRun: random() < 0.3 },
    );
  };
  const all = Object.values(kinds);
  const caller = async (_: unknown, number: number) => {
    for (let count = 0; count < options.writesOfEach; count += 1) {
      // Each begins with every kind once, so that chance leaves none out.
      const kind = count < all.length ? all[(number + count) % all.length] : pick(all);
      if (random() < 0.12) await merge(random() < 0.5 ? "Accounts" : "Contacts");
      // An error at the top, such as INTERNAL, ends the run.
      if (kind !== undefined) await writeAnything(kind, random);
    }
  };
  await Promise.all(Array.from({ length: options.callers }, caller));
}

type Pick = <Item>(items: readonly Item[]) => Item | undefined;

function kindsOf(gateway: TestGateway, key: string, random: () => number, pick: Pick) {
  const price = () => String(Math.floor(random() * 1_000));
  const amount = () => pick([undefined, null, "0.1", "999999999999999.9999", price()]);
  const labels = () => ({
    tags: pick([undefined, undefined, [], ["a", "b"], ["ä", '"', "\\\\", "{}"]]),
    custom_fields: pick([
      undefined,
      undefined,
      {},
      { n: 1.5, deep: [{ a: null }], text: "\u2028" },
    ]),
  });
  const day = () => pick([undefined, null, "2999-11-30", "2024-02-29"]);
  const accounts: Kind = {
    writer: new RowWriter(gateway, key, "accounts"),
    input: () => ({
      email: pick([undefined, null, "a@example.com", "b@example.com"]),
      parent_account_id: pick([undefined, null, pick(accounts.ids)]),
      name: pick([undefined, null, "Harbor", "Łódź & Söhne"]),
      annual_revenue: amount(),
      addresses: pick([undefined, undefined, [], [{ kind: "billing", city: "Kyiv" }]]),
      ...labels(),
    }),
    ids: [],
  };
  const contacts: Kind = {
    writer: new RowWriter(gateway, key, "contacts"),
    input: () => ({
      account_id: pick([undefined, pick(accounts.ids), pick(accounts.ids), null]),
      is_primary: pick([undefined, true, true, false]),
      email: pick([undefined, null, "p@example.com", "q@example.com"]),
      reports_to_contact_id: pick([undefined, null, pick(contacts.ids)]),
      display_name: pick([undefined, undefined, "Set by hand"]),
      phone: pick([undefined, null, "+14155550100"]),
      birthday: day(),
      opted_in: pick([undefined, true, false]),
      gdpr_consent: pick([undefined, null, { basis: "contract" }]),
      ...labels(),
    }),
    ids: [],
  };
  const deals: Kind = {
    writer: new RowWriter(gateway, key, "deals"),
    input: () => ({
      account_id: pick(accounts.ids),
      contact_ids: pick([undefined, [], [pick(contacts.ids)]]),
      primary_contact_id: pick([undefined, null, pick(contacts.ids)]),
      stage: pick(["lead", "closed_won"]),
      value: amount(),
      expected_close_date: day(),
      ...labels(),
    }),
    ids: [],
  };
  const quotes: Kind = {
    writer: new RowWriter(gateway, key, "quotes"),
    input: () => ({
      account_id: pick(accounts.ids),
      deal_id: pick([null, pick(deals.ids), undefined]),
      is_primary: pick([true, undefined, false]),
      line_items: pick([undefined, [{ unit_price: price() }, { unit_price: price() }], []]),
      currency: pick([undefined, "EUR", "USD"]),
      validity_date: day(),
    }),
    ids: [],
  };
  const lineItems: Kind = {
    writer: new RowWriter(gateway, key, "lineItems"),
    input: () => ({ quote_id: pick(quotes.ids), unit_price: price() }),
    change: () => ({ quantity: price(), discount: pick([undefined, "0.5"]) }),
    ids: [],
  };
  const activities: Kind = {
    writer: new RowWriter(gateway, key, "activities"),
    input: () => ({
      account_id: pick([undefined, pick(accounts.ids)]),
      deal_id: pick([undefined, pick(deals.ids)]),
      contact_ids: pick([
        undefined,
        [pick(contacts.ids)],
        [pick(contacts.ids), pick(contacts.ids)],
      ]),
      occurred_at: new Date(1.7e12 + random() * 1e11).toISOString(),
      participants: pick([undefined, [{ name: "Nora" }]]),
    }),
    ids: [],
    isLog: true,
  };
  return { accounts, contacts, deals, quotes, lineItems, activities };
}

/** Some of each kind, so that there is one of each whatever becomes of the others. */
async function firstRecords(kinds: ReturnType<typeof kindsOf>): Promise<void> {
  const { accounts, contacts, deals, quotes, lineItems, activities } = kinds;
  for (const kind of [accounts, accounts, accounts, contacts, contacts, contacts]) {
    kind.ids.push(await kind.writer.made({}));
  }
  for (const kind of [deals, deals, quotes, quotes]) {
    kind.ids.push(await kind.writer.made({ account_id: accounts.ids[0] }));
  }
  for (const quote_id of quotes.ids) {
    lineItems.ids.push(await lineItems.writer.made({ quote_id }));
  }
  activities.ids.push(await activities.writer.made({ account_id: accounts.ids[0] }));
}
