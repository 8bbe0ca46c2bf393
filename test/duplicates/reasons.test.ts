import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { duplicatesOf } from "../support/duplicates/duplicates.ts";
import type { Made, TenantFixtures, Values } from "../support/samples/fixtures.ts";
import { startGateway, type TestGateway } from "../support/gateway/gateway.ts";

let gateway: TestGateway;
let tenant: TenantFixtures;
let key: string;
let count = 0;

beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

/** Each case in a tenant of its own, so that only what it makes can be found. */
async function freshTenant(): Promise<void> {
  tenant = await gateway.fixtures.tenant(`reasons-${++count}`);
  key = await gateway.keyFor(tenant.slug);
}

type Case = readonly [string, Values, Values, Readonly<Record<string, number>>, number, number];

describe("an account and another", () => {
  it.each<Case>([
    [
      "with the same name but for form and accents",
      { name: "The Müller & Söhne GmbH" },
      { name: "MUELLER SOEHNE" },
      { SAME_NAME: 1 },
      0.6,
      0.6,
    ],
    [
      "with its legal name for a name",
      { name: "Acme", legalName: "Harbor Tools Ltd" },
      { name: "Harbor Tools" },
      { SAME_NAME: 1 },
      0.6,
      0.6,
    ],
    [
      "with a misspelt name",
      { name: "North Harbor Logistics" },
      { name: "North Habror Logistics, Inc." },
      { SIMILAR_NAME: 0.95 },
      0.5,
      0.6,
    ],
    [
      "with part of its name and its phone",
      { name: "Blue Ridge Foods", phone: "(617) 555-0123" },
      { name: "Blue Ridge", phone: "+1 617 555 0123" },
      { SAME_PHONE: 1, SIMILAR_NAME: 0.76 },
      0.6,
      0.8,
    ],
    [
      "with a website at its domain",
      { name: null, domain: "acme.example" },
      { name: "Acme", website: "https://www.acme.example/en?x=1" },
      { SAME_DOMAIN: 1 },
      0.6,
      0.6,
    ],
    [
      "with an email at its domain",
      { name: "Acme", domain: "acme.example" },
      { name: "ACME Inc", email: "info@Acme.example" },
      { SAME_DOMAIN: 1, SAME_NAME: 1 },
      0.8,
      0.9,
    ],
  ])("%s", async (_, one, other, reasons, least, most) => {
    await freshTenant();
    const first = await tenant.account(one);
    const second = await tenant.account(other);
    await expectPair("account", first, second, reasons, [least, most]);
  });

  it.each([
    [
      "a subsidiary with the same host",
      { name: "Acme Marine", domain: "acme.example" },
      { name: "Acme Logistics", domain: "acme.example" },
    ],
    [
      "another store of the same chain",
      { name: "Acme 12", legalName: "Acme Ltd", domain: "acme.example" },
      { name: "Acme 14", legalName: "Acme Ltd", domain: "acme.example" },
    ],
    [
      "a neighbour on the same switchboard",
      { name: "Acme", phone: "617 555 0123" },
      { name: "Beacon Bakery", phone: "617 555 0123" },
    ],
    [
      "a customer with the same mail provider",
      { name: "Ann Lee", email: "ann@gmail.com" },
      { name: "Bob Ray", email: "bob@gmail.com" },
    ],
    [
      "a namesake elsewhere",
      { name: "Summit Consulting", domain: "summit-north.example" },
      { name: "Summit Consulting", domain: "summit-south.example" },
    ],
    [
      "another person of the name",
      { name: "John Smith", accountType: "individual" },
      { name: "John Smith", accountType: "individual" },
    ],
  ])("is none that is %s", async (_, one, other) => {
    await freshTenant();
    const first = await tenant.account(one);
    await tenant.account(other);
    expect(await duplicatesOf(gateway, key, "account", first.id)).toEqual([]);
  });

  it("is none that is known to be its parent", async () => {
    await freshTenant();
    const parent = await tenant.account({ name: "Acme", domain: "acme.example" });
    const child = await tenant.account({
      name: "Acme Ltd",
      domain: "acme.example",
      parentAccountId: parent.uuid,
    });
    expect(await duplicatesOf(gateway, key, "account", child.id)).toEqual([]);
  });
});

