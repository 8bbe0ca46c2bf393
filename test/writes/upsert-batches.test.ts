import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { idOf, problemsOf, type Values } from "../support/writes/mutation.ts";
import { boundKey, Writes } from "../support/writes/writes.ts";
import { startTenant } from "../support/gateway/one-tenant.ts";
import type { TestGateway } from "../support/gateway/gateway.ts";

let gateway: TestGateway;
let key: string;
let write: Writes;
let account: string;
let quote: string;

beforeAll(async () => {
  ({ gateway, key } = await startTenant("batches"));
  write = new Writes(gateway, key);
  account = idOf(await write.create("Account", { domain: "harbor.example" }));
  quote = idOf(await write.create("Quote", { account_id: account }));
});
afterAll(() => gateway.close());

const upsert = (type: string, inputs: readonly Values[], options: Values = {}) =>
  write.mutateMany(`upsert${type}s`, { inputs, ...options }, "id version externalId");

/** What a new record of each kind needs. */
const needed: Readonly<Record<string, () => Values>> = {
  Account: () => ({}),
  Contact: () => ({}),
  Deal: () => ({ account_id: account }),
  Quote: () => ({ account_id: account }),
  LineItem: () => ({ quote_id: quote }),
};

describe.each(Object.entries(needed))("upsert%ss", (type, input) => {
  const rows = (...keys: readonly string[]) =>
    keys.map((external_id) => ({ ...input(), external_id }));

  it("creates and changes in one call, with its results in order", async () => {
    const first = await upsert(type, rows("b", "d"));
    expect(first.results.map(({ created }) => created)).toEqual([true, true]);
    const second = await upsert(type, rows("a", "b", "c", "d"));
    expect(second.results.flatMap(problemsOf)).toEqual([]);
    expect(second.results.map(({ created, record }) => [created, record?.["externalId"]])).toEqual([
      [true, "a"],
      [false, "b"],
      [true, "c"],
      [false, "d"],
    ]);
    expect(second.results[1]?.id).toBe(first.results[0]?.id);
  });

  it("only changes with updateOnly, and tells of those that are not there by their row", async () => {
    const told = await upsert(type, rows("a", "nowhere"), { updateOnly: true });
    expect(told.results.map(problemsOf)).toEqual([[], ["NOT_FOUND external_id"]]);
    expect(told.written).toBe(0);
    const went = await upsert(type, rows("a", "nowhere"), {
      updateOnly: true,
      onError: "continue",
    });
    expect(went).toMatchObject({ written: 1 });
    expect(went.results[1]?.created).toBeNull();
  });

  it("refuses a key that comes twice in a call, by the row that had it first", async () => {
    const told = await upsert(type, rows("x", "y", "x"));
    expect(told.results.map(problemsOf)).toEqual([[], [], ["DUPLICATE external_id"]]);
    expect(told.results[2]?.userErrors[0]?.message).toContain("row 0 of this call");
    const went = await upsert(type, rows("x", "y", "x"), { onError: "continue" });
    expect(went).toMatchObject({ written: 2 });
  });

  it("brings deleted records back when asked, many in one call", async () => {
    const { results } = await upsert(type, rows("gone-1", "gone-2"));
    for (const result of results) await write.delete(type, idOf(result));
    const back = await upsert(type, rows("gone-1", "gone-2", "gone-3"), { restore: true });
    expect(back.results.flatMap(problemsOf)).toEqual([]);
    expect(back.results.map(({ created }) => created)).toEqual([false, false, true]);
    expect(back.results.map(({ id }) => id).slice(0, 2)).toEqual(results.map(({ id }) => id));
  });

  it("names the faults of every row, and writes nothing", async () => {
    const long = "x".repeat(256);
    const inputs = [...rows("a", "new"), input(), { ...input(), external_id: long }];
    const told = await upsert(type, inputs);
    expect(told.results.map(({ userErrors }) => userErrors.map(({ code }) => code))).toEqual([
      [],
      [],
      ["BAD_USER_INPUT"],
      ["BAD_USER_INPUT"],
    ]);
    expect(told.written).toBe(0);
  });
});

