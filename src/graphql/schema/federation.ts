import {
  GraphQLError,
  GraphQLScalarType,
  Kind,
  parse,
  print,
  printSchema,
  valueFromASTUntyped,
  visit,
  type ASTVisitor,
  type ConstDirectiveNode,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  type NameNode,
} from "graphql";
import { badInput } from "../../lib/errors.ts";
import { isRecord } from "../../lib/json.ts";
import { shortened } from "../../lib/text.ts";
import { Unreadable } from "../../lib/unreadable.ts";
import type { Catalog } from "../../model/catalog.ts";
import type { Entity } from "../../model/entity.ts";
import { access } from "../limits/access.ts";
import { idsCost } from "../limits/costs.ts";
import { loadNode, readsOfIds } from "./query-fields.ts";
import type { SchemaParts } from "./schema-parts.ts";
import { source } from "./source.ts";

/** The most representations of one `_entities`. A gateway sends all that a page of its query needs at once. */
export const maxRepresentations = 1_000;

/** The fields by which a gateway of Apollo Federation 2 reads the schema and records of this subgraph. */
export function declareFederation({ builder, catalog, nodeRef }: SchemaParts): void {
  builder.addScalarType("_Any", representation(catalog));
  const entity = builder.unionType("_Entity", {
    description: "A record that other subgraphs can refer to by its id.",
    types: catalog.entities.filter(({ isNode }) => isNode).map((one) => nodeRef(one)),
  });
  builder.queryField("_entities", (t) =>
    t.field({
      type: [entity],
      extensions: {
        ...access({
          ...idsCost("representations"),
          readsBy: ({ representations: ids }) =>
            readsOfIds(catalog, Array.isArray(ids) ? ids : [ids]),
        }),
        ...source({ kind: "nodes", argument: "representations", max: maxRepresentations }),
      },
      nullable: { list: false, items: true },
      description:
        "Records by their representations, in the order of these; null where the tenant has no such live record.",
      args: {
        representations: t.arg({
          type: ["_Any"],
          required: true,
          description: `\`{ __typename, id }\` of each record, at most ${maxRepresentations}.`,
        }),
      },
      resolve: (_root, { representations: ids }, ctx, info) => {
        if (ids.length > maxRepresentations) {
          throw badInput(["representations"], `at most ${maxRepresentations} at a time.`);
        }
        // An id that is none fails alone: it comes from the data of another subgraph.
        return ids.map(async (id, index) => {
          const path = ["representations", String(index), "id"];
          if (id instanceof Unreadable) throw id.at(path);
          return loadNode(id, path, ctx, info);
        });
      },
    }),
  );
  const service = builder.objectRef<object>("_Service").implement({
    description: "What a gateway asks of a subgraph.",
    fields: (t) => ({
      sdl: t.string({
        extensions: access({ isLong: true }),
        description: "The schema in the schema language, with the directives of Federation 2.",
        resolve: (_service, _args, _ctx, info: GraphQLResolveInfo) => subgraphSdl(info.schema),
      }),
    }),
  });
  builder.queryField("_service", (t) =>
    t.field({
      type: service,
      extensions: access({ cost: () => ({ own: serviceCost, times: 1 }) }),
      description: "The subgraph itself. Needs introspection.",
      resolve: () => ({}),
    }),
  );
}

/** The points of the schema's text, which is as long as a page of 100 records with notes. */
const serviceCost = 100;

/** The most characters of a representation that an error repeats. */
const maxSent = 80;

/** Reads a representation as its id. An id that is not of the type is refused at its place, and the others are read. */
function representation(catalog: Catalog): GraphQLScalarType<string | Unreadable, string> {
  const nodes = new Map<string, Entity>(
    catalog.entities.flatMap((entity) => (entity.isNode ? [[entity.type, entity]] : [])),
  );
  const read = (value: unknown): string | Unreadable => {
    const { __typename: type, id } = isRecord(value) ? value : {};
    if (typeof type !== "string" || typeof id !== "string") {
      throw new GraphQLError("_Any: a representation has a __typename and an id, both texts.");
    }
    const entity = nodes.get(type) ?? null;
    if (entity !== null && catalog.byId(id) === entity) return id;
    const sent = { type: shortened(type, maxSent), sent: shortened(id, maxSent) };
    const prefix = entity?.prefix ?? null;
    return new Unreadable(value, { complaint: "notRepresented", prefix, ...sent });
  };
  return new GraphQLScalarType({
    name: "_Any",
    description: "A representation of a record: `{ __typename, id }`.",
    parseValue: read,
    // Validation asks without the variables that a literal may have in it.
    parseLiteral: (node, variables) =>
      variables == null && print(node).includes("$")
        ? ""
        : read(valueFromASTUntyped(node, variables)),
  });
}

const texts = new WeakMap<GraphQLSchema, string>();

/** The schema for composition: without the fields that only a gateway asks for, and with the keys of records. */
export function subgraphSdl(schema: GraphQLSchema): string {
  let text = texts.get(schema);
  if (text === undefined) {
    text = `${link}\n\n${print(visit(parse(printSchema(schema)), withDirectives))}\n`;
    texts.set(schema, text);
  }
  return text;
}

const link =
  'extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@shareable"])';

const nameOf = (value: string): NameNode => ({ kind: Kind.NAME, value });
const shareable: ConstDirectiveNode = { kind: Kind.DIRECTIVE, name: nameOf("shareable") };
const key: ConstDirectiveNode = {
  kind: Kind.DIRECTIVE,
  name: nameOf("key"),
  arguments: [
    { kind: Kind.ARGUMENT, name: nameOf("fields"), value: { kind: Kind.STRING, value: "id" } },
  ],
};

const isGateways = (node: { readonly name: NameNode }): boolean => node.name.value.startsWith("_");

const withDirectives: ASTVisitor = {
  ScalarTypeDefinition: (node) => (isGateways(node) ? null : undefined),
  UnionTypeDefinition: (node) => (isGateways(node) ? null : undefined),
  FieldDefinition: (node) => (isGateways(node) ? null : undefined),
  // Composition knows no @oneOf, and refuses what it does not know.
  InputObjectTypeDefinition: (node) => ({ ...node, directives: [] }),
  ObjectTypeDefinition: {
    leave(node) {
      if (isGateways(node)) return null;
      const isNode = node.interfaces?.some(({ name }) => name.value === "Node") === true;
      if (isNode) return { ...node, directives: [key] };
      // Other subgraphs have pages as well.
      return node.name.value === "PageInfo" ? { ...node, directives: [shareable] } : undefined;
    },
  },
};
