import { afterAll, beforeAll, expect, it } from "vitest";
import { at, startGateway, type TestGateway } from "../support/gateway.ts";

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startGateway();
  await gateway.fixtures.tenant("ours");
});
afterAll(() => gateway.close());

it("a field that is refused does not take along the answer of one that was carried out", async () => {
  const key = await gateway.keyFor("ours", ["write:keys", "read:*"]);
  const answer = await gateway.ask(
    key,
    `mutation {
      made: createApiKey(input: { name: "other", scopes: ["read:*"] }) { secret }
      refused: createAccount(input: {}) { account { id } }
    }`,
  );
  expect(answer.errors?.[0]?.extensions.code).toBe("FORBIDDEN");
  expect(at(answer.data, "refused")).toBeNull();
  const secret = String(at(answer.data, "made", "secret"));
  expect(await gateway.data(secret, "{ __typename }")).toEqual({ __typename: "Query" });
});
