import type { Entity } from "../model/entity.ts";
import type { EntityInputs } from "../write/input-definition.ts";
import { defineInputs } from "../write/input.ts";
import { catalog } from "./catalog.ts";

type Options = Omit<Parameters<typeof defineInputs>[1], "prefixOf">;

/** The inputs of an entity of the catalog. */
export function entityInputs(entity: Entity, options: Options = {}): EntityInputs {
  return defineInputs(entity, { ...options, prefixOf: (name) => catalog.entity(name).prefix });
}
