import type { TypeParam } from "@pothos/core";
import type { Field, FieldKind } from "../../model/field.ts";
import type { SchemaTypes } from "./builder.ts";
import type { SchemaParts } from "./schema-parts.ts";

/** What a field can give. */
export type Output = TypeParam<SchemaTypes>;

const outputs: Readonly<Record<Exclude<FieldKind, "enum" | "bytes">, Output>> = {
  id: "ID",
  reference: "ID",
  anyReference: "ID",
  text: "String",
  email: "EmailAddress",
  phone: "String",
  domain: "String",
  url: "URL",
  currency: "Currency",
  int: "Int",
  bigInt: "BigInt",
  decimal: "Decimal",
  boolean: "Boolean",
  dateTime: "DateTime",
  date: "Date",
  json: "JSON",
  jsonObject: "JSONObject",
  textList: ["String"],
};

/** The GraphQL type of a model's field. */
export function outputType({ enumRef }: SchemaParts, definition: Field): Output {
  if (definition.values !== null) return enumRef(definition.values);
  if (definition.kind === "enum" || definition.kind === "bytes") {
    throw new Error(`a field of kind ${definition.kind} is not shown`);
  }
  return outputs[definition.kind];
}
