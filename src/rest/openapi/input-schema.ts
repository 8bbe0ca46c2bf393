import type { InputDefinition, InputField } from "../../write/input-definition.ts";
import { z } from "zod";
import { restWords } from "./rest-words.ts";
import type { JsonSchema } from "../../model/kind.ts";
import { closedObject, described, orNull, type Components } from "./schema.ts";

/** The body that an input takes, as a schema of its own; from the schemas that read it. */
export function inputSchema(definition: InputDefinition, components: Components) {
  const properties = Object.fromEntries(
    Object.entries(definition.fields).map(([name, field]) => [
      name,
      fieldOf(field, definition, components),
    ]),
  );
  const required = Object.entries(definition.fields).flatMap(([name, field]) =>
    field.required ? [name] : [],
  );
  const { required: _, ...shape } = closedObject(properties);
  return components.add("schemas", definition.name, {
    description: restWords(definition.description),
    ...shape,
    ...(required.length === 0 ? {} : { required }),
  });
}

function fieldOf(
  field: InputField,
  { blank }: InputDefinition,
  components: Components,
): JsonSchema {
  if (field.ignored) {
    // An update's id is one only here: in GraphQL's batches it says which record is meant.
    const isId = "scalar" in field.type && field.type.scalar === "ID";
    return { description: isId ? "Accepted and ignored." : field.description };
  }
  const value = schemaOf(field, components);
  const takesBlank = blank === "notGiven" ? !field.required : field.nullable;
  const isText = value["type"] === "string" && beyondBlank.every((key) => value[key] === undefined);
  const filled = isText ? { ...value, pattern: "\\S" } : value;
  return described(
    takesBlank ? orBlank(value, isText, components) : filled,
    restWords(field.description),
  );
}

/** What a text that is blank does not meet. */
const beyondBlank = ["enum", "format", "pattern", "anyOf"];

/** The same, or null, or text of nothing but spaces, which says as little. */
function orBlank(schema: JsonSchema, isText: boolean, components: Components): JsonSchema {
  if (isText) return orNull(schema);
  const isAnything = Object.keys(schema).length === 0;
  if (isAnything) return schema;
  const { anyOf, ...rest } = schema;
  const isUnion = Array.isArray(anyOf) && rest["type"] === undefined;
  const kinds: readonly JsonSchema[] = isUnion
    ? anyOf.map((one: JsonSchema) => ({ ...one, ...rest }))
    : [schema];
  return { anyOf: [...kinds, components.add("schemas", "Blank", blankText), { type: "null" }] };
}

const blankText: JsonSchema = {
  description: "Text of nothing but spaces: it says as little as null.",
  type: "string",
  pattern: "^\\s*$",
};

/** What zod says of the field, and the input that it is a list of under that one's name. */
function schemaOf({ schema, type }: InputField, components: Components): JsonSchema {
  const { $schema: _, ...json } = z.toJSONSchema(schema, {
    io: "input",
    target: "draft-2020-12",
    unrepresentable: "any",
  });
  if (!("listOf" in type && "input" in type.listOf)) return json;
  return { ...json, items: inputSchema(type.listOf.input, components) };
}
