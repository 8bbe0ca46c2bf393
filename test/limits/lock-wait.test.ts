import { afterAll, beforeAll, expect, it } from "vitest";
import { at, startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { post } from "../support/gateway/limits.ts";

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway({ logLevel: "silent", env: { LOCK_TIMEOUT: "200ms" } });
});
afterAll(() => gateway.close());

it("a write that waits for somebody else's row is told to come again after one wait", async () => {
  const tenant = await gateway.fixtures.tenant("north-harbor");
  const { id, uuid } = await tenant.account({ name: "Before" });
  const key = await gateway.keyFor(tenant.slug);
  const query = `mutation { updateAccount(id: "${id}", input: { name: "After" }) { account { name } userErrors { message } } }`;
  const { client } = gateway.fixtures;
  await client.query("BEGIN");
  await client.query("SELECT FROM accounts WHERE id = $1 FOR UPDATE", [uuid]);
  gateway.statements.clear();
  const refused = await post(gateway.url, key, { query });
  await client.query("ROLLBACK");
  expect([refused.status, refused.retryAfter]).toEqual([503, "1"]);
  expect(at(refused.answer, "errors", 0)).toMatchObject({
    message: expect.stringMatching(/^Others are writing the same records/),
    extensions: { code: "UNAVAILABLE" },
  });
  const begun = gateway.statements.all().filter(({ text }) => text.startsWith("BEGIN"));
  expect(begun).toHaveLength(1);
  const { answer } = await post(gateway.url, key, { query });
  expect(at(answer, "data", "updateAccount", "account", "name")).toBe("After");
});
