import type { Values } from "../../model/record.ts";
import type { EnumRef, InputRef, InterfaceRef, ObjectRef } from "@pothos/core";
import type { Catalog } from "../../model/catalog.ts";
import type { Entity } from "../../model/entity.ts";
import type { Field } from "../../model/field.ts";
import type { EnumDefinition } from "../../model/kind.ts";
import type { OrderDirection } from "../../model/order.ts";
import type { Aggregate, Money } from "../../query/aggregate/answer.ts";
import type { DatePart } from "../../model/measure.ts";
import type { Reason } from "../../query/duplicates/evidence.ts";
import type { Filter } from "../../query/filter-value.ts";
import type { OrderInput } from "../../query/order.ts";
import type { Connection, Edge } from "./connection.ts";
import type { Row } from "../../query/row.ts";
import type { InputDefinition } from "../../write/input-definition.ts";
import type { OnError } from "../../write/rules/judge.ts";
import type { MovedEdges } from "../../write/merge/edges.ts";
import type { MergedField } from "../../write/merge/values.ts";
import type { Problem } from "../../write/problem.ts";
import type { RemoveRow } from "../../write/verbs.ts";
import type { GroupByInput, GroupOrderInput } from "./aggregate-arguments.ts";
import type { Builder, SchemaTypes } from "./builder.ts";

/** The object type of an entity. */
export type RowRef = ObjectRef<SchemaTypes, Row>;

/**
 * A schema while it is declared: the builder, the catalog, and the types that several declarations name. Each type is
 * made when it is first asked for, and once.
 */
export type SchemaParts = {
  readonly builder: Builder;
  readonly catalog: Catalog;
  /** The object type of an entity; `implementEntity` fills it. */
  readonly nodeRef: (entity: Entity) => RowRef;
  readonly connectionRef: (entity: Entity) => ObjectRef<SchemaTypes, Connection<Row>>;
  readonly edgeRef: (entity: Entity) => ObjectRef<SchemaTypes, Edge<Row>>;
  readonly filterRef: (entity: Entity) => InputRef<Filter>;
  /** Conditions on the records at the other end of an edge to many. */
  readonly listFilterRef: (entity: Entity) => InputRef<Filter>;
  readonly fieldFilterRef: (field: Field) => InputRef<Filter>;
  readonly orderRef: (entity: Entity) => InputRef<OrderInput>;
  readonly aggregateRef: (entity: Entity) => ObjectRef<SchemaTypes, Aggregate>;
  readonly groupByRef: (entity: Entity) => InputRef<GroupByInput>;
  readonly groupOrderRef: (entity: Entity) => InputRef<GroupOrderInput>;
  readonly enumRef: (definition: EnumDefinition) => EnumRef<SchemaTypes, string>;
  readonly inputRef: (definition: InputDefinition) => InputRef<Values>;
  readonly direction: () => EnumRef<SchemaTypes, OrderDirection>;
  readonly datePart: () => EnumRef<SchemaTypes, DatePart>;
  readonly money: () => ObjectRef<SchemaTypes, Money>;
  readonly userError: () => InterfaceRef<SchemaTypes, Problem>;
  readonly onError: () => EnumRef<SchemaTypes, OnError>;
  readonly recordVersion: () => InputRef<RemoveRow>;
  readonly mergedField: () => ObjectRef<SchemaTypes, MergedField>;
  readonly movedEdges: () => ObjectRef<SchemaTypes, MovedEdges>;
  readonly duplicateReason: () => ObjectRef<SchemaTypes, Reason>;
};
