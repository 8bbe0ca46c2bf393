import type { Values } from "../../model/record.ts";
import type { Entity } from "../../model/entity.ts";
import { capitalized, inWords, withArticle } from "../../lib/text.ts";
import type { WriteResult } from "../../write/draft.ts";
import type { EntityWrites } from "../../write/entity-writes.ts";
import type { InputDefinition } from "../../write/input-definition.ts";
import { upsertRecord, upsertRecords, type UpsertOptions } from "../../write/upsert.ts";
import { maxRows, only } from "../../write/write-rows.ts";
import { onErrorOptions, policy } from "./on-error.ts";
import { batchPayloadRef, verbPayloadRef, writing } from "./payloads.ts";
import type { SchemaParts } from "./schema-parts.ts";
import { sentValues, writeContext } from "./write-context.ts";

type Sent = {
  readonly by?: unknown;
  readonly restore?: boolean | null;
  readonly updateOnly?: boolean | null;
};

/** The `upsert…` mutations of an entity: of one record and of many. */
export function upsertFields(schema: SchemaParts, writes: EntityWrites): void {
  const { entity, inputs, upsertKeys = {} } = writes;
  const keys = Object.entries(upsertKeys).map(([key, { within }]) => {
    const owner = entity.fields[within ?? ""]?.to ?? null;
    return { key, words: owner === null ? key : `${key} and ${owner}` };
  });
  const found = keys.map(({ words }) => words).join(" or ");
  const by = schema.builder.enumType(`${entity.type}Key`, {
    description: `What an upsert finds ${withArticle(entity.type)} by.`,
    values: Object.fromEntries(
      keys.map(({ key, words }) => [
        key,
        { description: `The live ${entity.type} with the same ${words}.` },
      ]),
    ),
  });
  const input = schema.inputRef(upsertInput(entity, inputs.update));
  const optional = {
    by: {
      type: by,
      description: `The key that finds the record. By default: ${keys.map(({ key }) => key).join(", else ")}.`,
    },
    restore: {
      type: "Boolean",
      description:
        "Whether a soft-deleted match is restored. Otherwise it stays deleted, and a new record is created.",
    },
    updateOnly: {
      type: "Boolean",
      description:
        "Whether records are only changed. If the record does not exist, the error is `NOT_FOUND`.",
    },
  } as const;
  schema.builder.mutationField(`upsert${entity.type}`, (t) =>
    t.field({
      extensions: writing(entity),
      type: verbPayloadRef(schema, "Upsert", entity),
      description: `Changes the live ${entity.type} that has the input's ${found}, or creates one; says which.`,
      args: {
        input: t.arg({
          type: input,
          required: true,
          description: "The values of the record, and its key.",
        }),
        by: t.arg(optional.by),
        restore: t.arg(optional.restore),
        updateOnly: t.arg(optional.updateOnly),
      },
      resolve: (_root, args, ctx, info) =>
        upsertRecord(
          writeContext(ctx, info, only),
          writes,
          sentValues(args.input),
          optionsOf(args),
        ),
    }),
  );
  schema.builder.mutationField(`upsert${capitalized(entity.plural)}`, (t) =>
    t.field({
      extensions: writing(entity),
      type: batchPayloadRef(schema, "Upsert", entity),
      description: `The same for up to ${maxRows.toLocaleString("en")} ${inWords(entity.plural)} in one transaction; each of them once.`,
      args: {
        inputs: t.arg({ type: [input], required: true, description: "One for each record." }),
        by: t.arg(optional.by),
        restore: t.arg(optional.restore),
        updateOnly: t.arg(optional.updateOnly),
        onError: t.arg(onErrorOptions(schema)),
      },
      resolve: (_root, args, ctx, info) =>
        upsertRecords(
          writeContext(ctx, info, (results: readonly WriteResult[]) => results),
          writes,
          args.inputs.map((one: Values) => sentValues(one)),
          optionsOf(args),
          policy(args.onError),
        ),
    }),
  );
}

const optionsOf = ({ by, restore, updateOnly }: Sent): UpsertOptions => ({
  by: typeof by === "string" ? by : null,
  restore,
  updateOnly,
});

function upsertInput(entity: Entity, update: InputDefinition): InputDefinition {
  return {
    ...update,
    name: `Upsert${entity.type}Input`,
    description: `${withArticle(entity.type).replace(/^a/, "A")} as it shall be: what is sent is changed where it exists, and makes up the new one where it does not.`,
  };
}
