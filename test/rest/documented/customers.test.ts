import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { formsOf, readCurl, replay, Samples, uuidv7 } from "../../support/rest/documented.ts";
import { TenantFixtures } from "../../support/samples/fixtures.ts";
import { at, recordAt, startGateway, type TestGateway } from "../../support/gateway/gateway.ts";
import { restClient, type RestAnswer } from "../../support/rest/client.ts";

const samples = await Samples.of("customers");
const documentedCustomer = recordAt(samples.json("get: answer 200"), "data");
const organization = String(at(documentedCustomer, "organization_id"));

let gateway: TestGateway;

/** Beside the customer of the document, whose id and time are its own, there is another one. */
beforeAll(async () => {
  gateway = await startGateway();
  const { fixtures } = gateway;
  await fixtures.insert("tenants", { id: organization, slug: "asteri", name: "Asteri" });
  const tenant = { uuid: organization, id: `ten-${organization}` };
  const { id, display_name: name, organization_id, ...values } = documentedCustomer;
  await fixtures.insert("accounts", { id, tenant_id: organization_id, name, ...values });
  await new TenantFixtures(fixtures, tenant, "asteri").account({
    name: "Another",
    accountType: "individual",
    email: "another@example.com",
    phone: "+1-404-555-0129",
    createdAt: "2026-03-18T15:40:11.000Z",
  });
});
afterAll(() => gateway.close());

/** Sends the line as it stands; only key and organization are filled in. */
async function send(name: string, slug: string, organizationId: string): Promise<RestAnswer> {
  const request = readCurl(samples.text(name), {
    ast_live_your_key: await gateway.keyFor(slug),
    "${ORG_ID}": organizationId,
  });
  return replay(restClient(gateway, {}), request);
}

const rateHeaders = ({ headers }: RestAnswer) =>
  ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"].map((name) =>
    headers.get(name),
  );
const rates = [
  expect.stringMatching(/^\d+$/),
  expect.stringMatching(/^\d+$/),
  expect.stringMatching(/^[1-9]\d?$/),
];

describe("the document's requests for customers", () => {
  it.each([
    ["bare", (uuid: string) => uuid],
    ["prefixed", (uuid: string) => `ten-${uuid}`],
  ])(
    "create: the record that was sent, with what the server adds (%s organization)",
    async (slug, shown) => {
      const { uuid } = await gateway.fixtures.tenant(slug);
      const answer = await send("create: request", slug, shown(uuid));
      expect(answer.status).toBe(201);
      const documented = samples.json("create: answer 201");
      expect(formsOf(answer.body)).toEqual(formsOf(documented));
      const id = at(answer.body, "data", "id");
      expect(id).toMatch(uuidv7);
      expect(answer.body).toEqual({
        data: {
          ...recordAt(documented, "data"),
          id,
          organization_id: uuid,
          created_at: at(answer.body, "data", "created_at"),
        },
      });
      expect(answer.headers.get("location")).toBe(`/api/public/v1/customers/${String(id)}`);
      expect(answer.headers.get("content-type")).toBe("application/json; charset=utf-8");
      expect(rateHeaders(answer)).toEqual(rates);
    },
  );

  it.each([
    ["bare", organization],
    ["prefixed", `ten-${organization}`],
  ])(
    "list and get: the document's bytes for its own record (%s organization)",
    async (form, id) => {
      const one = await send("get: request", "asteri", id);
      expect(one.status).toBe(200);
      expect(one.text).toBe(JSON.stringify(samples.json("get: answer 200")));
      expect(rateHeaders(one)).toEqual(rates);

      const list = await send("list: request", "asteri", id);
      expect(list.status).toBe(200);
      const documented = samples.json("list: answer 200");
      expect(formsOf(list.body)).toEqual(formsOf(documented));
      expect(at(list.body, "data", 0)).toEqual(at(documented, "data", 0));
      expect(at(list.body, "pagination")).toEqual(at(documented, "pagination"));
      expect(rateHeaders(list)).toEqual(rates);
    },
  );
});
