// A domain is stored in punycode, and neither a search nor a filter found it by what people type: köln.de, münchen.
import { domainToASCII, domainToUnicode } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { at, listAt, type TestGateway } from "../support/gateway/gateway.ts";
import { startTenant } from "../support/gateway/one-tenant.ts";

let gateway: TestGateway;
let key: string;

beforeAll(async () => {
  ({ gateway, key } = await startTenant("north"));
  for (const [name, email, domain] of [
    ["Rhine", "info@bahnhof.example", "köln.de"],
    ["Isar", `info@${domainToASCII("straßenbahn-münchen.example")}`, "other.example"],
    ["Plain", "info@plain.example", "plain.example"],
  ]) {
    await gateway.data(
      key,
      "mutation ($input: CreateAccountInput!) { createAccount(input: $input) { account { id } } }",
      { input: { name, email, domain } },
    );
  }
});
afterAll(() => gateway.close());

const names = (data: unknown, list: string) =>
  listAt(data, list, "nodes").map((node) => at(node, "name"));

it.each([
  ["köln.de", "Rhine"],
  ["köln", "Rhine"],
  ["KOLN.de", "Rhine"],
  ["xn--kln-sna.de", "Rhine"],
  ["münchen", "Isar"],
  ["info@straßenbahn-münchen.example", "Isar"],
])("a search for %s finds %s first", async (query, name) => {
  const search =
    "query ($query: String!) { search(query: $query, types: [Account]) { nodes { ... on Account { name } } } }";
  expect(names(await gateway.data(key, search, { query }), "search")[0]).toBe(name);
});

it.each([
  [{ domain: { contains: "köln" } }, ["Rhine"]],
  [{ domain: { startsWith: "Köln." } }, ["Rhine"]],
  [{ domain: { contains: "xn--kln" } }, ["Rhine"]],
  [{ email: { endsWith: "münchen.example" } }, ["Isar"]],
  [{ not: { domain: { contains: "köln" } } }, ["Isar", "Plain"]],
])("the filter %j finds %j", async (where, found) => {
  const list =
    "query ($where: AccountFilter) { accounts(where: $where, orderBy: { name: asc }) { nodes { name } } }";
  expect(names(await gateway.data(key, list, { where }), "accounts")).toEqual(found);
});

it("reads punycode as Node does, and leaves what is none", async () => {
  const hosts = [
    "bücher.example",
    "例え.jp",
    "пример.рф",
    "مثال.إختبار",
    "faß.de",
    "a-ü-b.ö.at",
    "😀.com",
    "ไทย.th",
  ];
  const broken = [
    "xn--",
    "xn--a-",
    "xn--99999999",
    "xn---",
    "xn--a_b.de",
    `xn--${"z".repeat(80)}.de`,
  ];
  const { rows } = await gateway.database.asOwner((client) =>
    client.query(
      "SELECT host_unicode(h) AS h FROM unnest($1::text[]) WITH ORDINALITY x(h, o) ORDER BY o",
      [[...hosts.map((host) => domainToASCII(host)), ...broken]],
    ),
  );
  const read = rows.map((row) => at(row, "h"));
  expect(read.slice(0, hosts.length)).toEqual(
    hosts.map((host) => domainToUnicode(domainToASCII(host))),
  );
  expect(read.slice(hosts.length).every((host) => typeof host === "string")).toBe(true);
});
