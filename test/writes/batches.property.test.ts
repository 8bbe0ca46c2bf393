import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { splitId } from "../../src/lib/id.ts";
import { runOptions } from "../support/samples/arbitraries.ts";
import {
  ContactModel,
  createContact,
  deleteContact,
  restoreContact,
  updateContact,
  type ModelChange,
} from "../support/writes/contact-model.ts";
import type { TenantFixtures } from "../support/samples/fixtures.ts";
import type { TestGateway } from "../support/gateway/gateway.ts";
import { casesOf } from "../support/run/run-length.ts";
import { RowWriter, type Verdict, verdictOf } from "../support/writes/row-writer.ts";
import { Writes } from "../support/writes/writes.ts";
import { startTenant } from "../support/gateway/one-tenant.ts";

let gateway: TestGateway;
let tenant: TenantFixtures;
let key: string;
let contacts: RowWriter;

beforeAll(async () => {
  ({ gateway, tenant, key } = await startTenant("ours"));
  contacts = new RowWriter(gateway, key, "contacts");
});
afterAll(() => gateway.close());

const emails = ["a", "b", "c"] as const;
const anAccount = fc.constantFrom(null, "here", "there");
const email = fc.option(fc.constantFrom(...emails), { freq: 6 });
const who = fc.nat(7);
const mode = fc.constantFrom("abort" as const, "continue" as const);

/** What is changed of one contact: its email, or its account, or its manager; at times two of them. */
const change = fc.oneof(
  { weight: 5, arbitrary: fc.record({ who, email }) },
  { weight: 2, arbitrary: fc.record({ who, account: anAccount }) },
  { weight: 1, arbitrary: fc.record({ who, email, account: anAccount }) },
  { weight: 2, arbitrary: fc.record({ who, manager: fc.option(who, { freq: 4 }) }) },
);
const rowsOfOne = <Row>(row: fc.Arbitrary<Row>): fc.Arbitrary<Row[]> =>
  fc.array(row, { minLength: 1, maxLength: 5 });

const call = fc.oneof(
  fc.record({
    verb: fc.constant("create" as const),
    mode,
    rows: rowsOfOne(fc.record({ email, account: anAccount })),
  }),
  {
    weight: 4,
    arbitrary: fc.record({ verb: fc.constant("update" as const), mode, rows: rowsOfOne(change) }),
  },
  fc.record({ verb: fc.constant("delete" as const), mode, rows: rowsOfOne(who) }),
  fc.record({ verb: fc.constant("restore" as const), mode, rows: rowsOfOne(who) }),
  fc.record({
    verb: fc.constant("upsert" as const),
    email: fc.constantFrom(...emails),
    account: anAccount,
  }),
);

type Made<Item> = Item extends fc.Arbitrary<infer Value> ? Value : never;
type SomeChange = Made<typeof change>;
type Step = Made<typeof call>;
type Apply<Row> = Parameters<typeof ContactModel.prototype.inOrder<Row>>[1];

/** A gateway's contacts beside the model's, under one set of names. */
class Twins {
  readonly model = new ContactModel();
  readonly #ids = new Map<string, string>();
  readonly #accounts: ReadonlyMap<string | null, string | null>;
  readonly #tag = gateway.fixtures.next();

  constructor(accounts: ReadonlyMap<string | null, string | null>) {
    this.#accounts = accounts;
  }

  /** One of the contacts that there are; none before the first. */
  name(place: number): string | null {
    const names = [...this.model.contacts.keys()];
    return names.length === 0 ? null : (names[place % names.length] ?? null);
  }

  id = (name: string): string => this.#ids.get(name) ?? "";

  named(outcomes: readonly Verdict[], names: readonly string[]): void {
    for (const [index, { id }] of outcomes.entries()) {
      if (id !== null) this.#ids.set(names[index] ?? "", id);
    }
  }

  address = (text: string | null): string | null =>
    text === null ? null : `${text}@twins-${this.#tag}.example`;

