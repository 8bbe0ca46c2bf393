import { parse, TypeInfo, visit, visitWithTypeInfo } from "graphql";
import { schema } from "../gateway/schema.ts";

/** The schema's fields that a query selects, as `Type.field`. */
export function fieldsIn(query: string): ReadonlySet<string> {
  const info = new TypeInfo(schema);
  const fields = new Set<string>();
  const note = () => {
    const [type, field] = [info.getParentType(), info.getFieldDef()];
    if (type != null && field != null) fields.add(`${type.name}.${field.name}`);
  };
  visit(parse(query), visitWithTypeInfo(info, { Field: note }));
  return fields;
}
