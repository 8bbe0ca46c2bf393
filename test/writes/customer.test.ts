import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { countEvents, eventsOf } from "../support/changes/events.ts";
import { at, type TestGateway } from "../support/gateway/gateway.ts";
import { expectRefused, expectWritten, type Outcome } from "../support/writes/mutation.ts";
import { Writes } from "../support/writes/writes.ts";
import { startTenant } from "../support/gateway/one-tenant.ts";

let gateway: TestGateway;
let key: string;
let writes: Writes;

beforeAll(async () => {
  ({ gateway, key, writes } = await startTenant("ours"));
});
afterAll(() => gateway.close());

type Values = Readonly<Record<string, unknown>>;

const shown = `id accountType name legalName displayName email phone
  contacts { nodes { id isPrimary firstName lastName displayName company email phone } }`;
const create = (input: Values): Promise<Outcome> =>
  writes.mutate("createCustomer", { input }, shown);
/** What is always needed; each has an email of its own. */
const least = () => ({
  account_type: "business",
  email: `customer${gateway.fixtures.next()}@example.com`,
  phone: "404 555 0128",
});

describe("createCustomer", () => {
  it("creates an account with its primary contact in one act", async () => {
    const input = {
      ...least(),
      display_name: "Harbor",
      company_name: "Harbor Inc.",
      first_name: "Ann",
      last_name: "Lee",
    };
    const { email, phone } = input;
    expect(expectWritten(await create(input))).toMatchObject({
      accountType: "business",
      name: "Harbor",
      legalName: "Harbor Inc.",
      displayName: "Harbor",
      email,
      phone,
      contacts: {
        nodes: [
          {
            isPrimary: true,
            firstName: "Ann",
            lastName: "Lee",
            displayName: "Ann Lee",
            company: "Harbor Inc.",
            email,
            phone,
          },
        ],
      },
    });
  });

  it("gives the contact beside the account", async () => {
    const query =
      "mutation ($input: CreateCustomerInput!) { createCustomer(input: $input) { account { id } contact { id account { id } } userErrors { code } } }";
    const input = { ...least(), last_name: "Lee" };
    const data = await gateway.data(key, query, { input });
    const [account, contact] = ["account", "contact"].map((name) =>
      at(data, "createCustomer", name),
    );
    expect(at(contact, "account")).toEqual(account);
    const [accountId, contactId] = [account, contact].map((record) => String(at(record, "id")));
    for (const id of [accountId ?? "", contactId ?? ""]) {
      expect(await eventsOf(gateway, id)).toMatchObject([{ operation: "created", version: 1 }]);
    }
    const { rows } = await gateway.fixtures.client.query(
      "SELECT FROM change_events GROUP BY transaction_id HAVING count(*) = 2 AND max(transaction_id) = (SELECT max(transaction_id) FROM change_events)",
    );
    expect(rows).toHaveLength(1);
  });

  it("display_name falls back to company_name, then first_name last_name", async () => {
    const names = { company_name: "Harbor Inc.", first_name: "Ann", last_name: "Lee" };
    const shownFor = async (input: Values) =>
      expectWritten(await create({ ...least(), ...input }))["displayName"];
    expect(await shownFor({ ...names, display_name: "Shown" })).toBe("Shown");
    expect(await shownFor({ ...names, display_name: " " })).toBe("Harbor Inc.");
    expect(await shownFor({ ...names, company_name: null })).toBe("Ann Lee");
    expect(await shownFor({ first_name: "Ann" })).toBe("Ann");
    expect(await shownFor({ last_name: "Lee", company_name: "" })).toBe("Lee");
  });

  it("if all are empty, a problem of display_name", async () => {
    for (const names of [{}, { display_name: "", company_name: " ", first_name: null }]) {
      expectRefused(await create({ ...least(), ...names }), [["display_name", "ValidationError"]]);
    }
  });

  it.each(["account_type", "email", "phone"])(
    "account_type, email, phone are required: %s",
    async (field) => {
      const rest = Object.entries(least()).filter(([name]) => name !== field);
      for (const input of [rest, [...rest, [field, null] as const]].map(Object.fromEntries)) {
        const answer = await writes.ask("createCustomer", { input });
        expect(JSON.stringify(answer.errors)).toMatch(new RegExp(`${field}.*BAD_USER_INPUT`));
      }
    },
  );

  it.each(["email", "phone"])("what is required is not blank: %s", async (field) => {
    for (const blank of ["", "  "]) {
      const outcome = await create({ ...least(), display_name: "Harbor", [field]: blank });
      expectRefused(outcome, [[field, "ValidationError"]]);
    }
  });

  it("email is unique in the organization, compared without case", async () => {
    const input = { ...least(), display_name: "Harbor" };
    const { id } = expectWritten(await create(input));
    const before = await countEvents(gateway);
    const outcome = await create({ ...input, email: input.email.toUpperCase() });
    expectRefused(outcome, [["email", "DuplicateError"]]);
    expect(outcome.userErrors[0]?.existingId).toBe(id);
    expect(await countEvents(gateway)).toBe(before);
  });

  it("phone is kept as it is sent", async () => {
    const phone = "ext. 7 (Ann)";
    const record = expectWritten(await create({ ...least(), phone, display_name: "Harbor" }));
    expect(record).toMatchObject({ phone, contacts: { nodes: [{ phone }] } });
  });

  it("all problems are reported at once", async () => {
    const input = { account_type: "business", email: "nobody", phone: "x".repeat(1_001) };
    expectRefused(await create({ ...input, first_name: "\u0000" }), [
      ["email", "ValidationError", /Invalid email address/],
      ["phone", "ValidationError"],
      ["first_name", "ValidationError"],
      ["display_name", "ValidationError"],
    ]);
  });

  it("an unknown field is an error that names it", async () => {
    const input = { ...least(), display_name: "Harbor", vat_id: "1" };
    const answer = await gateway.ask(
      key,
      "mutation ($input: CreateCustomerInput!) { createCustomer(input: $input) { account { id } } }",
      { input },
    );
    expect(JSON.stringify(answer.errors)).toMatch(/vat_id.*BAD_USER_INPUT/);
  });

  it("needs write:customers and no other scope to write", async () => {
    const input = { ...least(), display_name: "Harbor" };
    const other = await gateway.keyFor("ours", ["read:*", "write:accounts", "write:contacts"]);
    const refused = await new Writes(gateway, other).ask("createCustomer", { input });
    expect(refused.errors?.[0]?.extensions).toMatchObject({
      code: "FORBIDDEN",
      missingScopes: ["write:customers"],
    });
    const allowed = await gateway.keyFor("ours", ["read:*", "write:customers"]);
    expectWritten(await new Writes(gateway, allowed).mutate("createCustomer", { input }));
  });

  it("of N racers with the same email exactly one wins", async () => {
    const input = { ...least(), display_name: "Race" };
    const outcomes = await Promise.all(Array.from({ length: 8 }, () => create(input)));
    expect(outcomes.filter(({ record }) => record !== null)).toHaveLength(1);
    const { rows } = await gateway.fixtures.client.query<{ contacts: number }>(
      "SELECT count(*)::integer AS contacts FROM contacts WHERE email = $1",
      [input.email],
    );
    expect(rows[0]?.contacts).toBe(1);
  });
});
