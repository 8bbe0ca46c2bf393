// GraphQL Yoga, Pothos with its Prisma plugin, and Prisma in the gateway's versions, as their documentation shows them.
import { createServer } from "node:http";
import SchemaBuilder from "@pothos/core";
import PrismaPlugin, { queryFromInfo } from "@pothos/plugin-prisma";
import RelayPlugin from "@pothos/plugin-relay";
import { PrismaPg } from "@prisma/adapter-pg";
import { DateResolver, DateTimeResolver } from "graphql-scalars";
import { createYoga } from "graphql-yoga";
import { v7 as uuidv7 } from "uuid";
import type PrismaTypes from "../../../src/db/generated/pothos.ts";
import { getDatamodel } from "../../../src/db/generated/pothos.ts";
import {
  Prisma,
  PrismaClient,
  type Deal as DealRow,
  type Quote as QuoteRow,
} from "../../../src/db/generated/prisma/client.ts";
import { serve } from "./serve.ts";

const prisma = new PrismaClient({
  adapter: new PrismaPg({ connectionString: process.argv[2] ?? "" }),
});
const builder = new SchemaBuilder<{
  PrismaTypes: PrismaTypes;
  Scalars: {
    Date: { Input: Date; Output: Date };
    DateTime: { Input: Date; Output: Date };
    Decimal: { Input: string; Output: { toString(): string } };
  };
  // @ts-expect-error: the types of the gateway's own Pothos plugin want a catalog; it is not loaded here.
}>({
  plugins: [RelayPlugin, PrismaPlugin],
  relay: { nodesOnConnection: true },
  prisma: { client: prisma, dmmf: getDatamodel() },
});
builder.addScalarType("Date", DateResolver);
builder.addScalarType("DateTime", DateTimeResolver);
builder.scalarType("Decimal", { serialize: (value) => value.toString(), parseValue: String });

const live = { deletedAt: null };
const newest = [{ createdAt: "desc" }, { id: "desc" }] as const;

const LineItem = builder.prismaObject("LineItem", {
  fields: (t) => ({
    id: t.exposeID("id"),
    description: t.exposeString("description", { nullable: true }),
    quantity: t.expose("quantity", { type: "Decimal" }),
    unitPrice: t.expose("unitPrice", { type: "Decimal" }),
    discount: t.expose("discount", { type: "Decimal" }),
    total: t.expose("total", { type: "Decimal" }),
    position: t.exposeInt("position"),
  }),
});

const Quote = builder.prismaObject("Quote", {
  fields: (t) => ({
    id: t.exposeID("id"),
    name: t.exposeString("name", { nullable: true }),
    quoteNumber: t.exposeString("quoteNumber"),
    currency: t.exposeString("currency"),
    isPrimary: t.exposeBoolean("isPrimary"),
    total: t.expose("total", { type: "Decimal", nullable: true }),
    validityDate: t.expose("validityDate", { type: "Date", nullable: true }),
    createdAt: t.expose("createdAt", { type: "DateTime" }),
    updatedAt: t.expose("updatedAt", { type: "DateTime" }),
    version: t.exposeInt("version"),
    lineItems: t.relatedConnection("lineItems", {
      cursor: "tenantId_id",
      query: { where: live, orderBy: [{ position: "asc" }, { id: "asc" }] },
    }),
  }),
});

const Deal = builder.prismaObject("Deal", {
  fields: (t) => ({
    id: t.exposeID("id"),
    name: t.exposeString("name", { nullable: true }),
    dealNumber: t.exposeString("dealNumber"),
    stage: t.exposeString("stage"),
    value: t.expose("value", { type: "Decimal", nullable: true }),
    currency: t.exposeString("currency"),
    probability: t.expose("probability", { type: "Decimal", nullable: true }),
    ownerId: t.exposeString("ownerId", { nullable: true }),
    expectedCloseDate: t.expose("expectedCloseDate", { type: "Date", nullable: true }),
    createdAt: t.expose("createdAt", { type: "DateTime" }),
    updatedAt: t.expose("updatedAt", { type: "DateTime" }),
    version: t.exposeInt("version"),
    quotes: t.relatedConnection("quotes", {
      cursor: "tenantId_id",
      query: { where: live, orderBy: [...newest] },
    }),
  }),
});

builder.prismaObject("Contact", {
  fields: (t) => ({
    id: t.exposeID("id"),
    displayName: t.exposeString("displayName"),
    firstName: t.exposeString("firstName", { nullable: true }),
    lastName: t.exposeString("lastName", { nullable: true }),
    email: t.exposeString("email", { nullable: true }),
    jobTitle: t.exposeString("jobTitle", { nullable: true }),
    isPrimary: t.exposeBoolean("isPrimary"),
    createdAt: t.expose("createdAt", { type: "DateTime" }),
    updatedAt: t.expose("updatedAt", { type: "DateTime" }),
    version: t.exposeInt("version"),
  }),
});

builder.prismaObject("Activity", {
  fields: (t) => ({
    id: t.exposeID("id"),
    type: t.exposeString("type"),
    subject: t.exposeString("subject", { nullable: true }),
    occurredAt: t.expose("occurredAt", { type: "DateTime" }),
    direction: t.exposeString("direction", { nullable: true }),
    outcome: t.exposeString("outcome", { nullable: true }),
    dueDate: t.expose("dueDate", { type: "DateTime", nullable: true }),
  }),
});

const ActivityType = builder.enumType("ActivityType", {
  values: ["call", "email", "meeting", "note", "task"] as const,
});

