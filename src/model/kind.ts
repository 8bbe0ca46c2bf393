import type { z } from "zod";
import type { Reading } from "../lib/reading.ts";
import type { Sql } from "../lib/sql.ts";
import type { Picklist } from "./picklist.ts";

/** How long a text may be: one line (1,000 characters), prose (100,000), or an outside reference kept as given (255). */
export type TextForm = "line" | "prose" | "outside";

/** How long a list may be, and each text in it. */
type ListLimits = { readonly items: number; readonly characters?: number };

/** The values of an enum with what each means. */
export type EnumDefinition<Name extends string = string> = {
  readonly name: Name;
  readonly description: string;
  /** The PostgreSQL type. */
  readonly type: string;
  readonly values: Readonly<Record<string, string>>;
};

/** What a kind is told of the field that it is the kind of. */
export type FieldFacts = {
  readonly nullable: boolean;
  /** For texts and lists of them. */
  readonly form: TextForm;
  /** For lists: the most items, and the most characters of each; null for the usual ones of the kind. */
  readonly limits: ListLimits | null;
  /** For `enum`: its values. */
  readonly values: EnumDefinition | null;
  /**
   * Whether searches look into the field: the entity's `search_text` column holds the whole of it, and its trigram
   * index then serves the field's text filters too, or only the first 2,000 characters.
   */
  readonly searched: "whole" | "beginning" | null;
  /** With an expression: for each of its values, what the column then holds, so that an index on the column serves. */
  readonly stored: Readonly<Record<string, readonly string[]>> | null;
  /** Of a text that may be anything: the values that mean something here. Files say them in other letters, too. */
  readonly picklist: Picklist | null;
  /** Whether a number is one of percent, so that a file may write the sign behind it. */
  readonly isPercent: boolean;
};

/** The entity whose records a field names by their ids; both texts are empty where it names none, or any. */
export type Named = { readonly type: string; readonly prefix: string };

/** How values are written where a face has its own way. */
export type Notation = {
  /** Whether ids carry the prefix of their entity. */
  readonly ids: "prefixed" | "bare";
  /** Digits after the point of a second. */
  readonly fraction: 3 | 6;
  /** A day as such (`2026-11-30`), or as the instant with which it begins in UTC. */
  readonly days: "day" | "midnight";
  /** A decimal as a JSON number or as text; all its digits either way. */
  readonly decimals: "number" | "text";
};

/** The scalars that GraphQL has by itself. */
export type BuiltInScalar = "ID" | "String" | "Int" | "Boolean";

/**
 * A GraphQL scalar, without GraphQL: `src/graphql/schema/scalars.ts` makes it. `Input` is what it reads values as,
 * `Output` what resolvers give it.
 */
export type Scalar<Name extends string = string, Input = unknown, Output = never> = {
  readonly name: Name;
  readonly description: string;
  readonly specifiedByURL: string | null;
  /** The literals that it takes. */
  readonly literals: "any" | readonly ("string" | "int" | "float")[];
  /** What is said of other literals: `a string is expected`. */
  readonly expected: string;
  readonly parse: (sent: unknown) => Reading<Input>;
  /** Null where graphql-scalars has a scalar of the name that does it. */
  readonly serialize: ((value: Output) => unknown) | null;
  /** Numbers are read from their text in JSON, with all digits. */
  readonly readsDigits?: boolean;
  /** What empties a field that cannot be null. */
  readonly emptiedBy?: string;
};

export type ScalarType = BuiltInScalar | Scalar;

/** How a value is read from an input: REST bodies, GraphQL inputs and the OpenAPI document go by it. */
type FieldInput = {
  readonly schema: z.ZodType;
  readonly type:
    | { readonly scalar: ScalarType }
    | { readonly listOf: { readonly scalar: ScalarType } }
    | { readonly enum: EnumDefinition };
};

/** What an operator of a filter is given: a value of the kind or several, a text or several, or yes or no. */
export type Operand = "value" | "values" | "text" | "texts" | "flag";

/** The place of a filter on one field: what SQL needs to know, and what the whole filter counts. */
export type Subject = {
  readonly field: FieldFacts;
  readonly named: Named;
  /** What the field reads as. */
  readonly value: Sql;
  readonly sqlType: string;
  /** The column itself, where the field reads as an expression. */
  readonly column: Sql;
  /** The column beside it that its values are looked up by. */
  readonly key: Sql | null;
  readonly searchText: Sql;
  /** Under an odd number of `not`: what is unknown must stay unknown. */
  readonly negated: boolean;
  readonly path: readonly string[];
  /** Counts values that are compared with. */
  readonly count: (values: number, path: readonly string[]) => void;
  /** Counts a text that is looked for in others. */
  readonly countText: (text: string) => void;
  /** The record that a public id names, whatever it is of. */
  readonly recordOf: (id: string, path: readonly string[]) => { type: string; uuid: string };
  /** That the record which the field names is of an entity, given by its GraphQL type. */
  readonly isOf: (type: string) => Sql;
};

/** A filter on one field as it was sent: operator → operand. */
export type FieldConditions = Readonly<Record<string, unknown>>;

/** How lists are filtered by a field. */
export type FieldFilter = {
  /** The GraphQL input type, and what its conditions are on. Kinds with the same name share it. */
  readonly type: (field: FieldFacts) => { readonly name: string; readonly about: string };
  /** Of operands that are values of the kind; null for those of an enum. */
  readonly scalar: ScalarType | null;
  readonly operators: Readonly<
    Record<
      string,
      { readonly description: string; readonly operand: Operand; readonly required?: boolean }
    >
  >;
  /** Whether several objects are given, all of which must hold. */
  readonly isList: boolean;
  /** What its values are called where each takes long to read: a filter may compare with few of them. */
  readonly slow: string | null;
  readonly condition: (subject: Subject, conditions: FieldConditions) => Sql;
};

