import { capitalized, inWords, snakeCase, withArticle } from "../../lib/text.ts";
import type { Values } from "../../model/record.ts";
import { editList, moveRecord } from "../../write/edits.ts";
import type { EntityWrites } from "../../write/entity-writes.ts";
import type { Way } from "../../write/input.ts";
import { linksOf } from "../../write/rules/links.ts";
import { only } from "../../write/write-rows.ts";
import { payloadRef, writing } from "./payloads.ts";
import type { SchemaParts } from "./schema-parts.ts";
import { writeContext } from "./write-context.ts";

/** The words of each way to change a list. */
export const listWays = {
  add: { verb: "Adds", to: "to", kept: "What it has already stays as it is." },
  remove: { verb: "Takes", to: "from", kept: "What it does not have is passed over." },
} as const satisfies Readonly<Record<Way, unknown>>;

export const versionText = "Nothing is written when this is not the current version.";

/** `sendQuote`: a mutation that gives one record certain values. */
export function moveField(
  schema: SchemaParts,
  writes: EntityWrites,
  move: { readonly mutation: string; readonly description: string; readonly values: Values },
): void {
  const { entity } = writes;
  schema.builder.mutationField(move.mutation, (t) =>
    t.field({
      extensions: writing(entity),
      type: payloadRef(schema, capitalized(move.mutation), entity),
      description: `${move.description} Nothing is written if it is so already.`,
      args: {
        id: t.arg.id({
          required: true,
          description: `Its id, \`${entity.prefix}-<uuid>\` or the bare UUID.`,
        }),
        version: t.arg.int({ description: versionText }),
      },
      resolve: (_root, args, ctx, info) =>
        moveRecord(writeContext(ctx, info, only), writes, args, move.values),
    }),
  );
}

/** `addDealContacts` and `removeDealContacts`: mutations for each list of links that an entity's inputs replace. */
export function linkFields(schema: SchemaParts, writes: EntityWrites): void {
  const { entity } = writes;
  for (const { relation, through, rest, main } of linksOf(entity)) {
    const target = schema.catalog.entity(through.to);
    for (const way of ["add", "remove"] as const) {
      const { verb, to, kept } = listWays[way];
      const ids = `${target.name}Ids`;
      const mutation = `${way}${entity.type}${capitalized(relation)}`;
      const mains = way === "add" ? "" : ` The \`${snakeCase(main)}\` cannot be taken away.`;
      schema.builder.mutationField(mutation, (t) => {
        const text = `The ${inWords(target.plural)}, at most 1,000.`;
        const named = { [ids]: t.arg.idList({ required: true, description: text }) };
        return t.field({
          extensions: writing(entity),
          type: payloadRef(schema, capitalized(mutation), entity),
          description: `${verb} ${inWords(target.plural)} ${to} ${withArticle(entity.type)}. ${kept}${mains} Callers who change the same ${entity.type} at once do not undo each other's changes.`,
          args: {
            ...named,
            id: t.arg.id({
              required: true,
              description: `The ${entity.type}, \`${entity.prefix}-<uuid>\` or the bare UUID.`,
            }),
            version: t.arg.int({ description: versionText }),
          },
          resolve: (_root, { id, version, ...others }, ctx, info) => {
            const [items] = Object.values(others);
            const list = { rest, items, way };
            return editList(writeContext(ctx, info, only), writes, { id, version }, list);
          },
        });
      });
    }
  }
}
