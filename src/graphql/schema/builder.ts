import SchemaBuilder from "@pothos/core";
import PrismaPlugin from "@pothos/plugin-prisma";
import RelayPlugin from "@pothos/plugin-relay";
import type PrismaTypes from "../../db/generated/pothos.ts";
import { getDatamodel } from "../../db/generated/pothos.ts";
import type { Catalog } from "../../model/catalog.ts";
import type { Unreadable } from "../../lib/unreadable.ts";
import type { KindScalars } from "../../model/kinds/index.ts";
import type { Context } from "./context.ts";
import EngineEdges from "./engine-edges.ts";
import { ofOutcome } from "./payload-source.ts";

/** The scalars beside GraphQL's own. */
export type Scalars = KindScalars & { ID: { Input: string; Output: string } };

/** Representations of records in Apollo Federation, read as ids. Only a subgraph has the scalar. */
type FederationScalars = { _Any: { Input: string | Unreadable; Output: string } };

type Types = {
  Context: Context;
  PrismaTypes: PrismaTypes;
  Scalars: Scalars & FederationScalars;
  DefaultFieldNullability: false;
  DefaultEdgesNullability: false;
  DefaultNodeNullability: false;
};
export type SchemaTypes = PothosSchemaTypes.ExtendDefaultTypes<Types>;
export type Builder = PothosSchemaTypes.SchemaBuilder<SchemaTypes>;

/** Plugins and defaults, nothing else: the types live with their modules. */
export const createBuilder = (catalog: Catalog): Builder =>
  new SchemaBuilder<Types>({
    // EngineEdges looks at what PrismaPlugin makes of relations.
    plugins: [RelayPlugin, PrismaPlugin, EngineEdges],
    catalog,
    defaultFieldNullability: false,
    prisma: { client: (ctx) => ctx.prisma, dmmf: getDatamodel() },
    relay: {
      nodeQueryOptions: false,
      nodesQueryOptions: false,
      idFieldOptions: {
        description: "Identifier: the entity's prefix and a UUID, e.g. `acc-<uuid>`.",
      },
      nodeTypeOptions: {
        description:
          "Anything that has an id and can be fetched by it alone (`node`, `nodes`). Fields of one name have different types in some records: `status` of Quote and Activity, `name` of Account and Tenant, `total` of Quote and LineItem. In one selection they need aliases: `... on Quote { quoteStatus: status } ... on Activity { status }`.",
      },
      pageInfoFieldOptions: { description: "The place of the page in the list." },
      cursorFieldOptions: {
        description: "Its place in the list; pass it as `after` or `before`.",
        extensions: ofOutcome,
      },
      edgesFieldOptions: { nullable: false },
      nodeFieldOptions: { nullable: false },
      pageInfoTypeOptions: { description: "Where a page stands in its list." },
      hasNextPageFieldOptions: { description: "Whether more follows this page." },
      hasPreviousPageFieldOptions: { description: "Whether something comes before this page." },
      startCursorFieldOptions: { description: "Cursor of the first edge; null on an empty page." },
      endCursorFieldOptions: {
        description: "Cursor of the last edge, to pass as `after`; null on an empty page.",
      },
    },
  });
