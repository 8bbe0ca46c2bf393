import { catalog } from "../../modules/catalog.ts";
import { fieldOf, type Entity } from "../../model/entity.ts";
import type { Field } from "../../model/field.ts";
import type { Notation, JsonSchema } from "../../model/kind.ts";
import { namedBy } from "../../model/public-value.ts";
import type { Member } from "../../query/projection.ts";
import type { Resource } from "../face.ts";
import { inputSchema } from "./input-schema.ts";
import { restWords } from "./rest-words.ts";
import { closedObject, described, orNull, type Components } from "./schema.ts";

/** A record as its face shows it: every key is there, and no other. From what prints it. */
export function recordSchema(resource: Resource, components: Components) {
  const { projection, noun, description } = resource;
  const properties = Object.fromEntries(
    projection.members.map((member) => [member.key, memberSchema(resource, member, components)]),
  );
  return components.add("schemas", noun, { description, ...closedObject(properties) });
}

function memberSchema(resource: Resource, member: Member, components: Components): JsonSchema {
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
          ? valueSchema(target, fieldOf(target, "id"), notation)
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
function written({ create }: Resource, key: string, components: Components): JsonSchema | null {
  const type = create.input.fields[key]?.type;
  if (type === undefined || !("listOf" in type && "input" in type.listOf)) return null;
  return { type: "array", items: inputSchema(type.listOf.input, components) };
}

/** What a field's value is printed as. */
function valueSchema(entity: Entity, definition: Field, notation: Notation): JsonSchema {
  return definition.kind.schema(definition, notation, namedBy(catalog, entity, definition));
}
