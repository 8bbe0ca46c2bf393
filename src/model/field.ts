import {
  columnFacts,
  entityName,
  enumType,
  type EntityName,
  type EnumName,
  type EnumValue,
  type ModelName,
} from "./datamodel.ts";

/** What a field holds. Its SQL type, GraphQL scalar, filter operators and sortability follow from this. */
export type FieldKind =
  | "id"
  | "reference"
  | "anyReference"
  | "text"
  | "email"
  | "phone"
  | "domain"
  | "url"
  | "currency"
  | "enum"
  | "int"
  | "bigInt"
  | "decimal"
  | "boolean"
  | "dateTime"
  | "date"
  | "json"
  | "jsonObject"
  | "textList"
  | "bytes";

/** How long a text may be: one line (1,000 characters), prose (100,000), or an outside reference kept as given (255). */
export type TextForm = "line" | "prose" | "outside";

/** How long a list may be, and each text in it. */
export type ListLimits = { readonly items: number; readonly characters?: number };

/** The values of an enum with what each means. */
export type EnumDefinition<Name extends string = string> = {
  readonly name: Name;
  readonly description: string;
  /** The PostgreSQL type. */
  readonly type: string;
  readonly values: Readonly<Record<string, string>>;
};

/** The meaning of an enum of schema.prisma: each of its values is described, and no others. */
export const enumOf = <Name extends EnumName>(
  name: Name,
  description: string,
  values: { readonly [Value in EnumValue<Name>]: string },
): EnumDefinition<Name> => ({ name, description, type: enumType(name), values });

/** Characters of prose that search_text holds. */
export const searchedLength = 2_000;
/** Characters of it when it is folded, at most: some letters become several. */
export const foldedLength = 6_000;

/** A value that follows from the texts in some fields, which are given in their order. */
export type Computed = {
  readonly of: readonly string[];
  readonly make: (...values: readonly (string | null)[]) => string | null;
};

/**
 * What a model says of a field. The kind, and the enum of `enum`, are part of the type, so that the compiler compares
 * them with the column: `decimal("…")` is a `Meaning<"decimal">`, which no column of text takes.
 */
export type Meaning<Kind extends FieldKind = FieldKind, Enum extends string = string> = {
  readonly kind: Kind;
  readonly description: string;
  /**
   * Whether searches look into the field: the entity's `search_text` column holds the whole of it, and its trigram
   * index then serves the field's text filters too, or only the first 2,000 characters.
   */
  readonly searched: "whole" | "beginning" | null;
  /** For what holds values of another record: the field that says which entity that is of, by its GraphQL type. */
  readonly typed: string | null;
  /** For `enum`: its values. */
  readonly values: EnumDefinition<Enum> | null;
  /** SQL that is read instead of the column, null where that is; `{t}` stands for the table. */
  readonly expression: string | null;
  /** With an expression: for each of its values, what the column then holds, so that an index on the column serves. */
  readonly stored: Readonly<Record<string, readonly string[]>> | null;
  /** For an internal column: what the gateway makes it of, whenever it writes the record. */
  readonly computed: Computed | null;
  /** For texts and lists of them. */
  readonly form: TextForm;
  /** For lists: the most items, and the most characters of each; null for the usual ones of the kind. */
  readonly limits: ListLimits | null;
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

/** The kinds whose values are looked up by a column beside theirs: `email` by `emailKey`. */
const keyed: ReadonlySet<FieldKind> = new Set(["email", "phone"]);

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
    key: keyed.has(meaning.kind) ? (columnFacts(model, `${name}Key`)?.column ?? null) : null,
    generated: facts.generated,
    default: facts.default,
  };
}

type Searched = Partial<Pick<Meaning, "searched">>;
type Limits = Partial<Pick<Meaning, "limits">>;

const field = <Kind extends FieldKind, Enum extends string = never>(
  kind: Kind,
  description: string,
  options: Partial<Meaning<Kind, Enum>> = {},
): Meaning<Kind, Enum> => ({
  kind,
  description,
  searched: null,
  typed: null,
  values: null,
  expression: null,
  stored: null,
  computed: null,
  form: "line",
  limits: null,
  managed: false,
  shownOnly: false,
  measure: "plain",
  ...options,
});

