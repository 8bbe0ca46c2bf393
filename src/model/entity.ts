import {
  columnFacts,
  entityName,
  isModel,
  tableOf,
  type ColumnName,
  type ColumnOf,
  type EntityName,
  type ModelName,
  type RelationName,
  type WrittenColumn,
} from "./datamodel.ts";
import { fieldOfModel, type Field, type Meaning } from "./field.ts";
import type { KindOfColumn } from "./kinds/index.ts";
import type { OrderTerm } from "./order.ts";
import {
  relationOfModel,
  type IndirectOf,
  type Relation,
  type RelationMeaning,
  type RelationsOf,
} from "./relation.ts";
import type { Rules } from "./rules.ts";

/** What an entity is. Everything that reads it (filters, orders, pages, loaders, GraphQL types) is derived from this. */
export type Entity<Model extends ModelName = ModelName> = {
  /** `lineItem`: the field for one; also the name of the Prisma delegate. */
  readonly name: Uncapitalize<Model>;
  /** `lineItems`: the field for many. */
  readonly plural: string;
  /** `LineItem`: the model of schema.prisma, and the GraphQL type. */
  readonly type: Model;
  readonly table: string;
  /** Of its public ids: `lin-<uuid>`. */
  readonly prefix: string;
  readonly description: string;
  /** The column that the tenant fence compares. */
  readonly tenantColumn: string;
  readonly softDelete: boolean;
  /** Can be fetched by its id alone (`node`). */
  readonly isNode: boolean;
  /** The record that its records are parts of, by the column that names it: they are seen by callers who see that. */
  readonly partOf: { readonly table: string; readonly key: string } | null;
  /** Has a `search_text` column. */
  readonly searchable: boolean;
  /** Among records that match a search alike, those of a greater rank come first: 0 to 4. */
  readonly searchRank: number;
  readonly defaultOrder: readonly OrderTerm[];
  /** Fields that lists can be ordered by without reading all rows: an index leads from the tenant to them, then the id. */
  readonly ordered: readonly string[];
  /**
   * The field that numbers a tenant's rows without gaps, where the oldest rows are deleted with time: a cursor in front of
   * rows that are gone is refused. Null where nothing is deleted so.
   */
  readonly numbered: string | null;
  /** Other unique values by which one record can be asked for: argument → field. */
  readonly naturalKeys: Readonly<Record<string, string>>;
  /** What is unique among a tenant's live records; null never collides, but in `within` it counts as a value. */
  readonly unique: readonly { readonly field: string; readonly within: string | null }[];
  readonly fields: Readonly<Record<string, Field>>;
  /** Columns that are the gateway's own business: written with the record, and no part of what callers see. */
  readonly internal: Readonly<Record<string, Field>>;
  readonly relations: Readonly<Record<string, Relation>>;
  /** What holds between its records, and between them and what they refer to. */
  readonly rules: Rules;
  /** For what only tells of other records: the entities of those. Who reads it learns of them. */
  readonly tellsOf: readonly EntityName[] | null;
};

/** What may be said of each column of a model: of `value Decimal?` that it is a decimal. */
type FieldsOf<Model extends ModelName> = {
  readonly [Name in ColumnName<Model>]?: MeaningOf<ColumnOf<Model, Name>>;
};
type MeaningOf<Column> = Column extends { enum: infer Enum extends string }
  ? Meaning<"enum", Enum>
  : Column extends { to: string }
    ? Meaning<"reference">
    : Column extends { type: infer Type extends string }
      ? Meaning<Exclude<KindOfColumn<Type>, "reference">>
      : never;

/** Fields that are no columns: the compiler shows the sentence. */
type NoColumns<Model extends ModelName, Name> = {
  readonly [
    Stray in Exclude<Name, ColumnName<Model>> & string
  ]: `${Model} has no column ${Stray} in schema.prisma`;
};

/** Columns that stand neither in `fields` nor in `internal`: the compiler misses a property, and shows the sentence. */
type AllColumns<Model extends ModelName, Name> = [Exclude<WrittenColumn<Model>, Name>] extends [
  never,
]
  ? unknown
  : {
      readonly unnamed: `${Model}.${Exclude<WrittenColumn<Model>, Name>} is a column; name it in fields or in internal`;
    };

/** Relations that schema.prisma does not have lead through a join table or name this entity; others do not compile. */
type Indirect<Model extends ModelName, Name> = {
  readonly [Other in Exclude<Name, RelationName<Model>> & string]: IndirectOf<Model>;
};

