import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { at, listAt, type TestGateway } from "../support/gateway/gateway.ts";
import { restClient } from "../support/rest/client.ts";
import { RowWriter } from "../support/writes/row-writer.ts";
import { boundKey } from "../support/writes/writes.ts";
import { startTenant } from "../support/gateway/one-tenant.ts";

let gateway: TestGateway;
let key: string;
let appKey: string;
let otherKey: string;

beforeAll(async () => {
  ({ gateway, key } = await startTenant("ours"));
  appKey = await boundKey(gateway, key, { app_id: "app-1" });
  otherKey = await boundKey(gateway, key, { app_id: "app-2" });
});
afterAll(() => gateway.close());

/** What the history of a deal, and the log, say of its contacts to a caller. */
async function toldContacts(reader: string, dealId: string): Promise<unknown[]> {
  const fields = "recordId changes { field old new }";
  const data = await gateway.data(
    reader,
    `query($id: ID!) {
      deal(id: $id) { history(first: 100, orderBy: [{ position: asc }]) { nodes { ${fields} } } }
      changes(first: 100, types: [Deal]) { nodes { ${fields} } }
    }`,
    { id: dealId },
  );
  const told = (nodes: readonly unknown[]) =>
    nodes
      .filter((node) => at(node, "recordId") === dealId)
      .flatMap((node) => listAt(node, "changes"))
      .filter((change) => at(change, "field") === "contact_ids")
      .map((change) => [at(change, "old"), at(change, "new")]);
  const history = told(listAt(data, "deal", "history", "nodes"));
  expect(told(listAt(data, "changes", "nodes"))).toEqual(history);
  return history;
}

it("the contacts of other applications are left out of a deal's history and of the log", async () => {
  const account_id = await new RowWriter(gateway, appKey, "accounts").made({ name: "Ours" });
  const own = await new RowWriter(gateway, appKey, "contacts").made({ account_id });
  const gone = await new RowWriter(gateway, appKey, "contacts").made({ account_id });
  const hidden = await new RowWriter(gateway, otherKey, "contacts").made({ last_name: "Hidden" });
  const plain = await new RowWriter(gateway, key, "contacts").made({ last_name: "Plain" });
  const deals = new RowWriter(gateway, appKey, "deals");
  const deal = await deals.made({ account_id, contact_ids: [own, gone] });
  const all = new RowWriter(gateway, key, "deals");
  await all.update([{ id: deal, contact_ids: [own, gone, hidden] }]);
  await all.update([{ id: deal, contact_ids: [own, hidden, plain] }]);
  await new RowWriter(gateway, appKey, "contacts").delete(gone);
  const sorted = (ids: readonly string[]) =>
    expect.toSatisfy(
      (told: unknown) =>
        Array.isArray(told) && told.map(String).toSorted().join() === ids.toSorted().join(),
    );
  expect(await toldContacts(appKey, deal)).toEqual([
    [[], sorted([own, gone])],
    [sorted([own, gone]), sorted([own])],
  ]);
  expect(await toldContacts(key, deal)).toEqual([
    [[], sorted([own, gone])],
    [sorted([own, gone]), sorted([own, gone, hidden])],
    [sorted([own, gone, hidden]), sorted([own, hidden, plain])],
  ]);
});

