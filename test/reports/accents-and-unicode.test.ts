// `muller` did not find Müller, and `Zoë` typed with a combining mark was another text than `Zoë`.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { catalog } from "../../src/modules/catalog.ts";
import { createTenant } from "../../src/modules/tenant/operator.ts";
import { pageStatement } from "../../src/query/page.ts";
import { rowColumns } from "../../src/query/row.ts";
import { searchWords } from "../../src/query/search.ts";
import type { TenantFixtures } from "../support/samples/fixtures.ts";
import { at, listAt, type TestGateway } from "../support/gateway/gateway.ts";
import { explainPlan } from "../support/database/plan.ts";
import type { RestClient } from "../support/rest/client.ts";
import { startTenant } from "../support/gateway/one-tenant.ts";

let gateway: TestGateway;
let key: string;
let tenant: TenantFixtures;
let rest: RestClient;

const twoForms = (text: string): readonly [string, string] => [
  text.normalize("NFC"),
  text.normalize("NFD"),
];

beforeAll(async () => {
  ({ gateway, tenant, key, rest } = await startTenant("north"));
  await tenant.makeMany(
    "account",
    [
      "Müller Söhne",
      "Škoda Auto",
      "JOÃO PÃO",
      "Straße Acht",
      "Łódź Ørsted",
      "Đặng Æther",
      "ΟΔΟΣ",
    ].map((name) => ({ name, description: `${name} here`, customFields: { motto: `${name}!` } })),
  );
});
afterAll(() => gateway.close());

it("what a search finds is shown with its title, and the text around the first word", async () => {
  const account = await tenant.account({ name: "Harbor" });
  await tenant.contact(account, {
    firstName: "Ada",
    lastName: "Berg",
    note: `${"before ".repeat(20)}the Größe of it ${"behind ".repeat(60)}`,
  });
  await tenant.activity(account, {
    subject: null,
    activityType: "site visit",
    description: "nach Größe",
  });
  // Korean is searched by parts of its syllables: 2.3 times as many characters.
  await tenant.activity(account, {
    subject: "회의",
    description: `${"가나다라마바사 ".repeat(60)}그리고 Kimchee 예산`,
  });
  const found = await gateway.data(
    key,
    `{ search(query: "grosse") { edges { title highlight node { __typename } } }
      korean: search(query: "kimchee") { edges { highlight } }
      similar: search(query: "skodda") { edges { title highlight } } }`,
  );
  expect(listAt(found, "search", "edges")).toEqual(
    expect.arrayContaining([
      {
        title: "Ada Berg",
        highlight: expect.stringMatching(/^(?=.{190,200}$)before .*the Größe of it behind/),
        node: { __typename: "Contact" },
      },
      { title: "site visit", highlight: "nach Größe", node: { __typename: "Activity" } },
    ]),
  );
  expect(listAt(found, "korean", "edges")).toEqual([
    { highlight: expect.stringMatching(/^가나다라마.{35,74}Kimchee 예산$/) },
  ]);
  expect(listAt(found, "similar", "edges")).toEqual([{ title: "Škoda Auto", highlight: null }]);
});

describe("a name is found without its accents", () => {
  it.each([
    ["muller sohne", "Müller Söhne"],
    ["MÜLLER", "Müller Söhne"],
    ["Mu\u0308ller", "Müller Söhne"],
    ["skoda", "Škoda Auto"],
    ["joao pao", "JOÃO PÃO"],
    ["strasse", "Straße Acht"],
    ["STRASSE", "Straße Acht"],
    ["lodz orsted", "Łódź Ørsted"],
    ["dang aether", "Đặng Æther"],
    ["οδος", "ΟΔΟΣ"],
  ])("%s", async (text, name) => {
    const wheres = [
      { name: { startsWith: text } },
      { name: { contains: text.slice(1) } },
      { displayName: { endsWith: name.slice(-4).normalize("NFD") } },
      { description: { contains: `${text} HERE` } },
      { description: { contains: `${text} ` } },
      { customFields: [{ path: ["motto"], endsWith: `${text.slice(-4)}!` }] },
    ].map((where) =>
      text.includes(" ") || !name.includes(" ") ? where : { name: { startsWith: text } },
    );
    const names = (data: unknown) => listAt(data, "nodes").map((node) => at(node, "name"));
    for (const where of wheres) {
      const data = await gateway.data(
        key,
        "query ($where: AccountFilter) { accounts(where: $where) { nodes { name } } }",
        { where },
      );
      expect([where, names(at(data, "accounts"))]).toEqual([where, [name]]);
    }
    const searched = await gateway.data(
      key,
      "query ($text: String!) { accounts(search: $text) { nodes { name } } search(query: $text) { nodes { ... on Account { name } } } }",
      { text },
    );
    expect(names(at(searched, "accounts"))[0]).toBe(name);
    expect(names(at(searched, "search"))[0]).toBe(name);
    const { body } = await rest.get(`/api/v1/crm/accounts?q=${encodeURIComponent(text)}`);
    expect(at(listAt(body, "data")[0], "name")).toBe(name);
  });

  it("by the trigram index, behind the fence too", async () => {
    const account = catalog.entity("account");
    const base = {
      entity: account,
      parent: null,
      fields: [],
      order: null,
      includeDeleted: false,
      limit: 5,
      backward: false,
      after: null,
      before: null,
      want: { rows: true, cursors: false, total: false, outside: false },
    };
    const big = await gateway.fixtures.tenant("big");
    await gateway.fixtures.client.query(
      `INSERT INTO accounts (tenant_id, id, name)
       SELECT $1, gen_random_uuid(), 'Firma ' || i || ' Größe' FROM generate_series(1, 8000) i`,
      [big.uuid],
    );
    await big.account({ name: "Čapek Übung" });
    await gateway.fixtures.client.query("VACUUM ANALYZE accounts");
    for (const request of [
      { ...base, words: searchWords("capek ubung"), where: null },
      { ...base, words: null, where: { name: { startsWith: "CAPEK" } } },
    ]) {
      const { statement } = pageStatement(
        request,
        { catalog, viewer: { tenantId: big.uuid, appId: null }, parentIds: [] },
        rowColumns(account, []),
      );
      const { scans, read } = await explainPlan(gateway.database.forTenant(big.uuid), statement);
      expect(scans.map(({ index }) => index)).toContain("accounts_search_idx");
      expect(read).toBeLessThan(200);
    }
  });
});