export const id = (description: string) => field("id", description, { managed: true });
/** The id of the record that a relation of the model leads to. */
export const reference = (description: string) => field("reference", description);
/** Names a record of any entity; the field `typed` says of which. */
export const anyReference = (typed: string, description: string) =>
  field("anyReference", description, { typed });
export const text = (description: string, options: Searched = {}) =>
  field("text", description, options);
/** Text of many lines: its beginning is searched. */
export const prose = (description: string) =>
  field("text", description, { form: "prose", searched: "beginning" });
/** A reference to something that is no record of this API, kept as given. */
export const outside = (description: string) => field("text", description, { form: "outside" });
export const outsideList = (description: string) =>
  field("textList", description, { form: "outside" });
export const bytes = (description: string) => field("bytes", description);
export const email = (description: string, options: Searched = {}) =>
  field("email", description, options);
/** A phone number as it is written. */
export const phone = (description: string, options: Searched = {}) =>
  field("phone", description, options);
export const domain = (description: string, options: Searched = {}) =>
  field("domain", description, options);
export const url = (description: string, options: Searched = {}) =>
  field("url", description, options);
export const currency = (description: string) => field("currency", description);
export const enumeration = <Name extends string>(
  values: EnumDefinition<Name>,
  description: string,
  options: Partial<Pick<Meaning, "expression" | "stored">> = {},
): Meaning<"enum", Name> => field("enum", description, { ...options, values });
export const bigInt = (description: string) => field("bigInt", description);
export const int = (description: string) => field("int", description);
export const decimal = (description: string) => field("decimal", description);
export const boolean = (description: string) => field("boolean", description);
export const dateTime = (description: string) => field("dateTime", description);
export const date = (description: string) => field("date", description);
export const json = (description: string, options: Limits = {}) =>
  field("json", description, options);
/** JSON with a shape of its own: shown as the type that its module gives it, and not filtered by. */
export const shown = (typed: string, description: string) =>
  field("json", description, { shownOnly: true, typed });
export const jsonObject = (description: string) => field("jsonObject", description);
export const textList = (description: string, options: Limits = {}) =>
  field("textList", description, options);

/** A column of the gateway's own, made of the record's other values. */
export const computed = (description: string, from: Computed) =>
  field("text", description, { managed: true, computed: from });

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
/** Numbers that do not add up: versions, or money and percents in one column. */
export const unmeasured = <Of extends Meaning>(definition: Of): Of => ({
  ...definition,
  measure: "none",
});

const sqlTypes = {
  id: "uuid",
  reference: "uuid",
  anyReference: "uuid",
  text: "text",
  email: "text",
  phone: "text",
  domain: "text",
  url: "text",
  currency: "text",
  enum: "text",
  int: "integer",
  bigInt: "bigint",
  decimal: "numeric",
  boolean: "boolean",
  dateTime: "timestamptz",
  date: "date",
  json: "jsonb",
  jsonObject: "jsonb",
  textList: "text[]",
  bytes: "bytea",
} as const satisfies Record<FieldKind, string>;

/** The kinds that a column of a PostgreSQL type may have: `numeric` → `"decimal"`. */
export type KindOfColumn<Type extends string> = {
  [Kind in FieldKind]: (typeof sqlTypes)[Kind] extends Type ? Kind : never;
}[FieldKind];

/** The PostgreSQL type that a value of the field is cast to. */
export function sqlTypeOf(definition: Field): string {
  return definition.values?.type ?? sqlTypes[definition.kind];
}

const unsortable: ReadonlySet<FieldKind> = new Set([
  "anyReference",
  "json",
  "jsonObject",
  "textList",
  "bytes",
]);

const longKinds: ReadonlySet<FieldKind> = new Set(["json", "jsonObject", "textList"]);

/** Whether a value can be much longer than a line: prose, JSON, lists of texts. */
export function isLong({ kind, form, shownOnly }: Meaning): boolean {
  return form === "prose" || (longKinds.has(kind) && !shownOnly);
}

/** Whether lists can be ordered by the field. */
export function isSortable(definition: Meaning): boolean {
  return !unsortable.has(definition.kind) && !definition.shownOnly;
}
