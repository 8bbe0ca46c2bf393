import type { FieldRef } from "@pothos/core";
import type { PrismaModelTypes } from "@pothos/plugin-prisma";
import type { Catalog } from "../../model/catalog.ts";
import type { Entity } from "../../model/entity.ts";
import { isLong, type Field } from "../../model/field.ts";
import type { ManyRelation, Relation } from "../../model/relation.ts";
import { defaultPageSize, maxPageSize } from "../../query/page.ts";
import { publicValue } from "../../model/public-value.ts";
import type { Row } from "../../query/row.ts";
import { aggregateArguments, childrenAggregate } from "./aggregate-type.ts";
import { access, readsAlong, typeAccess, type Access } from "../limits/access.ts";
import { aggregateCost, listCost } from "../limits/costs.ts";
import type { SchemaTypes } from "./builder.ts";
import type { Context } from "./context.ts";
import { connectionOf } from "./connection.ts";
import { outputType, type Output } from "./output-type.ts";
import { pageRequest } from "./page-arguments.ts";
import type { SchemaParts } from "./schema-parts.ts";
import { fieldKey } from "./selection.ts";
import { source, type Source } from "./source.ts";

/** Builds the fields of any entity, whose records are the engine's rows. */
type FieldBuilder = PothosSchemaTypes.PrismaObjectFieldBuilder<SchemaTypes, PrismaModelTypes, Row>;

/** A field that is not shown in the way of its kind, such as a JSON column with a known shape. */
type Special = {
  readonly type: Output;
  readonly source: Source;
  /** The source of its value, if it is not shown as it is stored. */
  readonly read?: FieldReader;
};
type FieldReader = (row: Row, ctx: Context) => unknown;

/** Fills an entity's GraphQL type from its model: every field and every edge. */
export function implementEntity(
  schema: SchemaParts,
  entity: Entity,
  specials: Readonly<Record<string, Special>> = {},
): void {
  const { builder, catalog } = schema;
  builder.prismaObject(entity.type, {
    description: entity.description,
    extensions: access(typeAccess(entity)),
    interfaces: entity.isNode ? [builder.nodeInterfaceRef()] : [],
    findUnique: null,
    fields: (ofModel) => {
      // Which model it is, the compiler does not know; what is said of one was held to schema.prisma by defineEntity.
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion
      const t = ofModel as unknown as FieldBuilder;
      const fields: Record<string, FieldRef<SchemaTypes>> = {};
      for (const [name, definition] of Object.entries(entity.fields)) {
        const special = specials[name];
        const read = special?.read ?? ((row) => shownValue(catalog, entity, name, row));
        const output = special?.type ?? outputType(schema, definition);
        // What a log shows of a record has at most as much in it as a record has.
        const items = definition.shownOnly ? { items: widestOf(catalog) } : {};
        const from = source(special?.source ?? { kind: "column", field: name });
        fields[name] = scalarField(t, definition, { output, read, items, from });
      }
      if (entity.softDelete) {
        fields["isDeleted"] = t.boolean({
          description: "Whether the record is soft-deleted.",
          extensions: source({ kind: "isDeleted" }),
          resolve: (row) => row["deletedAt"] !== null,
        });
      }
      for (const [name, relation] of Object.entries(entity.relations)) {
        if (relation.kind === "one") {
          fields[name] = toOneField(schema, t, name, relation);
          continue;
        }
        fields[name] = toManyField(schema, t, entity, name, relation);
        fields[`${name}Aggregate`] = aggregateField(schema, t, entity, name, relation);
      }
      return fields;
    },
  });
}

const widestOf = (catalog: Catalog): number =>
  Math.max(...catalog.entities.map(({ fields }) => Object.keys(fields).length));

function scalarField(
  t: FieldBuilder,
  definition: Field,
  options: {
    readonly output: Output;
    readonly read: FieldReader;
    readonly items: Pick<Access, "items">;
    readonly from: object;
  },
): FieldRef<SchemaTypes> {
  const { nullable, description } = definition;
  const { output, read, items, from } = options;
  return t.field({
    type: output,
    nullable,
    description,
    extensions: { ...access({ isLong: isLong(definition), ...items }), ...from },
    // The model decides the type at run time, so the compiler cannot know the value's: the scalars check it.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    resolve: (row, _args, ctx) => read(row, ctx) as never,
  });
}

/** A value of a row as callers see it: ids with the prefix of the entity that they name. */
function shownValue(catalog: Catalog, entity: Entity, name: string, row: Row): unknown {
  const definition = entity.fields[name];
  const typed = row[definition?.typed ?? ""];
  const owner = typeof typed === "string" ? catalog.byType(typed) : entity;
  return definition === undefined ? null : publicValue(catalog, owner, definition, row[name]);
}