/** Comparisons as they stand in a REST query's `field[…]`. */
export type Comparison =
  | "eq"
  | "ne"
  | "in"
  | "not_in"
  | "gt"
  | "gte"
  | "lt"
  | "lte"
  | "contains"
  | "starts_with"
  | "ends_with"
  | "is_null"
  | "all"
  | "is_empty";

/** A JSON Schema (2020-12), as OpenAPI 3.1 has it. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** How REST lists are filtered by a field. */
export type Parameter = {
  readonly comparisons: readonly Comparison[];
  /** Reads a text of the query; it is storable and not empty. */
  readonly read: (text: string, field: FieldFacts, named: Named) => Reading<unknown>;
  /** What the values are called in the OpenAPI document, and their schema. */
  readonly values: (
    field: FieldFacts,
    named: Named,
  ) => { readonly name: string; readonly schema: JsonSchema };
  /** Whether values are compared that stand at paths inside, as in `custom_fields[risk.score]`. */
  readonly isInside: boolean;
  /** What the read engine is asked for: a filter. */
  readonly condition: (
    field: string,
    comparison: Comparison,
    value: unknown,
    path: readonly string[],
  ) => FieldConditions;
};

/** What can be computed of a field over many rows. */
export type Figures = {
  /** Sums and averages. */
  readonly adds: boolean;
  /** A least and a greatest value. */
  readonly compares: boolean;
  readonly groups: boolean;
  /** The periods that groups gather values into are those of a calendar, for instants that of a time zone. */
  readonly periods: "days" | "instants" | null;
};

/** The order of a date's parts: `2026-12-31`, `31.12.2026`, `12/31/2026`. */
export const dateForms = ["iso", "dmy", "mdy"] as const;
export type DateForm = (typeof dateForms)[number];

/** What stands before a decimal's fraction: `1,234.50` or `1.234,50`. */
export const decimalForms = ["point", "comma"] as const;
export type DecimalForm = (typeof decimalForms)[number];

/** How the texts of a file are meant. */
export type TextManner = {
  /** Null: unknown. What could be two days is refused. */
  readonly dates: DateForm | null;
  /** Null: unknown. What could be two numbers is refused. */
  readonly decimals: DecimalForm | null;
  /** ISO 3166 code of phone numbers without a country code, e.g. `DE`; null keeps them as they are. */
  readonly country: string | null;
  /** IANA name of the zone of times without an offset. */
  readonly timeZone: string;
};

/** Everything that depends on what a field holds. */
export type Kind<Name extends string = string> = {
  readonly name: Name;
  /** The PostgreSQL type; an enum has its own. */
  readonly sqlType: string;
  /** Whose ids the values are: the record's own, those of the field's `to`, of any entity, or none. */
  readonly ids: "own" | "another" | "any" | null;

  /** Reads what PostgreSQL printed: a record's value. No decimal passes through a float. */
  readonly read: (cell: string) => unknown;
  /** The value as the log and writes hold it: as JSON does, without loss. */
  readonly plain: (cell: string) => unknown;
  /** Prints what PostgreSQL printed as JSON in a face's notation. */
  readonly printer: (notation: Notation, prefix: string) => (cell: string) => string;
  /** The same in SQL, for what PostgreSQL puts into JSON by itself. */
  readonly printedSql: (value: Sql, notation: Notation, prefix: string) => Sql;
  /** The form of `printedSql` in JSON: a text that may need escapes, a text that needs none, or JSON. */
  readonly printedAs: (notation: Notation) => "text" | "plain" | "json";
  /** What is printed in that notation. */
  readonly schema: (field: FieldFacts, notation: Notation, named: Named) => JsonSchema;
  /** The GraphQL type of values; null for enums, which have their own, and for what is not shown. */
  readonly scalar: ScalarType | null;
  /** Whether a value is a list of such. */
  readonly isList: boolean;

  /** How callers write it; null where they do not. */
  readonly input: ((field: FieldFacts, prefix: string) => FieldInput) | null;
  /** Reads a cell of a file, trimmed and not empty, as what `input` then reads. */
  readonly fromText: (text: string, manner: TextManner, field: FieldFacts) => Reading<unknown>;
  /** What a new record holds where nothing is said and null cannot stand. */
  readonly empty: unknown;
  /** A value with a part of it changed, where a part can be sent: `custom_fields_patch`. */
  readonly patched?: (before: unknown, patch: unknown) => unknown;
  /** What two records have together that become one. */
  readonly merged: (into: unknown, from: unknown, field: FieldFacts) => unknown;
  /** SQL of a value that no other record has, for a moment in which the value is given to another one. */
  readonly standIn: string;

  /** What a text is compared as: filters, upsert keys and unique values find what a write of the same text stored. */
  readonly comparedAs: (text: string) => string;
  /**
   * What the column beside it is for, `emailKey` of `email`: it holds values in that form and is compared instead, or
   * narrows down by an index what is compared; null where there is no such column.
   */
  readonly key: "compared" | "narrows" | null;
  readonly filter: FieldFilter | null;
  readonly parameter: Parameter | null;
  readonly isSortable: boolean;
  readonly figures: Figures;
  /** Whether a value can be much longer than a line. */
  readonly isLong: boolean;
};
