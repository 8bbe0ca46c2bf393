import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TenantFixtures } from "../support/samples/fixtures.ts";
import type { TestGateway } from "../support/gateway/gateway.ts";
import { RowWriter, verdictOf } from "../support/writes/row-writer.ts";
import { rowsOf, Writes } from "../support/writes/writes.ts";
import { type Values } from "../support/writes/mutation.ts";
import { startTenant } from "../support/gateway/one-tenant.ts";

let gateway: TestGateway;
let tenant: TenantFixtures;
let key: string;
let accounts: RowWriter;

beforeAll(async () => {
  ({ gateway, tenant, key } = await startTenant("ours"));
  accounts = new RowWriter(gateway, key, "accounts");
});
afterAll(() => gateway.close());

async function upsert(type: "Account" | "Contact", input: Values, restore = false) {
  const outcome = await new Writes(gateway, key).upsert(type, input, { restore });
  return { created: outcome.created, ...verdictOf(outcome) };
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
