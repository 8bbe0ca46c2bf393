import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { catalog } from "../../src/modules/catalog.ts";
import { eventsOf } from "../support/changes/events.ts";
import { at, listAt, type TestGateway } from "../support/gateway/gateway.ts";
import { expectRefused, expectWritten, type Outcome } from "../support/writes/mutation.ts";
import type { Writes } from "../support/writes/writes.ts";
import {
  fieldFor,
  leastInput,
  oneOfEach,
  uuidOf,
  type Kind,
} from "../support/samples/one-of-each.ts";
import { startTenant } from "../support/gateway/one-tenant.ts";

let gateway: TestGateway;
let key: string;
let writes: Writes;
let ours: Record<Kind, string>;

beforeAll(async () => {
  ({ gateway, key, writes } = await startTenant("ours"));
  ours = await oneOfEach(gateway, key);
});
afterAll(() => gateway.close());

type Values = Readonly<Record<string, unknown>>;

const write = (
  verb: string,
  kind: Kind,
  args: Values,
  selection = "id version",
): Promise<Outcome> => writes.mutate(fieldFor(verb, kind), args, selection);
async function make(kind: Kind, input: Values = {}): Promise<string> {
  const made = await write("create", kind, { input: { ...leastInput(kind, ours), ...input } });
  return String(expectWritten(made)["id"]);
}
const remove = async (kind: Kind, id: string): Promise<Values> =>
  expectWritten(await write("delete", kind, { id }, "id version isDeleted deletedAt"));
const restore = async (kind: Kind, id: string): Promise<Values> =>
  expectWritten(await write("restore", kind, { id }, "id version isDeleted deletedAt deletedBy"));

/** Everything that can be deleted on its own. */
const deletable = ["account", "contact", "deal", "quote", "lineItem"] as const;

