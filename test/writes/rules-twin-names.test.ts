import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Made, TenantFixtures } from "../support/samples/fixtures.ts";
import { at, listAt, startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { idOf, problemsOf } from "../support/writes/mutation.ts";
import { Writes } from "../support/writes/writes.ts";

let gateway: TestGateway;
let tenant: TenantFixtures;
let account: Made;
let write: Writes;

beforeAll(async () => {
  gateway = await startGateway();
  tenant = await gateway.fixtures.tenant("twins");
  account = await tenant.account();
  write = new Writes(gateway, await gateway.keyFor(tenant.slug));
});
afterAll(() => gateway.close());

type Values = Readonly<Record<string, unknown>>;

/** Each pair: the name in the graph, the twin, a value, the same said otherwise, another value, what is read. */
const pairs = [
  {
    type: "Activity",
    names: ["occurred_at", "activity_date"],
    output: "occurredAt",
    value: "2026-03-18T15:40:12Z",
    same: "2026-03-18T16:40:12.000+01:00",
    other: "2026-03-19T15:40:12Z",
    read: "2026-03-18T15:40:12.000Z",
  },
  {
    type: "Activity",
    names: ["description", "notes"],
    output: "description",
    value: "All agreed",
    same: " All agreed ",
    other: "Nothing agreed",
    read: "All agreed",
  },
  {
    type: "Activity",
    names: ["type", "activity_type"],
    output: "type",
    value: "meeting",
    same: "meeting",
    other: "call",
    read: "meeting",
  },
  {
    type: "Quote",
    names: ["total", "value"],
    output: "total",
    value: "10.50",
    same: 10.5,
    other: "10.51",
    read: "10.5",
  },
  {
    type: "Quote",
    names: ["validity_date", "valid_until"],
    output: "validityDate",
    value: "2999-01-31",
    same: "2999-01-31T00:00:00.000Z",
    other: "2999-02-01",
    read: "2999-01-31",
  },
];

describe.each(pairs)("$names.0 = $names.1", ({ type, names, output, value, same, other, read }) => {
  const [name = "", twin = ""] = names;
  const make = (values: Values) =>
    write.created(type, { account_id: account.id, ...values }, `id ${output}`);

  it("accepts either", async () => {
    for (const values of [{ [name]: value }, { [twin]: value }]) {
      expect(at(await make(values), output)).toBe(read);
    }
  });

  it("accepts both when they say the same", async () => {
    for (const values of [
      { [name]: value, [twin]: same },
      { [twin]: value, [name]: same },
    ]) {
      expect(at(await make(values), output)).toBe(read);
    }
  });

  it("takes null beside a value for nothing said", async () => {
    expect(at(await make({ [name]: null, [twin]: value }), output)).toBe(read);
    expect(at(await make({ [name]: value, [twin]: null }), output)).toBe(read);
  });

  it("both given and different is an error that names both", async () => {
    for (const values of [
      { [name]: value, [twin]: other },
      { [twin]: value, [name]: other },
    ]) {
      const outcome = await write.create(type, { account_id: account.id, ...values });
      const [problem = ""] = problemsOf(outcome);
      expect([`BAD_USER_INPUT ${name}`, `BAD_USER_INPUT ${twin}`]).toContain(problem);
      expect(outcome.userErrors).toHaveLength(1);
      expect(at(outcome.userErrors[0], "message")).toMatch(new RegExp(`\\b${name}\\b`));
      expect(at(outcome.userErrors[0], "message")).toMatch(new RegExp(`\\b${twin}\\b`));
    }
  });
});

describe("on update", () => {
  it("value is total and valid_until is validity_date", async () => {
    const made = await write.created("Quote", { account_id: account.id });
    const selection = "total validityDate";
    const change = { value: 5, valid_until: "2999-03-01" };
    const changed = await write.updated("Quote", idOf(made), change, selection);
    expect(changed).toEqual({ total: "5", validityDate: "2999-03-01" });
    const cleared = { value: null, valid_until: null };
    const emptied = await write.updated("Quote", idOf(made), cleared, selection);
    expect(emptied).toEqual({ total: null, validityDate: null });
    const outcome = await write.update("Quote", idOf(made), { value: 1, total: 2 });
    expect(outcome.userErrors).toHaveLength(1);
  });
});

describe("activity_type", () => {
  it("that is none of the enum's values stands beside type", async () => {
    const input = { account_id: account.id, activity_type: "Demo", type: "call" };
    const made = await write.created("Activity", input, "type activityType");
    expect(made).toEqual({ type: "call", activityType: "Demo" });
  });
});

it("GraphQL output shows one of each pair", async () => {
  const data = await gateway.data(
    write.key,
    '{ activity: __type(name: "Activity") { fields { name } } quote: __type(name: "Quote") { fields { name } } }',
  );
  const names = (type: string) => listAt(data, type, "fields").map((field) => at(field, "name"));
  expect(names("activity")).toEqual(expect.arrayContaining(["occurredAt", "description", "type"]));
  expect(names("activity")).not.toContain("activityDate");
  expect(names("activity")).not.toContain("notes");
  expect(names("quote")).toEqual(expect.arrayContaining(["total", "validityDate"]));
  expect(names("quote")).not.toContain("value");
  expect(names("quote")).not.toContain("validUntil");
});
