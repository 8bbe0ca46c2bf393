import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { at, type TestGateway } from "../support/gateway/gateway.ts";
import { expectRefused, expectWritten, type Outcome } from "../support/writes/mutation.ts";
import { Writes } from "../support/writes/writes.ts";
import { actorOf, uuidOf } from "../support/samples/one-of-each.ts";
import { startTenant } from "../support/gateway/one-tenant.ts";

let gateway: TestGateway;
let key: string;
let writes: Writes;

beforeAll(async () => {
  ({ gateway, key, writes } = await startTenant("ours"));
});
afterAll(() => gateway.close());

type Values = Readonly<Record<string, unknown>>;

const shown =
  "id version displayName email phone phone1Label accountId isPrimary optedIn optedInAt lastInteractionAt departmentId";
const create = (input: Values, selection = shown): Promise<Outcome> =>
  writes.mutate("createContact", { input }, selection);
const update = (id: unknown, input: Values, selection = shown): Promise<Outcome> =>
  writes.mutate("updateContact", { id, input }, selection);
async function made(input: Values = {}): Promise<string> {
  return String(expectWritten(await create(input))["id"]);
}
async function account(input: Values = {}): Promise<string> {
  return String(expectWritten(await writes.mutate("createAccount", { input }))["id"]);
}
async function read(id: string): Promise<unknown> {
  const query = `query ($id: ID!) { contact(id: $id) { ${shown} } }`;
  return at(await gateway.data(key, query, { id }), "contact");
}

describe("fields", () => {
  it("are written under their REST names", async () => {
    const input = {
      first_name: "Ann",
      last_name: "Lee",
      title: "Dr.",
      company: "Harbor",
      website: "https://harbor.example",
      job_title: "Head of IT",
      seniority: "head",
      decision_role: "buyer",
      linkedin_url: "https://linkedin.com/in/ann",
      address: "Main Street 1",
      address_addition: "2nd floor",
      postcode: "12345",
      city: "Rome",
      state: "RM",
      country: "Italy",
      lead_origin: "event",
      birthday: "1990-01-31",
      note: "Line 1\nLine 2",
    };
    const names = Object.keys(input).map((name) =>
      name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase()),
    );
    const record = expectWritten(await create(input, names.join(" ")));
    expect(Object.values(record)).toEqual(Object.values(input));
  });

  it("linkedin_url is a web address", async () => {
    for (const linkedin_url of ["linkedin.com/in/ann", "javascript:alert(1)", "https://"]) {
      expectRefused(await create({ linkedin_url }), [["linkedin_url", "ValidationError"]]);
    }
  });

  it("department_id is private: no input takes it, the credential gives it", async () => {
    await expect(create({ department_id: "dep-1" })).rejects.toThrow(/department_id/);
    const { id } = expectWritten(
      await writes.mutate("createDepartment", { input: { name: "Sales" } }),
    );
    const bound = await gateway.keyFor("ours");
    await gateway.fixtures.client.query("UPDATE api_keys SET department_id = $1 WHERE id = $2", [
      uuidOf(String(id)),
      uuidOf(actorOf(bound)),
    ]);
    const record = await new Writes(gateway, bound).mutate("createContact", { input: {} }, shown);
    expect(expectWritten(record)["departmentId"]).toBe(id);
    expect(expectWritten(await create({}))["departmentId"]).toBeNull();
  });
});

describe("display_name", () => {
  it("computed first last while blank, else email, phone, the id", async () => {
    const all = { first_name: "Ann", last_name: "Lee", email: "ann@lee.example", phone_1: "555" };
    const id = await made(all);
    const expected = ["Ann Lee", "Lee", "ann@lee.example", "555", id];
    const fields = Object.keys(all);
    for (const [index, displayName] of expected.entries()) {
      expect(await read(id)).toMatchObject({ displayName });
      const field = fields[index];
      if (field !== undefined) expectWritten(await update(id, { [field]: " " }));
    }
  });

  it("recomputed when the names change and it was never set by hand", async () => {
    const id = await made({ first_name: "Ann", last_name: "Lee", display_name: "Ann Lee" });
    const renamed = expectWritten(await update(id, { last_name: "Fox" }));
    expect(renamed["displayName"]).toBe("Ann Fox");
    const sentBack = { first_name: "Anna", display_name: "Ann Fox" };
    expect(expectWritten(await update(id, sentBack))["displayName"]).toBe("Anna Fox");
  });

  it("set by hand it stays, until it is blank again", async () => {
    const id = await made({ first_name: "Ann", display_name: " The Boss " });
    expect(await read(id)).toMatchObject({ displayName: "The Boss" });
    expect(expectWritten(await update(id, { first_name: "Bea" }))["displayName"]).toBe("The Boss");
    const sentBack = { first_name: "Cleo", display_name: "The Boss" };
    expect(expectWritten(await update(id, sentBack))["displayName"]).toBe("The Boss");
    for (const display_name of [null, " "]) {
      expectWritten(await update(id, { display_name: "By hand" }));
      expect(expectWritten(await update(id, { display_name }))["displayName"]).toBe("Cleo");
    }
    expect(expectWritten(await update(id, { first_name: "Dora" }))["displayName"]).toBe("Dora");
  });
});

