import { formatId } from "../lib/id.ts";
import type { Catalog } from "../model/catalog.ts";
import type { Entity } from "../model/entity.ts";
import type { Field } from "../model/field.ts";

/** A value of a field as callers see it: ids get the prefix of the entity that they name. */
export function publicValue(
  catalog: Catalog,
  entity: Entity,
  definition: Field,
  value: unknown,
): unknown {
  if (typeof value !== "string") return value;
  switch (definition.kind) {
    case "id":
    case "anyReference":
      return formatId(entity.prefix, value);
    case "reference":
      return formatId(catalog.entity(definition.to ?? "").prefix, value);
    default:
      return value;
  }
}