const Account = builder.prismaObject("Account", {
  fields: (t) => ({
    id: t.exposeID("id"),
    name: t.exposeString("name", { nullable: true }),
    displayName: t.exposeString("displayName"),
    industry: t.exposeString("industry", { nullable: true }),
    domain: t.exposeString("domain", { nullable: true }),
    annualRevenue: t.expose("annualRevenue", { type: "Decimal", nullable: true }),
    employeeCount: t.exposeInt("employeeCount", { nullable: true }),
    ownerId: t.exposeString("ownerId", { nullable: true }),
    createdAt: t.expose("createdAt", { type: "DateTime" }),
    updatedAt: t.expose("updatedAt", { type: "DateTime" }),
    version: t.exposeInt("version"),
    deals: t.relatedConnection("deals", {
      cursor: "tenantId_id",
      totalCount: true,
      args: { stage: t.arg.string() },
      query: ({ stage }) => ({
        where: { ...live, ...(stage == null ? {} : { stage }) },
        orderBy: [...newest],
      }),
    }),
    contacts: t.relatedConnection("contacts", {
      cursor: "tenantId_id",
      query: { where: live, orderBy: [...newest] },
    }),
    activities: t.relatedConnection("activities", {
      cursor: "tenantId_id",
      totalCount: true,
      args: { type: t.arg({ type: ActivityType }) },
      query: ({ type }) => ({
        where: { ...live, ...(type == null ? {} : { type }) },
        orderBy: [{ occurredAt: "desc" }, { id: "desc" }],
      }),
    }),
  }),
});

builder.queryType({
  fields: (t) => {
    const tenantId = t.arg.id({ required: true });
    const one = { tenantId, id: t.arg.id({ required: true }) };
    return {
      deal: t.prismaField({
        type: Deal,
        nullable: true,
        args: one,
        resolve: (query, _root, args) =>
          prisma.deal.findFirst({ ...query, where: { ...args, ...live } }),
      }),
      account: t.prismaField({
        type: Account,
        nullable: true,
        args: one,
        resolve: (query, _root, args) =>
          prisma.account.findFirst({ ...query, where: { ...args, ...live } }),
      }),
      deals: t.prismaConnection({
        type: Deal,
        cursor: "tenantId_id",
        args: { tenantId },
        resolve: (query, _root, args) =>
          prisma.deal.findMany({
            ...query,
            where: { tenantId: args.tenantId, ...live },
            orderBy: [...newest],
          }),
      }),
      accounts: t.prismaConnection({
        type: Account,
        cursor: "tenantId_id",
        args: { tenantId },
        resolve: (query, _root, args) =>
          prisma.account.findMany({
            ...query,
            where: { tenantId: args.tenantId, ...live },
            orderBy: [{ displayName: "asc" }, { id: "asc" }],
          }),
      }),
    };
  },
});

const LineInput = builder.inputType("QuoteLineInput", {
  fields: (t) => ({
    description: t.string({ required: true }),
    quantity: t.field({ type: "Decimal", required: true }),
    unit_price: t.field({ type: "Decimal", required: true }),
  }),
});
const QuoteInput = builder.inputType("QuoteInput", {
  fields: (t) => ({
    account_id: t.id({ required: true }),
    deal_id: t.id({ required: true }),
    name: t.string({ required: true }),
    currency: t.string({ required: true }),
    line_items: t.field({ type: [LineInput], required: true }),
  }),
});
const QuotePayload = builder
  .objectRef<{ quote: QuoteRow }>("CreateQuotePayload")
  .implement({ fields: (t) => ({ quote: t.expose("quote", { type: Quote }) }) });
const DealPayload = builder
  .objectRef<{ deal: DealRow }>("UpdateDealPayload")
  .implement({ fields: (t) => ({ deal: t.expose("deal", { type: Deal }) }) });

// These mutations write only the rows themselves: no log, no history, and no number from a sequence.
builder.mutationType({
  fields: (t) => ({
    createQuote: t.field({
      type: QuotePayload,
      args: {
        tenantId: t.arg.id({ required: true }),
        input: t.arg({ type: QuoteInput, required: true }),
      },
      resolve: async (_root, { tenantId, input }, context, info) => {
        const lines = input.line_items.map((line, position) => ({
          id: uuidv7(),
          description: line.description,
          quantity: line.quantity,
          unitPrice: line.unit_price,
          total: new Prisma.Decimal(line.quantity).mul(line.unit_price),
          currency: input.currency,
          position,
        }));
        const quote = await prisma.quote.create({
          ...queryFromInfo({ context, info, path: ["quote"] }),
          data: {
            tenantId,
            id: uuidv7(),
            accountId: input.account_id,
            dealId: input.deal_id,
            name: input.name,
            quoteNumber: `Q-${uuidv7()}`,
            currency: input.currency,
            total: lines.reduce((sum, { total }) => sum.add(total), new Prisma.Decimal(0)),
            lineItems: { createMany: { data: lines } },
          },
        });
        return { quote };
      },
    }),
    updateDeal: t.field({
      type: DealPayload,
      args: {
        tenantId: t.arg.id({ required: true }),
        id: t.arg.id({ required: true }),
        stage: t.arg.string({ required: true }),
      },
      resolve: async (_root, { tenantId, id, stage }, context, info) => {
        const deal = await prisma.deal.update({
          ...queryFromInfo({ context, info, path: ["deal"] }),
          where: { tenantId_id: { tenantId, id } },
          data: { stage, updatedAt: new Date(), version: { increment: 1 } },
        });
        return { deal };
      },
    }),
  }),
});

const yoga = createYoga({ schema: builder.toSchema(), graphiql: false, logging: false });
await serve(createServer(yoga), () => prisma.$disconnect());
