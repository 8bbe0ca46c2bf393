import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { duplicatesOf } from "../support/duplicates/duplicates.ts";
import { at, listAt, type TestGateway } from "../support/gateway/gateway.ts";
import { expectWritten, type Outcome } from "../support/writes/mutation.ts";
import type { Writes } from "../support/writes/writes.ts";
import { restClient, type RestClient } from "../support/rest/client.ts";
import { startTenant } from "../support/gateway/one-tenant.ts";

let gateway: TestGateway;
let key: string;
let writes: Writes;
let rest: RestClient;

beforeAll(async () => {
  const started = await startTenant("north");
  ({ gateway, key, writes } = started);
  rest = restClient(gateway, { "x-api-key": key, "x-organization-id": started.tenant.id });
});
afterAll(() => gateway.close());

type Values = Readonly<Record<string, unknown>>;

const write = (field: string, input: Values, selection = "id"): Promise<Outcome> =>
  writes.mutate(field, { input }, selection);
const made = async (field: string, input: Values, selection = "id"): Promise<Values> =>
  expectWritten(await write(field, input, selection));
/** `path code` of each problem. */
const told = ({ userErrors }: Outcome): string[] =>
  userErrors.map(({ path, code }) => `${path.join(".")} ${code}`);

/** The ids that a condition finds over GraphQL. */
async function found(list: string, where: Values): Promise<unknown[]> {
  const type = `${list.charAt(0).toUpperCase()}${list.slice(1, -1)}Filter`;
  const answer = await gateway.ask(
    key,
    `query ($where: ${type}) { ${list}(where: $where, first: 100) { nodes { id } } }`,
    { where },
  );
  expect(answer.errors).toBeUndefined();
  return listAt(answer.data, list, "nodes").map((node) => at(node, "id"));
}

/** The ids that a query finds over REST, each part percent-encoded. */
async function listed(list: string, query: Readonly<Record<string, string>>): Promise<unknown[]> {
  const { status, text, body } = await rest.get(
    `/api/v1/crm/${list}?limit=100&${new URLSearchParams(query)}`,
  );
  expect([status, text]).toEqual([200, expect.anything()]);
  return listAt(body, "data").map((record) => at(record, "id"));
}

describe("an email with a host in another script is the same in punycode", () => {
  let account: Values;
  let contact: Values;
  const typed = "Info@Bücher.example";
  const same = ["info@xn--bcher-kva.example", "INFO@BÜCHER.example", "info@bu\u0308cher.example"];

  beforeAll(async () => {
    account = await made("createAccount", { name: "Bücher", domain: "bücher.example" });
    contact = await made(
      "createContact",
      { email: typed, last_name: "Info" },
      "id email accountId",
    );
  });

  it("is kept as it is typed, and attaches the contact to the account with its domain", () => {
    expect(contact).toMatchObject({ email: typed, accountId: account["id"] });
  });

  it.each(same)("%s is taken, is found, and is the upsert's key", async (email) => {
    expect(told(await write("createContact", { email, account_id: account["id"] }))).toEqual([
      "email DUPLICATE",
    ]);
    const other = `other-${email}`;
    for (const where of [{ eq: email }, { in: [other, email] }, { notIn: [other], eq: email }])
      expect(await found("contacts", { email: where })).toEqual([contact["id"]]);
    for (const where of [{ ne: email }, { notIn: [email] }, { in: [other] }])
      expect(await found("contacts", { email: where })).not.toContain(contact["id"]);
    expect(await listed("contacts", { email })).toEqual([contact["id"]]);
    expect(await listed("contacts", { "email[not_in]": email })).not.toContain(contact["id"]);
    const upserted = await write("upsertContact", { email, last_name: "Info" });
    expect([upserted.created, expectWritten(upserted)["id"]]).toEqual([false, contact["id"]]);
  });

  it("is told of two contacts as the same email, and of two accounts as the same host", async () => {
    const elsewhere = await made("createAccount", { name: "Elsewhere" });
    const values = { email: same[0], account_id: elsewhere["id"], last_name: "Info" };
    const twin = await made("createContact", values);
    const [duplicate] = await duplicatesOf(gateway, key, "contact", String(twin["id"]));
    expect(duplicate).toMatchObject({ id: contact["id"], reasons: { SAME_EMAIL: 1 } });
    const shop = await made("createAccount", { name: "Shop", website: "https://bücher.example/" });
    const likely = { minScore: 0.1 };
    const hosts = await duplicatesOf(gateway, key, "account", String(shop["id"]), likely);
    expect(hosts).toMatchObject([{ id: account["id"], reasons: { SAME_DOMAIN: 1 } }]);
  });

  it("is two addresses of accounts once, also when an update makes it so", async () => {
    const [one, other] = [
      await made("createAccount", { email: "ops@straße.example" }),
      await made("createAccount", { email: "ops@strasse.example" }),
    ];
    const update = (id: unknown, email: string) =>
      writes.mutate("updateAccount", { id, input: { email } });
    expect(told(await update(other["id"], "ops@xn--strae-oqa.example"))).toEqual([
      "email DUPLICATE",
    ]);
    expectWritten(await update(one["id"], "ops@strasse2.example"));
    expectWritten(await update(other["id"], "ops@xn--strae-oqa.example"));
    expect(await found("accounts", { email: { eq: "ops@straße.example" } })).toEqual([other["id"]]);
  });
});

