import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TenantFixtures } from "../support/samples/fixtures.ts";
import { at, type TestGateway } from "../support/gateway/gateway.ts";
import { accounts, everywhere, makeBetween, seenFrom, walk } from "../support/samples/places.ts";
import { startTenant } from "../support/gateway/one-tenant.ts";

let gateway: TestGateway;
let tenant: TenantFixtures;
let key: string;

beforeAll(async () => {
  ({ gateway, tenant, key } = await startTenant("north-harbor"));
});
afterAll(() => gateway.close());

/** As everything that is stored: in NFC. */
const composed = "e\u0301a\u0308 \u1112\u1161\u11ab".normalize("NFC");
const emoji = "👩🏽‍🚀 🏳️‍🌈 👨‍👩‍👧‍👦 𝒳 🇩🇪";
const long = `${"Ä quite long note, with 😀 in it.\n".repeat(3_400)}end`.slice(-100_000);

describe("texts", () => {
  const texts = [
    "",
    " ",
    " lead",
    "trail ",
    "a\tb\nc\r\nd",
    "NULL",
    "null",
    "\\N",
    "\\",
    "\\\\",
    '"',
    "'",
    "''; DROP TABLE accounts; --",
    "{a,b}",
    "%_",
    "$1",
    "\u200d\u200f\ufeff",
    "\uffff\ufffd",
    composed,
    emoji,
    long,
  ];

  it.each(texts.map((text) => [JSON.stringify(text).slice(0, 40), text]))(
    "%s",
    async (_shown, text) => {
      const ids = await makeBetween(tenant, accounts, { description: text });
      expect(await seenFrom(gateway, key, accounts, ids, "description")).toEqual(everywhere(text));
      const data = await gateway.data(
        key,
        `query ($id: ID!, $text: String!, $part: String!) {
        same: accounts(where: { id: { eq: $id }, description: { eq: $text } }) { totalCount }
        within: accounts(where: { id: { eq: $id }, description: { contains: $part } }) { totalCount }
        other: accounts(where: { id: { eq: $id }, description: { ne: $text } }) { totalCount }
      }`,
        { id: ids.record.id, text, part: text.length > 200 ? text.slice(0, 20) : text },
      );
      expect(data).toEqual({
        same: { totalCount: 1 },
        within: { totalCount: 1 },
        other: { totalCount: 0 },
      });
    },
  );

  it("lead as cursors through a list that is ordered by them", async () => {
    const own = await gateway.fixtures.tenant("sorted-by-text");
    const ownKey = await gateway.keyFor(own.slug);
    await own.makeMany(
      "account",
      texts.map((description) => ({ description })),
    );
    const forward = await walk(gateway, ownKey, accounts, "description", false);
    expect(new Set(forward).size).toBe(texts.length);
    expect(await walk(gateway, ownKey, accounts, "description", true)).toEqual(forward);
  });
});

describe("lists of texts", () => {
  const tags = [
    "a,b",
    "{x}",
    "{",
    "}",
    '"quoted"',
    "'",
    "back\\slash",
    "\\",
    '\\"',
    "NULL",
    "null",
    "",
    " ",
    " lead",
    "trail ",
    "new\nline",
    "tab\t",
    composed,
    emoji,
    "ends with \\",
  ];

  it("come back exactly, and each of them is found", async () => {
    const ids = await makeBetween(tenant, accounts, { tags });
    expect(await seenFrom(gateway, key, accounts, ids, "tags")).toEqual(everywhere(tags));
    for (const tag of tags) {
      const alone = await makeBetween(tenant, accounts, { tags: [tag] });
      expect(await seenFrom(gateway, key, accounts, alone, "tags")).toEqual(everywhere([tag]));
      const data = await gateway.data(
        key,
        `query ($tag: String!) {
          has: accounts(where: { tags: { has: $tag } }) { nodes { id } }
          some: accounts(where: { tags: { hasSome: [$tag, "no such"] } }) { totalCount }
          every: accounts(where: { tags: { hasEvery: [$tag] } }) { totalCount }
        }`,
        { tag },
      );
      expect(at(data, "has", "nodes")).toEqual([{ id: alone.record.id }, { id: ids.record.id }]);
      expect(at(data, "some", "totalCount")).toBe(2);
      expect(at(data, "every", "totalCount")).toBe(2);
    }
  });

  it("may be empty", async () => {
    const ids = await makeBetween(tenant, accounts, { tags: [] });
    expect(await seenFrom(gateway, key, accounts, ids, "tags")).toEqual(everywhere([]));
  });
});

describe("JSON", () => {
  const customFields = {
    "": "empty key",
    'key with "quotes", . and \\': [[1, [2, [3, []]]], {}, null, true, false],
    [composed]: { [emoji]: { deep: [{ er: emoji }] } },
    text: "line\nbreak \\u0041 \\ \" / ' \u2028",
    numbers: [0, -1, 0.1, 1e-7, 123456789.125, 9_007_199_254_740_991, -9_007_199_254_740_991],
    constructor: "a key like any other",
    NULL: null,
  };

  it("comes back exactly, and each of its parts is found", async () => {
    const ids = await makeBetween(tenant, accounts, { customFields });
    expect(await seenFrom(gateway, key, accounts, ids, "customFields")).toEqual(
      everywhere(customFields),
    );
    for (const [name, value] of Object.entries(customFields)) {
      const data = await gateway.data(
        key,
        `query ($id: ID!, $path: [String!]!, $value: JSON) {
          found: accounts(where: { id: { eq: $id }, customFields: [{ path: $path, eq: $value }] }) { totalCount }
        }`,
        { id: ids.record.id, path: [name], value },
      );
      expect([name, at(data, "found", "totalCount")]).toEqual([name, 1]);
    }
  });

  it("keeps a key named __proto__ as one", async () => {
    const ids = await makeBetween(tenant, accounts, { customFields: '{"__proto__": {"a": 1}}' });
    const seen = await seenFrom(gateway, key, accounts, ids, "customFields");
    for (const value of Object.values(seen))
      expect(JSON.stringify(value)).toBe('{"__proto__":{"a":1}}');
  });

  it("gives addresses as a typed list, with null for what one lacks", async () => {
    const addresses = [
      {
        kind: "billing",
        line1: `1 "Quay", ${composed}`,
        city: emoji,
        postcode: "01234",
        country: "DE",
      },
      { kind: "office", line2: "\\ 3rd floor", state: "" },
      {},
    ];
    const ids = await makeBetween(tenant, accounts, { addresses });
    const none = {
      kind: null,
      line1: null,
      line2: null,
      city: null,
      state: null,
      postcode: null,
      country: null,
    };
    const expected = addresses.map((address) => ({ ...none, ...address }));
    const selection = `addresses { ${Object.keys(none).join(" ")} }`;
    expect(await seenFrom(gateway, key, accounts, ids, selection)).toEqual(everywhere(expected));
    const empty = await makeBetween(tenant, accounts, { addresses: "[]" });
    expect(await seenFrom(gateway, key, accounts, empty, selection)).toEqual(everywhere([]));
  });
});
