import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Made } from "../support/samples/fixtures.ts";
import { startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { idOf, problemsOf } from "../support/writes/mutation.ts";
import { Writes } from "../support/writes/writes.ts";

let gateway: TestGateway;
let account: Made;
let write: Writes;

beforeAll(async () => {
  gateway = await startGateway();
  const tenant = await gateway.fixtures.tenant("upserts");
  account = await tenant.account({ domain: "harbor.example" });
  write = new Writes(gateway, await gateway.keyFor(tenant.slug));
});
afterAll(() => gateway.close());

describe.each([
  ["Account", "email", () => ({ email: "ops@upserts.example" }), () => ({ name: "Renamed" })],
  ["Account", "domain", () => ({ domain: "upserts.example" }), () => ({ name: "Renamed" })],
  [
    "Contact",
    "email and account",
    () => ({ email: "nora@upserts.test", account_id: account.id }),
    () => ({ first_name: "Nora" }),
  ],
  ["Contact", "email without account", () => ({ email: "ned@x.test" }), () => ({ city: "Bern" })],
  [
    "Contact",
    "email, attached by its domain",
    () => ({ email: "nora@harbor.example" }),
    () => ({ city: "Bern" }),
  ],
  [
    "Deal",
    "deal_number",
    () => ({ deal_number: "DEAL-7", account_id: account.id }),
    () => ({ name: "Renamed" }),
  ],
  [
    "Quote",
    "quote_number",
    () => ({ quote_number: "Q-7", account_id: account.id }),
    () => ({ name: "Renamed" }),
  ],
])("upsert%s by %s", (type, _key, key, change) => {
  it("creates the record, then changes it; restores a deleted one only when asked", async () => {
    const first = await write.upsert(type, key());
    expect(problemsOf(first)).toEqual([]);
    expect(first.created).toBe(true);
    const id = idOf(first.record);
    const second = await write.upsert(type, { ...key(), ...change() });
    expect(problemsOf(second)).toEqual([]);
    expect(second).toMatchObject({ record: { id, version: 2 }, payload: { created: false } });

    await write.delete(type, id);
    const third = await write.upsert(type, { ...key(), ...change() });
    expect(third.created).toBe(true);
    expect(idOf(third.record)).not.toBe(id);
    await write.delete(type, idOf(third.record));
    const fourth = await write.upsert(type, key(), { restore: true });
    expect(fourth).toMatchObject({
      record: { id: idOf(third.record) },
      payload: { created: false, userErrors: [] },
    });
  });
});

it("with another version than the current one changes nothing", async () => {
  const key = { deal_number: "DEAL-8", account_id: account.id };
  const { record } = await write.upsert("Deal", key);
  const stale = await write.upsert("Deal", { ...key, name: "Late", version: 7 });
  expect(problemsOf(stale)).toEqual(["CONFLICT version"]);
  expect(stale.userErrors[0]).toMatchObject({ current: { id: idOf(record), version: 1 } });
  expect(stale.created).toBeNull();
  expect(await write.read("Deal", idOf(record), "name")).toEqual({ name: null });
});

it.each(["Account", "Contact", "Deal", "Quote"])("upsert%s without a key says so", async (type) => {
  const outcome = await write.upsert(type, { source: "x" });
  expect(outcome.record).toBeNull();
  expect(outcome.userErrors).toMatchObject([{ code: "BAD_USER_INPUT" }]);
});
