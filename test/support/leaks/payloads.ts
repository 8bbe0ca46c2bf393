import { getNamedType, isInterfaceType, isUnionType } from "graphql";
import { schema } from "../gateway/schema.ts";
import { documentOf } from "./calls.ts";
import { Mutations, mutationFields } from "./mutations.ts";
import { entityTypes, fieldsOf, type Document } from "./schema.ts";
import { scopesTouched } from "./touches.ts";
import type { Values } from "./values.ts";

/** Every mutation with each way from its payload to a record, and each kind of figure on it, by itself. */
export function payloadDocuments(values: Values): readonly Document[] {
  const mutations = new Mutations(values, values);
  return mutationFields().flatMap((field) =>
    waysFrom(getNamedType(field.type).name)
      .map((selection) => {
        const steps = [{ field: field.name, args: mutations.needed(field) }];
        return documentOf([{ name: field.name, steps, selection }], "mutation");
      })
      .filter((document) => scopesTouched(document).length > 0),
  );
}

/** Selections that each end in one leaf: through what is no record as far as it goes, and one leaf of each record. */
function waysFrom(name: string): readonly string[] {
  const type = schema.getType(name);
  if (type === undefined) return [];
  if (entityTypes.has(name)) return ["id"];
  const own = fieldsOf(type).flatMap(({ name: field, type: inner, args }) => {
    if (args.length > 0) return [];
    const target = getNamedType(inner);
    const isLeaf = fieldsOf(target).length === 0 && !isUnionType(target);
    if (isLeaf) return [field];
    return waysFrom(target.name).map((selection) => `${field} { ${selection} }`);
  });
  const possible = isInterfaceType(type) || isUnionType(type) ? schema.getPossibleTypes(type) : [];
  const narrowed = possible.flatMap((one) =>
    waysFrom(one.name).map((selection) => `... on ${one.name} { ${selection} }`),
  );
  return [...own, ...narrowed];
}
