import { badInput } from "../../lib/errors.ts";
import { dateFormOf } from "../../model/kinds/parts/day-text.ts";
import { listOfText } from "../../model/kinds/text-list.ts";
import { decimalFormOf } from "../../model/kinds/parts/number-text.ts";
import { fieldOfInput } from "./field-of-input.ts";
import { headerKey, headerKeys, likeness, sharedPrefix } from "./header-key.ts";
import { addressKinds, addressParts, labels, phones } from "./labels.ts";
import { errorColumns } from "./refused-csv.ts";
import { givenTarget, parseTarget, placeOf, referencesOf, targetNames } from "./target.ts";
import {
  ownCell,
  type ColumnMapping,
  type FileRow,
  type Imported,
  type Mapping,
  type Target,
} from "./types.ts";

/** Where a column could go, the likelier the less its rank. */
type Candidate = { readonly column: string; readonly target: Target; readonly rank: number };

/** What is known of a file's columns together. */
type File = {
  readonly header: readonly string[];
  /** Whether the gateway exported it. */
  readonly isOurs: boolean;
  /** What most of the columns begin with. */
  readonly prefix: string;
};

/** Exact names go before labels. */
const exact = -1;
/** A header with something around its label goes behind one without. */
const looseRank = 1_000;

/**
 * Where the columns of a file go: as given (column → target, `E-Mail` → `email`, `Firma` → `account.name`, `-` for a
 * column that is to be left out), the others as their headers say. No two columns go to one field: the other is left
 * unmapped, with a note.
 *
 * @param sample the first rows, whose cells show the forms of days and decimals
 * @throws GatewayError BAD_USER_INPUT for a given column that the file does not have, or a target that there is not
 */
export function guessMapping(
  imported: Imported,
  header: readonly string[],
  sample: readonly FileRow[],
  given: Readonly<Record<string, string>> = {},
): Mapping {
  const told = givenTargets(imported, header, given);
  const taken = new Map<string, string>();
  for (const [column, target] of told) take(taken, column, target);
  const guessed = new Map<string, Target>();
  const isOurs = isOwnExport(imported, header);
  const prefix = sharedPrefix(header);
  const candidates = header
    .filter((column) => !told.has(column))
    .flatMap((column) => candidatesOf(imported, { header, isOurs, prefix }, sample, column))
    .toSorted((left, right) => left.rank - right.rank);
  for (const { column, target } of candidates) {
    const place = placeOf(target);
    if (guessed.has(column) || (place !== null && taken.has(place))) continue;
    guessed.set(column, target);
    if (place !== null) taken.set(place, column);
  }
  const columns = header.map((column): ColumnMapping => {
    const target = told.get(column) ?? guessed.get(column) ?? null;
    const wanted = candidates.find((one) => one.column === column)?.target;
    const place = target === null && wanted !== undefined ? placeOf(wanted) : null;
    return {
      column,
      target,
      guessed: !told.has(column),
      hints: target === null ? hintsFor(imported, column) : [],
      note: place === null ? null : `${place} is filled by "${taken.get(place)}"`,
      ...formsOf(imported, target, cellsOf(sample, column), isOurs),
    };
  });
  return { columns, apostrophes: isOurs || header.includes(errorColumns[0]) };
}

/** What was given, by the names of the file's columns. */
function givenTargets(
  imported: Imported,
  header: readonly string[],
  given: Readonly<Record<string, string>>,
): Map<string, Target> {
  const told = new Map<string, Target>();
  for (const [said, text] of Object.entries(given)) {
    const column =
      header.find((one) => one === said.trim()) ??
      header.find((one) => headerKey(one) === headerKey(said));
    if (column === undefined) {
      throw badInput(
        ["map", said],
        `the file has no such column; it has ${header.slice(0, 100).join(", ")}.`,
      );
    }
    told.set(column, givenTarget(imported, column, text));
  }
  return told;
}

/** @throws GatewayError BAD_USER_INPUT for a field that two given columns fill */
function take(taken: Map<string, string>, column: string, target: Target): void {
  const place = placeOf(target);
  if (place === null) return;
  const other = taken.get(place);
  if (other !== undefined) {
    throw badInput(["map", column], `"${other}" fills ${place} already; map one of the two.`);
  }
  taken.set(place, column);
}

