import type { Entity } from "../../model/entity.ts";
import type { DateForm, DecimalForm, TextManner } from "../../model/kind.ts";
import type { Complaint } from "../../lib/messages.ts";
import type { EntityInputs } from "../../write/input-definition.ts";

export const formats = ["csv", "ndjson", "json"] as const;
export type Format = (typeof formats)[number];

/** The encodings of the WHATWG Encoding Standard that are read, by their names there. Only the first four are found out. */
export const encodings = [
  ...(["utf-8", "utf-16le", "utf-16be", "windows-1252"] as const),
  ...(["windows-1250", "windows-1251", "windows-1253", "windows-1254", "windows-1255"] as const),
  ...(["windows-1256", "windows-1257", "windows-1258", "windows-874", "ibm866"] as const),
  ...(["iso-8859-2", "iso-8859-3", "iso-8859-4", "iso-8859-5", "iso-8859-6"] as const),
  ...(["iso-8859-7", "iso-8859-8", "iso-8859-8-i", "iso-8859-10", "iso-8859-13"] as const),
  ...(["iso-8859-14", "iso-8859-15", "iso-8859-16", "koi8-r", "koi8-u"] as const),
  ...(["macintosh", "x-mac-cyrillic", "shift_jis", "euc-jp", "iso-2022-jp"] as const),
  ...(["gbk", "gb18030", "big5", "euc-kr"] as const),
] as const;
export type Encoding = (typeof encodings)[number];

export const delimiters = [",", ";", "\t", "|"] as const;
export type Delimiter = (typeof delimiters)[number];

/** How a file is to be read; what is not said is found out from its first 64 KB. */
export type FileOptions = {
  readonly format?: Format;
  readonly encoding?: Encoding;
  readonly delimiter?: Delimiter;
  /** The GraphQL type of the records: of an export of all kinds, only these are read. */
  readonly type?: string;
};

/** The key of a row's cells without a column, in rows that have too few cells or too many. No column is called so. */
export const strayCells = "";

/** What a file says in one row. */
export type FileRow = {
  /** As a spreadsheet shows it: the header is row 1. In JSON Lines the line, in a JSON list the place from 1. */
  readonly number: number;
  /** Column → what stands there: in CSV a text, in JSON any value (numbers that JavaScript would change as ExactNumber). */
  readonly cells: Readonly<Record<string, unknown>>;
};

/** The cell of a column; undefined if the row has none. A column may be called `constructor`. */
export const ownCell = ({ cells }: Pick<FileRow, "cells">, column: string): unknown =>
  Object.hasOwn(cells, column) ? cells[column] : undefined;

/** What was found out of a file. */
export type Found = {
  readonly format: Format;
  readonly encoding: Encoding;
  /** Null where there is none: in JSON. */
  readonly delimiter: Delimiter | null;
};

/** A file that is being read. */
export type OpenFile = {
  /** The columns in their order. Those of JSON grow as rows are read, and are all there after the last one. */
  readonly header: readonly string[];
  /** To be read once. Throws a FileRefused where the file breaks off or cannot be read. */
  readonly rows: AsyncIterable<FileRow>;
  readonly found: Found;
};

/** Why a file cannot be read. */
export type RefusalCode =
  | "EMPTY_FILE"
  | "WRONG_FORMAT"
  | "WRONG_ENCODING"
  | "NUL_CHARACTER"
  | "BAD_HEADER"
  | "TOO_MANY_COLUMNS"
  | "ROW_TOO_LONG"
  | "QUOTE_NOT_CLOSED"
  | "STRAY_QUOTE"
  | "BAD_JSON"
  | "CUT_FILE";

/** A file that cannot be read; nothing of it is to be written. The message says how to mend it. */
export class FileRefused extends Error {
  override readonly name = "FileRefused";
  readonly code: RefusalCode;
  /** The line of the file from 1, null where none is to blame. */
  readonly line: number | null;

  constructor(code: RefusalCode, line: number | null, message: string) {
    super(line === null ? message : `Line ${line}: ${message}`);
    this.code = code;
    this.line = line;
  }
}

/** What an import needs to know of an entity: its model and its inputs, which its module's writes have. */
export type Imported = { readonly entity: Entity; readonly inputs: EntityInputs };

/** What records are named by. */
export const referenceWays = ["id", "external_id", "email", "domain", "name"] as const;
export type ReferenceWay = (typeof referenceWays)[number];

/** Where the cells of a column go. */
export type Target =
  /** A field of the input, by its REST name. */
  | { readonly field: string }
  /** The record that a field of the input names (`account_id`), found by another of its values. */
  | {
      readonly reference: string;
      readonly to: string;
      readonly by: ReferenceWay;
      /** Whether a cell names several (`contact_ids`). */
      readonly isList: boolean;
    }
  /** A part of an address of the account: `line1` of `billing`. */
  | { readonly address: string; readonly part: string }
  /** A key of `custom_fields`. */
  | { readonly customField: string }
  /** Nowhere, for a reason that is said. */
  | { readonly ignored: string };

export type ColumnMapping = {
  readonly column: string;
  /** Null: not mapped. It must be said what to do with it before anything is written. */
  readonly target: Target | null;
  /** Whether the target was guessed from the header; false where it was given. */
  readonly guessed: boolean;
  /** For what is not mapped: the nearest names of fields. */
  readonly hints: readonly string[];
  /** Why it is not mapped, where there is more to say: `email is filled by "E-Mail"`. */
  readonly note: string | null;
  /** The forms of its days and decimals, as its cells show them; null where they do not. */
  readonly dates: DateForm | null;
  readonly decimals: DecimalForm | null;
};

/** Where the columns of a file go. */
export type Mapping = {
  readonly columns: readonly ColumnMapping[];
  /** Whether an apostrophe in front of what a spreadsheet would run was put there by an export, and is taken off. */
  readonly apostrophes: boolean;
};

/** How cells are read; the forms of days and decimals that are said here go before those that a column shows. */
export type Manner = Omit<TextManner, "dates" | "decimals"> & {
  readonly dates: DateForm | null;
  readonly decimals: DecimalForm | null;
  /** Field → text in the file → value: `{ stage: { "Closed Won": "closed_won" } }`. */
  readonly values: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Field → text that stands for an empty or missing cell. */
  readonly defaults: Readonly<Record<string, string>>;
  /** Whether an empty cell says nothing, or sets the field to null. */
  readonly empty: "skip" | "null";
};

/** A record that a row names by another value than its id. */
export type RowReference = {
  /** The field of the input that takes the id. */
  readonly field: string;
  /** The entity that is named. */
  readonly to: string;
  readonly by: ReferenceWay;
  readonly value: string;
  readonly column: string;
  /** Whether the field takes the ids of several. */
  readonly isList: boolean;
};

/** A cell that cannot be read, or a row: that has no column. */
export type CellComplaint = {
  readonly column: string | null;
  readonly field: string | null;
  readonly complaint: Complaint;
};

/** What a row says: the input as the write engine takes it, without the ids that references stand for. */
export type ReadRow = {
  readonly input: Readonly<Record<string, unknown>>;
  readonly references: readonly RowReference[];
  readonly complaints: readonly CellComplaint[];
};
