import type { GraphQLResolveInfo } from "graphql";
import { asSent } from "../../lib/unreadable.ts";
import type { Entity } from "../../model/entity.ts";
import type { WriteContext } from "../../write/context.ts";
import type { WriteResult } from "../../write/draft.ts";
import type { EntityWrites } from "../../write/entity-writes.ts";
import type { InputDefinition } from "../../write/input-definition.ts";
import type { Values } from "../../write/input.ts";
import type { Problem } from "../../write/problem.ts";
import type { OnError } from "../../write/rules/judge.ts";
import { upsertRecord } from "../../write/upsert.ts";
import {
  createRecords,
  deleteRecords,
  restoreRecords,
  updateRecords,
  type RemoveRow,
} from "../../write/verbs.ts";
import { maxRows } from "../../write/write-rows.ts";
import { access } from "../limits/access.ts";
import { mutationCost } from "../limits/costs.ts";
import type { Builder } from "./builder.ts";
import type { Context } from "./context.ts";
import { writtenRecord } from "./record-node.ts";
import type { SchemaParts } from "./schema-parts.ts";

/** What a verb needs to know of the request; each mutation field is a step of its own. */
export function writeContext(ctx: Context, info: GraphQLResolveInfo): WriteContext {
  return {
    actor: ctx.actor,
    pool: ctx.pool,
    catalog: ctx.catalog,
    idempotent:
      ctx.idempotency === null ? null : { ...ctx.idempotency, step: String(info.path.key) },
  };
}

/** An input as the caller sent it. */
export function sentValues(input: unknown): Values {
  const sent = asSent(input);
  return typeof sent === "object" && sent !== null ? { ...sent } : {};
}

/** The GraphQL enum of what becomes of the good rows of a batch. */
export const makeOnError = (builder: Builder) =>
  builder.enumType("OnError", {
    description: "What becomes of the good rows of a call when others are not.",
    values: {
      abort: {
        description:
          "All rows are written, or none; the default. They are judged by the state after the call, so rows can swap unique values.",
      },
      continue: {
        description:
          "The good rows are written, the others are not. They are judged in row order, as if sent one after the other.",
      },
    },
  });

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

/** What every mutation of an entity asks of the caller. */
export const writing = (entity: Entity) => access({ writes: entity.name, ...mutationCost });

type Verb =
  | "Create"
  | "Update"
  | "Delete"
  | "Restore"
  | "Upsert"
  | "Complete"
  | "Revoke"
  | "Rotate";

const capital = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;

const secretText =
  "The whole key, `crm_<environment>_<id>_<secret>`: shown in this answer only, and kept as a hash.";

/** `CreateDealPayload`: the record under its own name, and what the caller got wrong. */
export function payloadRef(
  { builder, nodeRef, userError }: SchemaParts,
  verb: Verb,
  entity: Entity,
) {
  const ref = builder.objectRef<WriteResult>(`${verb}${entity.type}Payload`);
  return ref.implement({
    description: `What became of it: the ${entity.type}, or what was wrong.`,
    fields: (t) => ({
      [entity.name]: t.field({
        type: nodeRef(entity),
        nullable: true,
        description: `The ${entity.type} as it is now; null when nothing was written.`,
        resolve: (result, _args, ctx, info) => writtenRecord(entity, result.id, ctx, info),
      }),
      ...(verb === "Upsert"
        ? {
            created: t.boolean({
              nullable: true,
              description: "Whether the record is new; null when nothing was written.",
              resolve: ({ created }) => created ?? null,
            }),
          }
        : {}),
      ...(entity.name === "apiKey" && verb !== "Revoke"
        ? {
            secret: t.string({
              nullable: true,
              description: secretText,
              resolve: ({ extra }) => extra?.["secret"] ?? null,
            }),
          }
        : {}),
      userErrors: t.field({
        type: [userError()],
        description: "What the caller got wrong; empty when it was written.",
        resolve: ({ problems }): Problem[] => [...problems],
      }),
    }),
  });
}

type RowResult = WriteResult & { readonly index: number };

function batchPayloadRef({ builder, nodeRef, userError }: SchemaParts, verb: Verb, entity: Entity) {
  const row = builder.objectRef<RowResult>(`${verb}${capital(entity.plural)}Result`).implement({
    description: "What became of one row.",
    fields: (t) => ({
      index: t.exposeInt("index", { description: "The row's place among the inputs, from 0." }),
      [entity.name]: t.field({
        type: nodeRef(entity),
        nullable: true,
        description: `The ${entity.type} as it is now; null when the row was not written.`,
        resolve: (result, _args, ctx, info) => writtenRecord(entity, result.id, ctx, info),
      }),
      userErrors: t.field({
        type: [userError()],
        description: "What the caller got wrong in this row.",
        resolve: ({ problems }): Problem[] => [...problems],
      }),
    }),
  });
  return builder
    .objectRef<readonly WriteResult[]>(`${verb}${capital(entity.plural)}Payload`)
    .implement({
      description: "What became of each row.",
      fields: (t) => ({
        results: t.field({
          type: [row],
          description: "One result for each input, in their order.",
          resolve: (results) => results.map((result, index) => ({ ...result, index })),
        }),
        written: t.int({
          description: "How many rows were written: with `abort` all or 0.",
          resolve: (results) => results.filter(({ id }) => id !== null).length,
        }),
      }),
    });
}

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
  if (writes.upsertKeys !== undefined) upsertField(schema, writes);
}

function one(results: readonly WriteResult[]): WriteResult {
  return results[0] ?? { id: null, problems: [] };
}

