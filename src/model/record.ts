import type { kinds } from "./kinds/index.ts";
import type { ColumnName, ColumnOf, EnumName, EnumValue, ModelName } from "./datamodel.ts";

type Kinds = typeof kinds;

/** What a column of a PostgreSQL type holds in memory, as its kinds have it: `numeric` → `string`. */
type Held = {
  readonly [Name in keyof Kinds as Kinds[Name]["sqlType"]]: ReturnType<Kinds[Name]["plain"]>;
};

/** What a column holds: `stage String` → `string`; `dealId String?` → `string | null`; an enum → its values. */
type Value<Column> =
  | (Column extends { enum: infer Enum extends EnumName }
      ? EnumValue<Enum>
      : Column extends { type: infer Type extends keyof Held }
        ? Held[Type]
        : never)
  | (Column extends { nullable: true } ? null : never);

/** A name of a field of an entity; of any entity, any text. */
export type FieldName<Model extends ModelName = ModelName> = ModelName extends Model
  ? string
  : ColumnName<Model>;

/**
 * A record as it is stored: `Stored<"Deal">` has `accountId: string` and `value: string | null`. Of `any` entity it is
 * known only that it has an id. With an expression, what it reads as today stands beside it: `read:status`.
 */
export type Stored<Model extends ModelName = ModelName> = {
  readonly id: string;
} & (ModelName extends Model
  ? Readonly<Record<string, unknown>>
  : { readonly [Name in ColumnName<Model>]: Value<ColumnOf<Model, Name>> } & {
      readonly [Name in ColumnName<Model> as `read:${Name}`]?: Value<ColumnOf<Model, Name>>;
    });

/** Values for some fields of a record: what is left out is not said. Rules have not looked at them yet, so any may be null. */
export type Values<Model extends ModelName = ModelName> = ModelName extends Model
  ? Readonly<Record<string, unknown>>
  : { readonly [Name in ColumnName<Model>]?: Value<ColumnOf<Model, Name>> | null };

/** A record that is being made up: the same, and rules fill it in. */
export type Draftable<Model extends ModelName = ModelName> = {
  readonly id: string;
} & (ModelName extends Model
  ? Record<string, unknown>
  : { -readonly [Name in Exclude<ColumnName<Model>, "id">]?: Value<ColumnOf<Model, Name>> | null });
