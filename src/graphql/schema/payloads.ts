import type { Entity } from "../../model/entity.ts";
import { formatId } from "../../lib/id.ts";
import { capitalized } from "../../lib/text.ts";
import type { WriteResult } from "../../write/draft.ts";
import type { Problem } from "../../write/problem.ts";
import { access } from "../limits/access.ts";
import { mutationCost } from "../limits/costs.ts";
import type { SchemaTypes } from "./builder.ts";
import { ofOutcome } from "./payload-source.ts";
import { written, writtenEdge } from "./record-node.ts";
import type { SchemaParts } from "./schema-parts.ts";

/** What every mutation of an entity asks of the caller. */
export const writing = (entity: Entity) => access({ writes: entity.name, ...mutationCost });

type Verb = "Create" | "Update" | "Delete" | "Restore" | "Upsert";

/** The verbs after which a record may be new. */
const creating: ReadonlySet<string> = new Set(["Create", "Upsert"]);

type FieldBuilder<Result> = PothosSchemaTypes.ObjectFieldBuilder<SchemaTypes, Result>;

/** The fields of every outcome: the record under its own name, and what the caller got wrong. */
function outcomeFields<Result extends WriteResult>(
  { nodeRef, edgeRef, userError }: SchemaParts,
  t: FieldBuilder<Result>,
  { verb, entity, nothing }: { readonly verb: string; readonly entity: Entity; nothing: string },
) {
  const idOf = ({ id }: Result): string | null => id;
  return {
    [entity.name]: t.field({
      type: nodeRef(entity),
      nullable: true,
      description: `The ${entity.type} as it is now; null when ${nothing}.`,
      ...written(entity, idOf),
    }),
    ...(creating.has(verb)
      ? {
          [`${entity.name}Edge`]: t.field({
            type: edgeRef(entity),
            nullable: true,
            description: `The ${entity.type} as an edge of lists in their default order, so that a client can add it to one that it shows. Null when ${nothing}.`,
            ...writtenEdge(entity, idOf),
          }),
        }
      : {}),
    ...(verb === "Delete"
      ? {
          deletedId: t.id({
            nullable: true,
            extensions: ofOutcome,
            description: `The id of the deleted ${entity.type}, \`${entity.prefix}-<uuid>\`, so that a client can take it out of its lists. Null when ${nothing}.`,
            resolve: ({ id }) => (id === null ? null : formatId(entity.prefix, id)),
          }),
        }
      : {}),
    ...(verb === "Upsert"
      ? {
          created: t.boolean({
            nullable: true,
            extensions: ofOutcome,
            description: "Whether the record is new; null if nothing was written.",
            resolve: ({ created = null }) => created,
          }),
        }
      : {}),
    userErrors: t.field({
      type: [userError()],
      extensions: ofOutcome,
      description: "The errors of the input. Empty if the record was written.",
      resolve: ({ problems }): Problem[] => [...problems],
    }),
  };
}

/** `CreateDealPayload`: the record under its own name, and what the caller got wrong. */
export const verbPayloadRef = (schema: SchemaParts, verb: Verb, entity: Entity) =>
  payloadRef(schema, `${verb}${entity.type}`, entity, { verb });

/** The same of any mutation. `extras` are texts that it gives beside the record, with their descriptions. */
export function payloadRef(
  schema: SchemaParts,
  mutation: string,
  entity: Entity,
  {
    extras = {},
    verb = "",
  }: { readonly extras?: Readonly<Record<string, string>>; verb?: Verb | "" } = {},
) {
  const ref = schema.builder.objectRef<WriteResult>(`${mutation}Payload`);
  return ref.implement({
    description: `The result: the ${entity.type}, or the errors.`,
    fields: (t) => ({
      ...outcomeFields(schema, t, { verb, entity, nothing: "nothing was written" }),
      ...Object.fromEntries(
        Object.entries(extras).map(([name, description]) => [
          name,
          t.string({
            nullable: true,
            extensions: ofOutcome,
            description,
            resolve: ({ extra }) => extra?.[name] ?? null,
          }),
        ]),
      ),
    }),
  });
}

type RowResult = WriteResult & { readonly index: number };

/** The same of many records: a result for each row. */
export function batchPayloadRef(schema: SchemaParts, verb: Verb, entity: Entity) {
  const { builder } = schema;
  const row = builder.objectRef<RowResult>(`${verb}${capitalized(entity.plural)}Result`).implement({
    description: "The result of one row.",
    fields: (t) => ({
      index: t.exposeInt("index", {
        extensions: ofOutcome,
        description: "The row's place among the inputs, from 0.",
      }),
      ...outcomeFields(schema, t, { verb, entity, nothing: "the row was not written" }),
    }),
  });
  return builder
    .objectRef<readonly WriteResult[]>(`${verb}${capitalized(entity.plural)}Payload`)
    .implement({
      description: "The results of the rows.",
      fields: (t) => ({
        results: t.field({
          type: [row],
          extensions: ofOutcome,
          description: "One result for each input, in their order.",
          resolve: (results) => results.map((result, index) => ({ ...result, index })),
        }),
        written: t.int({
          extensions: ofOutcome,
          description: "How many rows were written: with `abort` all or 0.",
          resolve: (results) => results.filter(({ id }) => id !== null).length,
        }),
      }),
    });
}