function toOneField(
  { catalog }: SchemaParts,
  t: FieldBuilder,
  name: string,
  relation: Extract<Relation, { kind: "one" }>,
): FieldRef<SchemaTypes> {
  const target = catalog.entity(relation.to);
  // Every row has a tenant, which every caller of it sees.
  const isTenant = target.name === "tenant";
  const deleted = target.softDelete ? ", or if it is deleted and `includeDeleted` is not true" : "";
  const missing = ` Null if there is none${deleted}.`;
  return t.relation(name, {
    nullable: !isTenant,
    extensions: source({ kind: "edge", relation: name }),
    description: `${relation.description}${isTenant ? "" : missing}`,
    args: target.softDelete ? { includeDeleted: includeDeletedArgument(t) } : {},
  });
}

function toManyField(
  schema: SchemaParts,
  t: FieldBuilder,
  owner: Entity,
  name: string,
  relation: ManyRelation,
): FieldRef<SchemaTypes> {
  const target = schema.catalog.entity(relation.to);
  return t.field({
    type: schema.connectionRef(target),
    description: relation.description,
    extensions: {
      ...access({ reads: readsAlong(owner, target, relation), ...listCost(target) }),
      ...source({ kind: "list", entity: relation.to, relation: name }),
    },
    args: listArguments(schema, t, target),
    resolve: async (row, args, ctx, info) => {
      const id = row["id"];
      if (typeof id !== "string") throw new Error(`a ${owner.type} without id`);
      const request = () => pageRequest(target, { source: owner, relation }, args, info);
      return connectionOf(await ctx.reader.children(fieldKey(info), request, id));
    },
  });
}

function aggregateField(
  schema: SchemaParts,
  t: FieldBuilder,
  owner: Entity,
  name: string,
  relation: ManyRelation,
): FieldRef<SchemaTypes> {
  const target = schema.catalog.entity(relation.to);
  return t.field({
    type: schema.aggregateRef(target),
    extensions: {
      ...access({ reads: readsAlong(owner, target, relation), ...aggregateCost }),
      ...source({ kind: "aggregate", entity: relation.to, relation: name }),
    },
    description: `Aggregates of this list: ${relation.description}`,
    args: aggregateArguments(schema, t, target, rowArguments(schema, t, target)),
    resolve: childrenAggregate(owner, target, relation),
  });
}

type ArgumentBuilder = { readonly arg: FieldBuilder["arg"] };

function includeDeletedArgument(t: ArgumentBuilder) {
  return t.arg.boolean({
    description: "Whether soft-deleted records are included. False unless given.",
  });
}

/** The fields that a search looks into, for descriptions. */
function searchedFields(entity: Entity): string {
  const found = Object.entries(entity.fields).filter(
    ([, definition]) => definition.searched !== null,
  );
  const names = found.map(([name, { searched }]) =>
    searched === "whole" ? name : `the first 2,000 characters of ${name}`,
  );
  return names.length > 1
    ? `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`
    : (names[0] ?? "nothing");
}

/** The arguments of every list of an entity. */
export function listArguments(schema: SchemaParts, t: ArgumentBuilder, entity: Entity) {
  return {
    first: t.arg.int({
      description: `How many, from the start: 1 to ${maxPageSize}; ${defaultPageSize} unless first or last is given.`,
    }),
    after: t.arg.string({ description: "Only records after this cursor." }),
    last: t.arg.int({
      description: `How many, from the end: 1 to ${maxPageSize}. Not together with first.`,
    }),
    before: t.arg.string({ description: "Only records before this cursor." }),
    orderBy: t.arg({
      type: [schema.orderRef(entity)],
      description:
        "Sort terms, the most important one first. Records that are equal in all of them are ordered by id.",
    }),
    ...rowArguments(schema, t, entity),
  };
}

/** The arguments that say which records are meant, in lists and in aggregates. */
export function rowArguments(schema: SchemaParts, t: ArgumentBuilder, entity: Entity) {
  return {
    where: t.arg({
      type: schema.filterRef(entity),
      description: "Only records that match this filter.",
    }),
    ...(entity.searchable
      ? {
          search: t.arg.string({
            description: `Finds records that have every word, or a word with it as a part, in ${searchedFields(entity)}, and records whose texts are similar to the whole search. Without orderBy, the best match comes first.`,
          }),
        }
      : {}),
    ...(entity.softDelete ? { includeDeleted: includeDeletedArgument(t) } : {}),
  };
}
