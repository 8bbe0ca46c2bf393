import type { Field } from "../../model/field.ts";
import { restName } from "../../write/input.ts";
import type { Imported } from "./types.ts";

/** The model's field that an input sets, by its REST name; of `phone_1` it is `phone`, which a service reads itself. */
export function fieldOfInput({ entity, inputs }: Imported, name: string): Field | null {
  const own = inputs.create.fields[name]?.field ?? null;
  if (own !== null) return entity.fields[own] ?? null;
  const plain = name.replace(/_1$/, "");
  const found = Object.entries(entity.fields).find(([key]) =>
    [name, plain].includes(restName(key)),
  );
  return found?.[1] ?? null;
}
