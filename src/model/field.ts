import {
  columnFacts,
  entityName,
  enumType,
  type EntityName,
  type EnumName,
  type EnumValue,
  type ModelName,
} from "./datamodel.ts";
import type { EnumDefinition, FieldFacts, Kind } from "./kind.ts";
import { kinds, type FieldKind } from "./kinds/index.ts";

/** The meaning of an enum of schema.prisma: each of its values is described, and no others. */
export const enumOf = <Name extends EnumName>(
  name: Name,
  description: string,
  values: { readonly [Value in EnumValue<Name>]: string },
): EnumDefinition<Name> => ({ name, description, type: enumType(name), values });

/** A value that follows from the texts in some fields, which are given in their order. */
export type Computed = {
  readonly of: readonly string[];
  readonly make: (...values: readonly (string | null)[]) => string | null;
};

/**
 * What a model says of a field. The kind, and the enum of `enum`, are part of the type, so that the compiler compares
 * them with the column: `decimal("…")` is a `Meaning<"decimal">`, which no column of text takes.
 */
export type Meaning<Name extends FieldKind = FieldKind, Enum extends string = string> = Omit<
  FieldFacts,
  "nullable" | "values"
> & {
  /** What it holds: its SQL type, GraphQL scalar, filter operators and sortability follow from this. */
  readonly kind: Kind<Name>;
  readonly description: string;
  /** For what holds values of another record: the field that says which entity that is of, by its GraphQL type. */
  readonly typed: string | null;
  /** For `enum`: its values. */
  readonly values: EnumDefinition<Enum> | null;
  /** SQL that is read instead of the column, null where that is; `{t}` stands for the table. */
  readonly expression: string | null;
  /** For an internal column: what the gateway makes it of, whenever it writes the record. */
  readonly computed: Computed | null;
  /** Kept by the gateway: what a caller sends for it is ignored, because REST clients send back what they read. */
  readonly managed: boolean;
  /** Can only be read: no filter and no order goes by it. */
  readonly shownOnly: boolean;
  /** What adding it up gives: a plain number, nothing of meaning, or money in the currency that a field names. */
  readonly measure: "plain" | "none" | { readonly currency: string };
};

/** A field: what the model says of it, and what schema.prisma says of its column. */
export type Field = Meaning & {
  readonly column: string;
  readonly nullable: boolean;
  /** For `reference`: the entity whose id it is. */
  readonly to: EntityName | null;
  /** The column beside it that holds what its values are looked up by: emails folded, the last digits of phones. */
  readonly key: string | null;
  /** A column that PostgreSQL computes: nobody writes it. */
  readonly generated: boolean;
  /** What a new record holds when nothing is said; null without such a value. */
  readonly default: unknown;
};

/** The field of that name of a model; fails where schema.prisma has no such column. */
export function fieldOfModel(model: ModelName, name: string, meaning: Meaning): Field {
  const facts = columnFacts(model, name);
  if (facts === undefined) throw new Error(`${model} has no column ${name} in schema.prisma`);
  return {
    ...meaning,
    managed: meaning.managed || facts.generated,
    column: facts.column,
    nullable: facts.nullable,
    to: facts.to === null ? null : entityName(facts.to),
    key: meaning.kind.key === null ? null : (columnFacts(model, `${name}Key`)?.column ?? null),
    generated: facts.generated,
    default: facts.default,
  };
}

type Searched = Partial<Pick<Meaning, "searched">>;
type Listed = Partial<Pick<Meaning, "picklist">>;
type Limits = Partial<Pick<Meaning, "limits">>;

/** A field of a kind; most kinds have a constructor below that says what is usual for them. */
const field = <Name extends FieldKind, Enum extends string = never>(
  kind: Kind<Name>,
  description: string,
  options: Partial<Meaning<Name, Enum>> = {},
): Meaning<Name, Enum> => ({
  kind,
  description,
  searched: null,
  typed: null,
  values: null,
  expression: null,
  stored: null,
  picklist: null,
  isPercent: false,
  computed: null,
  form: "line",
  limits: null,
  managed: false,
  shownOnly: false,
  measure: "plain",
  ...options,
});

