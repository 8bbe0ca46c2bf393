import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { at, type TestGateway } from "../support/gateway/gateway.ts";
import { expectRefused, expectWritten, type Outcome } from "../support/writes/mutation.ts";
import type { Writes } from "../support/writes/writes.ts";
import { startTenant } from "../support/gateway/one-tenant.ts";

let gateway: TestGateway;
let key: string;
let writes: Writes;

beforeAll(async () => {
  ({ gateway, key, writes } = await startTenant("ours"));
});
afterAll(() => gateway.close());

type Values = Readonly<Record<string, unknown>>;

const create = (input: Values): Promise<Outcome> => writes.mutate("createAccount", { input });
const update = (id: unknown, input: Values): Promise<Outcome> =>
  writes.mutate("updateAccount", { id, input });
async function made(input: Values = {}): Promise<string> {
  return String(expectWritten(await create(input))["id"]);
}
async function read(id: string): Promise<unknown> {
  const query = "query ($id: ID!) { account(id: $id) { parentAccountId } }";
  return at(await gateway.data(key, query, { id }), "account");
}

describe("the parent chain", () => {
  /** A chain of accounts, the topmost first. */
  async function chain(length: number, top: string | null = null): Promise<string[]> {
    const ids: string[] = [];
    for (let level = 0; level < length; level += 1) {
      ids.push(await made({ parent_account_id: ids.at(-1) ?? top }));
    }
    return ids;
  }
  const circle = [["parent_account_id", "ValidationError", /circle/]] as const;
  const tooDeep = [["parent_account_id", "ValidationError", /50/]] as const;

  it("is at most 50 deep", async () => {
    const ids = await chain(50);
    expectRefused(await create({ parent_account_id: ids[49] }), tooDeep);
    expectWritten(await create({ parent_account_id: ids[48] }));
  });

  it("is at most 50 deep, also when a part of it moves", async () => {
    const [upper, lower] = [await chain(30), await chain(21)];
    expectRefused(await update(lower[0], { parent_account_id: upper[29] }), tooDeep);
    expectWritten(await update(lower[1], { parent_account_id: upper[29] }));
    expectRefused(await create({ parent_account_id: lower[20] }), tooDeep);
  });

  it("has no cycles", async () => {
    const [top = "", middle = "", bottom = ""] = await chain(3);
    for (const parent_account_id of [top, middle, bottom]) {
      expectRefused(await update(top, { parent_account_id }), circle);
    }
    expectWritten(await update(bottom, { parent_account_id: top }));
    expectWritten(await update(top, { parent_account_id: null }));
  });

  it("has no cycles through deleted accounts, which can come back", async () => {
    const [top = "", middle = "", bottom = ""] = await chain(3);
    expectWritten(await writes.mutate("deleteAccount", { id: middle }));
    expectRefused(await update(top, { parent_account_id: bottom }), circle);
    expectWritten(await writes.mutate("restoreAccount", { id: middle }));
  });

  it("has no cycles of changes in one call", async () => {
    const [a, b, c] = [await made(), await made(), await made()];
    const inputs = [
      { id: a, parent_account_id: b },
      { id: b, parent_account_id: c },
      { id: c, parent_account_id: a },
    ];
    const { written, results } = await writes.mutateMany("updateAccounts", { inputs });
    expect(written).toBe(0);
    expect(results.map(({ userErrors }) => userErrors.length)).toEqual([0, 0, 1]);
  });

  it("has no cycles of changes that race each other", async () => {
    for (let round = 0; round < 5; round += 1) {
      const [a, b] = [await made(), await made()];
      const outcomes = await Promise.all([
        update(a, { parent_account_id: b }),
        update(b, { parent_account_id: a }),
      ]);
      expect(outcomes.filter(({ record }) => record !== null)).toHaveLength(1);
    }
  });

  const faults: readonly (readonly [string, Values])[] = [
    ["a stale version", { version: 99 }],
    ["a bad value", { name: "\u0000" }],
    ["a taken email", { email: "chain@example.com" }],
  ];

  it.each(faults)(
    "a row that is refused for %s moves nothing for the rows after it",
    async (_, fault) => {
      await create({ email: "chain@example.com" });
      const [top = "", middle = ""] = await chain(2);
      const elsewhere = await made();
      // The second row would be right if the first had been written.
      const inputs = [
        { id: middle, parent_account_id: elsewhere, ...fault },
        { id: top, parent_account_id: middle },
      ];
      const { results } = await writes.mutateMany("updateAccounts", {
        inputs,
        onError: "continue",
      });
      expect(results.map(({ record }) => record)).toEqual([null, null]);
      expect(await read(top)).toMatchObject({ parentAccountId: null });
    },
  );

  it.each(faults)("a row that is refused for %s stands in no other's way", async (_, fault) => {
    await create({ email: "chain@example.com" });
    const [a, b] = [await made(), await made()];
    const inputs = [
      { id: a, parent_account_id: b, ...fault },
      { id: b, parent_account_id: a },
    ];
    const { results } = await writes.mutateMany("updateAccounts", {
      inputs,
      onError: "continue",
    });
    expect(results.map(({ record }) => record?.["id"] ?? null)).toEqual([null, b]);
  });

  it("rows of one call follow one another: what one frees the next may use", async () => {
    const [top = "", below = ""] = await chain(2);
    const inputs = [
      { id: below, parent_account_id: null },
      { id: top, parent_account_id: below },
    ];
    const { written } = await writes.mutateMany("updateAccounts", { inputs });
    expect(written).toBe(2);
    expect(await read(top)).toMatchObject({ parentAccountId: below });
  });
});
