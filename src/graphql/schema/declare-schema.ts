import { getRefFromModel } from "@pothos/plugin-prisma";
import type { Catalog } from "../../model/catalog.ts";
import type { Entity } from "../../model/entity.ts";
import type { Filter } from "../../query/filter-value.ts";
import { makeDatePart, makeGroupBy, makeGroupOrder } from "./aggregate-inputs.ts";
import { makeAggregate, makeMoney } from "./aggregate-type.ts";
import { createBuilder, type Builder } from "./builder.ts";
import { makeConnection, makeEdge } from "./connection-type.ts";
import { makeDuplicateReason } from "./duplicate-fields.ts";
import {
  fieldFilterName,
  fillFilter,
  fillListFilter,
  makeDirection,
  makeEnum,
  makeFieldFilter,
  makeOrder,
} from "./filter-inputs.ts";
import { makeInput } from "./input-ref.ts";
import { makeMergedField, makeMovedEdges } from "./merge-fields.ts";
import { makeOnError } from "./on-error.ts";
import { makeRecordVersion } from "./mutation-fields.ts";
import { nodeQueries } from "./query-fields.ts";
import { addScalars } from "./scalars.ts";
import type { RowRef, SchemaParts } from "./schema-parts.ts";
import { searchQuery } from "./search-query.ts";
import { makeUserError } from "./user-errors.ts";

type Named = { readonly name: string };

/** Makes what is asked for once for each name. What names itself is filled when it is known. */
function onceEach<Key, Ref>(
  nameOf: (key: Key) => string,
  make: (key: Key) => Ref,
  fill: (key: Key, ref: Ref) => void = () => undefined,
) {
  const made = new Map<string, Ref>();
  return (key: Key): Ref => {
    const name = nameOf(key);
    let ref = made.get(name);
    if (ref === undefined) {
      ref = make(key);
      made.set(name, ref);
      fill(key, ref);
    }
    return ref;
  };
}

const named = <Key extends Named, Ref>(
  make: (key: Key) => Ref,
  fill?: (key: Key, ref: Ref) => void,
) => onceEach(({ name }: Key) => name, make, fill);

function once<Ref>(make: () => Ref): () => Ref {
  let ref: Ref | undefined;
  return () => (ref ??= make());
}

/** The type of a model, as the plugin knows it as well: `t.relation` gives the same. */
function rowRef(builder: Builder, { type }: Entity): RowRef {
  // Its records are the engine's rows.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return getRefFromModel(type, builder) as unknown as RowRef;
}

/** Begins a schema: its builder, what all entities have in common, and the root fields that are for all of them. */
export function declareSchema(catalog: Catalog): SchemaParts {
  const builder = createBuilder(catalog);
  const schema: SchemaParts = {
    builder,
    catalog,
    nodeRef: (entity) => rowRef(builder, entity),
    connectionRef: named((entity) => makeConnection(schema, entity)),
    edgeRef: named((entity) => makeEdge(schema, entity)),
    filterRef: named(
      (entity: Entity) => builder.inputRef<Filter>(`${entity.type}Filter`),
      (entity, ref) => fillFilter(schema, entity, ref),
    ),
    listFilterRef: named(
      (entity: Entity) => builder.inputRef<Filter>(`${entity.type}ListFilter`),
      (entity, ref) => fillListFilter(schema, entity, ref),
    ),
    fieldFilterRef: onceEach(fieldFilterName, (field) => makeFieldFilter(schema, field)),
    orderRef: named((entity) => makeOrder(schema, entity)),
    aggregateRef: named((entity) => makeAggregate(schema, entity)),
    groupByRef: named((entity) => makeGroupBy(schema, entity)),
    groupOrderRef: named((entity) => makeGroupOrder(schema, entity)),
    enumRef: named((definition) => makeEnum(schema, definition)),
    inputRef: named((definition) => makeInput(schema, definition)),
    direction: once(() => makeDirection(builder)),
    datePart: once(() => makeDatePart(builder)),
    money: once(() => makeMoney(builder)),
    userError: once(() => makeUserError(schema)),
    onError: once(() => makeOnError(builder)),
    recordVersion: once(() => makeRecordVersion(builder)),
    mergedField: once(() => makeMergedField(builder)),
    movedEdges: once(() => makeMovedEdges(builder)),
    duplicateReason: once(() => makeDuplicateReason(builder)),
  };
  builder.queryType({
    description: "Everything a caller can ask. All of it lies within the credential's tenant.",
  });
  builder.mutationType({
    description:
      "Everything a caller can change. Each field is one transaction. With an `Idempotency-Key` header a request can be repeated for 24 hours without writing twice.",
  });
  builder.subscriptionType({
    description:
      "Everything a caller can follow, as server-sent events (`Accept: text/event-stream`) or over WebSocket (`graphql-transport-ws`). A subscription has one field. Each event costs the points of what it reads.",
  });
  addScalars(builder);
  nodeQueries(schema);
  searchQuery(schema);
  return schema;
}
