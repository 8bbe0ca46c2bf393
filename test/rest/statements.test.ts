import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Made, TenantFixtures } from "../support/samples/fixtures.ts";
import { at, listAt, startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { restClient, type RestAnswer, type RestClient } from "../support/rest/client.ts";
import { resources } from "../support/rest/filters.ts";

let gateway: TestGateway;
let tenant: TenantFixtures;
let account: Made;
let rest: RestClient;

const accounts = "/api/v1/crm/accounts";
const records = 100;

/** A hundred records of every kind: deals with people, quotes and a history, quotes with lines. */
beforeAll(async () => {
  gateway = await startGateway();
  tenant = await gateway.fixtures.tenant("north");
  const key = await gateway.keyFor("north");
  rest = restClient(gateway, { "x-api-key": key, "x-organization-id": tenant.id });
  account = await tenant.account();
  const numbers = Array.from({ length: records }, (_, index) => index);
  const accountId = account.uuid;
  await tenant.makeMany(
    "account",
    numbers.map((index) => ({ name: `Account ${index}` })),
  );
  const contacts = await tenant.makeMany(
    "contact",
    numbers.map(() => ({ accountId })),
  );
  const deals = await tenant.makeMany(
    "deal",
    numbers.map((index) => ({ accountId, dealNumber: `D-${index}`, currency: "USD" })),
  );
  await tenant.makeMany(
    "activity",
    numbers.map(() => ({ accountId, type: "call" })),
  );
  const quotes = await tenant.makeMany(
    "quote",
    deals.map(({ uuid: dealId }, index) => ({
      accountId,
      dealId,
      quoteNumber: `Q-${index}`,
      currency: "USD",
    })),
  );
  for (const [index, deal] of deals.entries()) {
    const [contact, quote] = [contacts[index], quotes[index]];
    if (contact === undefined || quote === undefined) continue;
    await tenant.stakeholder(deal, contact);
    await tenant.lineItem(quote);
    await tenant.lineItem(quote, { position: 1 });
  }
});
afterAll(() => gateway.close());

/** What a request takes, once its credential is known. */
async function statementsOf(ask: () => Promise<RestAnswer>): Promise<number> {
  gateway.statements.clear();
  const { status, text } = await ask();
  expect([status, text]).toEqual([status < 300 ? status : 200, expect.anything()]);
  return gateway.statements.all().length;
}

describe("what is read", () => {
  it("takes one statement, be it one record or a hundred, edges and counts along", async () => {
    for (const { path } of resources) {
      for (const limit of [1, 20, 100]) {
        const all = () => rest.get(`${path}?limit=${limit}`);
        expect([path, limit, await statementsOf(all)]).toEqual([path, limit, 1]);
        expect(listAt((await all()).body, "data")).toHaveLength(limit);
      }
      const { body } = await rest.get(`${path}?limit=1`);
      const id = String(at(body, "data", 0, "id"));
      expect([path, await statementsOf(() => rest.get(`${path}/${id}`))]).toEqual([path, 1]);
    }
  });

  it("takes one statement on later pages, filtered by an edge, and searched", async () => {
    const deals = "/api/v1/crm/deals";
    const first = await rest.get(`${deals}?limit=20&sort=-value,name`);
    const cursor = String(at(first.body, "pagination", "next_cursor"));
    const next = () => rest.get(`${deals}?limit=20&sort=-value,name&cursor=${cursor}`);
    expect(await statementsOf(next)).toBe(1);
    expect(await statementsOf(() => rest.get(`${deals}?contact_ids[is_empty]=false&q=D-1`))).toBe(
      1,
    );
  });
});

describe("what is written", () => {
  /** Writes records of one kind with so many parts; gives the statements of each verb. */
  async function written(parts: number): Promise<Readonly<Record<string, number>>> {
    const costs: Record<string, number> = {};
    const note = async (name: string, ask: () => Promise<RestAnswer>): Promise<string> => {
      let id = "";
      costs[name] = await statementsOf(async () => {
        const answer = await ask();
        const { data = answer.body } = Object(answer.body);
        id = String(at(data, "id"));
        return answer;
      });
      return id;
    };
    const account_id = account.id;
    const listed = await rest.get(`/api/v1/crm/contacts?limit=${parts}`);
    const contact_ids = listAt(listed.body, "data").map((item) => at(item, "id"));
    const line_items = contact_ids.map(() => ({ unit_price: 1 }));
    const bodies = {
      accounts: { name: "One" },
      contacts: { account_id, last_name: "Roe" },
      deals: { account_id, contact_ids, stage: "lead" },
      quotes: { account_id, line_items },
    };
    for (const [plural, body] of Object.entries(bodies)) {
      const path = `/api/v1/crm/${plural}`;
      const id = await note(`POST ${plural}`, () => rest.post(path, body));
      const { text } = await rest.get(`${path}/${id}`);
      await note(`PATCH ${plural}`, () => rest.patch(`${path}/${id}`, text));
      await note(`DELETE ${plural}`, () => rest.delete(`${path}/${id}`));
    }
    await note("POST activities", () =>
      rest.post("/api/v1/crm/activities", { account_id, contact_ids }),
    );
    const email = `roe${parts}@example.com`;
    await note("POST integration", () =>
      rest.post("/api/v1/integration/customers", { last_name: "Roe", email }),
    );
    await note("POST customers", () =>
      rest.post("/api/public/v1/customers", {
        account_type: "business",
        company_name: "One",
        email,
        phone: "1",
      }),
    );
    return costs;
  }

  it("takes the same statements whatever hangs on the record, BEGIN, COMMIT and its answer among them", async () => {
    await rest.get(accounts);
    const costs = await written(1);
    expect(costs).toMatchInlineSnapshot(`
      {
        "DELETE accounts": 14,
        "DELETE contacts": 7,
        "DELETE deals": 12,
        "DELETE quotes": 8,
        "PATCH accounts": 8,
        "PATCH contacts": 8,
        "PATCH deals": 12,
        "PATCH quotes": 9,
        "POST accounts": 6,
        "POST activities": 11,
        "POST contacts": 7,
        "POST customers": 11,
        "POST deals": 12,
        "POST integration": 8,
        "POST quotes": 10,
      }
    `);
    expect(await written(20)).toEqual(costs);
    expect(await written(100)).toEqual(costs);
  });
});