describe("text in another Unicode form is the same text", () => {
  const [composed, decomposed] = twoForms("Zoë Café");

  it("is stored composed, over GraphQL and REST, in lists and JSON too", async () => {
    const made = await gateway.data(
      key,
      `mutation ($input: CreateContactInput!) { createContact(input: $input) {
        userErrors { message } contact { firstName tags customFields note } } }`,
      {
        input: {
          first_name: decomposed,
          note: decomposed,
          tags: [decomposed, composed],
          custom_fields: { [decomposed]: [decomposed] },
        },
      },
    );
    expect(at(made, "createContact")).toEqual({
      userErrors: [],
      contact: {
        firstName: composed,
        tags: [composed],
        customFields: { [composed]: [composed] },
        note: composed,
      },
    });
    const { status, body } = await rest.post("/api/v1/crm/accounts", {
      name: decomposed,
      tags: [decomposed],
      custom_fields: { [decomposed]: decomposed },
      addresses: [{ city: decomposed }],
    });
    expect(status).toBe(201);
    expect([at(body, "name"), at(body, "tags"), at(body, "custom_fields")]).toEqual([
      composed,
      [composed],
      { [composed]: composed },
    ]);
    expect(at(listAt(body, "addresses")[0], "city")).toBe(composed);
  });

  it.each(twoForms("Zoë Café"))("finds what was written, as %j", async (text) => {
    for (const where of [
      { firstName: { eq: text } },
      { firstName: { in: [text] } },
      { tags: { has: text } },
      { customFields: [{ path: [text], eq: [text] }] },
    ]) {
      const data = await gateway.data(
        key,
        "query ($where: ContactFilter) { contacts(where: $where) { totalCount } }",
        { where },
      );
      expect([where, at(data, "contacts", "totalCount")]).toEqual([where, 1]);
    }
    const { body } = await rest.get(
      `/api/v1/crm/accounts?tags=${encodeURIComponent(text)}&name=${encodeURIComponent(text)}`,
    );
    expect(listAt(body, "data")).toHaveLength(1);
  });

  it("in two keys of one JSON object is refused, since one of the values would be lost", async () => {
    const answer = await gateway.data(
      key,
      "mutation ($input: CreateContactInput!) { createContact(input: $input) { userErrors { message path } } }",
      { input: { custom_fields: { [composed]: 1, [decomposed]: 2 } } },
    );
    expect(listAt(answer, "createContact", "userErrors")).toEqual([
      {
        message: expect.stringContaining("twice in Unicode NFC; rename one"),
        path: ["custom_fields"],
      },
    ]);
  });

  it("that makes it too long for an index is refused, and the same text without those letters is not", async () => {
    const letters = (count: number, from: number) =>
      Array.from({ length: count }, (_, index) => String.fromCharCode(from + index * 7)).join("");
    // U+0958… are longer in NFC.
    const long = letters(775, 0x4e00) + "\u0958\u095b\u095e\u0959\u095c".repeat(17);
    expect(Buffer.byteLength(long)).toBe(2_580);
    const refused = await rest.post("/api/v1/crm/accounts", { name: long });
    expect(refused.status).toBe(400);
    expect(refused.body).toMatchObject({ issues: [{ path: "name" }] });
    const taken = await rest.post("/api/v1/crm/accounts", { name: letters(860, 0x4e00) });
    expect(taken.status).toBe(201);
  });

  it("is stored composed by the command line too", async () => {
    const options = { slug: "composed", currency: "USD", timeZone: "UTC" };
    const made = await createTenant(gateway.database, { ...options, name: decomposed });
    expect(made.name).toBe(composed);
  });

  it("is one unique value", async () => {
    const create = (text: string) =>
      gateway.data(
        key,
        `mutation ($input: CreateDealInput!) { createDeal(input: $input) { userErrors { code } deal { dealNumber } } }`,
        { input: { account_id: account, deal_number: text } },
      );
    const account = (await tenant.account()).id;
    expect(at(await create(decomposed), "createDeal", "deal", "dealNumber")).toBe(composed);
    expect(at(await create(composed), "createDeal", "userErrors")).toEqual([{ code: "DUPLICATE" }]);
    const found = await gateway.data(
      key,
      "query ($number: String) { deal(number: $number) { dealNumber } }",
      {
        number: decomposed,
      },
    );
    expect(at(found, "deal", "dealNumber")).toBe(composed);
  });
});