describe("a value that another application's record has", () => {
  const fields =
    "userErrors { code path message ... on DuplicateError { existingId existing { id } } }";

  it("is taken, and nothing is said of whom: create, update, restore, over GraphQL and REST", async () => {
    const theirs = new RowWriter(gateway, otherKey, "accounts");
    const taken = await theirs.made({ email: "taken@apps.example", name: "Secret name" });
    const ours = new RowWriter(gateway, appKey, "accounts");
    const mine = await ours.made({ email: "mine@apps.example" });
    const unsaid = [
      {
        code: "DUPLICATE",
        path: ["email"],
        message: "email is taken. Choose another one.",
        existingId: null,
        existing: null,
      },
    ];
    const input = { email: "Taken@apps.example" };
    const made = await gateway.data(
      appKey,
      `mutation($input: CreateAccountInput!) { createAccount(input: $input) { ${fields} } }`,
      { input },
    );
    expect(at(made, "createAccount", "userErrors")).toEqual(unsaid);
    const changed = await gateway.data(
      appKey,
      `mutation($id: ID!, $input: UpdateAccountInput!) { updateAccount(id: $id, input: $input) { ${fields} } }`,
      { id: mine, input },
    );
    expect(at(changed, "updateAccount", "userErrors")).toEqual(unsaid);
    await theirs.update([{ id: taken, email: null }]);
    await ours.update([{ id: mine, email: "taken@apps.example" }]);
    await ours.delete(mine);
    await theirs.update([{ id: taken, email: "taken@apps.example" }]);
    const back = await gateway.data(
      appKey,
      `mutation($id: ID!) { restoreAccount(id: $id) { ${fields} } }`,
      { id: mine },
    );
    expect(at(back, "restoreAccount", "userErrors")).toEqual(unsaid);
    const rest = restClient(gateway, { "x-api-key": appKey });
    const answer = await rest.post("/api/v1/crm/accounts", input);
    expect([answer.status, answer.body]).toEqual([
      409,
      { error: "email is taken. Choose another one.", field: "email", existing: null },
    ]);
  });

  it("does not say the number of another application's quote that would come back", async () => {
    const account_id = await new RowWriter(gateway, appKey, "accounts").made({ name: "Ours" });
    const deals = new RowWriter(gateway, appKey, "deals");
    const deal = await deals.made({ account_id });
    const quotes = new RowWriter(gateway, key, "quotes");
    await quotes.made({ account_id, deal_id: deal, quote_number: "Q-UNSEEN" });
    await deals.delete(deal);
    await quotes.made({ account_id, quote_number: "Q-UNSEEN" });
    const back = await gateway.data(
      appKey,
      "mutation($id: ID!) { restoreDeal(id: $id) { userErrors { message } } }",
      { id: deal },
    );
    const message =
      "quotes.quote_number of a Quote that would come back is taken. Choose another one.";
    expect(at(back, "restoreDeal", "userErrors")).toEqual([{ message }]);
  });
});

describe("a key that may more than the caller", () => {
  const make = async (maker: string, input: Readonly<Record<string, unknown>>) => {
    const data = await gateway.data(
      maker,
      "mutation($input: CreateApiKeyInput!) { createApiKey(input: $input) { secret apiKey { id } } }",
      { input: { name: "some", ...input } },
    );
    const { secret, apiKey } = Object(at(data, "createApiKey"));
    return { secret: String(secret), id: String(at(apiKey, "id")) };
  };
  const touch = async (caller: string, verb: "revoke" | "rotate", id: string) => {
    const data = await gateway.data(
      caller,
      `mutation($id: ID!) { answer: ${verb}ApiKey(id: $id) { apiKey { id } userErrors { code path message } } }`,
      { id },
    );
    return listAt(data, "answer", "userErrors").map(
      (error) => `${String(at(error, "code"))} ${String(at(error, "message"))}`,
    );
  };

  it.each(["revoke", "rotate"] as const)("is not to be touched: %s", async (verb) => {
    const whole = await make(key, { scopes: ["*"] });
    const few = await make(key, { scopes: ["read:keys", "write:keys", "read:accounts"] });
    const message = "BAD_USER_INPUT id is a key that may do more than the caller itself.";
    expect(await touch(few.secret, verb, whole.id)).toEqual([message]);
    const fewer = await make(few.secret, { scopes: ["read:accounts"] });
    expect(await touch(few.secret, verb, fewer.id)).toEqual([]);
    const { data } = await gateway.ask(whole.secret, "{ viewer { tenant { id } } }");
    expect(data).not.toBeNull();
  });

  it.each(["revoke", "rotate"] as const)(
    "is not found when it is another application's, or none's: %s",
    async (verb) => {
      const theirs = await make(key, { scopes: ["*"], app_id: "app-2" });
      const nobodys = await make(key, { scopes: ["*"] });
      for (const { id } of [theirs, nobodys]) {
        expect(await touch(appKey, verb, id)).toEqual(["NOT_FOUND There is no such API key."]);
      }
    },
  );

  it("is one that is bound to no department, for one that is", async () => {
    const data = await gateway.data(
      key,
      'mutation { createDepartment(input: { name: "Sales" }) { department { id } } }',
    );
    const department_id = String(at(data, "createDepartment", "department", "id"));
    const bound = await make(key, { scopes: ["*"], department_id });
    const free = await make(key, { scopes: ["read:accounts"] });
    expect(await touch(bound.secret, "revoke", free.id)).toEqual([
      "BAD_USER_INPUT id is not a key of the caller's own application or department.",
    ]);
  });
});
