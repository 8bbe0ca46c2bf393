import { access, readsOf, readsOfTypes } from "../../graphql/limits/access.ts";
import { listCost } from "../../graphql/limits/costs.ts";
import { implementEntity, listArguments } from "../../graphql/schema/entity-type.ts";
import { connectionOf } from "../../graphql/schema/connection.ts";
import { pageRequest } from "../../graphql/schema/page-arguments.ts";
import { aggregateQuery, recordQuery } from "../../graphql/schema/query-fields.ts";
import { recordNode } from "../../graphql/schema/record-node.ts";
import { source } from "../../graphql/schema/source.ts";
import type { Filter } from "../../query/filter-value.ts";
import type { FieldChange } from "../../changes/field-changes.ts";
import { seenChanges } from "../../changes/seen-changes.ts";
import { changeEvent, recordType } from "./model.ts";
import type { SchemaParts } from "../../graphql/schema/schema-parts.ts";

type ChangeArguments = {
  readonly where?: Filter | null | undefined;
  readonly types?: readonly unknown[] | null | undefined;
};

/** The type of change events, and what can be asked of them. */
export function declareChangeEvent(schema: SchemaParts): void {
  const { builder, catalog } = schema;
  const fieldChange = builder.objectRef<FieldChange>("FieldChange").implement({
    description: "What a write did to one field.",
    fields: (t) => ({
      field: t.exposeString("field", {
        description: "The field's name as in inputs and REST, e.g. `deal_number`.",
      }),
      old: t.field({
        type: "JSON",
        nullable: true,
        extensions: access({ isLong: true }),
        description:
          "The value before: decimals, days, instants and ids are strings; null for none, and of a new record (its lists of links were empty).",
        resolve: (change) => change.old,
      }),
      new: t.field({
        type: "JSON",
        nullable: true,
        extensions: access({ isLong: true }),
        description: "The value from then on; null for none.",
        resolve: (change) => change.new,
      }),
    }),
  });

  implementEntity(schema, changeEvent, {
    changes: {
      type: [fieldChange],
      read: seenChanges,
      source: { kind: "fieldChanges", field: "changes" },
    },
  });

  builder.objectField(schema.nodeRef(changeEvent), "record", (t) =>
    t.field({
      type: builder.nodeInterfaceRef(),
      nullable: true,
      description:
        "The record as it is now, also when it is deleted. Null for a webhook, which `webhook` gives.",
      extensions: {
        needs: ["recordType", "recordId"],
        ...source({ kind: "anyRecord", field: "recordId" }),
      },
      resolve: ({ recordType: type, recordId: id }, _args, ctx, info) => {
        const { name, isNode } = catalog.byType(String(type));
        return isNode ? recordNode({ entity: name, id: String(id) }, ctx, info) : null;
      },
    }),
  );

  const changesCost = listCost(changeEvent);
  recordQuery(schema, changeEvent);
  aggregateQuery(schema, changeEvent);
  builder.queryField("changes", (t) =>
    t.field({
      type: schema.connectionRef(changeEvent),
      nullable: true,
      extensions: {
        ...access({
          ...changesCost,
          uses: [...(changesCost.uses ?? []), "types"],
          readsBy: ({ types }) =>
            types == null ? readsOf(changeEvent) : readsOfTypes(catalog, types),
        }),
        ...source({ kind: "list", entity: changeEvent.name, relation: null, where: ofTypes }),
      },
      description:
        "The tenant's change log in the order of the commits: keep the last endCursor and pass it as `after` to go on from there. Nothing is ever added before a place that was read, so a reader that goes on misses nothing and gets nothing twice. Needs the read scopes of all `types`.",
      args: {
        ...listArguments(schema, t, changeEvent),
        types: t.arg({
          type: [schema.enumRef(recordType)],
          description: "Only what happened to these kinds of records; all unless given.",
        }),
      },
      resolve: async (_root, args, ctx, info) => {
        const request = pageRequest(changeEvent, null, { ...args, where: ofTypes(args) }, info);
        return connectionOf(await ctx.reader.list(request));
      },
    }),
  );
}

/** The filter narrowed to some kinds of records. The given filter keeps its place, which errors name. */
function ofTypes({ where, types }: ChangeArguments): Filter | null {
  if (types == null) return where ?? null;
  const others: unknown = where?.["and"] ?? [];
  const only = { recordType: { in: types } };
  return { ...where, and: [...(Array.isArray(others) ? others : [others]), only] };
}
