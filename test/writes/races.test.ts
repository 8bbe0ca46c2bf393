import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { at } from "../support/gateway/gateway.ts";
import { casesOf } from "../support/run/run-length.ts";
import { errorsOf, idsOf, race, startRaceTrack, type RaceTrack } from "../support/writes/races.ts";
import { aftermath, peace } from "../support/writes/soundness.ts";

let track: RaceTrack;
let account: string;

beforeAll(async () => {
  track = await startRaceTrack();
  account = await track.make("Account", { name: "Harbor" });
});
afterAll(() => track.close());

describe("racing updates with one version", () => {
  it("let one win, and give the others the record as it is now", async () => {
    const id = await track.make("Account", { name: "before" });
    const count = casesOf(100, 30);
    const written = await race(count, (racer) =>
      track.write("updateAccount", { id, input: { name: `by ${racer}`, version: 1 } }, racer % 2),
    );
    const winner = written.findIndex((result) => result.id !== null);
    expect(idsOf(written)).toEqual([id]);
    expect(written[winner]).toMatchObject({ record: { id, version: 2 }, userErrors: [] });
    const current = { __typename: "Account", id, version: 2, name: `by ${winner}` };
    const errors = errorsOf(written);
    expect(errors).toHaveLength(count - 1);
    for (const error of errors) {
      expect(error).toMatchObject({ code: "CONFLICT", path: "version", current });
    }
    const events = await track.sql("SELECT version FROM change_events WHERE entity_id = $1", id);
    expect(events).toEqual([{ version: 1 }, { version: 2 }]);
    expect(await aftermath(track)).toEqual(peace);
  });

  it("let one deletion win as well", async () => {
    const id = await track.make("Account", { name: "to go" });
    const written = await race(casesOf(40, 12), (racer) =>
      track.write("deleteAccount", { id, version: 1 }, racer % 2),
    );
    expect(idsOf(written)).toEqual([id]);
    expect(new Set(errorsOf(written).map(({ code }) => code))).toEqual(new Set(["NOT_FOUND"]));
    expect(await aftermath(track)).toEqual(peace);
  });
});

describe("racing creations with one email", () => {
  it.each([
    ["accounts", "createAccount", () => ({ email: "Main@harbor.example" })],
    [
      "contacts of one account",
      "createContact",
      () => ({ account_id: account, email: "Nora@harbor.example" }),
    ],
    ["contacts without account", "createContact", () => ({ email: "nora@nowhere.example" })],
  ] as const)("make one of %s, and name it to the others", async (_, field, input) => {
    const count = casesOf(200, 40);
    const written = await race(count, (racer) => {
      const { email, ...rest } = input();
      const spelled = racer % 2 === 0 ? email : email.toUpperCase();
      return track.write(field, { input: { ...rest, email: spelled } }, racer % 3 === 0 ? 1 : 0);
    });
    const winners = idsOf(written);
    expect(winners).toHaveLength(1);
    const errors = errorsOf(written);
    expect(errors).toHaveLength(count - 1);
    for (const error of errors) {
      expect(error).toMatchObject({ code: "DUPLICATE", path: "email", existingId: winners[0] });
    }
    expect(await aftermath(track)).toEqual(peace);
  });

  it("make one, and change it, when they are upserts", async () => {
    const count = casesOf(60, 15);
    const written = await race(count, (racer) =>
      track.write(
        "upsertAccount",
        { input: { email: "upsert@harbor.example", name: `${racer}` } },
        racer % 2,
      ),
    );
    expect(errorsOf(written)).toEqual([]);
    expect(new Set(idsOf(written)).size).toBe(1);
    const rows = await track.sql("SELECT version FROM accounts WHERE id = $1", written[0]?.id);
    expect(rows).toEqual([{ version: count }]);
    expect(await aftermath(track)).toEqual(peace);
  });
});

