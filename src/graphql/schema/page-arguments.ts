import type { GraphQLObjectType, GraphQLResolveInfo } from "graphql";
import { badInput } from "../../lib/errors.ts";
import type { Entity } from "../../model/entity.ts";
import type { ManyRelation } from "../../model/relation.ts";
import type { Filter } from "../../query/filter-value.ts";
import { parseOrder, type OrderInput } from "../../query/order.ts";
import { defaultPageSize, maxPageSize, type PageRequest } from "../../query/page.ts";
import { searchWords } from "../../query/search.ts";
import { fieldType, neededFields, selectedFields } from "./selection.ts";

export type PageArguments = {
  readonly first?: number | null;
  readonly after?: string | null;
  readonly last?: number | null;
  readonly before?: string | null;
  readonly where?: Filter | null;
  readonly orderBy?: readonly OrderInput[] | null;
  readonly search?: string | null;
  readonly includeDeleted?: boolean | null;
};

/** Reads `first` and `last`: how many nodes, and from which end. */
export function pageSize(args: Pick<PageArguments, "first" | "last">): {
  limit: number;
  backward: boolean;
} {
  const { first, last } = args;
  if (first != null && last != null)
    throw badInput(["last"], {
      complaint: "whole",
      text: "first, last: give one of them, not both.",
    });
  for (const [name, size] of [
    ["first", first],
    ["last", last],
  ] as const) {
    if (size != null && (size < 1 || size > maxPageSize)) {
      throw badInput(
        [name],
        `a page has 1 to ${maxPageSize} nodes; ask for the next with a cursor.`,
      );
    }
  }
  return { limit: first ?? last ?? defaultPageSize, backward: last != null };
}

/** What a connection field asks of the read engine: its arguments, and only the parts and columns selected under it. */
export function pageRequest(
  entity: Entity,
  parent: { readonly source: Entity; readonly relation: ManyRelation } | null,
  args: PageArguments,
  info: GraphQLResolveInfo,
): PageRequest {
  const connection = fieldType(info.parentType, info.fieldName);
  const selected = selectedFields(info, connection, info.fieldNodes);
  const edges = selectedUnder(info, connection, selected, "edges");
  const pageInfo = selectedUnder(info, connection, selected, "pageInfo");
  const nodes = [...(selected.get("nodes") ?? []), ...(edges.get("node") ?? [])];
  const { limit, backward } = pageSize(args);
  return {
    entity,
    parent,
    fields: neededFields(info, entity, nodes),
    where: args.where ?? null,
    order: args.orderBy == null ? null : parseOrder(args.orderBy),
    words: searchWords(args.search),
    includeDeleted: args.includeDeleted ?? false,
    limit,
    backward,
    after: args.after ?? null,
    before: args.before ?? null,
    want: {
      rows: selected.has("nodes") || selected.has("edges") || selected.has("pageInfo"),
      cursors: edges.has("cursor") || pageInfo.has("startCursor") || pageInfo.has("endCursor"),
      total: selected.has("totalCount"),
      // Only what the rows do not tell: whoever follows a list with `after` and hasNextPage has that from the rows.
      outside:
        (args.after != null && pageInfo.has("hasPreviousPage")) ||
        (args.before != null && pageInfo.has("hasNextPage")),
    },
  };
}

type Selected = ReturnType<typeof selectedFields>;

function selectedUnder(
  info: GraphQLResolveInfo,
  connection: GraphQLObjectType,
  selected: Selected,
  field: string,
): Selected {
  const nodes = selected.get(field);
  return nodes === undefined
    ? new Map()
    : selectedFields(info, fieldType(connection, field), nodes);
}
