import SchemaBuilder from "@pothos/core";
import PrismaPlugin from "@pothos/plugin-prisma";
import { PrismaPg } from "@prisma/adapter-pg";
import { graphql } from "graphql";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { asTenant } from "../../src/db/fenced-pool.ts";
import type { FencedPrisma } from "../../src/db/fenced-prisma.ts";
import type PrismaTypes from "../../src/db/generated/pothos.ts";
import { getDatamodel } from "../../src/db/generated/pothos.ts";
import { PrismaClient } from "../../src/db/generated/prisma/client.ts";
import { catalog } from "../../src/modules/catalog.ts";
import { Reader } from "../../src/query/reader.ts";
import type { Made, TenantFixtures } from "../support/samples/fixtures.ts";
import { startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { casesOf } from "../support/run/run-length.ts";

/** 1,000 in a long run; reads are mixed up in the first, if they are. */
const rounds = casesOf(1_000);

let gateway: TestGateway;
let ours: TenantFixtures;
let theirs: TenantFixtures;
let account: Made;
let deal: Made;

beforeAll(async () => {
  gateway = await startGateway();
  ours = await gateway.fixtures.tenant("ours");
  theirs = await gateway.fixtures.tenant("theirs");
  account = await ours.account();
  deal = await ours.deal(account);
});
afterAll(() => gateway.close());

/** The pairs of answers that ours and theirs get when both read in one tick, in either order; each pair once. */
async function pairsOf(read: (tenant: TenantFixtures) => PromiseLike<unknown>) {
  const pairs = new Map<string, readonly unknown[]>();
  for (let round = 0; round < rounds / 2; round += 1) {
    const pair = await Promise.all([read(ours), read(theirs)]);
    const turned = (await Promise.all([read(theirs), read(ours)])).toReversed();
    for (const one of [pair, turned]) pairs.set(JSON.stringify(one), one);
  }
  return [...pairs.values()];
}

describe("one id asked for by two tenants in one tick", () => {
  const prisma = (tenant: TenantFixtures): FencedPrisma => gateway.database.prismaFor(tenant.uuid);
  const select = { id: true } as const;
  const key = () => ({ tenantId_id: { tenantId: ours.uuid, id: account.uuid } });

  it("gives each its own answer through the read engine", async () => {
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
    expect(await pairsOf(read)).toEqual([[{ id: account.uuid }, null]]);
  });

  it("gives each its own through findUnique", async () => {
    expect(
      await pairsOf((tenant) => prisma(tenant).account.findUnique({ where: key(), select })),
    ).toEqual([[{ id: account.uuid }, null]]);
  });

  it("gives each its own through findUniqueOrThrow", async () => {
    expect(
      await pairsOf((tenant) =>
        prisma(tenant)
          .account.findUniqueOrThrow({ where: key(), select })
          .then(({ id }) => id)
          .catch((error: { code?: unknown }) => error.code),
      ),
    ).toEqual([[account.uuid, "P2025"]]);
  });

  it("gives each its own through findFirst and findMany", async () => {
    const where = { id: account.uuid };
    expect(
      await pairsOf(async (tenant) => [
        await prisma(tenant).account.findFirst({ where, select }),
        ...(await prisma(tenant).account.findMany({ where, select })),
      ]),
    ).toEqual([[[{ id: account.uuid }, { id: account.uuid }], [null]]]);
  });

  it("gives each its own over to-one edges", async () => {
    const where = { tenantId_id: { tenantId: ours.uuid, id: deal.uuid } };
    expect(
      await pairsOf(async (tenant) => [
        await prisma(tenant).deal.findUnique({ where, select: { account: { select } } }),
        await prisma(tenant).deal.findUnique({ where }).account({ select }),
      ]),
    ).toEqual([
      [
        [{ account: { id: account.uuid } }, { id: account.uuid }],
        [null, null],
      ],
    ]);
  });

  it("gives each its own in transactions and in raw SQL", async () => {
    expect(
      await pairsOf((tenant) =>
        prisma(tenant).$transaction(async (transaction) => [
          await transaction.account.findUnique({ where: key(), select }),
          ...(await transaction.$queryRaw<unknown[]>`SELECT id::text FROM accounts`),
          ...(await prisma(tenant).$queryRaw<unknown[]>`SELECT id::text FROM accounts`),
        ]),
      ),
    ).toEqual([[[{ id: account.uuid }, { id: account.uuid }, { id: account.uuid }], [null]]]);
  });

  // What the extension of src/db/fenced-prisma.ts is for. When this fails, Prisma has changed, and it can be looked at
  // again.
  it("is mixed up by plain Prisma, which answers both under the fence of whoever came first", async () => {
    const plain = new PrismaClient({ adapter: new PrismaPg(gateway.database.pool) });
    const read = (tenant: TenantFixtures) =>
      asTenant(tenant.uuid, () => plain.account.findUnique({ where: key(), select }));
    const found = { id: account.uuid };
    expect(await Promise.all([read(ours), read(theirs)])).toEqual([found, found]);
    expect(await Promise.all([read(theirs), read(ours)])).toEqual([null, null]);
    const list = (tenant: TenantFixtures) =>
      asTenant(tenant.uuid, () =>
        plain.$transaction([plain.account.findMany({ where: { id: account.uuid }, select })]),
      );
    expect(await Promise.all([list(ours), list(theirs)])).toEqual([[[found]], [[found]]]);
  });
});

/** A schema that reads through plugin-prisma alone; `loaded` has its fields loaded later than the record. */
function pluginSchema() {
  const builder = new SchemaBuilder<{
    Context: { prisma: FencedPrisma };
    PrismaTypes: PrismaTypes;
  }>({
    plugins: [PrismaPlugin],
    catalog,
    prisma: { client: ({ prisma }) => prisma, dmmf: getDatamodel() },
  });
  builder.prismaObject("Account", { fields: (t) => ({ id: t.exposeID("id") }) });
  const dealType = builder.prismaObject("Deal", {
    select: {},
    fields: (t) => ({ id: t.exposeID("id"), account: t.relation("account") }),
  });
  builder.queryType({
    fields: (t) => ({
      read: t.prismaField({
        type: "Deal",
        nullable: true,
        resolve: (query, _root, _args, { prisma }) =>
          prisma.deal.findUnique({ ...query, where: dealKey() }),
      }),
      loaded: t.field({
        type: dealType,
        nullable: true,
        resolve: () => ({ tenantId: ours.uuid, id: deal.uuid }),
      }),
    }),
  });
  return builder.toSchema();
}

const dealKey = () => ({ tenantId_id: { tenantId: ours.uuid, id: deal.uuid } });

describe("one record asked for through plugin-prisma by two tenants in one tick", () => {
  const schema = pluginSchema();
  const answers = (source: string) => (tenant: TenantFixtures) =>
    graphql({
      schema,
      source,
      contextValue: { prisma: gateway.database.prismaFor(tenant.uuid) },
    }).then(({ data, errors }) => JSON.parse(JSON.stringify({ data, failed: errors?.length })));

  it("is read by id and over an edge by its query for each", async () => {
    expect(await pairsOf(answers("{ read { id account { id } } }"))).toEqual([
      [
        { data: { read: { id: deal.uuid, account: { id: account.uuid } } } },
        { data: { read: null } },
      ],
    ]);
  });

  it("is read over an edge by its loader for each", async () => {
    expect(await pairsOf(answers("{ loaded { account { id } } }"))).toEqual([
      [
        { data: { loaded: { account: { id: account.uuid } } } },
        { data: { loaded: { account: null } }, failed: 1 },
      ],
    ]);
  });
});

describe("Prisma's client for a tenant", () => {
  it("reads by a unique key in the transaction that it is called in", async () => {
    const prisma = gateway.database.prismaFor(ours.uuid);
    const id = "0199f000-0000-7000-8000-000000000001";
    const where = { tenantId_id: { tenantId: ours.uuid, id } };
    await expect(
      prisma.$transaction(async (transaction) => {
        await transaction.department.create({ data: { tenantId: ours.uuid, id, name: "New" } });
        expect(await transaction.department.findUnique({ where })).toMatchObject({ name: "New" });
        throw new Error("rolled back");
      }),
    ).rejects.toThrow("rolled back");
    expect(await prisma.department.findUnique({ where })).toBeNull();
  });

  it("finds nothing by a unique key when another condition on its fields does not hold", async () => {
    const { account: accounts } = gateway.database.prismaFor(ours.uuid);
    const { uuid: id } = account;
    const key = { tenantId_id: { tenantId: ours.uuid, id } };
    const found = (where: object) => accounts.findUnique({ where: { ...key, ...where } });
    expect(await found({ tenantId: ours.uuid, id, OR: [{ id }] })).toMatchObject({ id });
    expect(await found({ tenantId: theirs.uuid })).toBeNull();
    expect(await found({ id: deal.uuid })).toBeNull();
    expect(await found({ NOT: { id } })).toBeNull();
  });

  it("takes no unique key that is not whole, and no list of promises as a transaction", async () => {
    const { account: accounts, ...prisma } = gateway.database.prismaFor(ours.uuid);
    const id: string = JSON.parse("{}").id;
    const where = { tenantId_id: { tenantId: ours.uuid, id } };
    expect(() => accounts.findUnique({ where })).toThrow("where has no whole key");
    expect(() => Reflect.apply(prisma.$transaction, prisma, [[]])).toThrow("give a function");
  });
});