describe("email", () => {
  it("syntactically valid", async () => {
    for (const email of ["nobody", "a@b", "a b@example.com", `${"x".repeat(320)}@example.com`]) {
      expectRefused(await create({ email }), [
        ["email", "ValidationError", /Invalid email address/],
      ]);
    }
  });

  it("unique among live contacts of (tenant, account), compared without case", async () => {
    const [one, two] = [await account(), await account()];
    const first = await made({ email: "Same@Example.com", account_id: one });
    const outcome = await create({ email: "sAME@example.COM", account_id: one });
    expectRefused(outcome, [["email", "DuplicateError"]]);
    expect(outcome.userErrors[0]?.existingId).toBe(first);
    const second = await made({ email: "same@example.com", account_id: two });
    expectRefused(await update(second, { account_id: one }), [["email", "DuplicateError"]]);
    expectWritten(await update(first, { email: "same@example.com" }));
    expectWritten(await update(first, { account_id: null }));
    expectWritten(await update(second, { account_id: one }));
  });

  it('"no account" counts as one account', async () => {
    const first = await made({ email: "free@example.com" });
    const outcome = await create({ email: "FREE@example.com" });
    expectRefused(outcome, [["email", "DuplicateError"]]);
    expect(outcome.userErrors[0]?.existingId).toBe(first);
    await made({ email: "free@example.com", account_id: await account() });
  });

  it("of N racers with the same email exactly one wins, with and without account", async () => {
    for (const account_id of [null, await account()]) {
      const racers = Array.from({ length: 10 }, () =>
        create({ email: "race@example.com", account_id }),
      );
      const outcomes = await Promise.all(racers);
      expect(outcomes.filter(({ record }) => record !== null)).toHaveLength(1);
      const codes = outcomes.flatMap(({ userErrors }) => userErrors.map(({ code }) => code));
      expect(codes).toEqual(Array.from({ length: 9 }, () => "DUPLICATE"));
    }
  });
});

describe("attaching by the email's domain", () => {
  it("a contact created without account is attached to the account that has its email's domain", async () => {
    const owner = await account({ domain: "https://www.Attach.example/" });
    const contact = expectWritten(await create({ email: "Ann@ATTACH.example" }));
    expect(contact["accountId"]).toBe(owner);
    const nobody = expectWritten(await create({ email: "ann@sub.attach.example" }));
    expect(nobody["accountId"]).toBeNull();
  });

  it("if exactly one live account has the domain", async () => {
    const input = { domain: "twice.example" };
    const [first, second] = [await account(input), await account(input)];
    expect(expectWritten(await create({ email: "a@twice.example" }))["accountId"]).toBeNull();
    expectWritten(await writes.mutate("deleteAccount", { id: first }));
    expect(expectWritten(await create({ email: "b@twice.example" }))["accountId"]).toBe(second);
    expectWritten(await writes.mutate("deleteAccount", { id: second }));
    expect(expectWritten(await create({ email: "c@twice.example" }))["accountId"]).toBeNull();
  });

  it("another account that is named is kept, and an update attaches nothing", async () => {
    await account({ domain: "named.example" });
    const other = await account();
    const contact = expectWritten(await create({ email: "a@named.example", account_id: other }));
    expect(contact["accountId"]).toBe(other);
    const loose = await made({ last_name: "Loose" });
    const updated = expectWritten(await update(loose, { email: "b@named.example" }));
    expect(updated["accountId"]).toBeNull();
  });

  it("its email is then unique among that account's contacts", async () => {
    const account_id = await account({ domain: "unique.example" });
    await made({ email: "a@unique.example", account_id });
    expectRefused(await create({ email: "a@unique.example" }), [["email", "DuplicateError"]]);
  });
});

