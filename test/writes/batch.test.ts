import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { countEvents } from "../support/changes/events.ts";
import { at, type TestGateway } from "../support/gateway/gateway.ts";
import { expectWritten, type Outcome } from "../support/writes/mutation.ts";
import type { Writes } from "../support/writes/writes.ts";
import { fieldFor, unknownId } from "../support/samples/one-of-each.ts";
import { startTenant } from "../support/gateway/one-tenant.ts";

let gateway: TestGateway;
let key: string;
let writes: Writes;

beforeAll(async () => {
  ({ gateway, key, writes } = await startTenant("ours"));
});
afterAll(() => gateway.close());

type Values = Readonly<Record<string, unknown>>;
type BatchKind = "account" | "contact";
const batchKinds = [
  ["Accounts", "account"],
  ["Contacts", "contact"],
] as const;

const batch = (verb: string, kind: BatchKind, inputs: readonly Values[], onError?: string) =>
  writes.mutateMany(
    `${fieldFor(verb, kind)}s`,
    { inputs, ...(onError === undefined ? {} : { onError }) },
    "id version displayName isDeleted",
  );
async function made(kind: BatchKind, input: Values = {}): Promise<string> {
  const outcome = await writes.mutate(fieldFor("create", kind), { input });
  return String(expectWritten(outcome)["id"]);
}
async function deleted(kind: BatchKind, input: Values = {}): Promise<string> {
  const id = await made(kind, input);
  expectWritten(await writes.mutate(fieldFor("delete", kind), { id }));
  return id;
}
const email = (): string => `batch${gateway.fixtures.next()}@example.com`;
/** What was said of each row: `email DuplicateError`. */
const told = (results: readonly Outcome[]) =>
  results.map(({ userErrors }) =>
    userErrors.map(({ path, __typename }) => `${path.join(".")} ${__typename}`).toSorted(),
  );
const isWritten = (results: readonly Outcome[]) => results.map(({ record }) => record !== null);

describe.each(batchKinds)("create%s", (_kinds, kind) => {
  const name = kind === "account" ? "name" : "last_name";

  it("one result for each input, in their order", async () => {
    const inputs = Array.from({ length: 25 }, (_, index) => ({ [name]: `Row ${index}` }));
    const { written, results } = await batch("create", kind, inputs);
    expect(written).toBe(25);
    const names = results.map((result) => expectWritten(result)["displayName"]);
    expect(names).toEqual(inputs.map((input) => input[name]));
    expect(await batch("create", kind, [])).toEqual({ written: 0, results: [] });
  });

  it.each([undefined, "abort"])("onError %s: all rows are written, or none", async (onError) => {
    const taken = email();
    await made(kind, { email: taken });
    const before = await countEvents(gateway);
    const inputs = [
      { [name]: "Good" },
      { [name]: "\u0000", email: "nobody" },
      { email: taken },
      { [name]: "Good too" },
    ];
    const { written, results } = await batch("create", kind, inputs, onError);
    expect(written).toBe(0);
    expect(isWritten(results)).toEqual([false, false, false, false]);
    const wrong = ["email ValidationError", `${name} ValidationError`];
    expect(told(results)).toEqual([[], wrong, ["email DuplicateError"], []]);
    expect(await countEvents(gateway)).toBe(before);
  });

  it("onError continue: the good rows are written, the others are not", async () => {
    const taken = email();
    await made(kind, { email: taken });
    const inputs = [{ [name]: "Good" }, { email: "nobody" }, { email: taken }, { email: email() }];
    const { written, results } = await batch("create", kind, inputs, "continue");
    expect(written).toBe(2);
    expect(isWritten(results)).toEqual([true, false, false, true]);
    expect(told(results)).toEqual([[], ["email ValidationError"], ["email DuplicateError"], []]);
  });

  it("the same unique value twice in a call is a duplicate of the later row", async () => {
    const twice = email();
    const inputs = [{ email: twice }, { email: twice.toUpperCase() }, { [name]: "Good" }];
    const aborted = await batch("create", kind, inputs);
    expect(aborted.written).toBe(0);
    expect(told(aborted.results)).toEqual([[], ["email DuplicateError"], []]);
    const { results } = await batch("create", kind, inputs, "continue");
    expect(isWritten(results)).toEqual([true, false, true]);
  });

  it("a refused row does not hold its unique value", async () => {
    const once = email();
    const inputs = [{ email: once, [name]: "\u0000" }, { email: once }];
    const { results } = await batch("create", kind, inputs, "continue");
    expect(isWritten(results)).toEqual([false, true]);
  });

  it("at most 1,000 rows", async () => {
    const rows = Array.from({ length: 1_000 }, () => ({}));
    expect((await batch("create", kind, rows)).written).toBe(1_000);
    const before = await countEvents(gateway);
    const field = `${fieldFor("create", kind)}s`;
    const answer = await writes.ask(field, { inputs: [...rows, {}] });
    expect(answer.errors?.[0]?.extensions.code).toBe("BAD_USER_INPUT");
    expect(await countEvents(gateway)).toBe(before);
  });
});

