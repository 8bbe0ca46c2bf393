import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TenantFixtures } from "../support/samples/fixtures.ts";
import { at, startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { outcomeOf, rowsOf, Writer } from "../support/writes/writes.ts";

let gateway: TestGateway;
let tenant: TenantFixtures;
let key: string;
let accounts: Writer;

beforeAll(async () => {
  gateway = await startGateway();
  tenant = await gateway.fixtures.tenant("ours");
  key = await gateway.keyFor("ours");
  accounts = new Writer(gateway, key, "account");
});
afterAll(() => gateway.close());

async function upsert(type: "Account" | "Contact", input: unknown, restore = false) {
  const record = type.toLowerCase();
  const data = await gateway.data(
    key,
    `mutation($input: Upsert${type}Input!, $restore: Boolean) {
      upsert${type}(input: $input, restore: $restore) { created ${record} { id } userErrors { code path } }
    }`,
    { input, restore },
  );
  const payload = at(data, `upsert${type}`);
  return { created: at(payload, "created"), ...outcomeOf(payload, record) };
}

describe("the same upsert again", () => {
  it.each([{}, { account_id: null }])(
    "finds the contact that its email's domain attached to an account: %j",
    async (said) => {
      const domain = `d${gateway.fixtures.next()}.example`;
      const account = await tenant.account({ domain });
      const input = { email: `ann@${domain}`, ...said };
      const first = await upsert("Contact", input);
      expect(first).toMatchObject({ created: true, problems: [] });
      const second = await upsert("Contact", { ...input, job_title: "CTO" });
      expect(second).toEqual({ created: false, id: first.id, problems: [] });
      const rows = await rowsOf(
        gateway,
        "SELECT account_id, job_title FROM contacts WHERE email = $1",
        input.email,
      );
      expect(rows).toEqual([{ account_id: account.uuid, job_title: "CTO" }]);
    },
  );

  it("makes one record when many send it at once, by a key without a unique index too", async () => {
    // Connections that are open already start together.
    await Promise.all(Array.from({ length: 5 }, () => gateway.data(key, "{ __typename }")));
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => upsert("Account", { domain: "race.example" })),
    );
    expect(answers.filter(({ created }) => created === true)).toHaveLength(1);
    expect(new Set(answers.map(({ id }) => id)).size).toBe(1);
  });

  it("makes a new record when the old one is deleted in between", async () => {
    for (let round = 0; round < 10; round += 1) {
      const email = `round${round}@example.com`;
      const id = await accounts.made({ email });
      const [answer] = await Promise.all([upsert("Account", { email }), accounts.delete(id)]);
      expect(answer.problems).toEqual([]);
    }
  });
});

it("an upsert that restores compares the version that the deleted record has", async () => {
  const email = "gone@example.com";
  const id = await accounts.made({ email });
  await accounts.delete(id);
  const stale = await upsert("Account", { email, version: 1 }, true);
  expect(stale.problems).toEqual(["CONFLICT version"]);
  const current = await upsert("Account", { email, version: 2 }, true);
  expect(current).toEqual({ created: false, id, problems: [] });
});
