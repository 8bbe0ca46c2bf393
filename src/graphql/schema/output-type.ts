import type { TypeParam } from "@pothos/core";
import type { Field } from "../../model/field.ts";
import type { SchemaTypes } from "./builder.ts";
import { scalarName } from "./scalars.ts";
import type { SchemaParts } from "./schema-parts.ts";

/** What a field can give. */
export type Output = TypeParam<SchemaTypes>;

/** The GraphQL type of a model's field. */
export function outputType({ enumRef }: SchemaParts, { kind, values }: Field): Output {
  if (values !== null) return enumRef(values);
  if (kind.scalar === null) throw new Error(`a field of kind ${kind.name} is not shown`);
  const name = scalarName(kind.scalar);
  return kind.isList ? [name] : name;
}
