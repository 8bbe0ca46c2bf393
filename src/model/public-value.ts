import { formatId } from "../lib/id.ts";
import type { Catalog } from "./catalog.ts";
import type { Entity } from "./entity.ts";
import type { Field } from "./field.ts";
import type { Named } from "./kind.ts";

const none: Named = { type: "", prefix: "" };

/** The entity whose records a field names by their ids. */
export function namedBy(catalog: Catalog, entity: Entity, { kind, to }: Field): Named {
  if (kind.ids === "own") return entity;
  return kind.ids === "another" ? catalog.entity(to ?? "") : none;
}

/**
 * A value of a field as callers see it: ids get the prefix of the entity that they name. Where that may be any, it is
 * `entity`.
 */
export function publicValue(
  catalog: Catalog,
  entity: Entity,
  definition: Field,
  value: unknown,
): unknown {
  const { ids } = definition.kind;
  if (ids === null || typeof value !== "string") return value;
  return formatId(
    ids === "any" ? entity.prefix : namedBy(catalog, entity, definition).prefix,
    value,
  );
}
