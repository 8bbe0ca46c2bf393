import type { Entity } from "../model/entity.ts";
import type { EntityInputs } from "../write/input-definition.ts";
import { defineInputs } from "../write/input.ts";
import { linksField, linksOf } from "../write/rules/links.ts";
import { catalog } from "./catalog.ts";

type Options = Omit<Parameters<typeof defineInputs>[1], "prefixOf"> & {
  /** What the lists of ids mean that set links, by relation. */
  readonly links?: Readonly<Record<string, string>>;
};

/** The inputs of an entity of the catalog. */
export function entityInputs(
  entity: Entity,
  { links = {}, fields, ...options }: Options = {},
): EntityInputs {
  const lists = linksOf(entity).map(({ relation, through, rest }) => [
    rest,
    linksField(catalog.entity(through.to), links[relation] ?? through.description),
  ]);
  return defineInputs(entity, {
    ...options,
    fields: { ...Object.fromEntries(lists), ...fields },
    prefixOf: (name) => catalog.entity(name).prefix,
  });
}