const isErrorColumn = (column: string): boolean => errorColumns.some((one) => one === column);

function candidatesOf(
  imported: Imported,
  { header, isOurs, prefix }: File,
  sample: readonly FileRow[],
  column: string,
): Candidate[] {
  if (isErrorColumn(column)) {
    return [{ column, target: { ignored: "a column of the list of refused rows" }, rank: exact }];
  }
  const { name } = imported.entity;
  const cells = cellsOf(sample, column);
  const isOther = name === "contact" && !isOurs && meansElse(column, cells);
  const named = isOther ? null : exactTarget(imported, column, cells);
  const found = headerKeys(name, column, prefix).flatMap((key, index): Candidate[] =>
    targetsOf(imported, key, header, cells).map(({ target, rank }) => ({
      column,
      target,
      rank: rank + index * looseRank,
    })),
  );
  return named === null ? found : [{ column, target: named, rank: exact }, ...found];
}

/**
 * Whether a column of contacts has a field's name, and cells that the field does not take: `title` is a salutation, and
 * `phone` has country codes, here; `phone_1` takes any number.
 */
const meansElse = (column: string, cells: readonly string[]): boolean =>
  (column === "title" && cells.length > 0 && !cells.every((cell) => salutation.test(cell))) ||
  (column === "phone" && !cells.every((cell) => cell.startsWith("+")));

/** The target that a column's own name is. */
function exactTarget(imported: Imported, column: string, cells: readonly string[]): Target | null {
  // Not every text that names a target is the name of a column: "-" is not.
  if (!/^[a-z][\w.]*$/.test(column)) return null;
  const target = parseTarget(imported, column);
  if (target === null || cells.flatMap(itemsOf).every(isOurId)) return target;
  // The ids of another system, which a column `id` or `account_id` has.
  if (column === "id") return parseTarget(imported, "external_id");
  const reference = referencesOf(imported).find(({ field }) => field === column);
  return reference === undefined
    ? target
    : {
        reference: reference.field,
        to: reference.to,
        by: "external_id",
        isList: reference.isList,
      };
}

/** The texts of a cell that may be a list of ids. */
function itemsOf(cell: string): string[] {
  const reading = cell.startsWith("[") ? listOfText(cell) : null;
  const items = reading !== null && "value" in reading ? reading.value : cell;
  return Array.isArray(items) ? items.map(String) : [cell];
}

const isOurId = (text: string): boolean =>
  /^(?:[a-z]+-)?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);

const flag = /^(?:true|false|yes|no|ja|nein|[01xyn])$/i;

type Ranked = { readonly target: Target; readonly rank: number };

/** The targets with a label of that key. */
function targetsOf(
  imported: Imported,
  key: string,
  header: readonly string[],
  cells: readonly string[],
): Ranked[] {
  const { name } = imported.entity;
  // A day in parts.
  if (key === "birthday" && header.some((one) => headerKey(one) === "birthmonth")) return [];
  const special = name === "contact" ? contactTarget(key, header, cells) : null;
  if (special !== null) return ranked(imported, special, 0);
  const known = Object.entries(keysOf(name)).flatMap(([target, keys]) => {
    const rank = keys.indexOf(key);
    return rank === -1 ? [] : ranked(imported, target, rank);
  });
  const phone = name === "contact" ? phoneKeys.indexOf(key) : -1;
  const numbers =
    phone === -1
      ? []
      : ["phone_1", "phone_2", "phone_3"].flatMap((one) => ranked(imported, one, phone));
  const found = [...known, ...numbers, ...addressOf(imported, key)];
  // `Customer` may be a yes or no.
  const isFlag = cells.length > 0 && cells.every((cell) => flag.test(cell));
  return found.filter(({ target }) => !isFlag || !("reference" in target));
}

function ranked(imported: Imported, text: string, rank: number): Ranked[] {
  const target = parseTarget(imported, text);
  return target === null ? [] : [{ target, rank }];
}

const keysIn = (list: string): string[] => list.split(",").map(headerKey);
const phoneKeys = keysIn(phones);

/** Target → keys of its labels, for each entity. */
const keys = new Map<string, Readonly<Record<string, readonly string[]>>>();

