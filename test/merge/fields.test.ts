import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { at, startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { done, fieldOf, merge, type Merge } from "../support/writes/merging.ts";
import { idOf } from "../support/writes/mutation.ts";
import { Writes } from "../support/writes/writes.ts";

let gateway: TestGateway;
let write: Writes;

beforeAll(async () => {
  gateway = await startGateway();
  await gateway.fixtures.tenant("north");
  write = new Writes(gateway, await gateway.keyFor("north"));
});
afterAll(() => gateway.close());

type Input = Readonly<Record<string, unknown>>;
const made = async (type: string, input: Input) => idOf(await write.created(type, input));

/** Makes two records and merges the second into the first. */
async function merged(
  kind: "account" | "contact",
  [into, from]: readonly [Input, Input],
  selection = "version",
): Promise<Merge> {
  const type = kind === "account" ? "Account" : "Contact";
  const ids = { into: await made(type, into), from: await made(type, from) };
  return done(await merge(gateway, write.key, kind, ids, selection));
}

describe("the survivor of two accounts", () => {
  it("keeps its values, takes the other's where it has none, and both lists", async () => {
    const answer = await merged(
      "account",
      [
        {
          name: "Harbor",
          industry: "ports",
          annual_revenue: "10.50",
          tags: ["a", "b"],
          custom_fields: { risk: 1, own: { deep: true } },
          addresses: [
            { kind: "office", city: "Kiel" },
            { kind: "shipping", city: "Rostock" },
          ],
        },
        {
          name: "Harbour Ltd",
          email: "desk@harbor.example",
          domain: "harbor.example",
          industry: "ports",
          annual_revenue: "9",
          employee_count: 5,
          tags: ["b", "c"],
          custom_fields: { risk: 2, other: [1] },
          addresses: [
            { kind: "office", city: "Kiel" },
            { kind: "billing", city: "Bonn" },
          ],
        },
      ],
      "name email domain employeeCount annualRevenue tags customFields addresses { kind city }",
    );
    expect(answer.record).toMatchObject({
      name: "Harbor",
      email: "desk@harbor.example",
      domain: "harbor.example",
      annualRevenue: "10.5",
      employeeCount: 5,
      tags: ["a", "b", "c"],
      customFields: { risk: 1, own: { deep: true }, other: [1] },
      addresses: [
        { kind: "office", city: "Kiel" },
        { kind: "shipping", city: "Rostock" },
        { kind: "billing", city: "Bonn" },
      ],
    });
    expect(Object.fromEntries(answer.fields.map(({ field, winner }) => [field, winner]))).toEqual({
      name: "INTO",
      email: "FROM",
      domain: "FROM",
      annual_revenue: "INTO",
      employee_count: "FROM",
      tags: "BOTH",
      custom_fields: "BOTH",
      addresses: "BOTH",
    });
    expect(fieldOf(answer, "annual_revenue")).toEqual({
      into: "10.5",
      from: "9",
      result: "10.5",
      winner: "INTO",
    });
  });

  it("is found by the domain and the phone number that it took over", async () => {
    const { record } = await merged("account", [
      { name: "Pier" },
      { domain: "pier.example", phone: "+1 404 555 0128" },
    ]);
    const contact = await write.created(
      "Contact",
      { email: "zoe@pier.example" },
      "id account { id phone }",
    );
    expect(at(contact, "account")).toMatchObject({ id: idOf(record), phone: "+1 404 555 0128" });
    const { rows } = await gateway.fixtures.client.query(
      "SELECT phone_e164 FROM accounts WHERE id = $1",
      [idOf(record).slice("acc-".length)],
    );
    expect(rows).toEqual([{ phone_e164: "+14045550128" }]);
  });

  it("was first contacted when either was, and last active when either was", async () => {
    const ids = { into: await made("Account", {}), from: await made("Account", {}) };
    for (const [account_id, day] of [
      [ids.into, "2026-03-02"],
      [ids.from, "2026-03-01"],
      [ids.from, "2026-03-05"],
    ]) {
      await write.created("Activity", { account_id, occurred_at: `${day}T10:00:00Z` });
    }
    const answer = await merge(
      gateway,
      write.key,
      "account",
      ids,
      "version firstContactedAt lastActivityAt",
    );
    expect(answer.record).toMatchObject({
      // The first activity, the second of its own, and the merge.
      version: 3,
      firstContactedAt: "2026-03-01T10:00:00.000Z",
      lastActivityAt: "2026-03-05T10:00:00.000Z",
    });
    expect(fieldOf(answer, "first_contacted_at")).toMatchObject({
      from: "2026-03-01T10:00:00.000Z",
      winner: "FROM",
    });
  });

  it("keeps its own custom fields when both together would be too large, and 100 tags", async () => {
    const tags = (prefix: string, count: number) =>
      Array.from({ length: count }, (_, index) => `${prefix}${index}`);
    const answer = await merged(
      "account",
      [
        { tags: tags("a", 60), custom_fields: { own: "x".repeat(40_000) } },
        { tags: tags("b", 60), custom_fields: { other: "y".repeat(40_000) } },
      ],
      "tags",
    );
    expect(at(answer.record, "tags")).toEqual([...tags("a", 60), ...tags("b", 40)]);
    expect(fieldOf(answer, "custom_fields")?.winner).toBe("INTO");
  });

  it("takes the other's parent unless that is below it", async () => {
    const parent_account_id = await made("Account", { name: "Holding" });
    const answer = await merged("account", [{}, { parent_account_id }], "parentAccountId");
    expect(at(answer.record, "parentAccountId")).toBe(parent_account_id);
    expect(fieldOf(answer, "parent_account_id")).toMatchObject({ winner: "FROM" });
    const child = await made("Account", { parent_account_id: idOf(answer.record) });
    const grandchild = await made("Account", { parent_account_id: child });
    const into = parent_account_id;
    await write.updated("Account", into, { parent_account_id: null });
    const again = done(
      await merge(
        gateway,
        write.key,
        "account",
        { into, from: idOf(answer.record) },
        "parentAccountId",
      ),
    );
    expect(at(again.record, "parentAccountId")).toBeNull();
    const rows = await write.read(
      "Account",
      grandchild,
      "parent { id parent { id parent { id } } }",
    );
    expect(rows).toEqual({ parent: { id: child, parent: { id: into, parent: null } } });
  });
});

describe("the survivor of two contacts", () => {
  it("keeps its numbers in their places, and the other's fill free ones with their labels", async () => {
    const answer = await merged(
      "contact",
      [
        { last_name: "Doe", phone: "+1 404 555 0128", phone_3: "33", phone_3_label: "Car" },
        {
          phone_1: "22",
          phone_1_label: "Home",
          phone_2: "+1 (404) 555-0128",
          phone_2_label: "Work",
          phone_3: "44",
        },
      ],
      "phone phone1Label phone2 phone2Label phone3 phone3Label",
    );
    expect(answer.record).toMatchObject({
      phone: "+14045550128",
      phone1Label: "Work",
      phone2: "22",
      phone2Label: "Home",
      phone3: "33",
      phone3Label: "Car",
    });
    expect(fieldOf(answer, "phone_2")).toEqual({
      into: null,
      from: "+1 (404) 555-0128",
      result: "22",
      winner: "FROM",
    });
  });

  it("agrees to nothing that it did not agree to, and keeps what it agreed to", async () => {
    const consent = { opted_in: true, gdpr_consent: { newsletter: true } };
    const out = await merged("contact", [{}, consent], "optedIn optedInAt gdprConsent");
    expect(out.record).toMatchObject({ optedIn: false, optedInAt: null, gdprConsent: null });
    expect(fieldOf(out, "opted_in")).toEqual({
      into: false,
      from: true,
      result: false,
      winner: "INTO",
    });
    const own = await merged("contact", [consent, {}], "optedIn gdprConsent");
    expect(own.record).toMatchObject({ optedIn: true, gdprConsent: { newsletter: true } });
  });

  it("keeps its address whole, or takes the other's whole", async () => {
    const selection = "address postcode city country";
    const other = { address: "Quay 1", postcode: "24103", city: "Kiel", country: "DE" };
    const own = await merged("contact", [{ country: "FR" }, other], selection);
    expect(own.record).toMatchObject({ address: null, postcode: null, city: null, country: "FR" });
    const taken = await merged("contact", [{ last_name: "Doe" }, other], selection);
    expect(taken.record).toMatchObject(other);
  });

  it("is shown by the name that was set by hand only if it comes with the name", async () => {
    const boss = { first_name: "Nora", last_name: "Harbor", display_name: "The Boss" };
    const nameless = await merged("contact", [{ email: "b@b.example" }, boss], "displayName");
    expect(at(nameless.record, "displayName")).toBe("The Boss");
    expect(fieldOf(nameless, "display_name")).toEqual({
      into: null,
      from: "The Boss",
      result: "The Boss",
      winner: "FROM",
    });
    const named = await merged("contact", [{ first_name: "Eleonora" }, boss], "displayName");
    expect(at(named.record, "displayName")).toBe("Eleonora Harbor");
  });

  it("takes the other's account and manager when it has no account", async () => {
    const account_id = await made("Account", {});
    const manager = await made("Contact", { account_id });
    const free = await made("Contact", {});
    const into = await made("Contact", { reports_to_contact_id: free });
    const report = await made("Contact", { reports_to_contact_id: into });
    const from = await made("Contact", {
      account_id,
      reports_to_contact_id: manager,
      is_primary: true,
    });
    const answer = done(
      await merge(
        gateway,
        write.key,
        "contact",
        { into, from },
        "isPrimary account { id } reportsTo { id }",
      ),
    );
    expect(answer.record).toMatchObject({
      isPrimary: true,
      account: { id: account_id },
      reportsTo: { id: manager },
    });
    // It is of another account by now.
    expect(answer.moved).toEqual({ "Contact.reports_to_contact_id": 1 });
    expect(await write.read("Contact", report, "reportsToContactId version")).toEqual({
      reportsToContactId: null,
      version: 2,
    });
  });
});