describe("numbers of racing creations", () => {
  const kinds = [
    ["deals", casesOf(200, 40), "createDeal", "deal_number", "DEAL"],
    ["quotes", casesOf(80, 24), "createQuote", "quote_number", "Q"],
  ] as const;

  it.each(kinds)("of %s are all different", async (table, count, field, column, prefix) => {
    const written = await race(count, (racer) =>
      track.write(field, { input: { account_id: account } }, racer % 2),
    );
    expect(errorsOf(written)).toEqual([]);
    const rows = await track.sql(
      `SELECT DISTINCT ${column} AS number FROM ${table} WHERE id = ANY ($1)`,
      idsOf(written),
    );
    expect(rows).toHaveLength(count);
    for (const { number } of rows) expect(number).toMatch(new RegExp(`^${prefix}-\\d{4}-\\d{5}$`));
    expect(await aftermath(track)).toEqual(peace);
  });

  // Who gave none has no part in it when another gave the number that was drawn for them.
  it.each(kinds)(
    "of %s without one are drawn around those that others give by hand",
    async (table, count, field, column, prefix) => {
      const first = await track.make(field.slice("create".length), { account_id: account });
      const [row] = await track.sql(
        `SELECT ${column} AS number FROM ${table} WHERE id = $1`,
        first,
      );
      const [, year, last] = String(row?.["number"]).split("-");
      const ahead = (distance: number) =>
        `${prefix}-${year}-${String(Number(last) + distance).padStart(5, "0")}`;
      const byHand = (racer: number) => (racer % 4 === 0 ? ahead(1 + (racer / 4) * 3) : null);
      const written = await race(count, (racer) =>
        track.write(field, { input: { account_id: account, [column]: byHand(racer) } }, racer % 2),
      );
      const drawn = written.filter((_, racer) => byHand(racer) === null);
      expect(errorsOf(drawn)).toEqual([]);
      const said = new Set(errorsOf(written).map(({ code, path }) => `${code} ${path}`));
      expect([...said].filter((one) => one !== `DUPLICATE ${column}`)).toEqual([]);
      const rows = await track.sql(
        `SELECT id, ${column} AS number FROM ${table} WHERE id = ANY ($1)`,
        idsOf(written),
      );
      expect(new Set(rows.map(({ number }) => number)).size).toBe(idsOf(written).length);
      expect(await aftermath(track)).toEqual(peace);
    },
  );
});

describe("racing for the place of the primary", () => {
  /** How many live ones there are. */
  const primaries = async (table: string, column: string, owner: string) =>
    (
      await track.sql(
        `SELECT id FROM ${table} WHERE ${column} = $1 AND is_primary AND deleted_at IS NULL`,
        owner,
      )
    ).length;

  it.each([2, casesOf(50, 12)])("%i new contacts of an account leave one", async (count) => {
    const owner = await track.make("Account", { name: "primaries" });
    const written = await race(count, (racer) =>
      track.write("createContact", { input: { account_id: owner, is_primary: true } }, racer % 2),
    );
    expect(errorsOf(written)).toEqual([]);
    expect(await primaries("contacts", "account_id", owner)).toBe(1);
    expect(await aftermath(track)).toEqual(peace);
  });

  it.each([2, casesOf(50, 12)])("%i contacts that are made so leave one", async (count) => {
    const owner = await track.make("Account", { name: "primaries" });
    const ids = await race(count, () => track.make("Contact", { account_id: owner }));
    const written = await race(count * 2, (racer) =>
      track.write(
        "updateContact",
        { id: ids[racer % count], input: { is_primary: true } },
        racer % 2,
      ),
    );
    expect(errorsOf(written)).toEqual([]);
    expect(await primaries("contacts", "account_id", owner)).toBe(1);
    expect(await aftermath(track)).toEqual(peace);
  });

  it.each([2, casesOf(50, 12)])(
    "%i quotes of a deal, new ones and others, leave one",
    async (count) => {
      const deal = await track.make("Deal", { account_id: account });
      const quote = { account_id: account, deal_id: deal };
      const ids = await race(count, () => track.make("Quote", quote));
      const written = await race(count * 2, (racer) =>
        racer < count
          ? track.write("updateQuote", { id: ids[racer], input: { is_primary: true } }, racer % 2)
          : track.write("createQuote", { input: { ...quote, is_primary: true } }, racer % 2),
      );
      expect(errorsOf(written)).toEqual([]);
      expect(await primaries("quotes", "deal_id", deal)).toBe(1);
      expect(await aftermath(track)).toEqual(peace);
    },
  );
});

