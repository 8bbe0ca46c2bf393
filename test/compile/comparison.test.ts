import { parse } from "graphql";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import type { Actor } from "../../src/auth/actor.ts";
import { startComparison } from "../support/compile/comparison.ts";
import { startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { schema } from "../support/gateway/schema.ts";

let gateway: TestGateway;
let actor: Actor;
beforeAll(async () => {
  gateway = await startGateway();
  const tenant = await gateway.fixtures.tenant("north-harbor");
  await tenant.account({ name: "Harbor" });
  actor = {
    kind: "apiKey",
    id: "key-1",
    tenantId: tenant.uuid,
    scopes: ["*"],
    appId: null,
    departmentId: null,
    expiresAt: null,
    requestsPerMinute: null,
  };
});
afterAll(() => gateway.close());

/** Runs a comparison with an answer's data, and with the data of a second read. */
async function heard(data: string, then: string): Promise<void> {
  const comparison = startComparison(gateway.databaseUrl, schema);
  await comparison.onCompiled({
    actor,
    document: parse("query ($first: Int) { accounts(first: $first) { nodes { name } } }"),
    operationName: null,
    variables: { first: 1 },
    data,
    again: () => Promise.resolve(then),
  });
  await comparison.close();
}

const right = '{"accounts":{"nodes":[{"name":"Harbor"}]}}';
const wrong = '{"accounts":{"nodes":[{"name":"Harbour"}]}}';

it("a compiled answer that differs from the interpreter's fails its test file", async () => {
  const told = vi.spyOn(console, "error").mockImplementation(() => undefined);
  await expect(heard(wrong, wrong)).rejects.toThrow(/1 answers differ between the lanes/);
  expect(told).toHaveBeenCalledOnce();
  told.mockRestore();
});

it("an answer that differs because of a concurrent write does not fail it", async () => {
  await expect(heard(right, right)).resolves.toBeUndefined();
  await expect(heard(wrong, right)).resolves.toBeUndefined();
});