type EntityInput<Model extends ModelName> = Pick<Entity, "plural" | "prefix" | "description"> &
  Partial<Pick<Entity, "isNode" | "searchRank">> & {
    readonly defaultOrder?: readonly OrderTerm<ColumnName<Model>>[];
    readonly ordered?: readonly ColumnName<Model>[];
    readonly numbered?: ColumnName<Model>;
    readonly partOf?: { readonly model: ModelName; readonly key: ColumnName<Model> };
    readonly rules?: Rules<ColumnName<Model>>;
    readonly naturalKeys?: Readonly<Record<string, ColumnName<Model>>>;
    readonly unique?: readonly {
      readonly field: ColumnName<Model>;
      readonly within: ColumnName<Model> | null;
    }[];
  };

/**
 * Declares what the records of a model of schema.prisma mean; what is left out takes the usual value (newest first).
 * The compiler holds it to the model: every column is named, with a kind that fits it, and every relation leads where
 * it does there. Columns that PostgreSQL computes need no name.
 */
export function defineEntity<
  Model extends ModelName,
  Fields extends FieldsOf<Model>,
  Relations extends RelationsOf<Model>,
  Internal extends FieldsOf<Model> = object,
>(
  type: Model,
  input: EntityInput<Model> & {
    readonly fields: Fields & NoColumns<Model, keyof Fields>;
    readonly internal?: Internal & NoColumns<Model, keyof Internal>;
    readonly relations: Relations & Indirect<Model, keyof Relations>;
  } & AllColumns<Model, keyof Fields | keyof Internal>,
): Entity<Model> {
  const { fields, internal = {}, relations, unique = [], partOf, ...rest } = input;
  const owner = partOf === undefined ? undefined : columnFacts(type, partOf.key);
  return {
    isNode: true,
    searchRank: 0,
    defaultOrder: [{ field: "createdAt", direction: "desc" }],
    ordered: ["createdAt"],
    numbered: null,
    naturalKeys: {},
    rules: {},
    ...rest,
    partOf:
      partOf === undefined || owner === undefined
        ? null
        : { table: tableOf(partOf.model), key: owner.column },
    unique: columnFacts(type, "externalId") === undefined ? unique : [...unique, keyOfOthers],
    type,
    name: entityName(type),
    table: tableOf(type),
    tenantColumn: columnFacts(type, "tenantId")?.column ?? "id",
    softDelete: columnFacts(type, "deletedAt") !== undefined,
    searchable: columnFacts(type, "searchText") !== undefined,
    fields: mapValues<Meaning, Field>(fields, (name, meaning) => fieldOfModel(type, name, meaning)),
    internal: mapValues<Meaning, Field>(internal, (name, meaning) =>
      fieldOfModel(type, name, meaning),
    ),
    relations: mapValues<RelationMeaning, Relation>(relations, (name, meaning) =>
      relationOfModel(type, name, meaning),
    ),
    tellsOf: toldOf(fields),
  };
}

/** The key that other systems give a record. */
const keyOfOthers: Entity["unique"][number] = { field: "externalId", within: null };

/** The entities of an `anyReference`: the values of the field that says which one it is. */
function toldOf(fields: Readonly<Record<string, Meaning>>): EntityName[] | null {
  const any = Object.values(fields).find(({ kind }) => kind.ids === "any");
  const values = fields[any?.typed ?? ""]?.values?.values;
  return values === undefined ? null : Object.keys(values).filter(isModel).map(entityName);
}

function mapValues<From, To>(
  from: Readonly<Record<string, From>>,
  make: (name: string, value: From) => To,
): Readonly<Record<string, To>> {
  return Object.fromEntries(Object.entries(from).map(([name, value]) => [name, make(name, value)]));
}

/** The field of that name. */
export function fieldOf(entity: Entity, field: string): Field {
  const definition = entity.fields[field];
  if (definition === undefined) throw new Error(`${entity.name} has no field ${field}`);
  return definition;
}

/** The names of an entity's fields. */
export function fieldNames<Model extends ModelName>(entity: Entity<Model>): ColumnName<Model>[];
export function fieldNames({ fields }: Entity): string[] {
  return Object.keys(fields);
}

/** Whether all rows must be read to have them in an order; its first term decides, since few rows are alike in that. */
export function sortsAll({ ordered, defaultOrder }: Entity, order: readonly string[]): boolean {
  const [first] = order;
  const served = ["id", defaultOrder[0]?.field, ...ordered];
  return first !== undefined && !served.includes(first);
}
