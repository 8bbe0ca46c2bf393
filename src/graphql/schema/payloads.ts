import type { Entity } from "../../model/entity.ts";
import { capitalized } from "../../lib/text.ts";
import type { WriteResult } from "../../write/draft.ts";
import type { Problem } from "../../write/problem.ts";
import { access } from "../limits/access.ts";
import { mutationCost } from "../limits/costs.ts";
import { ofOutcome } from "./payload-source.ts";
import { written } from "./record-node.ts";
import type { SchemaParts } from "./schema-parts.ts";

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

/** Of an upsert. */
const created = {
  nullable: true,
  extensions: ofOutcome,
  description: "Whether the record is new; null when nothing was written.",
  resolve: (result: WriteResult) => result.created ?? null,
} as const;

/**
 * `CreateDealPayload`: the record under its own name, and what the caller got wrong. `extras` are texts that the verb
 * gives beside it, with their descriptions.
 */
export function payloadRef(
  { builder, nodeRef, userError }: SchemaParts,
  verb: Verb,
  entity: Entity,
  extras: Readonly<Record<string, string>> = {},
) {
  const ref = builder.objectRef<WriteResult>(`${verb}${entity.type}Payload`);
  return ref.implement({
    description: `What became of it: the ${entity.type}, or what was wrong.`,
    fields: (t) => ({
      [entity.name]: t.field({
        type: nodeRef(entity),
        nullable: true,
        description: `The ${entity.type} as it is now; null when nothing was written.`,
        ...written(entity, (result: WriteResult) => result.id),
      }),
      ...(verb === "Upsert" ? { created: t.boolean(created) } : {}),
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
      userErrors: t.field({
        type: [userError()],
        extensions: ofOutcome,
        description: "What the caller got wrong; empty when it was written.",
        resolve: ({ problems }): Problem[] => [...problems],
      }),
    }),
  });
}

type RowResult = WriteResult & { readonly index: number };

/** The same of many records: a result for each row. */
export function batchPayloadRef(
  { builder, nodeRef, userError }: SchemaParts,
  verb: Verb,
  entity: Entity,
) {
  const row = builder.objectRef<RowResult>(`${verb}${capitalized(entity.plural)}Result`).implement({
    description: "What became of one row.",
    fields: (t) => ({
      index: t.exposeInt("index", {
        extensions: ofOutcome,
        description: "The row's place among the inputs, from 0.",
      }),
      [entity.name]: t.field({
        type: nodeRef(entity),
        nullable: true,
        description: `The ${entity.type} as it is now; null when the row was not written.`,
        ...written(entity, (result: RowResult) => result.id),
      }),
      ...(verb === "Upsert" ? { created: t.boolean(created) } : {}),
      userErrors: t.field({
        type: [userError()],
        extensions: ofOutcome,
        description: "What the caller got wrong in this row.",
        resolve: ({ problems }): Problem[] => [...problems],
      }),
    }),
  });
  return builder
    .objectRef<readonly WriteResult[]>(`${verb}${capitalized(entity.plural)}Payload`)
    .implement({
      description: "What became of each row.",
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
