import { capitalized } from "../../lib/text.ts";
import type { Catalog } from "../../model/catalog.ts";
import type { Entity } from "../../model/entity.ts";
import type { EntityWrites } from "../../write/entity-writes.ts";
import { mergeRecords, type MergeOutcome } from "../../write/merge/merge.ts";
import type { MovedEdges } from "../../write/merge/edges.ts";
import type { MergedField } from "../../write/merge/values.ts";
import type { Merged } from "../../write/merge/write.ts";
import { access } from "../limits/access.ts";
import { mergeCost } from "../limits/costs.ts";
import type { Builder } from "./builder.ts";
import { writeContext } from "./write-context.ts";
import { ofOutcome } from "./payload-source.ts";
import { written } from "./record-node.ts";
import type { SchemaParts } from "./schema-parts.ts";

/** The GraphQL type of a field in which two merged records differ. */
export function makeMergedField(builder: Builder) {
  const mergeWinner = builder.enumType("MergeWinner", {
    description: "Whose value a merge keeps.",
    values: {
      INTO: { description: "The survivor's." },
      FROM: { description: "The other's: the survivor had none, or a place for it." },
      BOTH: { description: "What either had: of lists and JSON objects." },
    },
  });
  return builder.objectRef<MergedField>("MergedField").implement({
    description: "A field in which two merged records differ, and what became of it.",
    fields: (t) => ({
      field: t.exposeString("field", {
        extensions: ofOutcome,
        description: "Its REST name, e.g. `first_name`.",
      }),
      into: t.field({
        type: "JSON",
        extensions: ofOutcome,
        nullable: true,
        description: "What the survivor had: ids with their prefix, decimals and times as text.",
        resolve: ({ into }) => into,
      }),
      from: t.field({
        type: "JSON",
        extensions: ofOutcome,
        nullable: true,
        description: "What the other had.",
        resolve: ({ from }) => from,
      }),
      result: t.field({
        type: "JSON",
        extensions: ofOutcome,
        nullable: true,
        description: "What the survivor has afterwards.",
        resolve: ({ result }) => result,
      }),
      winner: t.field({
        type: mergeWinner,
        extensions: ofOutcome,
        description: "Whose value that is.",
        resolve: ({ winner }) => winner,
      }),
    }),
  });
}

/** The GraphQL type of references that a merge changes. */
export const makeMovedEdges = (builder: Builder) =>
  builder.objectRef<MovedEdges>("MovedEdges").implement({
    description: "References that a merge changes: they name the survivor afterwards.",
    fields: (t) => ({
      type: t.exposeString("type", {
        extensions: ofOutcome,
        description: "Type of the records that refer, e.g. `Deal`.",
      }),
      field: t.exposeString("field", {
        extensions: ofOutcome,
        description: "REST name of the reference, e.g. `account_id`, or `contact_ids` for links.",
      }),
      count: t.exposeInt("count", {
        extensions: ofOutcome,
        description:
          "How many records, deleted ones too, as far as the caller may see them. Direct reports that lose their manager count as well.",
      }),
    }),
  });

/** The `merge…` mutation of an entity, derived from how its records become one. */
export function mergeMutation(schema: SchemaParts, writes: EntityWrites): void {
  const { entity, merging: { along = [] } = {} } = writes;
  const plural = capitalized(entity.plural);
  const id = (what: string) =>
    `${what}: \`${entity.prefix}-<uuid>\` or the bare UUID, of a live ${entity.type}.`;
  schema.builder.mutationField(`merge${plural}`, (t) =>
    t.field({
      type: payloadRef(schema, `Merge${plural}Payload`, entity, along),
      extensions: access({ writes: entity.name, ...mergeCost }),
      description: `Makes one ${entity.type} of two: everything that refers to \`from\` refers to \`into\`, which takes over what it had not; \`from\` stays as a deleted record that names \`into\`. It cannot be undone.`,
      args: {
        into: t.arg.id({ required: true, description: id("The survivor") }),
        from: t.arg.id({ required: true, description: id("The one that goes over into it") }),
        intoVersion: t.arg.int({
          description: "Nothing is merged when this is not the survivor's current version.",
        }),
        fromVersion: t.arg.int({
          description: "Nothing is merged when this is not the other's current version.",
        }),
        dryRun: t.arg.boolean({
          defaultValue: false,
          description:
            "If true, the result of the merge is computed and returned, and nothing is written.",
        }),
      },
      resolve: (_root, args, ctx, info) => mergeRecords(writeContext(ctx, info), writes, args),
    }),
  );
}