describe("phone", () => {
  it.each([
    ["+1 (404) 555-0128", "+14045550128"],
    [" +49 30 901820 ", "+4930901820"],
    ["+44-20-7946-0958", "+442079460958"],
  ])("normalised to E.164 where it parses with its country code: %s", async (phone, kept) => {
    expect(expectWritten(await create({ phone }))["phone"]).toBe(kept);
  });

  it.each(["404 555 0128", "+1 12", "call me", "+999 123"])(
    "otherwise a validation error: %s",
    async (phone) => {
      expectRefused(await create({ phone }), [["phone", "ValidationError"]]);
    },
  );

  it("up to three phones with labels; phone is phone_1", async () => {
    const input = {
      phone_1: "404-555 (x7)",
      phone_1_label: "Work",
      phone_2: "2",
      phone_2_label: "Home",
      phone_3: "3",
      phone_3_label: "Boat",
    };
    const selection = "phone phone1Label phone2 phone2Label phone3 phone3Label";
    const record = expectWritten(await create(input, selection));
    expect(Object.values(record)).toEqual(Object.values(input));
    await expect(create({ phone_4: "4" })).rejects.toThrow(/phone_4/);
  });

  it("phone and phone_1 that say the same are one; both given and different is an error", async () => {
    const both = { phone: "+14045550128", phone_1: "+1 404 555 0128" };
    const id = await made(both);
    expect(await read(id)).toMatchObject({ phone: "+14045550128" });
    const different = { phone: "+14045550128", phone_1: "+14045550199" };
    expectRefused(await create(different), [["phone_1", "ValidationError"]]);
    expectRefused(await update(id, { ...different, phone: "+14045550100" }), [
      ["phone_1", "ValidationError"],
    ]);
  });

  it("both given and different is an error also when one is what is there", async () => {
    const id = await made({ phone: "+14045550128" });
    const different = { phone: "+14045550128", phone_1: "+14045550199" };
    expectRefused(await update(id, different), [["phone_1", "ValidationError"]]);
  });

  it("what was kept as sent can be sent back", async () => {
    const id = await made({ phone_1: "0404/555" });
    const updated = expectWritten(await update(id, { phone: "0404/555", city: "Rome" }));
    expect(updated["phone"]).toBe("0404/555");
    expect(expectWritten(await update(id, { phone: null }))["phone"]).toBeNull();
  });

  it("a normalised shadow is used for search", async () => {
    const id = await made({ phone_1: "+1 (212) 555.0147" });
    for (const search of ["+12125550147", "2125550147", "+1 (212) 555.0147"]) {
      const query = "query ($search: String) { contacts(search: $search) { nodes { id } } }";
      const data = await gateway.data(key, query, { search });
      expect(at(data, "contacts", "nodes"), search).toEqual([{ id }]);
    }
  });
});

describe("opted_in, opted_in_at", () => {
  it("opted_in is false by default; opted_in_at is set when it turns true", async () => {
    const started = new Date().toISOString();
    const record = expectWritten(await create({}));
    expect(record).toMatchObject({ optedIn: false, optedInAt: null });
    const { id } = record;
    const first = expectWritten(await update(id, { opted_in: true }));
    expect(String(first["optedInAt"]) >= started).toBe(true);
    const again = expectWritten(await update(id, { opted_in: true, city: "Rome" }));
    expect(again["optedInAt"]).toBe(first["optedInAt"]);
    const created = expectWritten(await create({ opted_in: true }));
    expect(String(created["optedInAt"]) >= started).toBe(true);
  });

  it("a time that is sent with it is kept", async () => {
    const opted_in_at = "2020-01-01T00:00:00.000Z";
    const record = expectWritten(await create({ opted_in: true, opted_in_at }));
    expect(record["optedInAt"]).toBe(opted_in_at);
    expectRefused(await update(record["id"], { opted_in: null }), [
      ["opted_in", "ValidationError"],
    ]);
  });

  it("gdpr_consent is any JSON", async () => {
    for (const gdpr_consent of [{ text: "yes", at: [1, null] }, "given", false, null]) {
      const record = expectWritten(await create({ gdpr_consent }, "gdprConsent"));
      expect(record["gdprConsent"]).toEqual(gdpr_consent);
    }
  });
});
