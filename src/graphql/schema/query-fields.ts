import { inWords } from "../../lib/text.ts";
import { badInput } from "../../lib/errors.ts";
import { parseId } from "../../lib/id.ts";
import type { Catalog } from "../../model/catalog.ts";
import type { Entity } from "../../model/entity.ts";
import { maxPageSize, type PageRequest } from "../../query/page.ts";
import type { Row } from "../../query/row.ts";
import { aggregateRequest } from "./aggregate-arguments.ts";
import { aggregateArguments } from "./aggregate-type.ts";
import { access, readsOf } from "../limits/access.ts";
import { aggregateCost, idsCost, listCost } from "../limits/costs.ts";
import { connectionOf } from "./connection.ts";
import type { Context } from "./context.ts";
import { asNode } from "./as-node.ts";
import { listArguments, rowArguments } from "./entity-type.ts";
import { pageRequest } from "./page-arguments.ts";
import type { SchemaParts } from "./schema-parts.ts";
import { fieldKey, neededFields } from "./selection.ts";
import { source } from "./source.ts";
import type { GraphQLResolveInfo } from "graphql";

/** The root queries of an entity: one by id or natural key, and the list. */
export function entityQueries(schema: SchemaParts, entity: Entity): void {
  recordQuery(schema, entity);
  schema.builder.queryField(entity.plural, (t) =>
    t.field({
      type: schema.connectionRef(entity),
      nullable: true,
      extensions: {
        ...access({ reads: readsOf(entity), ...listCost(entity) }),
        ...source({ kind: "list", entity: entity.name, relation: null }),
      },
      description: `The tenant's ${inWords(entity.plural)}, newest first unless orderBy or search is given.`,
      args: listArguments(schema, t, entity),
      resolve: async (_root, args, ctx, info) =>
        connectionOf(await ctx.reader.list(pageRequest(entity, null, args, info))),
    }),
  );
  aggregateQuery(schema, entity);
}

/** The root query for figures over all records of an entity. */
export function aggregateQuery(schema: SchemaParts, entity: Entity): void {
  schema.builder.queryField(`${entity.plural}Aggregate`, (t) =>
    t.field({
      type: schema.aggregateRef(entity),
      nullable: true,
      extensions: {
        ...access({ reads: readsOf(entity), ...aggregateCost }),
        ...source({ kind: "aggregate", entity: entity.name, relation: null }),
      },
      description: `The number of the tenant's ${inWords(entity.plural)}, and their aggregates.`,
      args: aggregateArguments(schema, t, entity, rowArguments(schema, t, entity)),
      resolve: (_root, args, ctx, info) =>
        ctx.reader.aggregate(aggregateRequest(entity, null, args, info)),
    }),
  );
}

/** The root query for one record, by id or natural key. */
export function recordQuery(schema: SchemaParts, entity: Entity): void {
  const keys = Object.keys(entity.naturalKeys);
  schema.builder.queryField(entity.name, (t) =>
    t.field({
      type: schema.nodeRef(entity),
      extensions: {
        ...access({ reads: readsOf(entity) }),
        ...source({ kind: "record", entity: entity.name }),
      },
      nullable: true,
      description: `One ${entity.type} by ${["id", ...keys].join(" or ")}. Null when the tenant has no such live record.`,
      args: {
        id: t.arg.id({
          required: keys.length === 0,
          description: `Its id, \`${entity.prefix}-<uuid>\` or the bare UUID.`,
        }),
        ...Object.fromEntries(
          keys.map((key) => [
            key,
            t.arg.string({
              description: entity.fields[entity.naturalKeys[key] ?? ""]?.description ?? "",
            }),
          ]),
        ),
      },
      resolve: (_root, args: Readonly<Record<string, string | null | undefined>>, ctx, info) =>
        oneRecord(entity, args, ctx, info),
    }),
  );
}

