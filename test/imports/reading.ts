import { guessMapping } from "../../src/imports/read/guess-mapping.ts";
import { readFile } from "../../src/imports/read/read-file.ts";
import { readRow } from "../../src/imports/read/read-row.ts";
import {
  FileRefused,
  type FileOptions,
  type FileRow,
  type Imported,
  type Manner,
  type Mapping,
  type ReadRow,
  type Target,
} from "../../src/imports/read/types.ts";
import { wordsOf } from "../../src/lib/messages.ts";
import { accountWrites } from "../../src/modules/account/service.ts";
import { activityWrites } from "../../src/modules/activity/service.ts";
import { contactWrites } from "../../src/modules/contact/service.ts";
import { dealWrites } from "../../src/modules/deal/service.ts";
import { lineItemWrites } from "../../src/modules/line-item/service.ts";
import { quoteWrites } from "../../src/modules/quote/service.ts";
import { referenceName } from "../../src/imports/read/target.ts";
import { bytesOf } from "../support/imports/bytes.ts";
import { usualManner } from "../support/imports/usual-options.ts";

export const imported = {
  account: accountWrites,
  activity: activityWrites,
  contact: contactWrites,
  deal: dealWrites,
  lineItem: lineItemWrites,
  quote: quoteWrites,
} as const satisfies Readonly<Record<string, Imported>>;

/** A file that is read whole. */
export async function readAll(
  source: AsyncIterable<Uint8Array> | string | Uint8Array,
  options: FileOptions = {},
) {
  const bytes =
    typeof source === "string" || source instanceof Uint8Array ? bytesOf(source) : source;
  const { header, rows, found } = await readFile(bytes, options);
  const read: FileRow[] = [];
  for await (const row of rows) read.push(row);
  return { header, rows: read, found };
}

/** Why a file is refused; null when it is not. */
export async function refusalOf(
  source: AsyncIterable<Uint8Array> | string | Uint8Array,
  options: FileOptions = {},
): Promise<{ code: string; line: number | null; message: string } | null> {
  try {
    await readAll(source, options);
    return null;
  } catch (error) {
    if (!(error instanceof FileRefused)) throw error;
    return { code: error.code, line: error.line, message: error.message };
  }
}

/** A target as `map` takes it. */
function textOf(target: Target | null): string | null {
  if (target === null) return null;
  if ("field" in target) return target.field;
  if ("reference" in target) return `${referenceName(target.reference)}.${target.by}`;
  if ("address" in target) return `addresses.${target.address}.${target.part}`;
  return "customField" in target ? `custom_fields.${target.customField}` : "-";
}

/** Column → target, of those that have one; and the others. */
export function shown({ columns }: Mapping) {
  const mapped = columns.filter(({ target }) => target !== null);
  return {
    targets: Object.fromEntries(mapped.map(({ column, target }) => [column, textOf(target)])),
    unmapped: columns.filter(({ target }) => target === null).map(({ column }) => column),
  };
}

/** A text read with guessed mappings. */
export async function readText(
  entity: keyof typeof imported,
  text: string | Uint8Array,
  {
    manner = {},
    map = {},
    file = {},
  }: { manner?: Partial<Manner>; map?: Readonly<Record<string, string>>; file?: FileOptions } = {},
) {
  const { header, rows, found } = await readAll(text, file);
  const mapping = guessMapping(imported[entity], header, rows, map);
  const read = rows.map((row) => ({
    number: row.number,
    ...readRow(imported[entity], mapping, { ...usualManner, ...manner }, row),
  }));
  return { header, rows, found, mapping, read };
}

/** What is said of cells: `Umsatz could be …`. */
export const complaintsOf = ({ complaints }: Pick<ReadRow, "complaints">): string[] =>
  complaints.map(({ column, complaint }) => [column, wordsOf(complaint)].filter(Boolean).join(" "));
