import { catalog } from "../../modules/catalog.ts";
import type { Entity } from "../../model/entity.ts";
import type { Field } from "../../model/field.ts";
import type { Member, Notation } from "../../query/projection.ts";
import type { Resource } from "../face.ts";
import { inputSchema } from "./input-schema.ts";
import { restWords } from "./rest-words.ts";
import { closedObject, described, orNull, type Components, type Schema } from "./schema.ts";

/** A record as its face shows it: every key is there, and no other. From what prints it. */
export function recordSchema(resource: Resource, components: Components) {
  const { projection, noun, description } = resource;
  const properties = Object.fromEntries(
    projection.members.map((member) => [member.key, memberSchema(resource, member, components)]),
  );
  return components.add("schemas", noun, { description, ...closedObject(properties) });
}

function memberSchema(resource: Resource, member: Member, components: Components): Schema {
  const { entity, notation } = resource.projection;
  switch (member.kind) {
    case "isSet":
      return { description: "Whether it is deleted.", type: "boolean" };
    case "ids":
    case "records": {
      const relation = entity.relations[member.relation];
      if (relation === undefined) throw new Error(`${entity.name} has no ${member.relation}`);
      const target = catalog.entity(relation.to);
      const items =
        member.kind === "ids"
          ? idSchema(target, notation)
          : partSchema(resource, target, member.members, components);
      return { description: restWords(relation.description), type: "array", items };
    }
    default: {
      const definition = fieldOf(entity, member.field);
      const shape = written(resource, member.key, components);
      const value = shape ?? valueSchema(entity, definition, notation);
      const isNullable =
        definition.nullable && (member.or === undefined || fieldOf(entity, member.or).nullable);
      return described(
        isNullable ? orNull(value) : value,
        restWords(definition.description, notation),
      );
    }
  }
}

/** A record inside another one. */
function partSchema(
  { noun, projection }: Resource,
  target: Entity,
  members: readonly { readonly key: string; readonly field: string }[],
  components: Components,
) {
  const properties = Object.fromEntries(
    members.map(({ key, field }) => {
      const definition = fieldOf(target, field);
      const value = valueSchema(target, definition, projection.notation);
      const description = restWords(definition.description);
      return [key, described(definition.nullable ? orNull(value) : value, description)];
    }),
  );
  return components.add("schemas", `${noun}${target.type}`, {
    description: target.description,
    ...closedObject(properties),
  });
}

/** JSON that has a shape of its own, which the input of the same name holds. */
function written({ create }: Resource, key: string, components: Components): Schema | null {
  const type = create.input.fields[key]?.type;
  if (type === undefined || !("listOf" in type && "input" in type.listOf)) return null;
  return { type: "array", items: inputSchema(type.listOf.input, components) };
}

function fieldOf(entity: Entity, name: string): Field {
  const definition = entity.fields[name];
  if (definition === undefined) throw new Error(`${entity.name} has no field ${name}`);
  return definition;
}

const lowerUuid = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$";

function idSchema({ prefix }: Entity, { ids }: Notation): Schema {
  return ids === "bare"
    ? { type: "string", format: "uuid" }
    : { type: "string", pattern: `^${prefix}-${lowerUuid}` };
}

/** What a field's value is printed as; the counterpart of what prints it. */
function valueSchema(entity: Entity, definition: Field, notation: Notation): Schema {
  switch (definition.kind) {
    case "id":
      return idSchema(entity, notation);
    case "reference":
      return idSchema(catalog.entity(definition.to ?? ""), notation);
    case "currency":
      return { type: "string", pattern: "^[A-Z]{3}$" };
    case "enum":
      return { type: "string", enum: Object.keys(definition.values?.values ?? {}) };
    case "int":
    case "bigInt":
      return { type: "integer" };
    case "decimal":
      return { type: "number" };
    case "boolean":
      return { type: "boolean" };
    case "dateTime":
      return instant(`\\.\\d{${notation.fraction}}`);
    case "date":
      return notation.days === "day"
        ? { type: "string", format: "date" }
        : instant("\\.000", "T00:00:00");
    // A JSON column that is never null holds a list.
    case "json":
      return definition.nullable ? {} : { type: "array", items: {} };
    case "jsonObject":
      return { type: "object", additionalProperties: true };
    case "textList":
      return { type: "array", items: { type: "string" } };
    default:
      // Emails and web addresses too: stored ones may be older than the rules for inputs.
      return { type: "string" };
  }
}

function instant(fraction: string, time = "T\\d\\d:\\d\\d:\\d\\d"): Schema {
  return {
    type: "string",
    format: "date-time",
    pattern: `^\\d{4}-\\d\\d-\\d\\d${time}${fraction}Z$`,
  };
}