async function oneRecord(
  entity: Entity,
  args: Readonly<Record<string, string | null | undefined>>,
  ctx: Context,
  info: GraphQLResolveInfo,
): Promise<Row | null> {
  const given = Object.entries(args).filter(([, value]) => value != null);
  const [entry] = given;
  if (entry === undefined || given.length > 1) {
    const names = ["id", ...Object.keys(entity.naturalKeys)].join(" or ");
    throw badInput([entity.name], `give ${names}${entry === undefined ? "" : ", not both"}.`);
  }
  const [argument, value] = entry;
  const fields = neededFields(info, entity, info.fieldNodes);
  if (argument === "id") {
    const id = parseId(entity.prefix, value ?? "", ["id"]);
    return ctx.reader.record(fieldKey(info), () => ({ entity, fields, includeDeleted: false }), id);
  }
  const request: PageRequest = {
    entity,
    parent: null,
    fields,
    where: { [entity.naturalKeys[argument] ?? argument]: { eq: value } },
    order: null,
    words: null,
    includeDeleted: false,
    limit: 1,
    backward: false,
    after: null,
    before: null,
    want: { rows: true, cursors: false, total: false, outside: false },
  };
  return (await ctx.reader.list(request)).rows[0] ?? null;
}

/** The entities that ids name; what is no id is refused when it is looked up. */
export function readsOfIds(catalog: Catalog, ids: readonly unknown[]): readonly string[] {
  return ids.flatMap((id) => {
    const entity = typeof id === "string" ? catalog.byId(id) : null;
    return entity === null ? [] : readsOf(entity);
  });
}

/** The live record of an id, read together with the other records of its field. */
export async function loadNode(
  id: string,
  path: readonly string[],
  ctx: Context,
  info: GraphQLResolveInfo,
): Promise<Row | null> {
  const { to: entity, uuid } = ctx.catalog.parseAnyId(id, path);
  const request = () => ({
    entity,
    fields: neededFields(info, entity, info.fieldNodes),
    includeDeleted: false,
  });
  const row = await ctx.reader.record(`${fieldKey(info)}<${entity.name}`, request, uuid);
  return row === null ? null : asNode(row, entity);
}

/** `node` and `nodes`: anything by its id. */
export function nodeQueries({ builder, catalog }: SchemaParts): void {
  builder.queryField("node", (t) =>
    t.field({
      type: builder.nodeInterfaceRef(),
      extensions: {
        ...access({ uses: ["id"], readsBy: ({ id }) => readsOfIds(catalog, [id]) }),
        ...source({ kind: "node" }),
      },
      nullable: true,
      description: "Any record by its id. Null when the tenant has no such live record.",
      args: {
        id: t.arg.id({ required: true, description: "An id with its prefix, e.g. `acc-<uuid>`." }),
      },
      resolve: (_root, { id }, ctx, info) => loadNode(id, ["id"], ctx, info),
    }),
  );
  builder.queryField("nodes", (t) =>
    t.field({
      type: [builder.nodeInterfaceRef()],
      extensions: {
        ...access({
          ...idsCost("ids"),
          readsBy: ({ ids }) => readsOfIds(catalog, Array.isArray(ids) ? ids : [ids]),
        }),
        ...source({ kind: "nodes", argument: "ids", max: maxPageSize }),
      },
      nullable: { list: false, items: true },
      description:
        "Records by their ids, in the order of the ids; null where the tenant has no such live record, and, with an error, where an id is malformed.",
      args: {
        ids: t.arg.idList({
          required: true,
          description: `Ids with their prefixes, at most ${maxPageSize}.`,
        }),
      },
      resolve: (_root, { ids }, ctx, info) => {
        if (ids.length > maxPageSize) throw badInput(["ids"], `at most ${maxPageSize} at a time.`);
        // An id that is none fails alone.
        return ids.map((id, index) => loadNode(id, ["ids", String(index)], ctx, info));
      },
    }),
  );
}