describe("a phone number", () => {
  it.each([
    "+1 650 253 0000 ext. 136",
    "+1 650 253 0000 x136",
    "+1 650 253 0000;ext=136",
    "+49 30 901820/22",
    "+49 30 901820 / 422",
    "+1 650 253 0000 #6",
    "+7 495 123-45-67 доб. 123",
    "+1 650 253 0000 (do not call)",
    "reception: +1 650 253 0000",
  ])("%s is refused as phone and kept as phone_1", async (text) => {
    const refused = await write("createContact", { phone: text });
    expect(told(refused)).toEqual(["phone BAD_USER_INPUT"]);
    expect(refused.userErrors[0]?.message).toContain("phone_1");
    const answer = await rest.post("/api/v1/crm/contacts", { phone: text });
    expect([answer.status, at(answer.body, "issues", 0, "path")]).toEqual([400, "phone"]);
    expect(await made("createContact", { phone_1: text }, "phone")).toEqual({ phone: text });
    expect(await made("createAccount", { phone: text }, "phone")).toEqual({ phone: text });
  });

  it("is found by its digits, in each of its fields, over GraphQL and REST", async () => {
    const written = await made("createContact", { phone: "+49 30 9018 2233" }, "id phone");
    const asSent = await made("createContact", {
      phone_1: "+49 (0)30 9018-2233",
      phone_2: "(201) 555-0100",
      phone_3: "ask for Nora",
    });
    const account = await made("createAccount", { phone: "030 9018 2233" });
    expect(written["phone"]).toBe("+493090182233");
    const both = [written["id"], asSent["id"]];
    const sorted = (ids: readonly unknown[]): string[] => ids.map(String).toSorted();
    for (const text of ["+49 30 9018 2233", "+493090182233", "+49 (0)30 90182233"]) {
      expect(sorted(await found("contacts", { phone: { eq: text } }))).toEqual(sorted(both));
      expect(sorted(await found("contacts", { phone: { in: ["1", text] } }))).toEqual(sorted(both));
      for (const none of [{ phone: { ne: text } }, { phone: { notIn: [text] } }])
        expect(await found("contacts", none)).not.toEqual(expect.arrayContaining(both));
      const not = await found("contacts", { not: { phone: { eq: text } } });
      expect(not.filter((id) => both.includes(id))).toEqual([]);
      expect(sorted(await listed("contacts", { phone: text }))).toEqual(sorted(both));
      expect(sorted(await listed("contacts", { "phone_1[in]": `${text},1` }))).toEqual(
        sorted(both),
      );
    }
    expect(await found("contacts", { phone2: { eq: "201.555.0100" } })).toEqual([asSent["id"]]);
    expect(await found("contacts", { phone3: { eq: "ask for Nora" } })).toEqual([asSent["id"]]);
    expect(await found("contacts", { phone3: { eq: "ask for Nor" } })).toEqual([]);
    expect(await found("accounts", { phone: { eq: "030/90182233" } })).toEqual([account["id"]]);
    const customers = await rest.get("/api/public/v1/customers?phone=03090182233");
    expect(listAt(customers.body, "data")).toHaveLength(1);
  });

  it("is another one with another extension", async () => {
    const people = [];
    for (const extension of ["", " x7", " ext. 7", " x8"])
      people.push(await made("createContact", { phone_1: `+1 650 253 0199${extension}` }));
    const [plain, seven, alike, eight] = people.map(({ id }) => id);
    expect(await found("contacts", { phone: { eq: "+16502530199" } })).toEqual([plain]);
    expect(await found("contacts", { phone: { eq: "+1 650 253 0199 доб. 8" } })).toEqual([eight]);
    const list = await duplicatesOf(gateway, key, "contact", String(seven), { minScore: 0.1 });
    expect(list).toMatchObject([{ id: alike, reasons: { SAME_PHONE: 1 } }]);
  });

  it("that stands in phone_1 with its extension is sent back under both names", async () => {
    const phone = "+1 650 253 0000 x9";
    const { id } = await made("createContact", { phone_1: phone });
    const back = { phone, phone_1: phone, last_name: "Back" };
    const outcome = await writes.mutate("updateContact", { id, input: back }, "phone");
    expect(expectWritten(outcome)).toEqual({ phone });
  });
});