describe("soft delete", () => {
  it.each(deletable)("is_deleted is derived from deleted_at: %s", async (kind) => {
    const id = await make(kind);
    const gone = await remove(kind, id);
    expect(gone).toMatchObject({ isDeleted: true, deletedAt: expect.stringMatching(/Z$/) });
    const back = await restore(kind, id);
    expect(back).toMatchObject({ isDeleted: false, deletedAt: null, deletedBy: null });
    const { rows } = await gateway.fixtures.client.query(
      "SELECT 1 FROM pg_attribute WHERE attrelid = $1::regclass AND attname = 'is_deleted'",
      [catalog.entity(kind).table],
    );
    expect(rows).toEqual([]);
  });

  it.each(deletable)(
    "deleted rows are absent from lists, counts and node unless asked for: %s",
    async (kind) => {
      const id = await make(kind);
      const { plural } = catalog.entity(kind);
      const seen = async (all: string) => {
        const data = await gateway.data(
          key,
          `query ($id: ID!) {
          page: ${plural}(where: { id: { eq: $id } }${all}) { totalCount nodes { id } }
          ${kind}(id: $id) { id } node(id: $id) { id }
        }`,
          { id },
        );
        return [
          at(data, "page", "totalCount"),
          listAt(data, "page", "nodes").length,
          at(data, kind) === null ? 0 : 1,
          at(data, "node") === null ? 0 : 1,
        ];
      };
      expect(await seen("")).toEqual([1, 1, 1, 1]);
      await remove(kind, id);
      expect(await seen("")).toEqual([0, 0, 0, 0]);
      expect(await seen(", includeDeleted: true")).toEqual([1, 1, 0, 0]);
      await restore(kind, id);
      expect(await seen("")).toEqual([1, 1, 1, 1]);
    },
  );

  it("deleted rows are absent from relations and searches unless asked for", async () => {
    const account = await make("account", { name: "Relations" });
    const contact = await make("contact", { account_id: account, last_name: "Zanzibarian" });
    const deal = await make("deal", { account_id: account, contact_ids: [contact] });
    const counts = async (all: string) => {
      const data = await gateway.data(
        key,
        `query ($account: ID!, $deal: ID!) {
          account(id: $account) { contacts${all} { totalCount } }
          deal(id: $deal) { contacts${all} { totalCount } }
          search(query: "Zanzibarian") { totalCount }
          contacts(search: "Zanzibarian") { totalCount }
          filtered: accounts(where: { contacts: { some: { lastName: { eq: "Zanzibarian" } } } }) { totalCount }
        }`,
        { account, deal },
      );
      return [
        at(data, "account", "contacts", "totalCount"),
        at(data, "deal", "contacts", "totalCount"),
        at(data, "search", "totalCount"),
        at(data, "contacts", "totalCount"),
        at(data, "filtered", "totalCount"),
      ];
    };
    expect(await counts("")).toEqual([1, 1, 1, 1, 1]);
    await remove("contact", contact);
    expect(await counts("")).toEqual([0, 0, 0, 0, 0]);
    expect(await counts("(includeDeleted: true)")).toEqual([1, 1, 0, 0, 0]);
    await restore("contact", contact);
    expect(await counts("")).toEqual([1, 1, 1, 1, 1]);
  });

  it.each(deletable)("deleted rows keep their history: %s", async (kind) => {
    const id = await make(kind);
    await remove(kind, id);
    await restore(kind, id);
    const events = await eventsOf(gateway, id);
    expect(events.map(({ operation }) => operation)).toEqual(["created", "deleted", "restored"]);
  });

  const unique: readonly (readonly [Kind, Values])[] = [
    ["account", { email: "free@example.com" }],
    ["contact", { email: "free@example.com", account_id: null }],
    ["deal", { deal_number: "DEAL-FREE-1" }],
    ["quote", { quote_number: "Q-FREE-1" }],
  ];

  it.each(unique)(
    "deleted rows free their unique values, restore reports the conflict if it was taken meanwhile: %s",
    async (kind, value) => {
      const first = await make(kind, value);
      await remove(kind, first);
      const second = await make(kind, value);
      const outcome = await write("restore", kind, { id: first });
      const [field = ""] = Object.keys(value);
      expectRefused(outcome, [[field, "DuplicateError"]]);
      expect(outcome.userErrors[0]?.existingId).toBe(second);
      await remove(kind, second);
      expect(await restore(kind, first)).toMatchObject({ id: first, isDeleted: false });
    },
  );

  it.each(deletable)("what is deleted is not there for other writes: %s", async (kind) => {
    const id = await make(kind);
    await remove(kind, id);
    for (const verb of ["update", "delete"]) {
      expectRefused(await write(verb, kind, { id, input: {} }), [["id", "NotFoundError"]]);
    }
    await restore(kind, id);
    const again = await write("restore", kind, { id });
    expectRefused(again, [["id", "ValidationError", /not deleted/]]);
  });

  it("a deleted record cannot be referred to anew", async () => {
    const account = await make("account");
    await remove("account", account);
    const outcome = await write("create", "contact", { input: { account_id: account } });
    expectRefused(outcome, [["account_id", "NotFoundError"]]);
  });
});