function createFields(schema: SchemaParts, writes: EntityWrites, batches: boolean): void {
  const { entity, inputs } = writes;
  const input = schema.inputRef(inputs.create);
  const payload = payloadRef(schema, "Create", entity);
  schema.builder.mutationField(`create${entity.type}`, (t) =>
    t.field({
      extensions: writing(entity),
      type: payload,
      description: `Creates ${article(entity.type)}.`,
      args: {
        input: t.arg({ type: input, required: true, description: `The new ${entity.type}.` }),
      },
      resolve: async (_root, args, ctx, info) =>
        one(await createRecords(writeContext(ctx, info), writes, [sentValues(args.input)])),
    }),
  );
  if (!batches) return;
  const batch = batchPayloadRef(schema, "Create", entity);
  schema.builder.mutationField(`create${capital(entity.plural)}`, (t) =>
    t.field({
      extensions: writing(entity),
      type: batch,
      description: `Creates up to ${maxRows.toLocaleString("en")} ${entity.plural} in one transaction.`,
      args: {
        inputs: t.arg({ type: [input], required: true, description: "One for each new record." }),
        onError: t.arg(onErrorOptions(schema)),
      },
      resolve: (_root, args, ctx, info) =>
        createRecords(
          writeContext(ctx, info),
          writes,
          args.inputs.map(sentValues),
          policy(args.onError),
        ),
    }),
  );
}

const onErrorOptions = (schema: SchemaParts) => ({
  type: schema.onError(),
  description: "What becomes of the good rows when others are not; `abort` unless said.",
});

/** The enum's values are the words themselves. */
const policy = (onError: unknown): OnError => (onError === "continue" ? "continue" : "abort");

const article = (type: string): string => `${/^[AEIOU]/.test(type) ? "an" : "a"} ${type}`;

function updateFields(schema: SchemaParts, writes: EntityWrites): void {
  const { entity, inputs } = writes;
  const input = schema.inputRef(inputs.update);
  const payload = payloadRef(schema, "Update", entity);
  schema.builder.mutationField(`update${entity.type}`, (t) =>
    t.field({
      extensions: writing(entity),
      type: payload,
      description: `Changes ${article(entity.type)}: only what is sent changes, null clears. With \`version\` in the input nothing is overwritten that the caller has not seen.`,
      args: {
        id: t.arg.id({ required: true, description: idText(entity) }),
        input: t.arg({ type: input, required: true, description: "What changes." }),
      },
      resolve: async (_root, args, ctx, info) =>
        one(
          await updateRecords(writeContext(ctx, info), writes, [
            { id: args.id, input: sentValues(args.input) },
          ]),
        ),
    }),
  );
  const batch = batchPayloadRef(schema, "Update", entity);
  schema.builder.mutationField(`update${capital(entity.plural)}`, (t) =>
    t.field({
      extensions: writing(entity),
      type: batch,
      description: `Changes up to ${maxRows.toLocaleString("en")} ${entity.plural} in one transaction; each input names its record by \`id\`.`,
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
          writeContext(ctx, info),
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
    one: "Brings it back with what its deletion took along, or says which value was taken meanwhile.",
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
  const payload = payloadRef(schema, verb, entity);
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
        one(await remove(writeContext(ctx, info), writes, [args])),
    }),
  );
  const batch = batchPayloadRef(schema, verb, entity);
  schema.builder.mutationField(`${name}${capital(entity.plural)}`, (t) =>
    t.field({
      extensions: writing(entity),
      type: batch,
      description: `The same for up to ${maxRows.toLocaleString("en")} ${entity.plural} in one transaction.`,
      args: {
        inputs: t.arg({
          type: [schema.recordVersion()],
          required: true,
          description: "The records.",
        }),
        onError: t.arg(onErrorOptions(schema)),
      },
      resolve: (_root, args, ctx, info) =>
        remove(writeContext(ctx, info), writes, args.inputs, policy(args.onError)),
    }),
  );
}

function upsertField(schema: SchemaParts, writes: EntityWrites): void {
  const { entity, inputs, upsertKeys = {} } = writes;
  const keys = Object.keys(upsertKeys);
  const by =
    keys.length < 2
      ? null
      : schema.builder.enumType(`${entity.type}Key`, {
          description: `What an upsert finds ${article(entity.type)} by.`,
          values: Object.fromEntries(
            keys.map((key) => [
              key,
              { description: `The live ${entity.type} with the same ${key}.` },
            ]),
          ),
        });
  const input = schema.inputRef(upsertInput(entity, inputs.update));
  schema.builder.mutationField(`upsert${entity.type}`, (t) =>
    t.field({
      extensions: writing(entity),
      type: payloadRef(schema, "Upsert", entity),
      description: `Changes the live ${entity.type} that has the input's ${keys.join(" or ")}${
        Object.values(upsertKeys)[0]?.within === null ? "" : " and account"
      }, or creates one; says which.`,
      args: {
        input: t.arg({ type: input, required: true, description: "What it shall be." }),
        ...(by === null
          ? {}
          : {
              by: t.arg({
                type: by,
                description: `What to find it by; ${keys.join(", else ")} unless said.`,
              }),
            }),
        restore: t.arg.boolean({
          description:
            "Whether a soft-deleted match is brought back; otherwise it stays deleted and a new record is made.",
        }),
      },
      resolve: (
        _root,
        args: { input: Values; by?: unknown; restore?: boolean | null },
        ctx,
        info,
      ) =>
        upsertRecord(writeContext(ctx, info), writes, sentValues(args.input), {
          by: typeof args.by === "string" ? args.by : null,
          restore: args.restore,
        }),
    }),
  );
}

function upsertInput(entity: Entity, update: InputDefinition): InputDefinition {
  return {
    ...update,
    name: `Upsert${entity.type}Input`,
    description: `${article(entity.type).replace(/^a/, "A")} as it shall be: what is sent is changed where it exists, and makes up the new one where it does not.`,
  };
}