describe("a currency", () => {
  it.each(["VED", "ved", "UYW", "XAD", "CHE", "XAU", "XCG"])("%s is taken", async (currency) => {
    const account = await made("createAccount", {});
    const deal = { account_id: account["id"], currency };
    expect(await made("createDeal", deal, "currency")).toEqual({
      currency: currency.toUpperCase(),
    });
  });

  it("that was withdrawn is refused, read and found", async () => {
    const account = await made("createAccount", {});
    const deal = { account_id: account["id"], currency: "EUR" };
    const { id } = await made("createDeal", deal);
    expect(told(await write("createDeal", { ...deal, currency: "HRK" }))).toEqual([
      "currency BAD_USER_INPUT",
    ]);
    await gateway.fixtures.client.query("UPDATE deals SET currency = 'HRK' WHERE id = $1", [
      String(id).replace("deal-", ""),
    ]);
    for (const currency of ["HRK", "hrk"]) {
      expect(await found("deals", { currency: { eq: currency } })).toEqual([id]);
      expect(await found("deals", { currency: { in: [currency, "jpy"] } })).toEqual([id]);
      expect(await found("deals", { currency: { ne: currency } })).not.toContain(id);
      expect(await listed("deals", { currency })).toEqual([id]);
      const ordered = await gateway.ask(
        key,
        `query ($currency: Currency) { dealsAggregate(groupBy: [{ field: stage }],
          orderBy: [{ sum: { value: desc_nulls_last }, currency: $currency }]) { count } }`,
        { currency },
      );
      expect(ordered.errors).toBeUndefined();
    }
  });
});

describe("a domain", () => {
  it.each(["www.münchen.example", "https://xn--mnchen-3ya.example/about", "MÜNCHEN.example"])(
    "%s finds what it would write",
    async (domain) => {
      const upserted = await write("upsertAccount", { domain, name: "München" }, "id domain");
      const record = expectWritten(upserted);
      expect(record["domain"]).toBe("xn--mnchen-3ya.example");
      const id = record["id"];
      expect(await found("accounts", { domain: { eq: domain } })).toEqual([id]);
      expect(await found("accounts", { domain: { in: ["x.example", domain] } })).toEqual([id]);
      expect(await found("accounts", { domain: { notIn: [domain] } })).not.toContain(id);
      expect(await listed("accounts", { domain })).toEqual([id]);
    },
  );
});

describe("days and instants", () => {
  it.each(["1996-07-04", "1996-07-04 00:00:00.000", "1996-07-04T00:00:00"])(
    "%s is a day",
    async (text) => {
      const record = await made("createContact", { birthday: text }, "id birthday");
      expect(record["birthday"]).toBe("1996-07-04");
      expect(await found("contacts", { birthday: { eq: text } })).toContain(record["id"]);
      expect(await listed("contacts", { birthday: text })).toContain(record["id"]);
      const answer = await rest.post("/api/v1/crm/contacts", { birthday: text });
      expect(answer.status).toBe(201);
    },
  );

  it.each(["2026-11-30T10:00:00+0000", "2026-11-30 10:00:00+00", "2026-11-30 12:00:00 +0200"])(
    "%s is an instant",
    async (text) => {
      const input = { first_contacted_at: text };
      const record = await made("createAccount", input, "id firstContactedAt");
      expect(record["firstContactedAt"]).toBe("2026-11-30T10:00:00.000Z");
      const where = { firstContactedAt: { eq: text } };
      expect(await found("accounts", where)).toContain(record["id"]);
      expect(await listed("accounts", { first_contacted_at: text })).toContain(record["id"]);
      // A plus that was not percent-encoded arrives as a space.
      const plain = await rest.get(
        `/api/v1/crm/accounts?first_contacted_at=${text.replace(" ", "%20")}`,
      );
      expect(listAt(plain.body, "data").map((one) => at(one, "id"))).toContain(record["id"]);
    },
  );

  it.each(["07/04/1996", "1996-07-04T10:00:00", "2026-11-30 10:00:00"])(
    "%s is ambiguous, and refused",
    async (text) => {
      const input = { first_contacted_at: text };
      expect(told(await write("createAccount", input))).toEqual([
        "first_contacted_at BAD_USER_INPUT",
      ]);
      expect(told(await write("createContact", { birthday: text }))).toEqual([
        "birthday BAD_USER_INPUT",
      ]);
      const answer = await rest.get(`/api/v1/crm/contacts?birthday=${encodeURIComponent(text)}`);
      expect(answer.status).toBe(400);
    },
  );
});
