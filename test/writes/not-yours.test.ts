import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { v7 as uuidv7 } from "uuid";
import { startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { completeTenant, type Graph } from "../support/samples/two-tenants.ts";
import { idOf, type Outcome, problemsOf } from "../support/writes/mutation.ts";
import { Writes } from "../support/writes/writes.ts";

let gateway: TestGateway;
let ours: Graph;
let theirs: Graph;
let write: Writes;
/** Bound to an application, which has no records of its own. */
let bound: Writes;

beforeAll(async () => {
  gateway = await startGateway();
  ours = await completeTenant(gateway.fixtures, "ours");
  theirs = await completeTenant(gateway.fixtures, "theirs");
  write = new Writes(gateway, await gateway.keyFor("ours"));
  const key = await gateway.keyFor("ours");
  await gateway.fixtures.client.query("UPDATE api_keys SET app_id = 'app-1' WHERE id = $1", [
    key.split("_")[2],
  ]);
  bound = new Writes(gateway, key);
});
afterAll(() => gateway.close());

const idIn = (graph: Graph, entity: string): string => graph.records[entity]?.[0]?.id ?? "";
/** An id of the same form that nobody has. */
const unknown = (id: string): string => `${id.slice(0, id.indexOf("-"))}-${uuidv7()}`;

const keyCall = (verb: "revoke" | "rotate", id: string): Promise<Outcome> =>
  write.mutate(`${verb}ApiKey`, { id });
const complete = (calls: Writes, id: string, version: number): Promise<Outcome> =>
  calls.mutate("completeActivity", { id, version });

const changed = ["Account", "Contact", "Deal", "Quote", "LineItem"];
const nameOf = (type: string) => `${type.charAt(0).toLowerCase()}${type.slice(1)}`;

/** Every verb that names a record by its id. */
const verbs = [
  ...changed.flatMap((type) => [
    {
      name: `update${type}`,
      entity: nameOf(type),
      call: (calls: Writes, id: string) => calls.update(type, id, { source: "x", version: 1 }),
    },
    {
      name: `delete${type}`,
      entity: nameOf(type),
      call: (calls: Writes, id: string) => calls.delete(type, id, { version: 1 }),
    },
    {
      name: `restore${type}`,
      entity: nameOf(type),
      call: (calls: Writes, id: string) => calls.restore(type, id, { version: 9 }),
    },
  ]),
  {
    name: "completeActivity",
    entity: "activity",
    call: (calls: Writes, id: string) => complete(calls, id, 9),
  },
  {
    name: "updateTask",
    entity: "activity",
    call: (calls: Writes, id: string) =>
      calls.mutate("updateTask", { id, input: { subject: "x", version: 9 } }),
  },
  {
    name: "moveDeal",
    entity: "deal",
    call: (calls: Writes, id: string) => calls.mutate("moveDeal", { id, stage: "x" }),
  },
  {
    name: "addDealContacts",
    entity: "deal",
    call: (calls: Writes, id: string) => calls.mutate("addDealContacts", { id, contactIds: [] }),
  },
  {
    name: "rejectQuote",
    entity: "quote",
    call: (calls: Writes, id: string) => calls.mutate("rejectQuote", { id }),
  },
];

/** The whole database, but for the keys that the test itself uses. */
async function everything(): Promise<unknown> {
  const tables = [
    "accounts",
    "contacts",
    "deals",
    "activities",
    "quotes",
    "line_items",
    "api_keys",
  ];
  const sums = [...tables, "change_events"].map((table) => `(SELECT count(*) FROM ${table})`);
  const versions = tables.map((table) => `(SELECT sum(version) FROM ${table})`);
  const { rows } = await gateway.fixtures.client.query(
    `SELECT ${[...sums, ...versions].join(" || ' ' || ")} AS sums`,
  );
  return rows;
}

describe("a record that is not yours answers exactly as one that does not exist", () => {
  it.each(verbs)("$name of another tenant's", async ({ entity, call }) => {
    const before = await everything();
    const foreign = idIn(theirs, entity);
    const outcome = await call(write, foreign);
    expect(outcome).toEqual(await call(write, unknown(foreign)));
    expect(problemsOf(outcome)).toEqual(["NOT_FOUND id"]);
    expect(outcome.record).toBeNull();
    const bare = foreign.slice(foreign.indexOf("-") + 1);
    expect(await call(write, bare)).toEqual(outcome);
    expect(await everything()).toEqual(before);
  });

  it.each(verbs)("$name of another application's", async ({ entity, call }) => {
    const before = await everything();
    const own = idIn(ours, entity);
    const outcome = await call(bound, own);
    expect(outcome).toEqual(await call(bound, unknown(own)));
    expect(problemsOf(outcome)).toEqual(["NOT_FOUND id"]);
    expect(await everything()).toEqual(before);
  });

  it.each(changed)("rows of update%ss, delete%ss and restore%ss in one call", async (type) => {
    const foreign = idIn(theirs, nameOf(type));
    const errors = "results { index userErrors { __typename code path message } }";
    const ask = (id: string) =>
      Promise.all([
        gateway.ask(
          write.key,
          `mutation ($inputs: [Update${type}Input!]!) { update${type}s(inputs: $inputs) { written ${errors} } }`,
          { inputs: [{ id, source: "x" }] },
        ),
        ...["delete", "restore"].map((verb) =>
          gateway.ask(
            write.key,
            `mutation ($inputs: [RecordVersionInput!]!) { ${verb}${type}s(inputs: $inputs, onError: continue) { written ${errors} } }`,
            { inputs: [{ id }] },
          ),
        ),
      ]);
    const before = await everything();
    const answers = await ask(foreign);
    expect(answers).toEqual(await ask(unknown(foreign)));
    expect(JSON.stringify(answers).match(/NOT_FOUND/g)).toHaveLength(3);
    expect(await everything()).toEqual(before);
  });

  it.each(changed)("restore%s of another tenant's deleted one", async (type) => {
    const { slug } = await gateway.fixtures.tenant(`gone-${gateway.fixtures.next()}`);
    const foreign = idIn(theirs, nameOf(type));
    const calls = new Writes(gateway, await gateway.keyFor(slug));
    const owner = new Writes(gateway, await gateway.keyFor("theirs"));
    expect(problemsOf(await owner.delete(type, foreign))).toEqual([]);
    const before = await everything();
    const outcome = await calls.restore(type, foreign);
    expect(outcome).toEqual(await calls.restore(type, unknown(foreign)));
    expect(problemsOf(outcome)).toEqual(["NOT_FOUND id"]);
    expect(await everything()).toEqual(before);
    expect(problemsOf(await owner.restore(type, foreign))).toEqual([]);
  });

  it.each(["revoke", "rotate"] as const)("%sApiKey of another tenant's", async (verb) => {
    const before = await everything();
    const foreign = idIn(theirs, "apiKey");
    const outcome = await keyCall(verb, foreign);
    expect(outcome).toEqual(await keyCall(verb, unknown(foreign)));
    expect(problemsOf(outcome)).toEqual(["NOT_FOUND id"]);
    expect(await everything()).toEqual(before);
  });
});

/** Every field of an input that names a record. */
const references: readonly (readonly [string, string, string])[] = [
  ["Account", "parent_account_id", "account"],
  ["Contact", "account_id", "account"],
  ["Contact", "reports_to_contact_id", "contact"],
  ["Deal", "account_id", "account"],
  ["Deal", "primary_contact_id", "contact"],
  ["Deal", "contact_ids", "contact"],
  ["Activity", "account_id", "account"],
  ["Activity", "deal_id", "deal"],
  ["Activity", "contact_id", "contact"],
  ["Activity", "contact_ids", "contact"],
  ["Quote", "account_id", "account"],
  ["Quote", "deal_id", "deal"],
  ["Quote", "line_items", "lineItem"],
  ["LineItem", "quote_id", "quote"],
];

/** What a record needs beside the field in question. */
function needed(type: string, field: string): Readonly<Record<string, unknown>> {
  if (type === "LineItem") return { quote_id: idIn(ours, "quote") };
  const isOwned = ["Deal", "Quote"].includes(type) || field === "contact_ids";
  return isOwned ? { account_id: ours.records["account"]?.[1]?.id } : {};
}

function valueFor(field: string, id: string): unknown {
  if (field === "contact_ids") return [id];
  return field === "line_items" ? [{ id }] : id;
}
const pathOf: Readonly<Record<string, string>> = {
  contact_ids: "contact_ids.0",
  line_items: "line_items.0.id",
};

describe("a reference to a record that is not yours answers as one to nothing", () => {
  const created = references.filter(([, field]) => field !== "line_items");
  const updated = references.filter(([type, field]) => type !== "Activity" && field !== "quote_id");

  it.each(created)("create%s with %s", async (type, field, entity) => {
    const before = await everything();
    const foreign = idIn(theirs, entity);
    const create = (calls: Writes, id: string) =>
      calls.create(type, { ...needed(type, field), [field]: valueFor(field, id) });
    const outcome = await create(write, foreign);
    expect(outcome).toEqual(await create(write, unknown(foreign)));
    expect(problemsOf(outcome)).toContain(`NOT_FOUND ${pathOf[field] ?? field}`);
    expect(outcome.record).toBeNull();
    const own = idIn(ours, entity);
    expect(await create(bound, own)).toEqual(await create(bound, unknown(own)));
    expect(await everything()).toEqual(before);
  });

  it.each(updated)("update%s with %s", async (type, field, entity) => {
    const before = await everything();
    const foreign = idIn(theirs, entity);
    const target = ours.records[nameOf(type)]?.at(-1)?.id ?? "";
    const update = (id: string) => write.update(type, target, { [field]: valueFor(field, id) });
    const outcome = await update(foreign);
    expect(outcome).toEqual(await update(unknown(foreign)));
    expect(problemsOf(outcome)).toContain(`NOT_FOUND ${pathOf[field] ?? field}`);
    expect(await everything()).toEqual(before);
  });

  it("createApiKey with department_id", async () => {
    const create = (id: string) => {
      const input = { name: "x", scopes: ["read:*"], department_id: id };
      return write.mutate("createApiKey", { input });
    };
    const foreign = idIn(theirs, "department");
    const outcome = await create(foreign);
    expect(outcome).toEqual(await create(unknown(foreign)));
    expect(problemsOf(outcome)).toEqual(["NOT_FOUND department_id"]);
  });

  it("a deleted record answers the same", async () => {
    const account = idOf(await write.created("Account", { name: "Gone" }));
    await write.delete("Account", account);
    const outcome = await write.create("Deal", { account_id: account });
    expect(outcome).toEqual(await write.create("Deal", { account_id: unknown(account) }));
  });
});

describe("an upsert", () => {
  it.each([
    ["Account", { email: "holding@twin.example" }],
    ["Account", { domain: "twin.example" }],
    ["Deal", { deal_number: "DEAL-2026-00001" }],
    ["Quote", { quote_number: "Q-2026-00001" }],
  ])("of %s %o does not find another tenant's", async (type, key) => {
    const { slug } = await gateway.fixtures.tenant(`blank-${gateway.fixtures.next()}`);
    const calls = new Writes(gateway, await gateway.keyFor(slug));
    const account = await calls.created("Account", { name: "Own" });
    const owner = type === "Account" ? {} : { account_id: idOf(account) };
    const first = await calls.upsert(type, { ...owner, ...key }, { restore: true });
    expect(problemsOf(first)).toEqual([]);
    expect(first.created).toBe(true);
    expect(idOf(first.record)).not.toBe(idIn(theirs, nameOf(type)));
    const again = await calls.upsert(type, { ...owner, ...key });
    expect(again.created).toBe(false);
    expect(idOf(again.record)).toBe(idOf(first.record));
  });

  it("with a reference to a record that is not yours answers as one to nothing", async () => {
    const upsert = (id: string) => write.upsert("Deal", { deal_number: "D-new", account_id: id });
    const foreign = idIn(theirs, "account");
    const outcome = await upsert(foreign);
    expect(outcome).toEqual(await upsert(unknown(foreign)));
    expect(problemsOf(outcome)).toEqual(["NOT_FOUND account_id"]);
  });
});

describe("a value that somebody else's record has", () => {
  it("is free in another tenant", async () => {
    const { slug } = await gateway.fixtures.tenant("free-values");
    const calls = new Writes(gateway, await gateway.keyFor(slug));
    const account = await calls.create("Account", { email: "holding@twin.example" });
    const owner = { account_id: idOf(account.record) };
    const deal = await calls.create("Deal", { ...owner, deal_number: "DEAL-2026-00001" });
    const quote = await calls.create("Quote", { ...owner, quote_number: "Q-2026-00001" });
    expect([account, deal, quote].map(({ userErrors }) => userErrors)).toEqual([[], [], []]);
  });

  it("is a duplicate for another application of the tenant, without the record", async () => {
    const outcome = await bound.create("Account", { email: "HOLDING@twin.example" });
    expect(outcome.userErrors).toMatchObject([
      { code: "DUPLICATE", path: ["email"], existingId: null, existing: null },
    ]);
  });
});