export const id = (description: string) => field(kinds.id, description, { managed: true });
/** The id of the record that a relation of the model leads to. */
export const reference = (description: string) => field(kinds.reference, description);
/** Names a record of any entity; the field `typed` says of which. */
export const anyReference = (typed: string, description: string) =>
  field(kinds.anyReference, description, { typed });
export const text = (description: string, options: Searched & Listed = {}) =>
  field(kinds.text, description, options);
/** Text of many lines: its beginning is searched. */
export const prose = (description: string) =>
  field(kinds.text, description, { form: "prose", searched: "beginning" });
/** A reference to something that is no record of this API, kept as given. */
export const outside = (description: string) => field(kinds.text, description, { form: "outside" });
export const outsideList = (description: string) =>
  field(kinds.textList, description, { form: "outside" });
export const bytes = (description: string) => field(kinds.bytes, description);
export const email = (description: string, options: Searched = {}) =>
  field(kinds.email, description, options);
/** A phone number as it is written. */
export const phone = (description: string, options: Searched = {}) =>
  field(kinds.phone, description, options);
export const domain = (description: string, options: Searched = {}) =>
  field(kinds.domain, description, options);
export const url = (description: string, options: Searched = {}) =>
  field(kinds.url, description, options);
export const currency = (description: string) => field(kinds.currency, description);
export const enumeration = <Name extends string>(
  values: EnumDefinition<Name>,
  description: string,
  options: Partial<Pick<Meaning, "expression" | "stored">> = {},
): Meaning<"enum", Name> => field(kinds.enumeration, description, { ...options, values });
export const bigInt = (description: string) => field(kinds.bigInt, description);
export const int = (description: string) => field(kinds.int, description);
export const decimal = (description: string) => field(kinds.decimal, description);
export const boolean = (description: string) => field(kinds.boolean, description);
export const dateTime = (description: string) => field(kinds.dateTime, description);
export const date = (description: string) => field(kinds.date, description);
export const json = (description: string, options: Limits = {}) =>
  field(kinds.json, description, options);
/** JSON with a shape of its own: shown as the type that its module gives it, and not filtered by. */
export const shown = (typed: string, description: string) =>
  field(kinds.json, description, { shownOnly: true, typed });
export const jsonObject = (description: string) => field(kinds.jsonObject, description);
export const textList = (description: string, options: Limits = {}) =>
  field(kinds.textList, description, options);

/** A column of the gateway's own, made of the record's other values. */
export const computed = (description: string, from: Computed) =>
  field(kinds.text, description, { managed: true, computed: from });

/** Kept by the gateway: what a caller sends for it is ignored. */
export const managed = <Of extends Meaning>(definition: Of): Of => ({
  ...definition,
  managed: true,
});

/** Money in the currency that a field of the same row names. */
export const moneyIn = <Of extends Meaning>(currencyField: string, definition: Of): Of => ({
  ...definition,
  measure: { currency: currencyField },
});
/** A number of percent. */
export const percent = <Of extends Meaning>(definition: Of): Of => ({
  ...definition,
  isPercent: true,
});
/** Numbers that do not add up: versions, or money and percents in one column. */
export const unmeasured = <Of extends Meaning>(definition: Of): Of => ({
  ...definition,
  measure: "none",
});

/** The PostgreSQL type that a value of the field is cast to. */
export function sqlTypeOf(definition: Field): string {
  return definition.values?.type ?? definition.kind.sqlType;
}

/** Whether a value can be much longer than a line: prose, JSON, lists of texts. */
export function isLong({ kind, form, shownOnly }: Meaning): boolean {
  return form === "prose" || (kind.isLong && !shownOnly);
}

/** Whether lists can be ordered by the field. */
export function isSortable(definition: Meaning): boolean {
  return definition.kind.isSortable && !definition.shownOnly;
}
