import type { Entity } from "../../model/entity.ts";
import type { Row } from "../../query/row.ts";

/** A row that an interface field gives, with the name of its type. */
export function asNode(row: Row, entity: Entity): Row {
  return { ...row, __typename: entity.type };
}
