// Writes src/db/generated/datamodel.ts: what schema.prisma says of tables, columns, relations and enums, as one
// constant that is read at run time and that the compiler checks the models against. Prisma starts it.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import helper from "@prisma/generator-helper";

const { generatorHandler } = helper;

/** PostgreSQL's names of Prisma's scalar types, where the attribute (`@db.Uuid`) says no other. */
const sqlTypes = {
  String: "text",
  Int: "integer",
  BigInt: "bigint",
  Decimal: "numeric",
  Boolean: "boolean",
  Json: "jsonb",
  Bytes: "bytea",
};
const nativeTypes = { Uuid: "uuid", VarChar: "text", Timestamptz: "timestamptz", Date: "date" };

generatorHandler({
  onManifest: () => ({ prettyName: "Datamodel" }),
  onGenerate: ({ datamodel, dmmf, generator }) => {
    const { models, enums } = dmmf.datamodel;
    const byName = (things, describe) =>
      Object.fromEntries(things.map((thing) => [thing.name, describe(thing)]));
    const file = generator.output.value;
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(
      file,
      [
        "// Generated from schema.prisma by prisma/datamodel-generator.mjs.",
        constant("models", byName(models, describeModel(models, enums, datamodel))),
        constant("enums", byName(enums, describeEnum)),
      ].join("\n"),
    );
    return Promise.resolve();
  },
});

const constant = (name, value) =>
  `export const ${name} = ${JSON.stringify(value, null, 2)} as const;\n`;

const describeEnum = ({ name, dbName, values }) => ({
  type: dbName ?? name,
  values: values.map((value) => value.name),
});

const describeModel = (models, enums, datamodel) => (model) => ({
  table: model.dbName ?? model.name,
  columns: {
    ...Object.fromEntries(
      model.fields
        .filter(({ kind }) => kind !== "object")
        .map((field) => [field.name, describeColumn(model, field, enums)]),
    ),
    ...unsupportedColumns(datamodel, model.name),
  },
  relations: Object.fromEntries(
    model.fields
      .filter(({ kind }) => kind === "object")
      .map((field) => [field.name, describeRelation(models, model, field)]),
  ),
});

/** Columns of types that Prisma's client does not know: `timeSpent Unsupported("interval")? @map("time_spent")`. */
function unsupportedColumns(datamodel, model) {
  const [, body = ""] = new RegExp(`^model ${model} \\{([^}]*)`, "m").exec(datamodel) ?? [];
  const lines = body.matchAll(/^\s*(\w+)\s+Unsupported\("([^"]+)"\)(\?)?(.*)$/gm);
  return Object.fromEntries(
    [...lines].map(([, name, type, optional, attributes]) => [
      name,
      {
        column: /@map\("([^"]+)"\)/.exec(attributes)?.[1] ?? name,
        type,
        nullable: optional !== undefined,
        to: null,
        enum: null,
        generated: false,
      },
    ]),
  );
}

function describeColumn(model, field, enums) {
  const { name, dbName, type, kind, nativeType, isList, isRequired } = field;
  const enumOf = kind === "enum" ? enums.find((one) => one.name === type) : null;
  const scalar = enumOf
    ? describeEnum(enumOf).type
    : (nativeTypes[nativeType?.[0]] ?? sqlTypes[type]);
  if (scalar === undefined) throw new Error(`${model.name}.${name}: say its PostgreSQL type`);
  return {
    column: dbName ?? name,
    type: isList ? `${scalar}[]` : scalar,
    nullable: !isRequired,
    // The relation that the column is the key of: what it refers to.
    to: model.fields.find((one) => one.kind === "object" && keyOf(one) === name)?.type ?? null,
    enum: enumOf?.name ?? null,
    ...defaultOf(field),
  };
}

/** `generated`: PostgreSQL computes the column (`@default(dbgenerated())`). `default`: a value that stands in the schema. */
function defaultOf({ type, default: value }) {
  const isCall = typeof value === "object" && value !== null && !Array.isArray(value);
  const generated = isCall && value.name === "dbgenerated" && value.args.join("") === "";
  if (value === undefined || isCall) return { generated };
  if (type === "Json") return { generated, default: JSON.parse(value) };
  // Decimals are text everywhere.
  return { generated, default: type === "Decimal" ? String(value) : value };
}

/** The key of a relation beside the tenant, which is a part of every key; undefined on the side that holds none. */
const keyOf = ({ relationFromFields = [] }) =>
  relationFromFields.find((name) => name !== "tenantId") ?? relationFromFields[0];

/** `key` is a column of this model for `one`, of the other for `many`. */
function describeRelation(models, model, field) {
  const { name, type, isList, relationName } = field;
  const target = models.find((one) => one.name === type);
  const holder = target?.fields.find(
    (one) => one.relationName === relationName && keyOf(one) !== undefined,
  );
  const key = keyOf(field) ?? (holder && keyOf(holder));
  if (key === undefined) throw new Error(`${model.name}.${name}: a relation without a key`);
  return { kind: isList ? "many" : "one", to: type, key };
}
