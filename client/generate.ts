import { compile, type JSONSchema } from "json-schema-to-typescript";
import { sortTerms } from "../src/lib/sort-pattern.ts";

type Schema = Readonly<Record<string, unknown>>;

/** Of an OpenAPI document, what types are made of. */
export type OpenApiDocument = { readonly paths: Schema; readonly components: Schema };

const banner = `/*
 * What the APIs take and give, made from their OpenAPI document: \`npm run client:types\` writes this file.
 */`;

/** TypeScript for what the operations of a document take and give, under the names that they have in it. */
export async function typesOf(document: OpenApiDocument): Promise<string> {
  const schemas = objectAt(document.components, "schemas");
  const definitions = Object.entries(schemas).map(
    ([name, schema]) => [name, shaped(name, asObject(schema))] as const,
  );
  const used: Record<string, Schema> = {};
  const parameters: [string, Schema][] = [];
  for (const path of Object.values(document.paths)) {
    for (const operation of Object.values(asObject(path)).map(asObject)) {
      const { operationId } = operation;
      // At another path, an operation is the same one.
      if (typeof operationId !== "string" || "x-alias-of" in operation) continue;
      const name = `${operationId.charAt(0).toUpperCase()}${operationId.slice(1)}Parameters`;
      if (/^(list|export)/.test(operationId)) {
        parameters.push([name, parametersOf(operationId, operation, document)]);
        used[name] = { $ref: `#/$defs/${name}` };
        // The client has one type for the pages of all lists.
        continue;
      }
      for (const [kind, schema] of bodiesOf(operation, document)) {
        used[`${operationId} ${kind}`] = plain(schema);
      }
    }
  }
  const root = {
    type: "object",
    properties: used,
    additionalProperties: false,
    $defs: Object.fromEntries([...definitions, ...parameters]),
  } satisfies JSONSchema;
  const code = await compile(root, rootName, {
    bannerComment: banner,
    ignoreMinAndMaxItems: true,
    style: { printWidth: 100 },
  });
  return withoutRoot(code);
}

/** Only there to reach the others. */
const rootName = "UsedByOperations";

