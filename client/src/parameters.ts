/** Which page of a list, and how many records of it. */
export interface PageParameters {
  /** Records a page, 1 to 100; 25 unless given. */
  readonly limit?: number | undefined;
  /** Where to begin: `next_cursor` of the page before, with all other parameters as they were. */
  readonly cursor?: string | undefined;
}

/** The keys of a record that hold one value, and not a list or a document. */
export type ScalarKey<Item> = {
  [Key in keyof Item & string]: NonNullable<Item[Key]> extends string | number | boolean
    ? Key
    : never;
}[keyof Item & string];

/** A value to compare with: instants and days may be given as a Date. */
type Operand<Value> = string extends Value ? Value | Date : Value;

/** Comparisons with the value of a key; all that are given must hold. */
export interface Comparisons<Value> {
  readonly eq?: Operand<Value> | undefined;
  readonly ne?: Operand<Value> | undefined;
  readonly in?: readonly Operand<Value>[] | undefined;
  readonly not_in?: readonly Operand<Value>[] | undefined;
  readonly gt?: Operand<Value> | undefined;
  readonly gte?: Operand<Value> | undefined;
  readonly lt?: Operand<Value> | undefined;
  readonly lte?: Operand<Value> | undefined;
  readonly is_null?: boolean | undefined;
}

/** Comparisons of texts, without regard to case. */
export interface TextComparisons<Value> extends Comparisons<Value> {
  readonly contains?: string | undefined;
  readonly starts_with?: string | undefined;
  readonly ends_with?: string | undefined;
}

/** A value that the key must have, null for none, or comparisons. */
export type Filter<Value> =
  | Operand<Value>
  | null
  | (string extends Value ? TextComparisons<Value> : Comparisons<Value>);

/** What a list can be asked for: filters by key, and the rest below. */
export type ListParameters<Item> = PageParameters & {
  /** Keys to sort by, `-` before one for descending; the newest first unless given. */
  readonly sort?: SortKey<Item> | readonly SortKey<Item>[] | undefined;
  /** Words that a record must contain. */
  readonly q?: string | undefined;
  /** Whether deleted records are listed as well. */
  readonly include_deleted?: boolean | undefined;
} & {
  readonly [Key in ScalarKey<Item>]?: Filter<NonNullable<Item[Key]>> | undefined;
};

/** A key to sort by, ascending, or descending with `-` before it. */
export type SortKey<Item> = ScalarKey<Item> | `-${ScalarKey<Item>}`;
