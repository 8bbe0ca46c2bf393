import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { asTenant } from "../../src/db/fenced-pool.ts";
import { catalog } from "../../src/modules/catalog.ts";
import { Reader } from "../../src/query/reader.ts";
import type { Made, TenantFixtures } from "../support/samples/fixtures.ts";
import { startGateway, type TestGateway } from "../support/gateway/gateway.ts";

let gateway: TestGateway;
let ours: TenantFixtures;
let theirs: TenantFixtures;
let account: Made;

beforeAll(async () => {
  gateway = await startGateway();
  ours = await gateway.fixtures.tenant("ours");
  theirs = await gateway.fixtures.tenant("theirs");
  account = await ours.account();
});
afterAll(() => gateway.close());

describe("one id asked for by two tenants in one tick", () => {
  const read = (tenant: TenantFixtures) =>
    new Reader({
      db: gateway.database.forTenant(tenant.uuid),
      catalog,
      viewer: { tenantId: tenant.uuid, appId: null },
    }).record(
      "account",
      () => ({ entity: catalog.entity("account"), fields: ["id"], includeDeleted: false }),
      account.uuid,
    );

  it("gives each its own answer through the read engine", async () => {
    expect(await Promise.all([read(ours), read(theirs)])).toEqual([{ id: account.uuid }, null]);
    expect(await Promise.all([read(theirs), read(ours)])).toEqual([null, { id: account.uuid }]);
  });

  // Why nothing here reads through Prisma's findUnique (and so not through Pothos' Prisma plugin): Prisma merges
  // such calls of one tick into one statement, which runs under the fence of whoever came first. When this fails,
  // Prisma has changed, and the decision can be looked at again.
  it("is mixed up by Prisma's findUnique, which is why it is not used", async () => {
    const findUnique = (tenant: TenantFixtures) =>
      asTenant(tenant.uuid, async () =>
        gateway.database.prisma.account.findUnique({
          where: { tenantId_id: { tenantId: ours.uuid, id: account.uuid } },
          select: { id: true },
        }),
      );
    expect(await Promise.all([findUnique(ours), findUnique(theirs)])).toEqual([
      { id: account.uuid },
      { id: account.uuid },
    ]);
    expect(await Promise.all([findUnique(theirs), findUnique(ours)])).toEqual([null, null]);
  });

  it("is kept apart by Prisma's findMany", async () => {
    const findMany = (tenant: TenantFixtures) =>
      asTenant(tenant.uuid, async () =>
        gateway.database.prisma.account.findMany({
          where: { id: account.uuid },
          select: { id: true },
        }),
      );
    expect(await Promise.all([findMany(theirs), findMany(ours)])).toEqual([
      [],
      [{ id: account.uuid }],
    ]);
  });
});
