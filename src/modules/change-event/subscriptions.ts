import type { EnumRef } from "@pothos/core";
import { GraphQLError, type FieldNode, type GraphQLResolveInfo } from "graphql";
import type { ChangeOperation } from "../../changes/event-log.ts";
import { withoutUnseen } from "../../changes/seen-before.ts";
import { access, readsOf, readsOfTypes, type Access } from "../../graphql/limits/access.ts";
import { readingCost } from "../../limits/weights.ts";
import { patternsIn, type Filter } from "../../query/filter-value.ts";
import type { Row } from "../../query/row.ts";
import type { SchemaTypes } from "../../graphql/schema/builder.ts";
import type { Context } from "../../graphql/schema/context.ts";
import {
  listens,
  openedByServer,
  type AskedChanges,
  type LiveOutcome,
} from "../../graphql/schema/listening.ts";
import { ofOutcome } from "../../graphql/schema/payload-source.ts";
import { written } from "../../graphql/schema/record-node.ts";
import type { SchemaParts } from "../../graphql/schema/schema-parts.ts";
import {
  fieldKey,
  fieldType,
  neededFields,
  selectedFields,
} from "../../graphql/schema/selection.ts";
import { parseId } from "../../lib/id.ts";
import { isRecord } from "../../lib/json.ts";
import { inWords, withArticle } from "../../lib/text.ts";
import type { Transition } from "../../live/listening.ts";
import type { Entity } from "../../model/entity.ts";
import { changeEvent, changeOperation, recordType } from "./model.ts";

/** Each event is an event of the stream, and the filter is judged for it. */
const eventCost: Pick<Access, "cost" | "uses"> = {
  uses: ["where"],
  cost: ({ where }) => ({ own: 1 + readingCost(patternsIn(where), false, "edge"), times: 1 }),
};

const afterText =
  "Cursor of the last event that the client has handled. The stream continues after it, without gap or double. Without a cursor, the stream begins with the next event. When a stream of server-sent events is resumed, `Last-Event-ID` takes precedence. A cursor older than the log is refused with the code CURSOR_EXPIRED and the oldest cursor.";

/** The fields at the root of subscriptions: all changes, and the records of each entity that has a history. */
export function declareSubscriptions(schema: SchemaParts): void {
  const { builder, catalog } = schema;
  builder.subscriptionField("changes", (t) =>
    t.field({
      type: schema.edgeRef(changeEvent),
      description:
        "The edges of the list `changes`, as they are committed; what a record was while the caller could not see it is left out (`old` is null). `record` under `node` is the record as it is when the event is sent, also when it is deleted. Needs the read scopes of all `types`.",
      extensions: {
        ...access({
          ...eventCost,
          uses: ["where", "types"],
          readsBy: ({ types }) =>
            types == null ? readsOf(changeEvent) : readsOfTypes(catalog, types),
        }),
        ...listens((args) => ({
          types: textsIn(args["types"]),
          operations: operationsIn(args["operations"]),
          where: filterIn(args["where"]),
          record: null,
          after: textIn(args["after"]),
        })),
      },
      args: {
        after: t.arg.string({ description: afterText }),
        types: t.arg({
          type: [schema.enumRef(recordType)],
          description: "Only what happens to these kinds of records; all unless given.",
        }),
        operations: t.arg({
          type: [schema.enumRef(changeOperation)],
          description: "Only these operations; all unless given.",
        }),
        where: t.arg({
          type: schema.filterRef(changeEvent),
          description: "Only events that match this filter.",
        }),
      },
      subscribe: openedByServer,
      resolve: async ({ cursor, nodeId }, _args, ctx, info) => {
        const edge = fieldType(info.parentType, info.fieldName);
        const nodes = selectedFields(info, edge, info.fieldNodes).get("node") ?? [];
        const node = nodes.length === 0 ? {} : await sentEvent(nodeId, nodes, ctx, info);
        if (node === null) throw new GraphQLError("The event is no longer kept.");
        return { cursor, node };
      },
    }),
  );
  const transition = builder.enumType("RecordTransition", {
    description: "What an event did to a record's place among the records that are followed.",
    values: {
      entered: {
        description: "It matches now, and did not before: it was made, restored or changed so.",
      },
      changed: { description: "It matched before, and does still." },
      left: {
        description:
          "It matched before, and does no longer: it was deleted or changed so, or it went out of the caller's sight.",
      },
    } satisfies Record<Transition, { description: string }>,
  });
  for (const name of changeEvent.tellsOf ?? []) {
    const entity: Entity = catalog.entity(name);
    // What lives and can be deleted can come into a list and leave it.
    if (entity.softDelete) recordField(schema, entity, transition);
  }
}

