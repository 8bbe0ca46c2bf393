import { capitalized, inWords } from "../../lib/text.ts";
import type { GraphQLResolveInfo } from "graphql";
import { badInput } from "../../lib/errors.ts";
import { maxExamined, type Pair } from "../../query/duplicates/pairs.ts";
import {
  defaultMinScore,
  type Duplicate,
  type DuplicateRules,
} from "../../query/duplicates/duplicates.ts";
import { reasonCodes, type Reason } from "../../query/duplicates/evidence.ts";
import type { Row } from "../../query/row.ts";
import { access } from "../limits/access.ts";
import { duplicatesCost, noCost, pairsCost } from "../limits/costs.ts";
import type { Builder } from "./builder.ts";
import { forwardCursor, plainConnection } from "./connection.ts";
import type { Context } from "./context.ts";
import { pageSize } from "./page-arguments.ts";
import type { SchemaParts } from "./schema-parts.ts";
import { fieldKey, fieldType, neededFields, selectedFields } from "./selection.ts";

const defaultCount = 10;
const maxCount = 50;

/** The GraphQL type of what speaks for two records being one. */
export function makeDuplicateReason(builder: Builder) {
  const reasonCode = builder.enumType("DuplicateReasonCode", {
    description: "What speaks for two records being one.",
    values: Object.fromEntries(
      Object.entries(reasonCodes).map(([code, description]) => [code, { description }]),
    ),
  });
  return builder.objectRef<Reason>("DuplicateReason").implement({
    description: "Something that speaks for two records being one.",
    fields: (t) => ({
      code: t.field({
        type: reasonCode,
        description: "What agrees.",
        resolve: (reason) => reason.code,
      }),
      similarity: t.float({
        description:
          "How much the two values are the same: 1 for the same, less for misspelt ones.",
        resolve: (reason) => Math.round(reason.similarity * 100) / 100,
      }),
    }),
  });
}

type Found = Duplicate & { readonly row: Row | null };

const scoreDescription =
  "How likely the two are one, 0 to 1: 1 − Π(1 − weight) over the reasons, less for what speaks against it.";
const minScoreDescription = `Only those with at least this score, 0 to 1; ${defaultMinScore} unless given.`;

/** `duplicates` of an entity, `duplicate<Entities>` of the tenant, and the types of what they give. */
export function duplicateFields(schema: SchemaParts, rules: DuplicateRules): void {
  duplicatesField(schema, rules);
  pairsField(schema, rules);
}

function duplicatesField(
  { builder, duplicateReason, nodeRef }: SchemaParts,
  rules: DuplicateRules,
): void {
  const { entity } = rules;
  const duplicate = builder.objectRef<Found>(`${entity.type}Duplicate`).implement({
    description: `A ${entity.type} that is likely the same as another.`,
    extensions: access({ reads: [entity.name] }),
    fields: (t) => ({
      [entity.name]: t.field({
        type: nodeRef(entity),
        description: "The likely duplicate.",
        resolve: ({ row }) => {
          if (row === null) throw new Error("a duplicate's record was not read");
          return row;
        },
      }),
      score: t.exposeFloat("score", {
        description: scoreDescription,
      }),
      reasons: t.field({
        type: [duplicateReason()],
        description: "Why.",
        resolve: ({ reasons }) => reasons,
      }),
    }),
  });

  builder.objectField(nodeRef(entity), "duplicates", (t) =>
    t.field({
      type: [duplicate],
      extensions: access(duplicatesCost(defaultCount)),
      description: `Likely duplicates of this one among the live ${inWords(entity.plural)}, best first, then by id. A deleted one has none.`,
      args: {
        first: t.arg.int({
          description: `How many: 1 to ${maxCount}; ${defaultCount} unless given.`,
        }),
        minScore: t.arg.float({ description: minScoreDescription }),
      },
      resolve: async (parent, args, ctx, info) => {
        const request = () => ({
          rules,
          limit: countOf(args.first ?? defaultCount),
          minScore: scoreOf(args.minScore ?? defaultMinScore),
        });
        const found = await ctx.reader.duplicates(fieldKey(info), request, String(parent["id"]));
        return withRecords(found, rules, ctx, info);
      },
    }),
  );
}

