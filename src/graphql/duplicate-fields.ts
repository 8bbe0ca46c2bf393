import type { GraphQLResolveInfo } from "graphql";
import { badInput } from "../lib/errors.ts";
import { defaultMinScore, type Duplicate, type DuplicateRules } from "../query/duplicates.ts";
import { reasonCodes, type Reason } from "../query/evidence.ts";
import type { Row } from "../query/row.ts";
import { builder } from "./builder.ts";
import type { Context } from "./context.ts";
import { nodeRef } from "./entity-type.ts";
import { fieldKey, fieldType, neededFields, selectedFields } from "./selection.ts";

const defaultCount = 10;
const maxCount = 50;

const reasonCode = builder.enumType("DuplicateReasonCode", {
  description: "What speaks for two records being one.",
  values: Object.fromEntries(
    Object.entries(reasonCodes).map(([code, description]) => [code, { description }]),
  ),
});

const reasonRef = builder.objectRef<Reason>("DuplicateReason").implement({
  description: "Something that speaks for two records being one.",
  fields: (t) => ({
    code: t.field({
      type: reasonCode,
      description: "What agrees.",
      resolve: (reason) => reason.code,
    }),
    similarity: t.float({
      description: "How much the two values are the same: 1 for the same, less for misspelt ones.",
      resolve: (reason) => Math.round(reason.similarity * 100) / 100,
    }),
  }),
});

type Found = Duplicate & { readonly row: Row | null };

/** `duplicates` of an entity, and the type of what it gives. */
export function duplicateFields(rules: DuplicateRules): void {
  const { entity } = rules;
  const duplicate = builder.objectRef<Found>(`${entity.type}Duplicate`).implement({
    description: `A ${entity.type} that is likely the same as another.`,
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
        description:
          "How likely the two are one, 0 to 1: 1 − Π(1 − weight) over the reasons, less for what speaks against it.",
      }),
      reasons: t.field({
        type: [reasonRef],
        description: "Why.",
        resolve: ({ reasons }) => reasons,
      }),
    }),
  });

  builder.objectField(nodeRef(entity), "duplicates", (t) =>
    t.field({
      type: [duplicate],
      description: `Live ${entity.plural} that are likely the same as this one, best first, ties by id. Of a deleted one there are none.`,
      args: {
        first: t.arg.int({
          description: `How many: 1 to ${maxCount}; ${defaultCount} unless given.`,
        }),
        minScore: t.arg.float({
          description: `Only those with at least this score, 0 to 1; ${defaultMinScore} unless given.`,
        }),
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
    `first: at most ${maxCount} duplicates, and at least 1; ask for 1 to ${maxCount}.`,
    ["first"],
  );
}

function scoreOf(minScore: number): number {
  if (minScore >= 0 && minScore <= 1) return minScore;
  throw badInput("minScore: a score lies between 0 and 1.", ["minScore"]);
}