function keysOf(entity: string): Readonly<Record<string, readonly string[]>> {
  const known = keys.get(entity);
  if (known !== undefined) return known;
  const made = Object.fromEntries(
    Object.entries(labels[entity] ?? {}).map(([target, list]) => [target, keysIn(list)]),
  );
  keys.set(entity, made);
  return made;
}

const salutation =
  /^(?:mr|mrs|ms|miss|mx|dr|prof|sir|herr|frau|hr|fr|m|mme|mlle|sr|sra|srta|ing|dipl)\b\.?/i;

/** Headers of contacts that mean one thing or another, by the columns beside them and their cells. */
function contactTarget(
  key: string,
  header: readonly string[],
  cells: readonly string[],
): string | null {
  const has = (target: string) =>
    header.some((one) => keysOf("contact")[target]?.includes(headerKey(one)) === true);
  // `Title` is a salutation in Outlook, and a position in Salesforce and Zoho.
  if (key === "title") {
    const isSalutation =
      has("job_title") || (cells.length > 0 && cells.every((one) => salutation.test(one)));
    return isSalutation && !has("title") ? "title" : has("job_title") ? null : "job_title";
  }
  // `Vorname;Name`, `Prénom;Nom`.
  const isBesideFirst = has("first_name") && !has("last_name");
  return isBesideFirst && (key === "name" || key === "nom") ? "last_name" : null;
}

/** The parts of addresses of accounts, by the keys of their headers: `BillingCity`, `Rechnungsadresse PLZ`. */
const addressTargets: ReadonlyMap<string, string> = new Map(
  Object.entries(addressKinds).flatMap(([kind, starts]) =>
    Object.entries(addressParts).flatMap(([part, ends]) =>
      keysIn(starts).flatMap((start) =>
        keysIn(ends).map((end): [string, string] => [
          `${start}${end}`,
          `addresses.${kind}.${part}`,
        ]),
      ),
    ),
  ),
);

function addressOf(imported: Imported, key: string): Ranked[] {
  const target = imported.entity.name === "account" ? addressTargets.get(key) : undefined;
  return target === undefined ? [] : ranked(imported, target, 0);
}

/** The three names of targets that are most like a header. */
function hintsFor(imported: Imported, column: string): string[] {
  const key = headerKey(column);
  return targetNames(imported)
    .map((name) => ({ name, alike: likeness(key, headerKey(name)) }))
    .filter(({ alike }) => alike >= 0.35)
    .toSorted((left, right) => right.alike - left.alike)
    .slice(0, 3)
    .map(({ name }) => name);
}

/** An export of ours has the columns that the gateway keeps, and none that it does not know. */
function isOwnExport({ inputs }: Imported, header: readonly string[]): boolean {
  const fields = header.map((column) =>
    Object.hasOwn(inputs.create.fields, column) ? inputs.create.fields[column] : undefined,
  );
  const kept = fields.filter((field) => field?.ignored === true).length;
  return kept >= 2 && fields.every((field) => field !== undefined);
}

/** The texts of a column that are not empty. */
function cellsOf(sample: readonly FileRow[], column: string): string[] {
  return sample.flatMap((row) => {
    const cell = ownCell(row, column);
    return typeof cell === "string" && cell.trim() !== "" ? [cell.trim()] : [];
  });
}

/** The forms that all telling cells of a column show. */
function formsOf(
  imported: Imported,
  target: Target | null,
  cells: readonly string[],
  isOurs: boolean,
): Pick<ColumnMapping, "dates" | "decimals"> {
  const kind =
    target !== null && "field" in target ? fieldOfInput(imported, target.field)?.kind.name : null;
  const isNumber = kind === "decimal" || kind === "int";
  const isDay = kind === "date" || kind === "dateTime";
  return {
    dates: isDay ? (isOurs ? "iso" : common(cells.map(dateFormOf))) : null,
    decimals: isNumber ? (isOurs ? "point" : common(cells.map(decimalFormOf))) : null,
  };
}

/** The one form that is there; null where there is none, or another one too. */
function common<Form>(forms: readonly (Form | null)[]): Form | null {
  const [form, ...others] = new Set(forms.filter((one) => one !== null));
  return form === undefined || others.length > 0 ? null : form;
}