function withoutRoot(code: string): string {
  return code
    .replace(new RegExp(`export interface ${rootName} \\{.*?^\\}\\n`, "ms"), "")
    .replaceAll(
      /( \*\n)? \* This (?:interface|type) was referenced by .*?\n.*?via the `definition` .*?\n/g,
      "",
    )
    .replaceAll(/\/\*\*\n \*\/\n/g, "")
    .replaceAll(/\/\*\*\n *\* (.*)\n *\*\//g, "/** $1 */");
}

/** What a list can be asked for, as one object. */
function parametersOf(operationId: string, operation: Schema, document: OpenApiDocument): Schema {
  const all = listAt(operation, "parameters").map((given) => resolved(given, document));
  const properties = all.flatMap((parameter): [string, Schema][] => {
    const { name, in: place, description, style } = parameter;
    if (place !== "query") return [];
    const schema = objectAt(parameter, "schema");
    const isNullable = style === "deepObject" && canBeNull(schema, document);
    const { $ref, ...typed } = parameterSchema(schema, isNullable);
    // Beside others, a reference would be copied instead of named.
    const named = $ref === undefined ? {} : { allOf: [{ $ref }] };
    return [[String(name), { description, ...typed, ...named }]];
  });
  return {
    description: `What \`${operationId}\` can be asked for.`,
    type: "object",
    properties: Object.fromEntries(properties),
    additionalProperties: false,
  };
}

/** Whether a filter has the comparison `is_null`; the client sends null as that. */
function canBeNull(schema: Schema, document: OpenApiDocument): boolean {
  return listAt(resolved(schema, document), "anyOf").some(
    (one) => "is_null" in objectAt(resolved(one, document), "properties"),
  );
}

function parameterSchema(schema: Schema, isNullable: boolean): Schema {
  const { items } = schema;
  // One value needs no list around it.
  if (items !== undefined) {
    const { $ref = "" } = asObject(items);
    return { anyOf: [plain(asObject(items)), { tsType: `readonly ${nameOf(String($ref))}[]` }] };
  }
  return isNullable ? { anyOf: [plain(schema), { type: "null" }] } : plain(schema);
}

/** The schemas of an operation's body and of the record that it answers with. */
function bodiesOf(operation: Schema, document: OpenApiDocument): [string, Schema][] {
  const responses = objectAt(operation, "responses");
  const contents: [string, Schema][] = [
    ["body", objectAt(operation, "requestBody")],
    ["answer", objectAt(responses, "200")],
    ["answer", objectAt(responses, "201")],
  ];
  return contents.flatMap(([kind, given]): [string, Schema][] => {
    const { content } = resolved(given, document);
    const { schema } = objectAt(asObject(content), "application/json");
    return schema === undefined ? [] : [[kind, asObject(schema)]];
  });
}

/** A part of the document, or the component that stands in its place. */
function resolved(part: unknown, { components }: OpenApiDocument): Schema {
  const { $ref } = asObject(part);
  if (typeof $ref !== "string") return asObject(part);
  const [, , kind = "", name = ""] = $ref.split("/");
  return objectAt(objectAt(components, kind), name);
}

/** A component; comparisons with several values have one text for them, and a list in programs. */
function shaped(name: string, schema: Schema): Schema {
  if (!name.endsWith("Comparisons")) return plain(schema);
  const properties = objectAt(schema, "properties");
  const { $ref } = objectAt(properties, "eq");
  const own = Object.entries(properties).map(([key, property]) => {
    const { type, description } = asObject(property);
    const list = { description, tsType: `readonly ${nameOf(String($ref))}[]` };
    return [key, type === "string" ? list : property];
  });
  return plain({ ...schema, properties: Object.fromEntries(own) });
}

/** Keywords that say more of a value than its type can. */
const beyondTypes = new Set(
  "default example examples format maximum maxItems maxLength maxProperties minimum minItems minLength minProperties pattern".split(
    " ",
  ),
);

/** Blank text is text, where any is taken. */
function withoutBlank(kinds: readonly unknown[]): readonly unknown[] {
  const takesText = kinds
    .map(asObject)
    .some((one) => one["type"] === "string" && one["enum"] === undefined);
  return takesText
    ? kinds.filter((one) => asObject(one)["$ref"] !== "#/components/schemas/Blank")
    : kinds;
}

/** A schema as far as types go, that points to `$defs`. */
function plain(schema: Schema): Schema {
  const { $ref, anyOf: all, ...rest } = schema;
  const anyOf = all === undefined ? undefined : withoutBlank(listAt(schema, "anyOf"));
  // Programs write it so.
  if (rest["pattern"] === "^\\s*$") return { description: rest["description"], const: "" };
  const terms = sortTerms(rest["pattern"]);
  if (terms !== null) return { description: rest["description"], type: "string", enum: terms };
  // Beside others, a reference would be copied instead of named.
  if (typeof $ref === "string") {
    const reference = { $ref: `#/$defs/${nameOf($ref)}` };
    return rest["description"] === undefined ? reference : { ...rest, allOf: [reference] };
  }
  const kept = Object.entries(rest)
    .filter(([key]) => !beyondTypes.has(key))
    .map(([key, value]) => [
      key,
      key === "properties" ? mapped(asObject(value)) : plainValue(value),
    ]);
  const isMoment = anyOf?.some((one) => asObject(one)["format"] === "date-time") === true;
  // JSON and addresses have a Date as the instant that it is.
  if (isMoment) {
    const isNullable = Array.isArray(rest["type"]) && rest["type"].includes("null");
    kept.push(["tsType", isNullable ? "string | Date | null" : "string | Date"]);
  } else if (anyOf !== undefined) kept.push(["anyOf", plainValue(anyOf)]);
  const isAnything = kept.every(([key]) => key === "description");
  return Object.fromEntries(isAnything ? [...kept, ["tsType", "unknown"]] : kept);
}

function mapped(schemas: Schema): Schema {
  return Object.fromEntries(
    Object.entries(schemas).map(([key, schema]) => [key, plain(asObject(schema))]),
  );
}

function plainValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plainValue);
  return typeof value === "object" && value !== null ? plain(asObject(value)) : value;
}

function nameOf(reference: string): string {
  return reference.slice(reference.lastIndexOf("/") + 1);
}

/** An empty one for what is no object. */
function asObject(value: unknown): Schema {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

function objectAt(value: Schema, name: string): Schema {
  return asObject(value[name]);
}

function listAt(value: Schema, name: string): readonly unknown[] {
  const list = value[name];
  return Array.isArray(list) ? list : [];
}
