import { isDeepStrictEqual } from "node:util";
import { snakeCase } from "../lib/text.ts";
import type { Catalog } from "../model/catalog.ts";
import type { Entity } from "../model/entity.ts";
import type { Field } from "../model/field.ts";
import { namedBy, publicValue } from "../model/public-value.ts";
import type { Row } from "../query/row.ts";

/** What a write did to one field, as callers see it. */
export type FieldChange = { readonly field: string; readonly old: unknown; readonly new: unknown };

/** Whether the caller may see a record, deleted or not. */
type Sees = (entity: Entity, id: unknown) => boolean;

type Known = { readonly entity: Entity; readonly definition: Field };

/**
 * The changes of an event, without what is the gateway's own business. Links to other records are told as the list of
 * their ids.
 */
export function fieldChanges(catalog: Catalog, event: Row, sees: Sees = () => true): FieldChange[] {
  const entity = catalog.byType(String(event["recordType"]));
  const known = knownFields(catalog, entity);
  const changes: FieldChange[] = [];
  for (const [field, pair] of Object.entries({ ...asObject(event["changes"]) })) {
    const shown = known.get(field);
    if (shown === undefined || !Array.isArray(pair)) continue;
    const read = (value: unknown): unknown =>
      Array.isArray(value) && shown.definition.kind.ids === "own"
        ? value
            .filter((one) => sees(shown.entity, one))
            .map((one) => publicValue(catalog, shown.entity, shown.definition, one))
        : publicValue(catalog, shown.entity, shown.definition, value);
    const change = { field, old: read(pair[0]), new: read(pair[1]) };
    // What happened to links that the caller cannot see is nothing to them.
    if (!isDeepStrictEqual(change.old, change.new)) changes.push(change);
  }
  return changes;
}

/** The records at the ends of an event's links, as they are in the log. */
export function linkedRecords(catalog: Catalog, event: Row): { entity: Entity; id: string }[] {
  const known = knownFields(catalog, catalog.byType(String(event["recordType"])));
  return Object.entries({ ...asObject(event["changes"]) }).flatMap(([field, pair]) => {
    const shown = known.get(field);
    if (shown?.definition.kind.ids !== "own" || !Array.isArray(pair)) return [];
    return pair
      .flat()
      .flatMap((id: unknown) => (typeof id === "string" ? [{ entity: shown.entity, id }] : []));
  });
}

/** The fields in an entity's events by REST name, each with the prefix of its ids; "" if it holds no ids. */
export function toldFields(catalog: Catalog, entity: Entity): Readonly<Record<string, string>> {
  const prefixOf = ({ entity: owner, definition }: Known): string => {
    const { prefix } = namedBy(catalog, owner, definition);
    return prefix === "" ? "" : `${prefix}-`;
  };
  return Object.fromEntries(
    [...knownFields(catalog, entity)].map(([name, known]) => [name, prefixOf(known)]),
  );
}

const knownByEntity = new WeakMap<Entity, ReadonlyMap<string, Known>>();

/** The fields of an entity by REST name; its links, `contact_ids`; what was merged into it, and the key that had. */
function knownFields(catalog: Catalog, entity: Entity): ReadonlyMap<string, Known> {
  let known = knownByEntity.get(entity);
  if (known === undefined) {
    const fields = Object.entries(entity.fields).map(
      ([name, definition]) => [snakeCase(name), { entity, definition }] as const,
    );
    const links = Object.values(entity.relations).flatMap((relation) => {
      if (relation.kind !== "through") return [];
      const target = catalog.entity(relation.to);
      const definition = target.fields["id"];
      return definition === undefined
        ? []
        : [[`${snakeCase(target.name)}_ids`, { entity: target, definition }] as const];
    });
    const { id, externalId } = entity.fields;
    const merged = Object.entries({ merged_from: id, merged_external_id: externalId }).flatMap(
      ([name, definition]) =>
        definition === undefined ? [] : [[name, { entity, definition }] as const],
    );
    known = new Map<string, Known>([...links, ...merged, ...fields]);
    knownByEntity.set(entity, known);
  }
  return known;
}

function asObject(value: unknown): object {
  return typeof value === "object" && value !== null ? value : {};
}