describe("deleting a parent", () => {
  /** An account with everything that it contains. */
  async function fullAccount() {
    const account = await make("account");
    const contact = await make("contact", { account_id: account });
    const deal = await make("deal", { account_id: account });
    const quote = await make("quote", { account_id: account, deal_id: deal });
    const lineItem = await make("lineItem", { quote_id: quote });
    const activity = await make("activity", { account_id: account, deal_id: deal });
    return { account, contact, deal, quote, lineItem, activity };
  }
  async function deletionsOf(ids: Readonly<Record<string, string>>) {
    const deletions: Record<string, string | null | undefined> = {};
    for (const [kind, id] of Object.entries(ids)) {
      const { rows } = await gateway.fixtures.client.query<{ deletion_id: string | null }>(
        `SELECT deletion_id FROM ${catalog.entity(kind).table} WHERE id = $1 AND (deleted_at IS NULL) = (deletion_id IS NULL)`,
        [uuidOf(id)],
      );
      deletions[kind] = rows[0]?.deletion_id;
    }
    return deletions;
  }

  it("account → contacts, deals, quotes, activities; quote → line items, all with the same deletion id", async () => {
    const ids = await fullAccount();
    await remove("account", ids.account);
    const deletions = await deletionsOf(ids);
    expect(new Set(Object.values(deletions)).size).toBe(1);
    expect(deletions["account"]).toMatch(/^[0-9a-f-]{36}$/);
  });

  it("one restore brings back exactly what that deletion took", async () => {
    const ids = await fullAccount();
    const early = {
      contact: await make("contact", { account_id: ids.account }),
      deal: await make("deal", { account_id: ids.account }),
      quote: await make("quote", { account_id: ids.account }),
      lineItem: await make("lineItem", { quote_id: ids.quote }),
    };
    for (const kind of ["contact", "deal", "quote", "lineItem"] as const) {
      await remove(kind, early[kind]);
    }
    const before = await deletionsOf(early);
    await remove("account", ids.account);
    await restore("account", ids.account);
    expect(new Set(Object.values(await deletionsOf(ids)))).toEqual(new Set([null]));
    expect(await deletionsOf(early)).toEqual(before);
  });

  it("quote → line items", async () => {
    const { account, ...ids } = await fullAccount();
    await remove("quote", ids.quote);
    const deletions = await deletionsOf(ids);
    expect(deletions["quote"]).not.toBeNull();
    expect(deletions["lineItem"]).toBe(deletions["quote"]);
    expect([deletions["deal"], deletions["contact"], deletions["activity"]]).toEqual([
      null,
      null,
      null,
    ]);
    await restore("quote", ids.quote);
    expect(new Set(Object.values(await deletionsOf({ account, ...ids })))).toEqual(new Set([null]));
  });

  it("each record that goes along or comes back is written: version, stamps and change event", async () => {
    const ids = await fullAccount();
    const versions = async () => {
      const found: Record<string, number> = {};
      for (const [kind, id] of Object.entries(ids)) {
        const { rows } = await gateway.fixtures.client.query<{ version: number }>(
          `SELECT version FROM ${catalog.entity(kind).table} WHERE id = $1`,
          [uuidOf(id)],
        );
        found[kind] = rows[0]?.version ?? 0;
      }
      return found;
    };
    const before = await versions();
    await remove("account", ids.account);
    await restore("account", ids.account);
    const after = await versions();
    for (const [kind, id] of Object.entries(ids)) {
      const events = (await eventsOf(gateway, id)).filter(
        ({ operation }) => operation !== "updated",
      );
      expect(events.map(({ operation }) => operation)).toEqual(["created", "deleted", "restored"]);
      const [, gone, back] = events;
      expect(gone?.version, kind).toBe((before[kind] ?? 0) + 1);
      expect(back?.version, kind).toBe((before[kind] ?? 0) + 2);
      expect(after[kind], kind).toBe((await eventsOf(gateway, id)).at(-1)?.version);
    }
  });

  it("a part of what is deleted cannot come back alone", async () => {
    const ids = await fullAccount();
    await remove("account", ids.account);
    const owners = {
      contact: ["account_id"],
      deal: ["account_id"],
      quote: ["account_id", "deal_id"],
    };
    for (const kind of ["contact", "deal", "quote"] as const) {
      const outcome = await write("restore", kind, { id: ids[kind] });
      expectRefused(
        outcome,
        owners[kind].map((path) => [path, "ValidationError", /restore that first/]),
      );
    }
  });

  it("restore reports a value that what comes along has lost meanwhile", async () => {
    const account = await make("account");
    const number = "DEAL-ALONG-1";
    await make("deal", { account_id: account, deal_number: number });
    await remove("account", account);
    const taker = await make("deal", { deal_number: number });
    const outcome = await write("restore", "account", { id: account });
    expectRefused(outcome, [["deals.deal_number", "DuplicateError", /DEAL-ALONG-1/]]);
    await remove("deal", taker);
    await restore("account", account);
  });

  it("what points at a deleted record from outside stays as it is", async () => {
    const parent = await make("account");
    const child = await make("account", { parent_account_id: parent });
    await remove("account", parent);
    const seen = await gateway.data(
      key,
      "query ($id: ID!) { account(id: $id) { version parentAccountId parent { id } } }",
      { id: child },
    );
    expect(seen).toEqual({ account: { version: 1, parentAccountId: parent, parent: null } });
  });
});
