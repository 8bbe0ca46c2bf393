import fc from "fast-check";
import { v7 as uuidv7 } from "uuid";
import { catalog } from "../../../src/modules/catalog.ts";
import type { Fixtures } from "../samples/fixtures.ts";
import type { Cut, GotPage } from "./list-pages.ts";
import { columnsOf, idOf, rowOf, storeRows } from "../samples/random-rows.ts";

/** What another client does to a list between two of our pages. */
export type Change = {
  readonly kind: "insert" | "update" | "softDelete" | "delete";
  readonly pick: number;
  readonly row: Readonly<Record<string, unknown>>;
};

const account = idOf(0);
const contact = idOf(1);
const activity = catalog.entity("activity");
const row = rowOf(
  activity,
  new Map([
    ["account", [account]],
    ["contact", [contact]],
  ]),
).map((values) => ({
  ...values,
  accountId: account,
  // Rows come and go, and what is drawn may be another's.
  externalId: null,
}));
export const activityRows = fc.array(row, { minLength: 6, maxLength: 24 });
const anyChange = fc.record({
  kind: fc.constantFrom<Change["kind"][]>("insert", "insert", "update", "softDelete", "delete"),
  pick: fc.nat(100),
  row,
});
/** Some changes for each step between pages. */
export const changeSteps = fc.array(fc.array(anyChange, { maxLength: 3 }), { maxLength: 12 });

/** The activities of one account and one contact of a tenant of their own, in all three kinds of list. */
export class ChangingList {
  readonly tenantId = uuidv7();
  readonly slug: string;
  readonly account = account;
  readonly contact = contact;
  /** Rows that something was done to since they were there. */
  readonly touched = new Set<string>();
  readonly #fixtures: Fixtures;
  readonly #ids: string[] = [];

  constructor(fixtures: Fixtures) {
    this.#fixtures = fixtures;
    this.slug = `changing-${fixtures.next()}`;
  }

  async fill(rows: readonly Change["row"][]): Promise<void> {
    const { tenantId, slug } = this;
    await this.#fixtures.insert("tenants", { id: tenantId, slug, name: slug });
    await this.#fixtures.insert("accounts", { tenant_id: tenantId, id: account });
    await this.#fixtures.insert("contacts", { tenant_id: tenantId, id: contact });
    for (const values of rows) await this.#insert(values);
  }

  async apply({ kind, pick, row: values }: Change): Promise<void> {
    const id = this.#ids[pick % this.#ids.length];
    if (kind === "insert" || id === undefined) return this.#insert(values);
    this.touched.add(id);
    const { client } = this.#fixtures;
    const key = [this.tenantId, id];
    if (kind === "delete") {
      await client.query(
        "DELETE FROM activity_contacts WHERE tenant_id = $1 AND activity_id = $2",
        key,
      );
      await client.query("DELETE FROM activities WHERE tenant_id = $1 AND id = $2", key);
      return undefined;
    }
    const columns = Object.entries(
      kind === "update" ? columnsOf(activity, values) : { deleted_at: "2026-11-30" },
    );
    const sets = columns.map(([column], index) => `"${column}" = $${index + 3}`);
    await client.query(
      `UPDATE activities SET ${sets.join(", ")} WHERE tenant_id = $1 AND id = $2`,
      [...key, ...columns.map(([, value]) => value)],
    );
    return undefined;
  }

  /** Reads the list page by page to its end, with a step of changes after each page, and gives what it saw. */
  async walk(
    fetch: (cut: Cut) => Promise<ReadonlyMap<string, GotPage>>,
    start: Cut,
    steps: readonly (readonly Change[])[],
  ): Promise<string[]> {
    const { backward } = start;
    const seen: string[] = [];
    let cut = start;
    for (let pages = 0; ; pages += 1) {
      const [page] = (await fetch(cut)).values();
      if (page === undefined) throw new Error("no page");
      seen.splice(backward ? 0 : seen.length, 0, ...page.ids);
      const cursor = backward ? page.cursors[0] : page.cursors.at(-1);
      if (!(backward ? page.hasPreviousPage : page.hasNextPage) || cursor === undefined)
        return seen;
      cut = backward ? { ...cut, before: cursor } : { ...cut, after: cursor };
      for (const change of steps[pages] ?? []) await this.apply(change);
    }
  }

  async #insert(values: Change["row"]): Promise<void> {
    const id = idOf(this.#ids.push("") + 1);
    this.#ids[this.#ids.length - 1] = id;
    await storeRows(this.#fixtures, "activity", [{ ...values, id, tenantId: this.tenantId }]);
    await this.#fixtures.insert("activity_contacts", {
      tenant_id: this.tenantId,
      activity_id: id,
      contact_id: contact,
    });
  }
}
