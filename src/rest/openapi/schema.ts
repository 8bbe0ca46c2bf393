import type { JsonSchema } from "../../model/kind.ts";

/** Points to something under `components`. */
function refTo(kind: "schemas" | "parameters" | "headers" | "responses", name: string) {
  return { $ref: `#/components/${kind}/${name}` };
}

/** An object with exactly these keys, all of them there. */
export function closedObject(properties: Readonly<Record<string, JsonSchema>>): JsonSchema {
  return {
    type: "object",
    properties,
    required: Object.keys(properties),
    additionalProperties: false,
  };
}

/** The same, or null. */
export function orNull(schema: JsonSchema): JsonSchema {
  const { type, enum: values, anyOf } = schema;
  if (typeof type === "string") {
    return {
      ...schema,
      type: [type, "null"],
      ...(Array.isArray(values) ? { enum: [...values, null] } : {}),
    };
  }
  // What has no type takes anything.
  if (Array.isArray(anyOf)) return { ...schema, anyOf: [...anyOf, { type: "null" }] };
  return "$ref" in schema ? { anyOf: [schema, { type: "null" }] } : schema;
}

/** A schema with a description; one that points elsewhere is told of by what it points to as well. */
export function described(schema: JsonSchema, description: string): JsonSchema {
  return { description, ...schema };
}

/** The parts of a document that others point to. What has the same name must be the same. */
export class Components {
  readonly #kinds: Readonly<
    Record<"schemas" | "parameters" | "headers" | "responses", Record<string, JsonSchema>>
  > = { schemas: {}, parameters: {}, headers: {}, responses: {} };

  /** Adds a part, if it is not there yet, and points to it. */
  add(kind: "schemas" | "parameters" | "headers" | "responses", name: string, part: JsonSchema) {
    const known = this.#kinds[kind][name];
    if (known !== undefined && JSON.stringify(known) !== JSON.stringify(part)) {
      throw new Error(`OpenAPI: two ${kind} are called ${name}`);
    }
    this.#kinds[kind][name] = part;
    return refTo(kind, name);
  }

  /** Whether there is another part of that name. */
  isTaken(
    kind: "schemas" | "parameters" | "headers" | "responses",
    name: string,
    part: JsonSchema,
  ) {
    const known = this.#kinds[kind][name];
    return known !== undefined && JSON.stringify(known) !== JSON.stringify(part);
  }

  /** A schema that was added. */
  schema(name: string): JsonSchema {
    const found = this.#kinds.schemas[name];
    if (found === undefined) throw new Error(`OpenAPI: there is no schema ${name}`);
    return found;
  }

  /** All of them, by name. */
  toJSON() {
    return Object.fromEntries(
      Object.entries(this.#kinds).map(([kind, parts]) => [
        kind,
        Object.fromEntries(Object.entries(parts).toSorted(([a], [b]) => (a < b ? -1 : 1))),
      ]),
    );
  }
}
