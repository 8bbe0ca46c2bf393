import type { GraphQLResolveInfo } from "graphql";
import type { Catalog } from "../../model/catalog.ts";
import type { Entity } from "../../model/entity.ts";
import type { Hit, HitPage } from "../../query/hits.ts";
import { searchWords } from "../../query/search.ts";
import { badInput } from "../../lib/errors.ts";
import type { Row } from "../../query/row.ts";
import { access } from "../limits/access.ts";
import { noCost, searchCost } from "../limits/costs.ts";
import { forwardCursor, plainConnection, type Connection, type Edge } from "./connection.ts";
import type { Context } from "./context.ts";
import { asNode } from "./as-node.ts";
import { pageSize } from "./page-arguments.ts";
import type { SchemaParts } from "./schema-parts.ts";
import { source } from "./source.ts";
import { fieldKey, neededFields, selectedFields, fieldType } from "./selection.ts";

/** What a search looks through: all that can be searched unless some are named. */
export function searchedTypes({ entities }: Catalog, types: unknown): readonly Entity[] {
  const searchable = entities.filter((entity) => entity.searchable);
  if (types == null) return searchable;
  const chosen: ReadonlySet<unknown> = new Set(Array.isArray(types) ? types : [types]);
  return searchable.filter((entity) => chosen.has(entity.type));
}

function hitConnection({ hits, total, hasNextPage, hasPreviousPage }: HitPage): Connection<Hit> {
  return {
    nodes: hits,
    edges: hits.map((node) => ({ node, cursor: node.cursor })),
    pageInfo: {
      hasNextPage,
      hasPreviousPage,
      startCursor: hits[0]?.cursor ?? null,
      endCursor: hits.at(-1)?.cursor ?? null,
    },
    total,
  };
}

/** `search`: one search over all entities that have text, best match first. */
export function searchQuery({ builder, catalog, nodeRef }: SchemaParts): void {
  const searchable = searchedTypes(catalog, null);
  const typeNames = builder.enumType("SearchType", {
    description: "What can be searched.",
    values: Object.fromEntries(
      searchable.map((entity) => [entity.type, { description: entity.description }]),
    ),
  });
  const result = builder.unionType("SearchResult", {
    description:
      "A record that a search found. Fields of one name have different types in some records: `accountId` of Deal and Contact, `status` of Quote and Activity, `total` of Quote and LineItem. In one selection they need aliases: `... on Quote { quoteStatus: status } ... on Activity { status }`.",
    types: searchable.map((entity) => nodeRef(entity)),
  });

  const load = async (hit: Hit, ctx: Context, info: GraphQLResolveInfo): Promise<Row | null> => {
    const entity = catalog.entity(hit.entity);
    const request = () => ({
      entity,
      fields: neededFields(info, entity, info.fieldNodes),
      includeDeleted: false,
    });
    const row = await ctx.reader.record(`${fieldKey(info)}<${entity.name}`, request, hit.id);
    return row === null ? null : asNode(row, entity);
  };

  // Its node is read when it is asked for, so plugin-relay cannot make it.
  const edge = builder.objectRef<Edge<Hit>>("SearchEdge").implement({
    description: "A record that a search found, and how well it matches.",
    fields: (t) => ({
      cursor: t.exposeString("cursor", { description: forwardCursor }),
      score: t.float({
        description: "How well it matches, from 0 to 1.",
        resolve: ({ node }) => node.score,
      }),
      title: t.string({
        nullable: true,
        description:
          "What the record is called: its display name, name or subject, else another of its searched texts; at most 1,000 characters. Null if it has none.",
        resolve: ({ node }) => node.title,
      }),
      highlight: t.string({
        nullable: true,
        description:
          "The text around the first word that was found, at most 200 characters. Null if the record is only similar to the search.",
        resolve: ({ node }) => node.highlight,
      }),
      node: t.field({
        type: result,
        extensions: access(noCost),
        nullable: true,
        description: "The record; null when it was deleted while the search ran.",
        resolve: ({ node }, _args, ctx, info) => load(node, ctx, info),
      }),
    }),
  });

  const connection = plainConnection<Hit>(
    builder.connectionObject(
      {
        type: result,
        name: "SearchConnection",
        description: "A page of what a search found.",
        edgesField: { description: "What was found, best match first." },
      },
      edge,
    ),
  );
  builder.objectFields(connection, (t) => ({
    nodes: t.field({
      type: [result],
      extensions: access(noCost),
      nullable: { list: false, items: true },
      description:
        "The records themselves, best match first; null where one was deleted meanwhile.",
      resolve: ({ nodes }, _args, ctx, info) =>
        Promise.all(nodes.map((hit) => load(hit, ctx, info))),
    }),
    totalCount: t.int({
      description: "How many records match, on all pages. Counted only when asked for.",
      resolve: ({ total }) => total ?? 0,
    }),
  }));

  builder.queryField("search", (t) =>
    t.field({
      type: connection,
      nullable: true,
      extensions: {
        ...access({
          ...searchCost,
          uses: ["first", "types"],
          readsBy: ({ types }) => searchedTypes(catalog, types).map(({ name }) => name),
        }),
        ...source({ kind: "search" }),
      },
      description:
        "Finds records of all kinds that have every word, or a word with it as a part, in their text fields, and records whose texts are similar to the whole search. Case and accents do not count; a phone number is found by its digits. Names and numbers that equal the search come first, then those that begin with it, then whole words, parts of words, other texts, and similar texts. Among equal matches, accounts come before people, deals, quotes and the rest. Needs the read scopes of all `types`.",
      args: {
        query: t.arg.string({
          required: true,
          description: 'Words, whole or in part: "nort harb" finds North Harbor.',
        }),
        types: t.arg({
          type: [typeNames],
          description: "Only these kinds of records; all unless given.",
        }),
        first: t.arg.int({ description: "How many: 1 to 100; 25 unless given." }),
        after: t.arg.string({ description: "Only records after this cursor." }),
      },
      resolve: async (_root, { query, types, first, after }, ctx, info) => {
        const words = searchWords(query, "query");
        if (words === null) throw badInput(["query"], { complaint: "noWord" });
        const entities = searchedTypes(catalog, types);
        const selected = selectedFields(
          info,
          fieldType(info.parentType, info.fieldName),
          info.fieldNodes,
        );
        const { limit } = pageSize({ first: first ?? null });
        if (entities.length === 0)
          return hitConnection({ hits: [], total: 0, hasNextPage: false, hasPreviousPage: false });
        const page = await ctx.reader.search({
          entities,
          words,
          limit,
          after: after ?? null,
          wantTotal: selected.has("totalCount"),
          wantTexts: selected.has("edges"),
        });
        return hitConnection(page);
      },
    }),
  );
}