  /** A row as it is sent. */
  input({ name, account, email: text, manager }: ModelChange): Record<string, unknown> {
    const id = this.#ids.get(name);
    return {
      ...(id === undefined ? {} : { id }),
      ...(account === undefined ? {} : { account_id: this.#accounts.get(account) }),
      ...(text === undefined ? {} : { email: this.address(text) }),
      ...(manager === undefined
        ? {}
        : { reports_to_contact_id: manager === null ? null : this.id(manager) }),
    };
  }

  /** What the database has, in the model's words. */
  async stored(): Promise<Map<string, unknown>> {
    const { rows } = await gateway.fixtures.client.query<(string | null)[]>({
      text: `SELECT id, account_id, email, reports_to_contact_id, CASE WHEN deleted_at IS NULL THEN 'yes' END
        FROM contacts WHERE id = ANY ($1::uuid[])`,
      values: [[...this.#ids.values()].map((id) => splitId(id)?.uuid)],
      rowMode: "array",
    });
    const names = new Map([...this.#ids].map(([name, id]) => [splitId(id)?.uuid, name]));
    const accounts = new Map(
      [...this.#accounts].map(([name, id]) => [id === null ? null : splitId(id)?.uuid, name]),
    );
    return new Map(
      rows.map(([id, account, text, manager, isLive]) => [
        names.get(id ?? "") ?? "",
        {
          account: accounts.get(account ?? null),
          email: text?.split("@")[0] ?? null,
          manager: names.get(manager ?? "") ?? null,
          isLive: isLive === "yes",
        },
      ]),
    );
  }
}

/** Of each row whether it was written; of a call that aborts, whether it was. */
const verdictsOf = (outcomes: readonly Verdict[], step: { readonly mode: string }): unknown => {
  const verdicts = outcomes.map(({ problems }) => problems.length === 0);
  return step.mode === "abort" ? verdicts.every(Boolean) : verdicts;
};

/** Carries a call out on both sides: what the gateway said, and what the model says. */
async function carryOut(twins: Twins, step: Step): Promise<readonly [unknown, unknown]> {
  const { model } = twins;
  if (step.verb === "upsert") return upsert(twins, step.email, step.account);
  const judged = <Row>(rows: readonly Row[], apply: Apply<Row>): unknown =>
    step.mode === "abort"
      ? model.allOrNone(rows, apply)
      : model.inOrder(rows, apply).map((verdict) => verdict === "");
  if (step.verb === "create") {
    const rows = step.rows.map((row) => ({ ...row, name: `contact ${gateway.fixtures.next()}` }));
    const inputs = rows.map((row) => twins.input(row));
    const outcomes = await contacts.create(inputs, step.mode);
    twins.named(
      outcomes,
      rows.map(({ name }) => name),
    );
    return [verdictsOf(outcomes, step), judged(rows, createContact)];
  }
  if (step.verb === "update") {
    const rows = changesOf(twins, step.rows);
    const inputs = rows.map((row) => twins.input(row));
    const outcomes = await contacts.update(inputs, step.mode);
    const expected = step.mode === "abort" ? model.together(rows) : judged(rows, updateContact);
    return [verdictsOf(outcomes, step), expected];
  }
  const names = [...new Set(step.rows.flatMap((row) => twins.name(row) ?? []))];
  const outcomes = await contacts.remove(step.verb, names.map(twins.id), step.mode);
  const apply = step.verb === "delete" ? deleteContact : restoreContact;
  return [verdictsOf(outcomes, step), judged(names, apply)];
}

/** Rows of contacts that there are, each named once. */
function changesOf(twins: Twins, rows: readonly SomeChange[]): ModelChange[] {
  const found = new Map<string, ModelChange>();
  for (const { who: place, ...said } of rows) {
    const name = twins.name(place);
    if (name === null) continue;
    const {
      manager,
      ...others
    }: Omit<ModelChange, "name" | "manager"> & { manager?: number | null } = said;
    const above = manager == null ? manager : twins.name(manager);
    found.set(name, { name, ...others, ...(above === undefined ? {} : { manager: above }) });
  }
  return [...found.values()];
}

async function upsert(
  twins: Twins,
  text: string,
  account: string | null,
): Promise<readonly [unknown, unknown]> {
  const name = `contact ${gateway.fixtures.next()}`;
  const isThere = [...twins.model.contacts.values()].some(
    (one) => one.isLive && one.email === text && one.account === account,
  );
  const input = twins.input({ name, email: text, account });
  const upserted = await new Writes(gateway, key).upsert("Contact", input);
  const outcome = verdictOf(upserted);
  if (!isThere) {
    twins.named([outcome], [name]);
    twins.model.inOrder([{ name, email: text, account }], createContact);
  }
  return [
    [outcome.problems, upserted.created],
    [[], !isThere],
  ];
}

describe("batches of contacts", () => {
  it("come to what a plain model says: by the state after the call, or in row order", async () => {
    const [here, there] = [await tenant.account(), await tenant.account()];
    const accounts = new Map([
      [null, null],
      ["here", here.id],
      ["there", there.id],
    ]);
    const first: Step = {
      verb: "create",
      mode: "abort",
      rows: emails.flatMap((text) => [
        { email: text, account: null },
        { email: text, account: "here" },
      ]),
    };
    await fc.assert(
      fc.asyncProperty(fc.array(call, { minLength: 4, maxLength: 8 }), async (steps) => {
        const twins = new Twins(accounts);
        for (const step of [first, ...steps]) {
          const [answered, expected] = await carryOut(twins, step);
          expect(answered).toEqual(expected);
        }
        expect(await twins.stored()).toEqual(twins.model.contacts);
      }),
      { ...runOptions, numRuns: casesOf(60, 8) },
    );
  });
});