it("finds contacts by email where a new one would be put, by its domain", async () => {
  const inputs = [{ email: "nora@harbor.example" }, { email: "ned@elsewhere.example" }];
  const first = await upsert("Contact", inputs);
  const again = await upsert("Contact", inputs, { by: "email" });
  expect(again.results.map(({ id, created }) => [id, created])).toEqual(
    first.results.map(({ id }) => [id, false]),
  );
});

it("refuses two rows whose keys lead to one record", async () => {
  await upsert("Contact", [{ external_id: "both", email: "both@x.example" }]);
  const told = await upsert("Contact", [{ external_id: "both" }, { email: "both@x.example" }]);
  expect(told.results.map(problemsOf)).toEqual([[], ["DUPLICATE email"]]);
});

it("gives new deals a number beside those that have one", async () => {
  const rows = ["n-1", "n-2"].map((external_id) => ({ external_id, account_id: account }));
  const inputs = [...rows, { account_id: account, deal_number: "DEAL-BY-HAND" }];
  const { results } = await write.mutateMany("upsertDeals", { inputs }, "dealNumber");
  const numbers = results.map(({ record }) => record?.["dealNumber"]);
  expect(numbers[2]).toBe("DEAL-BY-HAND");
  expect(new Set(numbers).size).toBe(3);
  expect(numbers[0]).toMatch(/^DEAL-\d{4}-\d{5}$/);
  const again = await write.mutateMany("upsertDeals", { inputs }, "dealNumber");
  expect(again.results.map(({ record }) => record?.["dealNumber"])).toEqual(numbers);
});

it("does not find another application's record, and says nothing of it", async () => {
  const theirs = new Writes(gateway, await boundKey(gateway, key, { app_id: "app-1" }));
  const ours = new Writes(gateway, await boundKey(gateway, key, { app_id: "app-2" }));
  await theirs.created("Account", { external_id: "theirs", name: "Secret" });
  const inputs = [{ external_id: "theirs" }, { external_id: "ours" }];
  const { results } = await ours.mutateMany("upsertAccounts", { inputs });
  expect(results.map(problemsOf)).toEqual([["DUPLICATE external_id"], []]);
  expect(results[0]?.userErrors[0]).toMatchObject({ existingId: null });
});

it("takes a value that a changed row gives up for a new one", async () => {
  await upsert("Account", [{ external_id: "old", email: "moves@x.example" }]);
  const told = await upsert("Account", [
    { external_id: "new", email: "moves@x.example" },
    { external_id: "old", email: null },
  ]);
  expect(told.results.flatMap(problemsOf)).toEqual([]);
});

it("writes 1,000 contacts, half of them there, in as many statements as 10", async () => {
  const statements = async (size: number): Promise<number> => {
    const rows = Array.from({ length: size }, (_, index) => ({
      external_id: `size-${size}-${index}`,
      last_name: `Nr ${index}`,
    }));
    await upsert("Contact", rows.slice(0, size / 2));
    gateway.statements.clear();
    const { written, results } = await upsert("Contact", rows);
    expect(written).toBe(size);
    expect(results.filter(({ created }) => created === true)).toHaveLength(size / 2);
    return gateway.statements.all().length;
  };
  const few = await statements(10);
  expect(few).toBeLessThanOrEqual(12);
  expect(await statements(1_000)).toBe(few);
});

it("lets two callers upsert the same keys at once: each record is there once", async () => {
  const inputs = Array.from({ length: 20 }, (_, index) => ({ external_id: `race-${index}` }));
  const answers = await Promise.all([
    upsert("Account", inputs),
    upsert("Account", inputs.toReversed()),
    upsert("Account", inputs.toReversed(), { restore: true }),
  ]);
  expect(answers.map(({ written }) => written)).toEqual([20, 20, 20]);
  const { rows } = await gateway.fixtures.client.query(
    "SELECT count(*)::int AS count FROM accounts WHERE external_id LIKE 'race-%'",
  );
  expect(rows).toEqual([{ count: 20 }]);
});