/** `dealChanged`: the records of one entity. */
function recordField(
  schema: SchemaParts,
  entity: Entity,
  transition: EnumRef<SchemaTypes, Transition>,
): void {
  const { builder, nodeRef, filterRef } = schema;
  const change = builder.objectRef<LiveOutcome>(`${entity.type}Change`).implement({
    description: `An event of ${withArticle(entity.type)} that is followed.`,
    extensions: access({ reads: [entity.name] }),
    fields: (t) => ({
      cursor: t.exposeString("cursor", {
        extensions: ofOutcome,
        description:
          "Its place in the tenant's log; pass it as `after`, here or to the list `changes`.",
      }),
      transition: t.field({
        type: transition,
        extensions: ofOutcome,
        description: "Whether the record came, changed or left.",
        resolve: (outcome) => outcome.transition ?? "changed",
      }),
      [entity.name]: t.field({
        type: nodeRef(entity),
        nullable: true,
        description: `The ${entity.type} as it is when the event is sent, also when it is deleted. Null when the caller cannot see it any more.`,
        ...written(entity, ({ recordId }: LiveOutcome) => recordId),
      }),
      event: t.field({
        type: nodeRef(changeEvent),
        nullable: true,
        description:
          "The write: who, when, and what it changed; what the record was while the caller could not see it is left out (`old` is null). Null when the caller may not see it, since it took the record out of sight.",
        ...written(changeEvent, ({ nodeId }: LiveOutcome) => nodeId),
        resolve: ({ nodeId }, _args, ctx, info) => sentEvent(nodeId, info.fieldNodes, ctx, info),
      }),
    }),
  });
  builder.subscriptionField(`${entity.name}Changed`, (t) =>
    t.field({
      type: change,
      description: `Changes of ${inWords(entity.plural)}, as they are committed. With \`where\` an event comes when the record matches before it or after it, and \`transition\` says which; conditions on other records (edges) are judged as those are now.`,
      extensions: {
        ...access({ ...eventCost, reads: readsOf(entity) }),
        ...listens((args) => {
          const id = textIn(args["id"]);
          return {
            types: [entity.type],
            operations: null,
            where: null,
            record: {
              entity,
              where: filterIn(args["where"]),
              id: id === null ? null : parseId(entity.prefix, id, ["id"]),
            },
            after: textIn(args["after"]),
          };
        }),
      },
      args: {
        where: t.arg({
          type: filterRef(entity),
          description: `Only ${inWords(entity.plural)} that match this filter, before or after.`,
        }),
        id: t.arg.id({
          description: `Only the record with this id, \`${entity.prefix}-<uuid>\` or the bare UUID.`,
        }),
        after: t.arg.string({ description: afterText }),
      },
      subscribe: openedByServer,
      resolve: (outcome) => outcome,
    }),
  );
}

/** An event as its listener may see it. */
async function sentEvent(
  id: string,
  nodes: readonly FieldNode[],
  ctx: Context,
  info: GraphQLResolveInfo,
): Promise<Row | null> {
  const request = () => ({
    entity: changeEvent,
    fields: [...new Set([...neededFields(info, changeEvent, nodes), "operation"])],
    includeDeleted: true,
  });
  const event = await ctx.reader.record(`${fieldKey(info)}<event`, request, id);
  return event === null ? null : withoutUnseen(event, ctx.actor.appId);
}

const textIn = (value: unknown): string | null => (typeof value === "string" ? value : null);

const textsIn = (value: unknown): string[] | null =>
  Array.isArray(value) ? value.filter((item) => typeof item === "string") : null;

/** The enum's values are the words themselves. */
const operationsIn = (value: unknown): AskedChanges["operations"] =>
  textsIn(value)?.filter(isOperation) ?? null;

const isOperation = (text: string): text is ChangeOperation =>
  Object.hasOwn(changeOperation.values, text);

const filterIn = (value: unknown): Filter | null => (isRecord(value) ? value : null);
