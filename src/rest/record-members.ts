import type { Entity } from "../model/entity.ts";
import type { Member } from "../query/projection.ts";
import type { InputDefinition } from "../write/input-definition.ts";
import { restName } from "../write/input.ts";

/**
 * The keys of a record and where each comes from, by the names of its model's fields, columns and inputs (which know
 * their twins).
 */
export function recordMembers(
  entity: Entity,
  input: InputDefinition,
  keys: readonly string[],
  specials: readonly Member[],
): Member[] {
  return keys.map((key) => {
    const special = specials.find((member) => member.key === key);
    if (special !== undefined) return special;
    const field = fieldOf(entity, input, key);
    if (field === null) throw new Error(`${entity.name}: nothing in the model is called ${key}`);
    return { kind: "field", key, field };
  });
}

function fieldOf(entity: Entity, input: InputDefinition, key: string): string | null {
  const written = input.fields[key]?.field ?? null;
  if (written !== null) return written;
  const fields = Object.entries(entity.fields);
  const named = fields.find(([name]) => restName(name) === key);
  const [field] = named ?? fields.find(([, definition]) => definition.column === key) ?? [];
  return field ?? null;
}

/** Everything that can be sent back: first what a document names, in its order, then what the model has beyond it. */
export function keysInOrder(documented: readonly string[], input: InputDefinition): string[] {
  return [...new Set([...documented, ...Object.keys(input.fields)])];
}