describe("racing writes of line items", () => {
  it("leave each quote with the sum of its own, and an event for each version", async () => {
    const prices = ["1.5", "2.25", "3", "4.0001", "5"];
    const quotes = await race(4, () =>
      track.make("Quote", {
        account_id: account,
        line_items: prices.map((unit_price) => ({ unit_price })),
      }),
    );
    const rows = await track.sql("SELECT id FROM line_items WHERE quote_id = ANY ($1)", quotes);
    const lines = rows.map(({ id }) => String(id));
    const one = (racer: number) => lines[racer % lines.length];
    const writes: readonly ((racer: number) => readonly [string, Record<string, unknown>])[] = [
      (racer) => ["createLineItem", { input: { quote_id: quotes[racer % 4], unit_price: "2" } }],
      (racer) => ["updateLineItem", { id: one(racer), input: { quantity: `${racer}.5` } }],
      (racer) => ["deleteLineItem", { id: one(racer) }],
      (racer) => ["restoreLineItem", { id: one(racer + 1) }],
      (racer) => [
        "createLineItems",
        {
          inputs: (racer % 2 === 0 ? quotes : quotes.toReversed()).map((quote_id) => ({
            quote_id,
            unit_price: "0.0001",
          })),
        },
      ],
      () => [
        "updateLineItems",
        { inputs: lines.map((id) => ({ id, discount: "0.25" })), onError: "continue" },
      ],
      (racer) => [
        "updateQuote",
        { id: quotes[racer % 2], input: { line_items: [{ unit_price: "7" }, { quantity: "2" }] } },
      ],
    ];
    const count = casesOf(100, 35);
    const written = await race(count, (racer) => {
      const [field, args] = writes[racer % writes.length]?.(racer) ?? ["", {}];
      return track.writeMany(field, args, racer % 3 === 0 ? 1 : 0);
    });
    const errors = errorsOf(written.flat());
    expect(errors.filter(({ path }) => path !== "id")).toEqual([]);
    expect(idsOf(written.flat()).length).toBeGreaterThan(count / 2);
    expect(await aftermath(track)).toEqual(peace);
    for (const id of quotes) {
      const data = await track.data(
        track.key,
        "query ($id: ID!) { quote(id: $id) { total lineItems(first: 100) { totalCount } } }",
        { id },
      );
      expect(Number(at(data, "quote", "lineItems", "totalCount"))).toBeGreaterThan(0);
      expect(Number(at(data, "quote", "total"))).toBeGreaterThan(0);
    }
  });
});

describe("racing activities of one account and one contact", () => {
  it("leave the latest time, and the first one that was logged", async () => {
    const owner = await track.make("Account", { name: "busy" });
    const contact = await track.make("Contact", { account_id: owner });
    const count = casesOf(100, 30);
    const times = Array.from({ length: count }, (_, index) =>
      new Date(Date.UTC(2026, 0, 1 + ((index * 37) % count))).toISOString(),
    );
    const written = await race(count, (racer) =>
      track.write(
        "createActivity",
        { input: { account_id: owner, contact_id: contact, occurred_at: times[racer] } },
        racer % 2,
      ),
    );
    expect(errorsOf(written)).toEqual([]);
    const data = await track.data(
      track.key,
      "query ($id: ID!) { account(id: $id) { lastActivityAt firstContactedAt contacts { nodes { lastInteractionAt } } } }",
      { id: owner },
    );
    const latest = times.toSorted().at(-1);
    expect(at(data, "account", "lastActivityAt")).toBe(latest);
    expect(at(data, "account", "contacts", "nodes", 0, "lastInteractionAt")).toBe(latest);
    const [first] = await track.sql(
      "SELECT changes #>> '{first_contacted_at,1}' AS at FROM change_events WHERE entity_id = $1 AND version = 2",
      owner,
    );
    expect(at(data, "account", "firstContactedAt")).toBe(first?.["at"]);
    expect(await aftermath(track)).toEqual(peace);
  });
});

describe("racing changes of parts of one record", () => {
  it("keep what each one added, removed and patched", async () => {
    const count = casesOf(60, 16);
    const racers = Array.from({ length: count }, (_, index) => index);
    const contacts = await Promise.all(racers.map(() => track.make("Contact", {})));
    const id = await track.make("Deal", {
      account_id: account,
      tags: racers.map((racer) => `old ${racer}`),
      custom_fields: Object.fromEntries(racers.map((racer) => [`old ${racer}`, racer])),
    });
    const written = await race(4 * count, (index) => {
      const racer = Math.floor(index / 4);
      const through = racer % 2;
      const patch = { [`old ${racer}`]: null, [`new ${racer}`]: racer };
      const calls = [
        ["addTags", { id, tags: [`new ${racer}`] }],
        ["removeTags", { id, tags: [`old ${racer}`] }],
        ["addDealContacts", { id, contactIds: [contacts[racer]] }],
        ["updateDeal", { id, input: { custom_fields_patch: patch } }],
      ] as const;
      const [field, args] = calls[index % 4] ?? calls[0];
      return track.write(field, args, through);
    });
    expect(errorsOf(written)).toEqual([]);
    const [row] = await track.sql(
      "SELECT version, tags, custom_fields, (SELECT count(*)::int FROM deal_contacts WHERE deal_id = id) AS contacts FROM deals WHERE id = $1",
      id,
    );
    expect(row).toMatchObject({ version: 1 + 4 * count, contacts: count });
    const left = racers.map((racer) => `new ${racer}`).toSorted();
    expect(Object.values(Object(row?.["tags"])).map(String).toSorted()).toEqual(left);
    expect(Object.keys(Object(row?.["custom_fields"])).toSorted()).toEqual(left);
    expect(await aftermath(track)).toEqual(peace);
  });
});
