import type { Values } from "../../model/record.ts";
import type { Entity } from "../../model/entity.ts";
import { capitalized, inWords, withArticle } from "../../lib/text.ts";
import type { WriteResult } from "../../write/draft.ts";
import type { EntityWrites } from "../../write/entity-writes.ts";
import {
  createRecords,
  deleteRecords,
  restoreRecords,
  updateRecords,
  type RemoveRow,
} from "../../write/verbs.ts";
import { maxRows, only } from "../../write/write-rows.ts";
import type { Builder } from "./builder.ts";
import { onErrorOptions, policy } from "./on-error.ts";
import { batchPayloadRef, verbPayloadRef, writing } from "./payloads.ts";
import type { SchemaParts } from "./schema-parts.ts";
import { upsertFields } from "./upsert-field.ts";
import { sentValues, writeContext } from "./write-context.ts";

/** The GraphQL input of a record to delete or restore. */
export const makeRecordVersion = (builder: Builder) =>
  builder.inputRef<RemoveRow>("RecordVersionInput").implement({
    description: "A record, and the version of it that was read.",
    fields: (t) => ({
      id: t.id({ required: true, description: "Its id, with its prefix or bare." }),
      version: t.int({
        description:
          "When it is not the current one, nothing is written and the answer is a conflict.",
      }),
    }),
  });

/** Which verbs an entity has beside `create`. */
type Verbs = { readonly update: boolean; readonly batches: boolean };

/** The mutations of an entity: one record and many, derived from how it is written. */
export function entityMutations(
  schema: SchemaParts,
  writes: EntityWrites,
  { update, batches }: Verbs = { update: true, batches: true },
): void {
  createFields(schema, writes, batches);
  if (update) {
    updateFields(schema, writes);
    removeFields(schema, writes, "Delete", deleteRecords);
    removeFields(schema, writes, "Restore", restoreRecords);
  }
  if (writes.upsertKeys !== undefined) upsertFields(schema, writes);
}

/** The value of a batch's field. */
const all = (results: readonly WriteResult[]): readonly WriteResult[] => results;

function createFields(schema: SchemaParts, writes: EntityWrites, batches: boolean): void {
  const { entity, inputs } = writes;
  const input = schema.inputRef(inputs.create);
  const payload = verbPayloadRef(schema, "Create", entity);
  schema.builder.mutationField(`create${entity.type}`, (t) =>
    t.field({
      extensions: writing(entity),
      type: payload,
      description: `Creates ${withArticle(entity.type)}.`,
      args: {
        input: t.arg({ type: input, required: true, description: `The new ${entity.type}.` }),
      },
      resolve: async (_root, args, ctx, info) =>
        only(await createRecords(writeContext(ctx, info, only), writes, [sentValues(args.input)])),
    }),
  );
  if (!batches) return;
  const batch = batchPayloadRef(schema, "Create", entity);
  schema.builder.mutationField(`create${capitalized(entity.plural)}`, (t) =>
    t.field({
      extensions: writing(entity),
      type: batch,
      description: `Creates up to ${maxRows.toLocaleString("en")} ${inWords(entity.plural)} in one transaction.`,
      args: {
        inputs: t.arg({ type: [input], required: true, description: "One for each new record." }),
        onError: t.arg(onErrorOptions(schema)),
      },
      resolve: (_root, args, ctx, info) =>
        createRecords(
          writeContext(ctx, info, all),
          writes,
          args.inputs.map(sentValues),
          policy(args.onError),
        ),
    }),
  );
}

function updateFields(schema: SchemaParts, writes: EntityWrites): void {
  const { entity, inputs } = writes;
  const input = schema.inputRef(inputs.update);
  const payload = verbPayloadRef(schema, "Update", entity);
  schema.builder.mutationField(`update${entity.type}`, (t) =>
    t.field({
      extensions: writing(entity),
      type: payload,
      description: `Changes ${withArticle(entity.type)}: only what is sent changes, null clears. With \`version\` in the input nothing is overwritten that the caller has not seen.`,
      args: {
        id: t.arg.id({ required: true, description: idText(entity) }),
        input: t.arg({ type: input, required: true, description: "What changes." }),
      },
      resolve: async (_root, args, ctx, info) =>
        only(
          await updateRecords(writeContext(ctx, info, only), writes, [
            { id: args.id, input: sentValues(args.input) },
          ]),
        ),
    }),
  );
  const batch = batchPayloadRef(schema, "Update", entity);
  schema.builder.mutationField(`update${capitalized(entity.plural)}`, (t) =>
    t.field({
      extensions: writing(entity),
      type: batch,
      description: `Changes up to ${maxRows.toLocaleString("en")} ${inWords(entity.plural)} in one transaction; each input names its record by \`id\`.`,
      args: {
        inputs: t.arg({
          type: [input],
          required: true,
          description: "One for each record, with its `id`.",
        }),
        onError: t.arg(onErrorOptions(schema)),
      },
      resolve: (_root, args, ctx, info) =>
        updateRecords(
          writeContext(ctx, info, all),
          writes,
          args.inputs.map(sentValues).map((values) => ({ id: idIn(values), input: values })),
          policy(args.onError),
        ),
    }),
  );
}

/** The id in an update's input, which is only accepted and ignored elsewhere. */
const idIn = ({ id }: Values): string => (typeof id === "string" ? id : "");

const idText = (entity: Entity): string => `Its id, \`${entity.prefix}-<uuid>\` or the bare UUID.`;

const removals = {
  Delete: {
    one: "Soft-deletes it with everything that it contains; `restore` brings exactly that back.",
    version: "Nothing is deleted when this is not the current version.",
  },
  Restore: {
    one: "Restores it with the records that were deleted along with it, or names the value that another record has taken meanwhile.",
    version: "Nothing is restored when this is not the current version.",
  },
} as const;

function removeFields(
  schema: SchemaParts,
  writes: EntityWrites,
  verb: "Delete" | "Restore",
  remove: typeof deleteRecords,
): void {
  const { entity } = writes;
  const payload = verbPayloadRef(schema, verb, entity);
  const name = verb.toLowerCase();
  schema.builder.mutationField(`${name}${entity.type}`, (t) =>
    t.field({
      extensions: writing(entity),
      type: payload,
      description: removals[verb].one,
      args: {
        id: t.arg.id({ required: true, description: idText(entity) }),
        version: t.arg.int({ description: removals[verb].version }),
      },
      resolve: async (_root, args, ctx, info) =>
        only(await remove(writeContext(ctx, info, only), writes, [args])),
    }),
  );
  const batch = batchPayloadRef(schema, verb, entity);
  schema.builder.mutationField(`${name}${capitalized(entity.plural)}`, (t) =>
    t.field({
      extensions: writing(entity),
      type: batch,
      description: `The same for up to ${maxRows.toLocaleString("en")} ${inWords(entity.plural)} in one transaction.`,
      args: {
        inputs: t.arg({
          type: [schema.recordVersion()],
          required: true,
          description: "The records.",
        }),
        onError: t.arg(onErrorOptions(schema)),
      },
      resolve: (_root, args, ctx, info) =>
        remove(writeContext(ctx, info, all), writes, args.inputs, policy(args.onError)),
    }),
  );
}
