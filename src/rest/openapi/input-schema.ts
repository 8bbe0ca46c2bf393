import { z } from "zod";
import type { InputDefinition, InputField } from "../../write/input.ts";
import { restWords } from "./rest-words.ts";
import { closedObject, described, orNull, type Components, type Schema } from "./schema.ts";

/**
 * The body that an input takes, as a schema of its own; from the schemas that read it. `kept` are the keys that cannot be
 * cleared, although they can be left out.
 */
export function inputSchema(
  definition: InputDefinition,
  components: Components,
  kept: readonly string[] = [],
) {
  const properties = Object.fromEntries(
    Object.entries(definition.fields).map(([name, field]) => [
      name,
      fieldOf(field, components, field.required || kept.includes(name)),
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

function fieldOf(field: InputField, components: Components, isNeeded: boolean): Schema {
  // Of an update's `id` GraphQL has more to say.
  if (field.ignored) {
    const isTold = field.description.startsWith("Accepted and ignored");
    return { description: isTold ? field.description : "Accepted and ignored." };
  }
  const value = withoutNull(schemaOf(field, components));
  const description = restWords(field.description);
  const takesNull = !isNeeded && field.schema.safeParse(null).success;
  if (!isNeeded) return described(takesNull ? orNull(value) : value, description);
  // Blank text says as little as none.
  const isText = value["type"] === "string" && value["enum"] === undefined;
  return described(isText ? { ...value, minLength: 1 } : value, description);
}

/** What zod says of the field, and the input that it is a list of under that one's name. */
function schemaOf({ schema, type }: InputField, components: Components): Schema {
  const { $schema: _, ...json } = z.toJSONSchema(schema, {
    io: "input",
    target: "draft-2020-12",
    unrepresentable: "any",
  });
  if (!("listOf" in type && "input" in type.listOf)) return json;
  return { ...withoutNull(json), items: inputSchema(type.listOf.input, components) };
}

/** The one thing that a nullable value else is, without the layers that only say so. */
function withoutNull(schema: Schema): Schema {
  const { anyOf, ...rest } = schema;
  if (!Array.isArray(anyOf)) return schema;
  const others = anyOf.filter((one: Schema) => one["type"] !== "null");
  if (others.length === anyOf.length) return schema;
  const [only] = others;
  return others.length === 1 ? { ...rest, ...withoutNull(only) } : { ...rest, anyOf: others };
}