function pairsField(
  { builder, duplicateReason, nodeRef }: SchemaParts,
  rules: DuplicateRules,
): void {
  const { entity } = rules;
  const field = `duplicate${capitalized(entity.plural)}`;
  const record = (id: string, ctx: Context, info: GraphQLResolveInfo): Promise<Row | null> => {
    const request = () => ({
      entity,
      fields: neededFields(info, entity, info.fieldNodes),
      includeDeleted: false,
    });
    return ctx.reader.record(fieldKey(info), request, id);
  };
  const pair = builder.objectRef<Pair>(`${entity.type}DuplicatePair`).implement({
    description: `Two ${inWords(entity.plural)} that are likely duplicates.`,
    extensions: access({ reads: [entity.name] }),
    fields: (t) => ({
      older: t.field({
        type: nodeRef(entity),
        nullable: true,
        description: "The one that was created first; null when it was deleted meanwhile.",
        resolve: ({ older }, _args, ctx, info) => record(older, ctx, info),
      }),
      newer: t.field({
        type: nodeRef(entity),
        nullable: true,
        description: "The one that was created later; null when it was deleted meanwhile.",
        resolve: ({ newer }, _args, ctx, info) => record(newer, ctx, info),
      }),
      score: t.exposeFloat("score", { description: scoreDescription }),
      reasons: t.field({
        type: [duplicateReason()],
        description: "Why.",
        resolve: ({ reasons }) => reasons,
      }),
    }),
  });
  const connection = plainConnection<Pair>(
    builder.connectionObject(
      {
        type: pair,
        name: `${entity.type}DuplicatePairConnection`,
        description: "A page of pairs of likely duplicates.",
        edgesField: { description: "The page's pairs with their cursors." },
      },
      {
        description: "A pair in the list, with its place there.",
        nodeField: { description: "The pair.", extensions: access(noCost) },
        fields: (t) => ({ cursor: t.exposeString("cursor", { description: forwardCursor }) }),
      },
    ),
  );
  builder.objectField(connection, "nodes", (t) =>
    t.field({
      type: [pair],
      extensions: access(noCost),
      description: "The page's pairs.",
      resolve: ({ nodes }) => nodes,
    }),
  );

  builder.queryField(field, (t) =>
    t.field({
      type: connection,
      nullable: true,
      extensions: access({ reads: [entity.name], ...pairsCost }),
      description: `Pairs of live ${inWords(entity.plural)} that are likely duplicates, each pair once, in the order of the older one's creation. A page looks through at most ${maxExamined} records and half a second, so it may hold fewer pairs than asked for, or none: go on from \`endCursor\` while \`hasNextPage\`.`,
      args: {
        first: t.arg.int({ description: "How many: 1 to 100; 25 unless given." }),
        after: t.arg.string({ description: "Only records after this cursor." }),
        minScore: t.arg.float({ description: minScoreDescription }),
      },
      resolve: async (_root, { first, after, minScore }, ctx) => {
        const page = await ctx.reader.duplicatePairs({
          rules,
          limit: pageSize({ first: first ?? null }).limit,
          after: after ?? null,
          minScore: scoreOf(minScore ?? defaultMinScore),
        });
        const { pairs, endCursor, hasNextPage, hasPreviousPage } = page;
        const startCursor = pairs[0]?.cursor ?? null;
        return {
          nodes: pairs,
          edges: pairs.map((node) => ({ node, cursor: node.cursor })),
          pageInfo: { hasNextPage, hasPreviousPage, startCursor, endCursor },
          total: null,
        };
      },
    }),
  );
}

/** The duplicates with their records, if those are asked for; one that was deleted meanwhile is left out. */
async function withRecords(
  found: readonly Duplicate[],
  { entity }: DuplicateRules,
  ctx: Context,
  info: GraphQLResolveInfo,
): Promise<Found[]> {
  const type = fieldType(info.parentType, info.fieldName);
  const nodes = selectedFields(info, type, info.fieldNodes).get(entity.name);
  if (nodes === undefined) return found.map((duplicate) => ({ ...duplicate, row: null }));
  const request = () => ({
    entity,
    fields: neededFields(info, entity, nodes),
    includeDeleted: false,
  });
  const all = await Promise.all(
    found.map(async (duplicate) => ({
      ...duplicate,
      row: await ctx.reader.record(`${fieldKey(info)}<${entity.name}`, request, duplicate.id),
    })),
  );
  return all.filter(({ row }) => row !== null);
}

function countOf(first: number): number {
  if (first >= 1 && first <= maxCount) return first;
  throw badInput(
    ["first"],
    `at most ${maxCount} duplicates, and at least 1; ask for 1 to ${maxCount}.`,
  );
}

function scoreOf(minScore: number): number {
  if (minScore >= 0 && minScore <= 1) return minScore;
  throw badInput(["minScore"], "a score lies between 0 and 1.");
}
