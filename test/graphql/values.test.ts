import { isScalarType } from "graphql";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { schema } from "../support/gateway/schema.ts";
import type { TenantFixtures } from "../support/samples/fixtures.ts";
import { at, type TestGateway } from "../support/gateway/gateway.ts";
import {
  accounts,
  contacts,
  everywhere,
  makeBetween,
  seenFrom,
  walk,
  type Kind,
} from "../support/samples/places.ts";
import { startTenant } from "../support/gateway/one-tenant.ts";

let gateway: TestGateway;
let tenant: TenantFixtures;
let key: string;

beforeAll(async () => {
  ({ gateway, tenant, key } = await startTenant("north-harbor"));
});
afterAll(() => gateway.close());

/** Fields whose values come back exactly and can be compared with; the values are in ascending order. */
const comparable: readonly (readonly [
  Kind,
  string,
  string,
  readonly (string | number | boolean)[],
])[] = [
  [
    accounts,
    "annualRevenue",
    "Decimal",
    [
      "-999999999999999.9999",
      "-123456789012345.6789",
      "-1",
      "-0.0001",
      "0",
      "0.0001",
      "0.1",
      "10.5",
      "1000",
      "100000000000000",
      "123456789012345.6789",
      "999999999999999.9999",
    ],
  ],
  [
    accounts,
    "lastActivityAt",
    "DateTime",
    [
      "0001-01-01T00:00:00.000Z",
      "0099-12-31T23:59:59.999Z",
      "1582-10-10T12:00:00.000Z",
      "1850-01-01T00:00:00.001Z",
      "1923-04-05T06:07:08.009Z",
      "1969-12-31T23:59:59.999Z",
      "1970-01-01T00:00:00.000Z",
      "2026-03-29T01:30:00.010Z",
      "9999-12-31T23:59:59.999Z",
    ],
  ],
  [
    contacts,
    "birthday",
    "Date",
    [
      "0001-01-01",
      "0099-02-28",
      "1582-10-10",
      "1900-02-28",
      "1900-03-01",
      "1969-12-31",
      "2024-02-29",
      "9999-12-31",
    ],
  ],
  [accounts, "employeeCount", "Int", [-2_147_483_648, -1, 0, 1, 2_147_483_647]],
  [contacts, "optedIn", "Boolean", [false, true]],
  [accounts, "accountType", "AccountType", ["business", "individual"]],
];

/** The value as it is written into a document: enum values stand bare. */
const literalOf = (type: string, value: string | number | boolean): string =>
  type === "AccountType" ? String(value) : JSON.stringify(value);

describe.each(comparable)("$1 ($2)", (kind, field, type, values) => {
  it.each(values)("%s comes back exactly from everywhere, and is found by eq", async (value) => {
    const ids = await makeBetween(tenant, kind, { [field]: value });
    expect(await seenFrom(gateway, key, kind, ids, field)).toEqual(everywhere(value));
    const found = await gateway.data(
      key,
      `query ($id: ID!, $value: ${type}!) { found: ${kind.list}(where: {
        id: { eq: $id }, ${field}: { eq: $value }, not: { ${field}: { ne: $value } }
      }) { totalCount } }`,
      { id: ids.record.id, value },
    );
    expect(at(found, "found", "totalCount")).toBe(1);
    const literal = literalOf(type, value);
    const written = await gateway.data(
      key,
      `{ found: ${kind.list}(where: { id: { eq: "${ids.record.id}" }, ${field}: { eq: ${literal} } }) { totalCount } }`,
    );
    expect(at(written, "found", "totalCount")).toBe(1);
  });

  it("sorts, and cursors over it lead through all, from either end", async () => {
    const own = await gateway.fixtures.tenant(`sorted-by-${field.toLowerCase()}`);
    const ownKey = await gateway.keyFor(own.slug);
    const made = await own.makeMany(
      kind.name,
      values.map((value) => ({ [field]: value })),
    );
    const expected = made.map(({ id }) => id);
    expect(await walk(gateway, ownKey, kind, field, false)).toEqual(expected);
    expect(await walk(gateway, ownKey, kind, field, true)).toEqual(expected);
  });
});

describe("instants", () => {
  it("go to the database as text, never as a Date, which pg prints in the process's time zone", () => {
    const scalar = schema.getType("DateTime");
    if (!isScalarType(scalar)) throw new Error("DateTime is a scalar");
    expect(scalar.parseValue("1850-01-01T02:00:00.001+02:00")).toBe("1850-01-01T00:00:00.001Z");
  });

  it.each([
    "0000-01-01T00:00:00Z",
    "0001-01-01T00:00:00+01:00",
    "9999-12-31T23:59:59-01:00",
    "2026-02-30T00:00:00Z",
  ])("%s is no instant that can be told", async (value) => {
    const query =
      "query ($v: DateTime!) { accounts(where: { createdAt: { eq: $v } }) { totalCount } }";
    const answer = await gateway.ask(key, query, { v: value });
    expect(answer.errors?.[0]?.extensions.code).toBe("BAD_USER_INPUT");
    expect(answer.errors?.[0]?.message).toMatch(/^where\.createdAt\.eq: must be an instant/);
  });

  it.each(["0000-01-01", "1900-02-29", "10000-01-01", "26-01-01"])(
    "%s is no day",
    async (value) => {
      const query =
        "query ($v: Date!) { contacts(where: { birthday: { eq: $v } }) { totalCount } }";
      const answer = await gateway.ask(key, query, { v: value });
      expect(answer.errors?.[0]?.extensions.code).toBe("BAD_USER_INPUT");
      expect(answer.errors?.[0]?.message).toMatch(/^where\.birthday\.eq: must be a day/);
    },
  );
});

describe("decimals", () => {
  it("are exact as numbers in the document, where nothing has rounded them", async () => {
    const { record } = await makeBetween(tenant, accounts, {
      annualRevenue: "-999999999999999.9999",
    });
    const data = await gateway.data(
      key,
      "query ($id: ID!) { accounts(where: { id: { eq: $id }, annualRevenue: { eq: -999999999999999.9999 } }) { totalCount } }",
      { id: record.id },
    );
    expect(at(data, "accounts", "totalCount")).toBe(1);
  });

  it("are exact as JSON numbers, however many digits these have", async () => {
    const annualRevenue = "99999999999999.1235";
    const { record } = await makeBetween(tenant, accounts, { annualRevenue });
    const query =
      "query ($id: ID!, $v: Decimal!) { accounts(where: { id: { eq: $id }, annualRevenue: { eq: $v } }) { totalCount } }";
    for (const [value, totalCount] of [
      ["99999999999999.1235", 1],
      ["99999999999999.1234", 0],
    ] as const) {
      const response = await fetch(`${gateway.url}/graphql`, {
        method: "POST",
        headers: { "content-type": "application/json", "x-api-key": key },
        body: `{"query":${JSON.stringify(query)},"variables":{"id":"${record.id}","v":${value}}}`,
      });
      expect(await response.json()).toMatchObject({ data: { accounts: { totalCount } } });
    }
  });
});
