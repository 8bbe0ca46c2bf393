import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  ApiError,
  AsteriPublicApiClient,
  AuthenticationError,
  ConflictError,
  createCrmClient,
  DuplicateError,
  IdempotencyError,
  NotFoundError,
  PermissionError,
  RateLimitError,
  ValidationError,
  type CrmClient,
} from "../../client/src/index.ts";
import type { TenantFixtures } from "../support/samples/fixtures.ts";
import { at, startGateway, type TestGateway } from "../support/gateway/gateway.ts";

let gateway: TestGateway;
let tenant: TenantFixtures;
let apiKey: string;
let client: CrmClient;

beforeAll(async () => {
  gateway = await startGateway();
  tenant = await gateway.fixtures.tenant("north-harbor");
  apiKey = await gateway.keyFor(tenant.slug);
  client = createCrmClient({ baseUrl: gateway.url, apiKey });
});
afterAll(() => gateway.close());

const failureOf = (call: PromiseLike<unknown>): Promise<unknown> =>
  Promise.resolve(call).then(
    () => null,
    (error: unknown) => error,
  );
const nowhere = "acc-018f0000-0000-7000-8000-000000000000";

describe("what the gateway refuses becomes an error of its own kind", () => {
  it("400: ValidationError with everything that is wrong", async () => {
    const failure = await failureOf(
      client.customer.contacts.create({ email: "nora@", phone: "call me" }),
    );
    expect(failure).toBeInstanceOf(ValidationError);
    expect(failure).toBeInstanceOf(ApiError);
    expect(failure).toMatchObject({
      name: "ValidationError",
      status: 400,
      requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      issues: [{ path: "email" }, { path: "phone" }],
      message: expect.stringMatching(/^Invalid request payload \(email: .+; phone: .+\)$/),
    });
  });

  it("401: AuthenticationError", async () => {
    const wrong = createCrmClient({ baseUrl: gateway.url, apiKey: "crm_test_wrong" });
    const failure = await failureOf(wrong.customer.accounts.list());
    expect(failure).toBeInstanceOf(AuthenticationError);
    expect(failure).toMatchObject({ status: 401 });
  });

  it("403: PermissionError with the scopes that are missing", async () => {
    const reader = await gateway.keyFor(tenant.slug, ["read:accounts"]);
    const { accounts } = createCrmClient({ baseUrl: gateway.url, apiKey: reader }).customer;
    const failure = await failureOf(accounts.create({ name: "Harbor" }));
    expect(failure).toBeInstanceOf(PermissionError);
    expect(failure).toMatchObject({ status: 403, missingScopes: ["write:accounts"] });
  });

  it("404: NotFoundError", async () => {
    const failure = await failureOf(client.customer.accounts.get(nowhere));
    expect(failure).toBeInstanceOf(NotFoundError);
  });

  it("409 and 412: ConflictError with the record as it is, by version and by ifMatch", async () => {
    const { accounts } = client.customer;
    const { id } = await accounts.create({ name: "First" });
    const current = await accounts.update(id, { name: "Second" });
    const byVersion = await failureOf(accounts.update(id, { name: "Third", version: 1 }));
    const byHeader = await failureOf(accounts.update(id, { name: "Third" }, { ifMatch: 1 }));
    const deleting = await failureOf(accounts.delete(id, { ifMatch: 1 }));
    for (const failure of [byVersion, byHeader, deleting]) {
      expect(failure).toBeInstanceOf(ConflictError);
      expect(failure).toMatchObject({ current });
    }
    expect([byVersion, byHeader, deleting].map((failure) => at(failure, "status"))).toEqual([
      409, 412, 412,
    ]);
    expect(await accounts.get(id)).toEqual(current);
  });

  it("409: DuplicateError with the field, over both APIs", async () => {
    const email = "ops@harbor.example";
    const existing = await client.customer.accounts.create({ email });
    const failure = await failureOf(client.customer.accounts.create({ email }));
    expect(failure).toBeInstanceOf(DuplicateError);
    expect(failure).toMatchObject({ status: 409, field: "email", existing });
    const options = { baseUrl: gateway.url, organizationId: tenant.id, apiKey };
    const { customers } = new AsteriPublicApiClient(options);
    const other = await failureOf(
      customers.create({ account_type: "business", display_name: "Harbor", email, phone: "1" }),
    );
    expect(other).toBeInstanceOf(DuplicateError);
    expect(other).toMatchObject({
      field: "email",
      message: "Customer email already exists in this organization",
    });
  });

  it("422: IdempotencyError when a key is used for another request", async () => {
    const idempotencyKey = crypto.randomUUID();
    const { accounts } = client.customer;
    const made = await accounts.create({ name: "One" }, { idempotencyKey });
    expect(await accounts.create({ name: "One" }, { idempotencyKey })).toEqual(made);
    const failure = await failureOf(accounts.create({ name: "Two" }, { idempotencyKey }));
    expect(failure).toBeInstanceOf(IdempotencyError);
  });

  it("429: RateLimitError with the quota, when its end is too far away to wait for", async () => {
    const limited = await startGateway({ env: { REQUESTS_PER_MINUTE: "2" } });
    const { slug, uuid } = await limited.fixtures.tenant("busy");
    const { customers } = new AsteriPublicApiClient({
      baseUrl: limited.url,
      organizationId: uuid,
      apiKey: await limited.keyFor(slug),
      maxRetryDelay: 0,
    });
    const outcomes = [await customers.list(), await customers.list()];
    expect(outcomes).toHaveLength(2);
    const failure = await failureOf(customers.list());
    expect(failure).toBeInstanceOf(RateLimitError);
    expect(failure).toMatchObject({
      status: 429,
      message: "API key minute rate limit exceeded",
      limit: 2,
      window: "minute",
    });
    const retryAfter = Number(at(failure, "retryAfter"));
    expect(retryAfter).toBeGreaterThan(0);
    expect(retryAfter).toBeLessThanOrEqual(60);
    await limited.close();
  });

  it("the exact decimals of a record survive with exactNumbers, there and back", async () => {
    const { exactNumbers } = await import("../../client/src/index.ts");
    const exact = createCrmClient({ baseUrl: gateway.url, apiKey, parse: exactNumbers });
    const { accounts } = exact.customer;
    const value = "999999999999999.9999";
    const { id } = await accounts.create({ annual_revenue: value });
    expect(await accounts.get(id)).toMatchObject({ annual_revenue: value });
    const read = await accounts.get(id);
    const [row] = (
      await gateway.fixtures.client.query(
        "SELECT annual_revenue::text FROM accounts WHERE email IS NULL AND annual_revenue IS NOT NULL",
      )
    ).rows;
    expect(row).toEqual({ annual_revenue: value });
    expect(await accounts.update(id, { ...read })).toMatchObject({ annual_revenue: value });
  });
});
