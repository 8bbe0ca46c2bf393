import type { Values } from "../../model/record.ts";
import type { Entity } from "../../model/entity.ts";
import { withArticle } from "../../lib/text.ts";
import type { EntityWrites } from "../../write/entity-writes.ts";
import type { InputDefinition } from "../../write/input-definition.ts";
import { upsertRecord } from "../../write/upsert.ts";
import { only } from "../../write/write-rows.ts";
import { payloadRef, writing } from "./payloads.ts";
import type { SchemaParts } from "./schema-parts.ts";
import { sentValues, writeContext } from "./write-context.ts";

/** The `upsert…` mutation of an entity. */
export function upsertField(schema: SchemaParts, writes: EntityWrites): void {
  const { entity, inputs, upsertKeys = {} } = writes;
  const keys = Object.keys(upsertKeys);
  const within = entity.fields[Object.values(upsertKeys)[0]?.within ?? ""];
  const by =
    keys.length < 2
      ? null
      : schema.builder.enumType(`${entity.type}Key`, {
          description: `What an upsert finds ${withArticle(entity.type)} by.`,
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
      description: `Changes the live ${entity.type} that has the input's ${keys.join(" or ")}${within === undefined ? "" : ` and ${within.to}`}, or creates one; says which.`,
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
        upsertRecord(writeContext(ctx, info, only), writes, sentValues(args.input), {
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
    description: `${withArticle(entity.type).replace(/^a/, "A")} as it shall be: what is sent is changed where it exists, and makes up the new one where it does not.`,
  };
}
