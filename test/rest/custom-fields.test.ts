import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createCrmClient } from "../../client/src/index.ts";
import { crmFace } from "../../src/rest/crm/face.ts";
import { patternsOf } from "../../src/rest/list-query.ts";
import { at, listAt, type TestGateway } from "../support/gateway/gateway.ts";
import { startTenant } from "../support/gateway/one-tenant.ts";
import { askFor } from "../support/rest/export-client.ts";
import { Writes } from "../support/writes/writes.ts";

let gateway: TestGateway;
let key: string;

const stored: Readonly<Record<string, unknown>> = {
  north: { region: "north", score: 5, vip: true, "a.b": "dot", risk: { score: 1.5 } },
  south: { region: "south", score: 50, vip: false, risk: { score: 20, notes: ["x", "y"] } },
  text: { region: "North, upper", score: "5", vip: "true" },
  null: { region: null, score: null },
  huge: { score: 123456789012345680000, "back\\slash": "b", in: "word" },
  none: {},
};

beforeAll(async () => {
  ({ gateway, key } = await startTenant("custom"));
  const write = new Writes(gateway, key);
  await write.mutateMany("createAccounts", {
    inputs: Object.entries(stored).map(([name, custom_fields]) => ({ name, custom_fields })),
  });
  const other = await gateway.fixtures.tenant("another");
  await new Writes(gateway, await gateway.keyFor(other.slug)).created("Account", {
    name: "foreign",
    custom_fields: { region: "north" },
  });
});
afterAll(() => gateway.close());

async function ask(path: string, query: string) {
  const { status, body, headers } = await askFor(
    `${gateway.url}/api/v1/crm/accounts${path}?${query}`,
    { "x-api-key": key },
  );
  return { status, text: body.toString(), headers };
}

/** The names of the accounts that a filter finds. */
async function found(filter: string): Promise<string[]> {
  const [name = "", value = ""] = filter.split(/=(.*)/s);
  const query = new URLSearchParams([[`custom_fields${name}`, value]]);
  const { status, text } = await ask("", query.toString());
  expect([filter, status]).toEqual([filter, 200]);
  return listAt(JSON.parse(text), "data")
    .map((item) => String(at(item, "name")))
    .toSorted();
}

describe("filters on custom fields", () => {
  it.each([
    ["[region]=north", ["north"]],
    ["[region][eq]=north", ["north"]],
    ["[region][ne]=north", ["south", "text"]],
    ["[region][in]=north,south", ["north", "south"]],
    [String.raw`[region][in]=North\, upper,south`, ["south", "text"]],
    ["[region][not_in]=north,south", ["text"]],
    ["[region][is_null]=true", ["huge", "none", "null"]],
    ["[region][is_null]=false", ["north", "south", "text"]],
    ["[region][starts_with]=NORTH", ["north", "text"]],
    ["[score]=5", ["north", "text"]],
    ["[score]=5.0", ["north"]],
    ["[score]=5e0", ["north"]],
    ["[score][in]=5,50", ["north", "south", "text"]],
    ["[score][gt]=5", ["huge", "south"]],
    ["[score][lte]=5", ["north"]],
    ["[score]=123456789012345680000", ["huge"]],
    ["[score]=123456789012345680001", []],
    ["[vip]=true", ["north", "text"]],
    ["[vip]=false", ["south"]],
    ["[risk.score][gte]=1.5", ["north", "south"]],
    ["[risk.notes.1]=y", ["south"]],
    [String.raw`[a\.b]=dot`, ["north"]],
    ["[a.b]=dot", []],
    [String.raw`[back\\slash]=b`, ["huge"]],
    ["[in]=word", ["huge"]],
    ["[in][in]=word,other", ["huge"]],
    ["[region]='; DROP TABLE accounts; --", []],
    ['[region]=", "x": "', []],
    ["[region')]=x", []],
  ])("%s", async (filter, names) => {
    expect(await found(filter)).toEqual(names);
  });

  it.each([
    ["custom_fields=north", "custom_fields", "needs the key inside"],
    ["custom_fields[]=north", "custom_fields[]", "needs the key inside"],
    ["custom_fields[a..b]=north", "custom_fields[a..b]", "needs the key inside"],
    ["custom_fields[region][like]=n", "custom_fields[region][like]", "has no such comparison"],
    ["custom_fields[region]=", "custom_fields[region]", "is empty"],
    ["custom_fields[region]=%00", "custom_fields[region]", ""],
    ["custom_fields[%00]=x", "custom_fields[\0]", ""],
    ["custom_fields[score][gt]=1e999999", "custom_fields[score][gt]", ""],
    [
      `custom_fields[${Array.from({ length: 21 }, () => "a").join(".")}]=x`,
      "custom_fields[a.",
      "has at most 20 keys",
    ],
    ["gdpr_consent[a]=x", "gdpr_consent[a]", "is not a parameter"],
    ["sort=custom_fields", "sort", "custom_fields"],
  ])("%s is refused by its name", async (query, path, message) => {
    const { status, text } = await ask("", query.replaceAll("[", "%5B").replaceAll("]", "%5D"));
    expect(status).toBe(400);
    const [issue, ...others] = listAt(JSON.parse(text), "issues");
    expect(others).toEqual([]);
    expect(String(at(issue, "path"))).toContain(path);
    expect(String(at(issue, "message"))).toContain(message);
  });

  it("are those of exports, of GraphQL and of the client", async () => {
    const filter = "custom_fields%5Bregion%5D%5Bin%5D=north,south";
    const csv = await ask("/export", `format=csv&fields=name&sort=name&${filter}`);
    expect(csv.text).toBe("name\r\nnorth\r\nsouth\r\n");
    const query = `query ($where: AccountFilter) { accounts(where: $where, orderBy: [{ name: asc }]) { nodes { name } } }`;
    const named = async (condition: object) => {
      const where = { customFields: [{ path: ["region"], ...condition }] };
      const data = await gateway.data(key, query, { where });
      return listAt(data, "accounts", "nodes").map((node) => at(node, "name"));
    };
    expect(await named({ in: ["north", "south"] })).toEqual(["north", "south"]);
    expect(await named({ in: [] })).toEqual([]);
    expect(await named({ notIn: ["north"] })).toEqual(["null", "south", "text"]);
    const client = createCrmClient({ baseUrl: gateway.url, apiKey: key });
    const page = await client.customer.accounts.list({
      sort: "name",
      custom_fields: { region: { in: ["north", "south"] }, "risk.score": { gte: 2 } },
    });
    expect(page.data.map(({ name }) => name)).toEqual(["south"]);
  });

  it("are counted as reading all records is, in lists and exports", () => {
    const resource = crmFace.resources.find(({ noun }) => noun === "Account");
    if (resource === undefined) throw new Error("there are no accounts");
    const isLookedFor = (query: string) =>
      patternsOf(resource, new URLSearchParams(query)).isLookedFor;
    expect(isLookedFor("custom_fields[region]=north")).toBe(true);
    expect(isLookedFor("name=north")).toBe(false);
  });
});
