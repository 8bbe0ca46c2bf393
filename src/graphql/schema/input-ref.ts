import type { Values } from "../../model/record.ts";
import type { InputFieldRef, InputRef } from "@pothos/core";
import type { InputDefinition, InputField, InputType } from "../../write/input-definition.ts";
import { jsonScalar } from "../../model/kinds/json.ts";
import type { SchemaTypes } from "./builder.ts";
import { ignoredText } from "./ignored-last.ts";
import { scalarName } from "./scalars.ts";
import type { SchemaParts } from "./schema-parts.ts";

/** Whatever a caller may send. */
// oxlint-disable-next-line typescript/no-generated-empty-object-type
type Sent = NonNullable<unknown> | null | undefined;

/** The GraphQL input type of an input definition: the same names, so that a REST body can be pasted. */
export function makeInput(schema: SchemaParts, definition: InputDefinition): InputRef<Values> {
  return schema.builder.inputRef<Values>(definition.name).implement({
    description: definition.description,
    fields: (t) => {
      const fields: Record<string, InputFieldRef<SchemaTypes, Sent>> = {};
      for (const [name, field] of Object.entries(definition.fields))
        fields[name] = toField(schema, t, field);
      return fields;
    },
  });
}

type FieldBuilder = PothosSchemaTypes.InputFieldBuilder<SchemaTypes, "InputObject">;

function toField(
  schema: SchemaParts,
  t: FieldBuilder,
  field: InputField,
): InputFieldRef<SchemaTypes, Sent> {
  const { type, required, description } = field;
  // An id that is ignored elsewhere is needed in a batch.
  const isIgnored = field.ignored && "scalar" in type && type.scalar === jsonScalar;
  // What is only accepted and ignored is not offered by explorers.
  const options = isIgnored
    ? { required, description: ignoredText, deprecationReason: "Ignored: kept by the gateway." }
    : { required, description };
  if ("listOf" in type) return t.field({ ...options, type: [named(schema, type.listOf)] });
  return t.field({ ...options, type: named(schema, type) });
}

function named(schema: SchemaParts, type: InputType) {
  if ("scalar" in type) return scalarName(type.scalar);
  if ("enum" in type) return schema.enumRef(type.enum);
  if ("input" in type) return schema.inputRef(type.input);
  throw new Error("a list of lists is no input");
}