describe.each(batchKinds)("update%s", (_kinds, kind) => {
  const name = kind === "account" ? "name" : "last_name";
  const other = kind === "account" ? "contact" : "account";

  it("each input names its record by id, in any order", async () => {
    const ids = [await made(kind), await made(kind), await made(kind)].toReversed();
    const inputs = ids.map((id, index) => ({ id, [name]: `Row ${index}` }));
    const { written, results } = await batch("update", kind, inputs);
    expect(written).toBe(3);
    expect(results.map(({ record }) => record)).toMatchObject(
      ids.map((id, index) => ({ id, version: 2, displayName: `Row ${index}` })),
    );
  });

  it("onError abort: all rows are written, or none", async () => {
    const [good, stale, gone] = [await made(kind), await made(kind), await deleted(kind)];
    const before = await countEvents(gateway);
    const inputs = [
      { id: good, [name]: "Good" },
      { id: stale, version: 7, [name]: "\u0000" },
      { id: gone },
      { id: unknownId(kind), email: "nobody" },
    ];
    const { written, results } = await batch("update", kind, inputs);
    expect(written).toBe(0);
    expect(told(results)).toEqual([
      [],
      [`${name} ValidationError`, "version ConflictError"].toSorted(),
      ["id NotFoundError"],
      ["email ValidationError", "id NotFoundError"],
    ]);
    expect(await countEvents(gateway)).toBe(before);
  });

  it("onError continue: the good rows are written, the others are not", async () => {
    const [good, stale, last] = [await made(kind), await made(kind), await made(kind)];
    const inputs = [
      { id: good, [name]: "Good" },
      { id: stale, version: 7 },
      { id: await made(other) },
      { id: unknownId(kind) },
      { id: last, [name]: "Last" },
    ];
    const { written, results } = await batch("update", kind, inputs, "continue");
    expect(written).toBe(2);
    expect(isWritten(results)).toEqual([true, false, false, false, true]);
    expect(told(results)).toEqual([
      [],
      ["version ConflictError"],
      ["id ValidationError"],
      ["id NotFoundError"],
      [],
    ]);
  });

  it("all problems are told at once, also beside an id that is none", async () => {
    const good = await made(kind);
    const inputs = [
      { id: await made(other), [name]: "\u0000" },
      { id: good, email: "nobody" },
    ];
    const { results } = await batch("update", kind, inputs);
    expect(told(results)).toEqual([
      ["id ValidationError", `${name} ValidationError`],
      ["email ValidationError"],
    ]);
  });

  it("a record that is named twice is changed once", async () => {
    const id = await made(kind);
    const inputs = [
      { id, [name]: "First" },
      { id, [name]: "Second" },
    ];
    expect(told((await batch("update", kind, inputs)).results)).toEqual([
      [],
      ["id ValidationError"],
    ]);
    const { results } = await batch("update", kind, inputs, "continue");
    expect(isWritten(results)).toEqual([true, false]);
    expect(results[0]?.record).toMatchObject({ displayName: "First", version: 2 });
  });

  it("an input without id is an error that names its row", async () => {
    const inputs = [{ id: await made(kind) }, { [name]: "Who?" }];
    const { results } = await writes.mutateMany(`${fieldFor("update", kind)}s`, { inputs });
    expect(results[1]?.userErrors).toMatchObject([{ code: "BAD_USER_INPUT", path: ["id"] }]);
  });
});

describe.each(batchKinds)("delete%s and restore", (_kinds, kind) => {
  it("onError abort: all rows or none", async () => {
    const [live, gone] = [await made(kind), await deleted(kind)];
    const before = await countEvents(gateway);
    const rows = [{ id: live }, { id: gone }];
    const deletion = await batch("delete", kind, rows);
    expect(told(deletion.results)).toEqual([[], ["id NotFoundError"]]);
    const restoration = await batch("restore", kind, rows);
    expect(told(restoration.results)).toEqual([["id ValidationError"], []]);
    expect([deletion.written, restoration.written]).toEqual([0, 0]);
    expect(await countEvents(gateway)).toBe(before);
  });

  it("onError continue: the good rows are written, the others are not", async () => {
    const [live, stale] = [await made(kind), await made(kind)];
    const rows = [
      { id: live, version: 1 },
      { id: stale, version: 2 },
      { id: unknownId(kind) },
      { id: live },
      { id: "key-1" },
    ];
    const deletion = await batch("delete", kind, rows, "continue");
    expect(deletion.written).toBe(1);
    expect(told(deletion.results)).toEqual([
      [],
      ["version ConflictError"],
      ["id NotFoundError"],
      ["id ValidationError"],
      ["id ValidationError"],
    ]);
    expect(deletion.results[0]?.record).toMatchObject({ id: live, isDeleted: true, version: 2 });
    const back = await batch(
      "restore",
      kind,
      [{ id: stale }, { id: live, version: 2 }],
      "continue",
    );
    expect(isWritten(back.results)).toEqual([false, true]);
  });

  it("two that have the same unique value cannot both come back", async () => {
    const same = email();
    const rows = [
      { id: await deleted(kind, { email: same }) },
      { id: await deleted(kind, { email: same }) },
    ];
    const aborted = await batch("restore", kind, rows);
    expect(aborted.written).toBe(0);
    expect(told(aborted.results)).toEqual([[], ["email DuplicateError"]]);
    const { results } = await batch("restore", kind, rows, "continue");
    expect(isWritten(results)).toEqual([true, false]);
  });
});

describe("restoreAccounts", () => {
  it("two whose contents have the same unique value cannot both come back", async () => {
    const ids: string[] = [];
    for (const name of ["One", "Two"]) {
      const id = await made("account", { name });
      const input = { account_id: id, deal_number: "DEAL-BOTH-1" };
      expectWritten(await writes.mutate("createDeal", { input }));
      expectWritten(await writes.mutate("deleteAccount", { id }));
      ids.push(id);
    }
    const rows = ids.map((id) => ({ id }));
    const aborted = await batch("restore", "account", rows);
    expect(told(aborted.results)).toEqual([[], ["deals.deal_number DuplicateError"]]);
    const { results } = await batch("restore", "account", rows, "continue");
    expect(isWritten(results)).toEqual([true, false]);
    const data = await gateway.data(
      key,
      '{ deals(where: { dealNumber: { eq: "DEAL-BOTH-1" } }) { totalCount } }',
    );
    expect(at(data, "deals", "totalCount")).toBe(1);
  });
});