/** The entities whose records `moved` counts: all that can refer to one of this, and it itself. */
function counted(catalog: Catalog, entity: Entity): readonly string[] {
  return catalog.entities
    .filter((other) => other.tellsOf === null && refersTo(other, entity))
    .map(({ name }) => name);
}

function refersTo(other: Entity, { name }: Entity): boolean {
  return (
    other.name === name ||
    Object.values(other.relations).some(({ kind, to }) => to === name && kind !== "many")
  );
}

function payloadRef(
  schema: SchemaParts,
  name: string,
  entity: Entity,
  along: readonly EntityWrites[],
) {
  const { builder, mergedField, movedEdges, nodeRef, userError } = schema;
  const named = ({ merged }: MergeOutcome): Merged | null =>
    merged.find((one) => one.entity === entity.name) ?? null;
  return builder.objectRef<MergeOutcome>(name).implement({
    description: `The result: the surviving ${entity.type}, or the errors.`,
    fields: (t) => ({
      [entity.name]: t.field({
        type: nodeRef(entity),
        nullable: true,
        description:
          "The survivor as it is now: after a dry run as it was; null when it was refused.",
        ...written(entity, (outcome: MergeOutcome) => named(outcome)?.into ?? null),
      }),
      merged: t.field({
        type: nodeRef(entity),
        nullable: true,
        description:
          "The one that went over into it, as it is now: deleted, with `mergedInto`; after a dry run as it was.",
        ...written(entity, (outcome: MergeOutcome) => named(outcome)?.from ?? null),
      }),
      fields: t.field({
        type: [mergedField()],
        extensions: { ...access({ reads: [entity.name] }), ...ofOutcome },
        description: "Every field in which the two differed, and the side whose value was kept.",
        resolve: (outcome) => [...(named(outcome)?.fields ?? [])],
      }),
      moved: t.field({
        type: [movedEdges()],
        extensions: { ...access({ reads: counted(schema.catalog, entity) }), ...ofOutcome },
        description:
          "Records that referred to the other one and now refer to the survivor, by kind. Kinds without any are left out.",
        resolve: ({ moved }) => [...moved],
      }),
      ...Object.fromEntries(
        along.map(({ entity: other }) => [
          `${other.plural}Merged`,
          t.field({
            type: [pairRef(schema, other)],
            extensions: ofOutcome,
            description: `Each ${other.type} of \`from\` that has the ${other.unique[0]?.field} of one of \`into\`, and was merged into that.`,
            resolve: ({ merged }: MergeOutcome) =>
              merged.filter((one) => one.entity === other.name),
          }),
        ]),
      ),
      dryRun: t.exposeBoolean("dryRun", {
        extensions: ofOutcome,
        description: "Whether this was a dry run, which writes nothing.",
      }),
      userErrors: t.field({
        type: [userError()],
        extensions: ofOutcome,
        description: "The errors of the input; empty if the records were merged, or could be.",
        resolve: ({ problems }) => [...problems],
      }),
    }),
  });
}

/** `MergedContact`: two that became one along with what they belong to. */
function pairRef({ builder, mergedField, nodeRef }: SchemaParts, entity: Entity) {
  return builder.objectRef<Merged>(`Merged${entity.type}`).implement({
    extensions: access({ reads: [entity.name] }),
    description: `Two records of type ${entity.type} that became one, since what they belong to did.`,
    fields: (t) => ({
      into: t.field({
        type: nodeRef(entity),
        nullable: true,
        description: "The survivor as it is now.",
        ...written(entity, ({ into }: Merged) => into),
      }),
      from: t.field({
        type: nodeRef(entity),
        nullable: true,
        description: "The one that went over into it, as it is now.",
        ...written(entity, ({ from }: Merged) => from),
      }),
      fields: t.field({
        type: [mergedField()],
        extensions: ofOutcome,
        description: "Every field in which the two differed, and the side whose value was kept.",
        resolve: ({ fields }) => [...fields],
      }),
    }),
  });
}
