import { withoutExtensions } from "../support/gateway/without-extensions.ts";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Actor } from "../../src/auth/actor.ts";
import { findAnswer, hashRequest, keepAnswer } from "../../src/write/idempotency.ts";
import type { TenantFixtures } from "../support/samples/fixtures.ts";
import type { TestGateway } from "../support/gateway/gateway.ts";
import { RowWriter } from "../support/writes/row-writer.ts";
import { startTenant } from "../support/gateway/one-tenant.ts";

let gateway: TestGateway;
let tenant: TenantFixtures;
let key: string;

beforeAll(async () => {
  ({ gateway, tenant, key } = await startTenant("ours"));
});
afterAll(() => gateway.close());

const expireAll = () =>
  gateway.fixtures.client.query(
    "UPDATE idempotency_keys SET expires_at = now() - interval '1 second'",
  );

async function send(idempotencyKey: string, input: unknown): Promise<string> {
  const query =
    "mutation($input: CreateAccountInput!) { createAccount(input: $input) { account { id } userErrors { ... on DuplicateError { existingId } } } }";
  const response = await fetch(`${gateway.url}/graphql`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "x-api-key": key,
      "idempotency-key": idempotencyKey,
    },
    body: JSON.stringify({ query, variables: { input } }),
  });
  return `${response.status} ${withoutExtensions(await response.text())}`;
}

it("an expired key serves for another request, also when nothing is written", async () => {
  const accounts = new RowWriter(gateway, key, "accounts");
  const first = await accounts.made({ email: "taken@example.com" });
  expect(await send("expiring", { email: "taken@example.com" })).toContain(first);
  await expireAll();
  const answer = await send("expiring", { email: "taken@example.com", name: "Another request" });
  expect(answer).toMatch(/^200 /);
  expect(answer).toContain(first);
});

it("an expired answer is not given again", async () => {
  const accounts = new RowWriter(gateway, key, "accounts");
  const first = await accounts.made({ email: "moved@example.com" });
  expect(await send("stale", { email: "moved@example.com" })).toContain(first);
  await accounts.delete(first);
  const second = await accounts.made({ email: "moved@example.com" });
  expect(await send("stale", { email: "moved@example.com" })).toContain(first);
  await expireAll();
  expect(await send("stale", { email: "moved@example.com" })).toContain(second);
});

it("an answer is never kept for another request that holds the key by then", async () => {
  const { pool } = gateway.database;
  const actor: Actor = {
    kind: "apiKey",
    id: "key-test",
    tenantId: tenant.uuid,
    scopes: ["*"],
    appId: null,
    departmentId: null,
    expiresAt: null,
    requestsPerMinute: null,
  };
  const [ours, theirs] = ["ours", "theirs"].map((request) => ({
    key: "contested",
    requestHash: hashRequest(request),
  }));
  if (ours === undefined || theirs === undefined) throw new Error("two requests are needed");
  // The other request has left a step's outcome, and no answer yet.
  await pool
    .forTenant(tenant.uuid)
    .rows(
      "INSERT INTO idempotency_keys (tenant_id, actor, key, request_hash, expires_at) VALUES ($1, $2, encode(sha256('contested'), 'hex'), $3, now() + interval '1 hour')",
      [tenant.uuid, actor.id, theirs.requestHash],
    );
  const kept = { status: 200, body: "ours" };
  await expect(keepAnswer(pool, actor, ours, kept)).rejects.toMatchObject({
    code: "IDEMPOTENCY_KEY_REUSED",
  });
  expect(await findAnswer(pool, actor, theirs)).toBeNull();
  const answer = await keepAnswer(pool, actor, theirs, { status: 200, body: "theirs" });
  expect(answer.body).toBe("theirs");
});
