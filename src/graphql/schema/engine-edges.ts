import SchemaBuilder, {
  BasePlugin,
  type BuildCache,
  type PothosOutputFieldConfig,
  type SchemaTypes as AnyTypes,
} from "@pothos/core";
import type { GraphQLResolveInfo } from "graphql";
import { isRecord } from "../../lib/json.ts";
import type { Catalog } from "../../model/catalog.ts";
import type { Entity } from "../../model/entity.ts";
import type { Row } from "../../query/row.ts";
import type { Context } from "./context.ts";
import { fieldKey, neededFields } from "./selection.ts";

declare global {
  namespace PothosSchemaTypes {
    interface Plugins<Types extends AnyTypes> {
      engineEdges: EngineEdges<Types>;
    }
    interface SchemaBuilderOptions<Types extends AnyTypes> {
      /** The CRM entities, which the read engine reads. */
      catalog: Catalog;
    }
  }
}

const name = "engineEdges";

/**
 * Has the read engine answer every `t.relation` that leads to a CRM record, whatever type it stands on. Prisma then
 * plans nothing for it and loads nothing: its row has decimals as floats, deleted records, and those of other applications.
 */
class EngineEdges<Types extends AnyTypes> extends BasePlugin<Types> {
  constructor(cache: BuildCache<Types>) {
    super(cache, name);
  }

  override onOutputFieldConfig(
    field: PothosOutputFieldConfig<Types>,
  ): PothosOutputFieldConfig<Types> {
    const { pothosPrismaRelationField: relation, ...others } = field.extensions ?? {};
    if (!isRecord(relation)) return field;
    const { catalog } = this.builder.options;
    const target = catalog.entities.find(({ type }) => type === relation["type"]);
    if (target === undefined) return field;
    const keys: unknown = relation["relationFromFields"];
    const key: unknown = Array.isArray(keys) ? keys.at(-1) : undefined;
    if (typeof key !== "string") {
      throw new TypeError(
        `${field.parentType}.${field.name}: t.relation gives one ${target.type}; lists of them are the read engine's`,
      );
    }
    const extensions = Object.entries(others).filter(([one]) => !one.startsWith("pothosPrisma"));
    return {
      ...field,
      extensions: Object.fromEntries(extensions),
      resolve: (row, args, ctx, info) => {
        const id = isRecord(row) ? row[key] : null;
        // A plugin knows no builder's types.
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion
        return typeof id === "string" ? readEdge(target, id, args, ctx as Context, info) : null;
      },
    };
  }
}

function readEdge(
  entity: Entity,
  id: string,
  args: { readonly includeDeleted?: boolean | null },
  ctx: Context,
  info: GraphQLResolveInfo,
): Promise<Row | null> {
  const request = () => ({
    entity,
    fields: neededFields(info, entity, info.fieldNodes),
    includeDeleted: args.includeDeleted ?? false,
  });
  return ctx.reader.record(fieldKey(info), request, id);
}

SchemaBuilder.registerPlugin(name, EngineEdges);

export default name;
