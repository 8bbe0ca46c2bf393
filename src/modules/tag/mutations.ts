import { access } from "../../graphql/limits/access.ts";
import { mutationCost } from "../../graphql/limits/costs.ts";
import { ofOutcome, payloadSource } from "../../graphql/schema/payload-source.ts";
import { recordNode } from "../../graphql/schema/record-node.ts";
import type { SchemaParts } from "../../graphql/schema/schema-parts.ts";
import { listWays, versionText } from "../../graphql/schema/verb-fields.ts";
import { writeContext } from "../../graphql/schema/write-context.ts";
import { capitalized } from "../../lib/text.ts";
import type { RecordKey } from "../../lib/refusal.ts";
import type { WriteResult } from "../../write/draft.ts";
import { editList } from "../../write/edits.ts";
import { invalid } from "../../write/problem.ts";
import { only } from "../../write/write-rows.ts";
import { crmWrites } from "../crm-writes.ts";

/** How records that have tags are written. Activities have some, but are log entries. */
const tagged = [...crmWrites.values()].filter(
  ({ entity }) => entity.fields["tags"] !== undefined && entity.name !== "activity",
);
const kinds = tagged.map(({ entity }) => entity.type).join(", ");

/** What became of a record, and which it is. */
type Outcome = Pick<WriteResult, "problems"> & { readonly record: RecordKey | null };

/** `addTags` and `removeTags`, for all kinds of records that have tags. */
export function declareTagMutations(schema: SchemaParts): void {
  const { builder, catalog } = schema;
  for (const way of ["add", "remove"] as const) {
    const { verb, to, kept } = listWays[way];
    const payload = builder.objectRef<Outcome>(`${capitalized(way)}TagsPayload`).implement({
      description: "The result: the record, or the errors.",
      fields: (t) => ({
        record: t.field({
          type: builder.nodeInterfaceRef(),
          nullable: true,
          description: "The record as it is now; null if nothing was written.",
          extensions: payloadSource({
            kind: "writtenNode",
            entities: tagged.map(({ entity }) => entity),
            keyOf: ({ record }: Outcome) => record,
          }),
          resolve: ({ record }, _args, ctx, info) => recordNode(record, ctx, info),
        }),
        userErrors: t.field({
          type: [schema.userError()],
          extensions: ofOutcome,
          description: "The errors of the input. Empty if the record was written.",
          resolve: ({ problems }) => [...problems],
        }),
      }),
    });
    builder.mutationField(`${way}Tags`, (t) =>
      t.field({
        extensions: access({
          ...mutationCost,
          uses: ["id"],
          writesBy: ({ id }) =>
            tagged.flatMap(({ entity }) =>
              entity === catalog.byId(String(id)) ? [entity.name] : [],
            ),
        }),
        type: payload,
        description: `${verb} tags ${to} a record. ${kept} Callers who change the same record at once do not undo each other's changes.`,
        args: {
          id: t.arg.id({
            required: true,
            description: `The record's id with its prefix: one of ${kinds}.`,
          }),
          tags: t.arg.stringList({
            required: true,
            description: "The tags, each at most 64 characters. A record has at most 100.",
          }),
          version: t.arg.int({ description: versionText }),
        },
        resolve: async (_root, args, ctx, info): Promise<Outcome> => {
          const writes = tagged.find(({ entity }) => entity === catalog.byId(args.id));
          if (writes === undefined) {
            const complaint = `must be the id of a record that has tags and is no log entry: ${kinds}.`;
            return { record: null, problems: [invalid(["id"], complaint)] };
          }
          const shown = ({ id, problems }: WriteResult): Outcome => ({
            record: id === null ? null : { entity: writes.entity.name, id },
            problems,
          });
          const context = writeContext(ctx, info, (results) => shown(only(results)));
          const list = { rest: "tags", items: args.tags, way };
          return shown(await editList(context, writes, args, list));
        },
      }),
    );
  }
}
