// A phone number was found only as it was stored, in E.164; written as people write it, it found others.
import { afterAll, beforeAll, expect, it } from "vitest";
import { at, listAt, startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { restClient, type RestClient } from "../support/rest/client.ts";

let gateway: TestGateway;
let key: string;
let rest: RestClient;

beforeAll(async () => {
  gateway = await startGateway();
  const tenant = await gateway.fixtures.tenant("north");
  key = await gateway.keyFor(tenant.slug);
  rest = restClient(gateway, { "x-api-key": key });
  const account = await tenant.account({ name: "Berlin office", phone: "030 / 9018-2233" });
  // Others with the same parts in their numbers, made later: newer ones come first where nothing else tells.
  await tenant.contact(account, { lastName: "Right", phone: "+12015550100" });
  await tenant.contact(account, { lastName: "Extension", phone: "(650) 253-0000 ext. 136" });
  await tenant.contact(account, { lastName: "Third", phone3: "+49 (0)89 123456-78" });
  await tenant.contact(account, { lastName: "Wrong", phone: "+13015550100" });
  await tenant.contact(account, { lastName: "Longer", phone: "+120155501009" });
  await tenant.contact(account, { lastName: "Parts", phone: "+441005552019" });
  await tenant.contact(account, { lastName: "Noted", note: "201 555 0100 rang; 555-0100 too" });
  await tenant.deal(account, { name: "Frame", dealNumber: "DEAL-2026-00417" });
});
afterAll(() => gateway.close());

async function found(query: string): Promise<string[]> {
  const data = await gateway.data(
    key,
    `query ($query: String!) { search(query: $query) { nodes {
      ... on Contact { displayName } ... on Account { displayName } ... on Deal { name } } } }`,
    { query },
  );
  return listAt(data, "search", "nodes").map((node) => String(Object.values(node ?? {})[0]));
}

it.each([
  ["(201) 555-0100", "Right"],
  ["201-555-0100", "Right"],
  ["201.555.0100", "Right"],
  ["201 555 0100", "Right"],
  ["2015550100", "Right"],
  ["+1 201 555 0100", "Right"],
  ["+1 (201) 555-0100", "Right"],
  ["1-201-555-0100", "Right"],
  ["001 201 555 0100", "Right"],
  ["+1 650 253 0000", "Extension"],
  ["650 253 0000", "Extension"],
  ["+49 89 12345678", "Third"],
  ["089 / 1234 56 78", "Third"],
  ["0049 89 12345678", "Third"],
  ["+49 30 90182233", "Berlin office"],
  ["+49 (0)30 9018 2233", "Berlin office"],
  ["(030) 90182233", "Berlin office"],
  ["2026-00417", "Frame"],
])("%s finds its own record first, over GraphQL and REST", async (text, name) => {
  expect((await found(text))[0]).toBe(name);
  if (name === "Frame") return;
  const list = name === "Berlin office" ? "accounts" : "contacts";
  const { body } = await rest.get(`/api/v1/crm/${list}?q=${encodeURIComponent(text)}`);
  expect(at(listAt(body, "data")[0], "display_name")).toBe(name);
});

it("finds a number beside words, and none that is not the number", async () => {
  expect((await found("right 201-555-0100"))[0]).toBe("Right");
  const all = await found("(201) 555-0100");
  expect(all).toEqual(["Right", "Longer"]);
  expect(await found("201 555 0100")).toEqual(["Right", "Longer", "Noted"]);
});

it("takes few digits for a word", async () => {
  expect(await found("00417")).toEqual(["Frame"]);
});
