import { enums, models } from "../db/generated/datamodel.ts";

/** A model of schema.prisma. Entities have the same GraphQL type: `Deal`. */
export type ModelName = keyof typeof models;
/** What an entity is called among the others: `deal`, `lineItem`. */
export type EntityName = Uncapitalize<ModelName>;
/** The model of an entity: `deal` → `Deal`. */
export type ModelOf<Name extends EntityName> = Extract<Capitalize<Name>, ModelName>;

/** An enum of schema.prisma. */
export type EnumName = keyof typeof enums;
/** The values of an enum: `AccountType` → `"business" | "individual"`. */
export type EnumValue<Name extends EnumName> = (typeof enums)[Name]["values"][number];

/** The columns of a model by their Prisma names: `Deal` → `"id" | "accountId" | …`. */
export type ColumnName<Model extends ModelName> = keyof (typeof models)[Model]["columns"] & string;
/** What schema.prisma says of one of them, as literal types. */
export type ColumnOf<
  Model extends ModelName,
  Name extends ColumnName<Model>,
> = (typeof models)[Model]["columns"][Name];
/** The columns that PostgreSQL does not compute: the gateway writes them. */
export type WrittenColumn<Model extends ModelName> = {
  [Name in ColumnName<Model>]: ColumnOf<Model, Name> extends { generated: true } ? never : Name;
}[ColumnName<Model>];

/** The relations of a model, and what schema.prisma says of them. */
export type RelationName<Model extends ModelName> = keyof (typeof models)[Model]["relations"] &
  string;
export type RelationOf<
  Model extends ModelName,
  Name extends RelationName<Model>,
> = (typeof models)[Model]["relations"][Name];

/** What schema.prisma says of a column. */
type ColumnFacts = {
  /** Its name in PostgreSQL, and its type there. */
  readonly column: string;
  readonly type: string;
  readonly nullable: boolean;
  /** The model whose id it is the key of. */
  readonly to: ModelName | null;
  /** PostgreSQL computes it from others. */
  readonly generated: boolean;
  /** What a new row holds when nothing is said; null without such a value. */
  readonly default: unknown;
};

/** What schema.prisma says of a relation; `key` is a column of its own model for `one`, of the other for `many`. */
type RelationFacts = {
  readonly kind: "one" | "many";
  readonly to: ModelName;
  readonly key: string;
};

/** Whether schema.prisma has a model of that name. */
export function isModel(name: string): name is ModelName {
  return Object.hasOwn(models, name);
}

/** The table of a model. */
export function tableOf(model: ModelName): string {
  return models[model].table;
}

/** The facts of a column; undefined where the model has none of that name. */
export function columnFacts(model: ModelName, name: string): ColumnFacts | undefined {
  const columns: Readonly<Record<string, Omit<ColumnFacts, "default"> & { default?: unknown }>> =
    models[model].columns;
  const found = columns[name];
  return found === undefined ? undefined : { ...found, default: found.default ?? null };
}

/** The relations of a model by name. */
export function relationFacts(model: ModelName): Readonly<Record<string, RelationFacts>> {
  return models[model].relations;
}

/** Whether a text is a value of an enum. */
export function isValueOf<Name extends EnumName>(
  name: Name,
  text: string,
): text is EnumValue<Name> {
  const values: readonly string[] = enums[name].values;
  return values.includes(text);
}

/** PostgreSQL's type of an enum. */
export function enumType(name: EnumName): string {
  return enums[name].type;
}

/** `LineItem` → `lineItem`. TypeScript does not follow the letters, so the type stands in the overload. */
export function entityName<Model extends ModelName>(model: Model): Uncapitalize<Model>;
export function entityName(model: string): string {
  return model.charAt(0).toLowerCase() + model.slice(1);
}
