import { asComplaint } from "../../../lib/messages.ts";
import type { Reading } from "../../../lib/reading.ts";

/** A number of many digits as spreadsheets shorten it: `4,91709E+11`. Its last digits are lost. */
const shortenedNumber = /^[-+]?\d(?:[.,]\d+)?E\+?\d{1,3}$/;

export const isShortened = (text: string): boolean => shortenedNumber.test(text);

export const shortenedComplaint = {
  complaint: asComplaint(
    "has a long number that a spreadsheet shortened (1,23E+09), so that its last digits are lost; format the column as text there and save the file again",
  ),
};

/** A text of one line, such as an id or a phone number. */
export const shortText = (text: string): Reading =>
  isShortened(text) ? shortenedComplaint : { value: text };

const folded = (text: string): string => text.toLowerCase().replace(/[\s_-]+/g, "_");

/** The one of some names that a text says in other letters. */
export const namedValue = (text: string, names: readonly string[]): string | null =>
  listedValue(
    text,
    names.map((name) => ({ value: name, label: name })),
  );

/** The one value of a list that a text says in other letters, or by its label: `Closed Won` → `closed_won`. */
export function listedValue(
  text: string,
  values: readonly { readonly value: string; readonly label: string }[],
): string | null {
  if (values.some(({ value }) => value === text)) return text;
  const sought = folded(text);
  const alike = values.filter(
    ({ value, label }) => folded(value) === sought || folded(label) === sought,
  );
  return alike.length === 1 ? (alike[0]?.value ?? null) : null;
}