describe("a contact and another", () => {
  const person = { firstName: "Jürgen", lastName: "Weiß" };

  it.each<Case>([
    [
      "with the same email",
      { email: "jw@acme.example" },
      { email: "JW@acme.example" },
      { SAME_EMAIL: 1 },
      0.9,
      0.9,
    ],
    [
      "with the same name, swapped, and phone",
      { ...person, phone: "+49 89 23125123" },
      { firstName: "WEISS", lastName: "Juergen", phone2: "089 / 23125123" },
      { SAME_NAME: 1, SAME_PHONE: 1 },
      0.6,
      0.8,
    ],
    [
      "with the same LinkedIn profile",
      { ...person, linkedinUrl: "https://www.linkedin.com/in/jw-1/" },
      { ...person, linkedinUrl: "http://de.linkedin.com/in/JW-1" },
      { SAME_NAME: 1, SAME_PROFILE: 1 },
      0.9,
      1,
    ],
    [
      "with the same name and birthday",
      { ...person, birthday: "1980-02-03" },
      { ...person, birthday: "1980-02-03" },
      { SAME_NAME: 1, SAME_BIRTHDAY: 1 },
      0.6,
      0.7,
    ],
    [
      "with an initial, the same phone and the same host",
      { ...person, email: "juergen@acme.example", phone: "+49 89 23125123" },
      { firstName: "J.", lastName: "Weiss", phone: "089 23125123", website: "acme.example" },
      { SAME_PHONE: 1, SIMILAR_NAME: 0.85, SAME_DOMAIN: 1 },
      0.7,
      0.8,
    ],
    [
      "of the same company in words",
      { ...person, company: "Acme GmbH" },
      { ...person, company: "ACME" },
      { SAME_NAME: 1, SAME_DOMAIN: 1 },
      0.6,
      0.8,
    ],
  ])("%s", async (_, one, other, reasons, least, most) => {
    await freshTenant();
    const first = await tenant.contact(null, { lastName: null, ...one });
    const second = await tenant.contact(await tenant.account({ name: null }), {
      lastName: null,
      ...other,
    });
    await expectPair("contact", first, second, reasons, [least, most]);
  });

  it("whose company is the name of the account", async () => {
    await freshTenant();
    const first = await tenant.contact(null, { ...person, company: "Acme GmbH" });
    const second = await tenant.contact(await tenant.account({ name: "The ACME Group" }), person);
    await expectPair("contact", first, second, { SAME_NAME: 1, SAME_DOMAIN: 1 }, [0.6, 0.8]);
  });

  it("with the nickname at the same account", async () => {
    await freshTenant();
    const account = await tenant.account();
    const first = await tenant.contact(account, { firstName: "Robert", lastName: "Hall" });
    const second = await tenant.contact(account, { firstName: "Bob", lastName: "Hall" });
    await expectPair("contact", first, second, { SIMILAR_NAME: 0.88, SAME_ACCOUNT: 1 }, [0.5, 0.6]);
  });

  it.each([
    [
      "a colleague on the same switchboard",
      { ...person, phone: "089 23125123" },
      { firstName: "Anke", lastName: "Vogel", phone: "089 23125123" },
    ],
    [
      "a colleague of the same family name",
      { ...person, email: "jw@acme.example" },
      { firstName: "Anke", lastName: "Weiß", email: "aw@acme.example" },
    ],
    [
      "a namesake with a number in the address",
      { ...person, email: "j.weiss@acme.example" },
      { ...person, email: "j.weiss2@acme.example" },
    ],
    [
      "somebody of the same name born on another day",
      { ...person, birthday: "1980-02-03" },
      { ...person, birthday: "1999-09-09" },
    ],
  ])("is none that is %s", async (_, one, other) => {
    await freshTenant();
    const account = await tenant.account();
    const first = await tenant.contact(account, one);
    await tenant.contact(account, other);
    expect(await duplicatesOf(gateway, key, "contact", first.id)).toEqual([]);
  });

  it.each([
    ["somebody of the same name elsewhere", person, person],
    [
      "somebody with the same mailbox of many",
      { ...person, email: "info@acme.example" },
      { firstName: "Anke", lastName: "Vogel", email: "info@acme.example" },
    ],
    [
      "a relative with the same phone",
      { ...person, phone: "089 23125123" },
      { firstName: "Anke", lastName: "Weiß", phone: "089 23125123" },
    ],
  ])("is none that is %s", async (_, one, other) => {
    await freshTenant();
    const first = await tenant.contact(await tenant.account(), one);
    await tenant.contact(await tenant.account(), other);
    expect(await duplicatesOf(gateway, key, "contact", first.id)).toEqual([]);
  });
});

/** Each lists the other, with the same score for the same reasons. */
async function expectPair(
  entity: "account" | "contact",
  first: Made,
  second: Made,
  reasons: Readonly<Record<string, number>>,
  [least, most]: readonly [number, number],
): Promise<void> {
  const [found, ...others] = await duplicatesOf(gateway, key, entity, first.id);
  expect(others).toEqual([]);
  expect(found).toMatchObject({ id: second.id, reasons });
  expect(Object.keys(found?.reasons ?? {}).toSorted()).toEqual(Object.keys(reasons).toSorted());
  expect(found?.score).toBeGreaterThanOrEqual(least);
  expect(found?.score).toBeLessThanOrEqual(most);
  const back = await duplicatesOf(gateway, key, entity, second.id);
  expect(back).toEqual([{ ...found, id: first.id }]);
}
