import { graphql } from "graphql";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { declareSchema } from "../../src/graphql/schema/declare-schema.ts";
import { implementEntity } from "../../src/graphql/schema/entity-type.ts";
import type { SchemaParts } from "../../src/graphql/schema/schema-parts.ts";
import { catalog } from "../../src/modules/catalog.ts";
import { declareDepartmentMutations } from "../../src/modules/department/mutations.ts";
import { Reader } from "../../src/query/reader.ts";
import { startGateway, type TestGateway } from "../support/gateway/gateway.ts";

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

const shownAsJson = { type: "JSON", source: { kind: "column", field: "changes" } } as const;

/** The entities, and beside them what is none. */
function schemaWith(declare: (schema: SchemaParts) => void) {
  const schema = declareSchema(catalog);
  for (const entity of catalog.entities) implementEntity(schema, entity, { changes: shownAsJson });
  declareDepartmentMutations(schema);
  // A subscription type has a field.
  schema.builder.subscriptionField("nothing", (t) =>
    t.boolean({ subscribe: async function* nothing() {}, resolve: () => true }),
  );
  declare(schema);
  return schema.builder.toSchema();
}

describe("t.relation from an operational record to a CRM entity", () => {
  it("is read by the engine, in one statement for all, and not by Prisma", async () => {
    const schema = schemaWith(({ builder }) => {
      builder.prismaObject("DealContact", {
        fields: (t) => ({
          deal: t.relation("deal", { nullable: true }),
          contact: t.relation("contact", { nullable: true }),
        }),
      });
      builder.queryField("stakeholders", (t) =>
        t.prismaField({
          type: ["DealContact"],
          resolve: (query, _root, _args, { prisma }) =>
            prisma.dealContact.findMany({ ...query, orderBy: { contactId: "asc" } }),
        }),
      );
    });
    const tenant = await gateway.fixtures.tenant("ours");
    const account = await tenant.account();
    const deal = await tenant.deal(account, { value: "12345678901234.5678" });
    const [live, deleted] = [
      await tenant.contact(account),
      await tenant.contact(account, { deletedAt: new Date() }),
    ];
    for (const contact of [live, deleted]) await tenant.stakeholder(deal, contact);
    gateway.statements.clear();
    const answer = await graphql({
      schema,
      source: "{ stakeholders { deal { value account { id } } contact { id } } }",
      contextValue: {
        prisma: gateway.database.prismaFor(tenant.uuid),
        reader: new Reader({
          db: gateway.database.forTenant(tenant.uuid),
          catalog,
          viewer: { tenantId: tenant.uuid, appId: null },
        }),
      },
    });
    const seen = { value: "12345678901234.5678", account: { id: account.id } };
    expect(JSON.parse(JSON.stringify(answer))).toEqual({
      data: {
        stakeholders: [
          { deal: seen, contact: { id: live.id } },
          { deal: seen, contact: null },
        ],
      },
    });
    expect(gateway.statements.all()).toHaveLength(4);
  });

  it("is refused where it leads to many", () => {
    const declare = () =>
      schemaWith(({ builder }) => {
        builder.prismaObject("Account", {
          variant: "AccountWithDeals",
          fields: (t) => ({ deals: t.relation("deals") }),
        });
      });
    expect(declare).toThrow("AccountWithDeals.deals: t.relation gives one Deal");
  });
});
