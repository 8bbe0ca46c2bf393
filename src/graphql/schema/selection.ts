import { collectSubFields } from "@graphql-tools/utils";
import {
  getNamedType,
  isObjectType,
  type FieldNode,
  type GraphQLObjectType,
  type GraphQLResolveInfo,
} from "graphql";
import type { Entity } from "../../model/entity.ts";

/** The part of an operation that is needed to read the selections in it. */
export type Selecting = Pick<GraphQLResolveInfo, "schema" | "fragments" | "variableValues">;

/** The selected fields of an object type under some field nodes, fragments and directives worked in. */
export function selectedFields(
  info: Selecting,
  type: GraphQLObjectType,
  nodes: readonly FieldNode[],
): ReadonlyMap<string, FieldNode[]> {
  const { fields } = collectSubFields(info.schema, info.fragments, info.variableValues, type, [
    ...nodes,
  ]);
  const byName = new Map<string, FieldNode[]>();
  for (const group of fields.values()) {
    for (const node of group) {
      const same = byName.get(node.name.value);
      if (same === undefined) byName.set(node.name.value, [node]);
      else same.push(node);
    }
  }
  return byName;
}

/** The object type of that name in the schema. */
function objectType(info: GraphQLResolveInfo, name: string): GraphQLObjectType {
  const type = info.schema.getType(name);
  if (!isObjectType(type)) throw new Error(`${name} is not an object type`);
  return type;
}

/** The object type that a field of a type gives, lists and non-null taken off. */
export function fieldType(type: GraphQLObjectType, field: string): GraphQLObjectType {
  const named = getNamedType(type.getFields()[field]?.type);
  if (!isObjectType(named)) throw new Error(`${type.name}.${field} does not give an object`);
  return named;
}

/** The model fields that the selection on an entity's type needs: its own, and the keys of its edges. */
export function neededFields(
  info: GraphQLResolveInfo,
  entity: Entity,
  nodes: readonly FieldNode[],
): string[] {
  const needed = new Set<string>(["id"]);
  const type = objectType(info, entity.type);
  for (const selected of selectedFields(info, type, nodes).keys()) {
    const relation = entity.relations[selected];
    const definition = entity.fields[selected];
    for (const field of neededBy(type, selected)) needed.add(field);
    if (definition !== undefined) {
      needed.add(selected);
      if (definition.typed !== null) needed.add(definition.typed);
    } else if (relation?.kind === "one") needed.add(relation.key);
    else if (selected === "isDeleted") needed.add("deletedAt");
  }
  return [...needed];
}

/** The model fields that a field with a resolver of its own says it needs: `extensions: { needs: [...] }`. */
function neededBy(type: GraphQLObjectType, field: string): readonly string[] {
  const needs: unknown = type.getFields()[field]?.extensions["needs"];
  return Array.isArray(needs) ? needs.filter((name) => typeof name === "string") : [];
}

/**
 * Names the field of the operation that is being resolved: its path without list indexes, with the type at each
 * step. Fragments on different types may put different fields, with other arguments, under the same names.
 */
export function fieldKey(info: GraphQLResolveInfo): string {
  let key = "";
  for (
    let step: GraphQLResolveInfo["path"] | undefined = info.path;
    step !== undefined;
    step = step.prev
  ) {
    if (typeof step.key === "string") key += `<${step.typename}.${step.key}`;
  }
  return key;
}
