import { snakeCase } from "../lib/text.ts";

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
export type EnumDefinition = {
  readonly name: string;
  readonly description: string;
  /** The PostgreSQL type. */
  readonly type: string;
  readonly values: Readonly<Record<string, string>>;
};

/** Characters of prose that search_text holds. */
export const searchedLength = 2_000;
/** Characters of it when it is folded, at most: some letters become several. */
export const foldedLength = 6_000;

/** A value that follows from the texts in some fields, which are given in their order. */
export type Computed = {
  readonly of: readonly string[];
  readonly make: (...values: readonly (string | null)[]) => string | null;
};

export type Field = {
  readonly kind: FieldKind;
  readonly description: string;
  readonly nullable: boolean;
  /** The column; snake_case of the field's name unless said otherwise. */
  readonly column: string | null;
  /**
   * Whether searches look into the field: the entity's `search_text` column holds the whole of it, and its trigram
   * index then serves the field's text filters too, or only the first 2,000 characters.
   */
  readonly searched: "whole" | "beginning" | null;
  /** For `reference`: the entity whose id it is. */
  readonly to: string | null;
  /** For what holds values of another record: the field that says which entity that is of, by its GraphQL type. */
  readonly typed: string | null;
  /** For `enum`: its values. */
  readonly values: EnumDefinition | null;
  /** SQL that is read instead of the column; `{t}` stands for the table. */
  readonly expression: string | null;
  /** With an expression: for each of its values, what the column then holds, so that an index on the column serves. */
  readonly stored: Readonly<Record<string, readonly string[]>> | null;
  /** The column beside it that holds what its values are looked up by: emails folded, the last digits of phones. */
  readonly key: string | null;
  /** For an internal column: what the gateway makes it of, whenever it writes the record. */
  readonly computed: Computed | null;
  /** For texts and lists of them. */
  readonly form: TextForm;
  /** For lists: the most items, and the most characters of each; null for the usual ones of the kind. */
  readonly limits: ListLimits | null;
  /** Kept by the gateway: what a caller sends for it is ignored, because REST clients send back what they read. */
  readonly managed: boolean;
  /** A column that PostgreSQL computes: nobody writes it. */
  readonly generated: boolean;
  /** Can only be read: no filter and no order goes by it. */
  readonly shownOnly: boolean;
  /** What adding it up gives: a plain number, nothing of meaning, or money in the currency that a field names. */
  readonly measure: "plain" | "none" | { readonly currency: string };
};

type FieldOptions = {
  readonly nullable?: boolean;
  readonly column?: string;
  readonly searched?: Field["searched"];
  readonly form?: TextForm;
  readonly limits?: ListLimits;
};

function field(
  kind: FieldKind,
  description: string,
  options: FieldOptions & Partial<Field> = {},
): Field {
  return {
    kind,
    description,
    nullable: options.nullable ?? true,
    column: options.column ?? null,
    searched: options.searched ?? null,
    to: options.to ?? null,
    typed: options.typed ?? null,
    values: options.values ?? null,
    expression: options.expression ?? null,
    stored: options.stored ?? null,
    key: options.key ?? null,
    computed: options.computed ?? null,
    form: options.form ?? "line",
    limits: options.limits ?? null,
    managed: options.managed ?? false,
    generated: options.generated ?? false,
    shownOnly: options.shownOnly ?? false,
    measure: options.measure ?? "plain",
  };
}

export const id = (description: string): Field =>
  field("id", description, { nullable: false, managed: true });
export const reference = (to: string, description: string, options: FieldOptions = {}): Field =>
  field("reference", description, { ...options, to });
/** Names a record of any entity; the field `typed` says of which. */
export const anyReference = (
  typed: string,
  description: string,
  options: FieldOptions = {},
): Field => field("anyReference", description, { nullable: false, ...options, typed });
export const text = (description: string, options: FieldOptions = {}): Field =>
  field("text", description, options);
/** Text of many lines: its beginning is searched. */
export const prose = (description: string): Field =>
  field("text", description, { form: "prose", searched: "beginning" });
/** A reference to something that is no record of this API, kept as given. */
export const outside = (description: string): Field =>
  field("text", description, { form: "outside" });
export const outsideList = (description: string): Field =>
  field("textList", description, { nullable: false, form: "outside" });
export const bytes = (description: string): Field =>
  field("bytes", description, { nullable: false });
export const email = (description: string, options: FieldOptions = {}): Field =>
  field("email", description, { ...options, key: "email_key" });
/** A phone number as it is written; `key` is the column with its last digits. */
export const phone = (description: string, options: FieldOptions & { key: string }): Field =>
  field("phone", description, options);
export const domain = (description: string, options: FieldOptions = {}): Field =>
  field("domain", description, options);
export const url = (description: string, options: FieldOptions = {}): Field =>
  field("url", description, options);
export const currency = (description: string): Field =>
  field("currency", description, { nullable: false });
export const enumeration = (
  values: EnumDefinition,
  description: string,
  options: FieldOptions & Partial<Pick<Field, "expression" | "stored">> = {},
): Field => field("enum", description, { nullable: false, ...options, values });
export const bigInt = (description: string): Field =>
  field("bigInt", description, { nullable: false });
export const int = (description: string, options: FieldOptions = {}): Field =>
  field("int", description, options);
export const decimal = (description: string, options: FieldOptions = {}): Field =>
  field("decimal", description, options);
export const boolean = (description: string): Field =>
  field("boolean", description, { nullable: false });
export const dateTime = (description: string, options: FieldOptions = {}): Field =>
  field("dateTime", description, options);
export const date = (description: string): Field => field("date", description);
export const json = (description: string, options: FieldOptions = {}): Field =>
  field("json", description, options);
/** JSON with a shape of its own: shown as the type that its module gives it, and not filtered by. */
export const shown = (typed: string, description: string): Field =>
  field("json", description, { nullable: false, shownOnly: true, typed });
export const jsonObject = (description: string): Field =>
  field("jsonObject", description, { nullable: false });
export const textList = (description: string, options: Pick<FieldOptions, "limits"> = {}): Field =>
  field("textList", description, { nullable: false, ...options });

/** A column of the gateway's own, made of the record's other values. */
export const computed = (
  description: string,
  from: Computed,
  options: Pick<FieldOptions, "column"> = {},
): Field => managed(field("text", description, { ...options, computed: from }));

/** Kept by the gateway: what a caller sends for it is ignored. */
export const managed = (definition: Field): Field => ({ ...definition, managed: true });
/** Computed by PostgreSQL from other columns. */
export const generated = (definition: Field): Field => ({
  ...definition,
  managed: true,
  generated: true,
});

/** The column behind a field. */
export function columnOf(name: string, definition: Field): string {
  return definition.column ?? snakeCase(name);
}

const sqlTypes: Readonly<Record<FieldKind, string>> = {
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
};

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
export function isLong({ kind, form, shownOnly }: Field): boolean {
  return form === "prose" || (longKinds.has(kind) && !shownOnly);
}

/** Whether lists can be ordered by the field. */
export function isSortable(definition: Field): boolean {
  return !unsortable.has(definition.kind) && !definition.shownOnly;
}
