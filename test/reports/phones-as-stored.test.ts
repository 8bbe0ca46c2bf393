// A filter by the very text that a record shows as its phone number found nothing: the x of Fax, Alex and Text was read as
// an extension, and digits of other scripts were none.
import { afterAll, beforeAll, expect, it } from "vitest";
import { at, listAt, startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { restClient, type RestClient } from "../support/rest/client.ts";

let gateway: TestGateway;
let key: string;
let rest: RestClient;
const stored = [
  "Fax: 030 1234567",
  "Alex 0151 23456789",
  "Text only 555-0199 (work)",
  "＋８１ ３ １２３４ ５６７８",
  "+٩٦٦ ٥٠ ١٢٣ ٤٥٦٧",
  "۰۲۱ ۱۲۳۴ ۵۶۷۸",
  "Ext. 12",
  "ask for Nora",
  "(201) 555-0100 ext. 7",
];

beforeAll(async () => {
  gateway = await startGateway();
  const tenant = await gateway.fixtures.tenant("north");
  key = await gateway.keyFor(tenant.slug);
  rest = restClient(gateway, { "x-api-key": key });
  const account = await tenant.account({ phone: "+4930111222" });
  for (const phone of stored) await tenant.contact(account, { phone });
});
afterAll(() => gateway.close());

const found = async (phone: object) => {
  const data = await gateway.data(
    key,
    "query ($phone: PhoneFilter) { contacts(where: { phone: $phone }) { nodes { phone } } }",
    { phone },
  );
  return listAt(data, "contacts", "nodes").map((node) => at(node, "phone"));
};

it.each(stored)("%s is found as it stands, and not among the others", async (text) => {
  expect(await found({ eq: text })).toEqual([text]);
  expect(await found({ in: [text, "+4930000000"] })).toEqual([text]);
  expect(await found({ ne: text })).not.toContain(text);
  expect(await found({ ne: text })).toHaveLength(stored.length - 1);
  for (const operator of ["eq", "in"]) {
    const { body } = await rest.get(
      `/api/v1/crm/contacts?phone_1[${operator}]=${encodeURIComponent(text)}`,
    );
    expect(listAt(body, "data").map((one) => at(one, "phone_1"))).toEqual([text]);
  }
});

it.each([
  ["030 1234567", "Fax: 030 1234567"],
  ["+81 3 1234 5678", "＋８１ ３ １２３４ ５６７８"],
  ["+966501234567", "+٩٦٦ ٥٠ ١٢٣ ٤٥٦٧"],
  ["021 12345678", "۰۲۱ ۱۲۳۴ ۵۶۷۸"],
])("%s finds %s, a search too", async (text, phone) => {
  expect(await found({ eq: text })).toEqual([phone]);
  const data = await gateway.data(
    key,
    "query ($text: String!) { contacts(search: $text) { nodes { phone } } }",
    { text },
  );
  expect(listAt(data, "contacts", "nodes").map((node) => at(node, "phone"))).toEqual([phone]);
});
