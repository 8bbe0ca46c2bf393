import { z } from "zod";
import { asComplaint, wordsOf } from "../../lib/messages.ts";
import type { Reading } from "../../lib/reading.ts";
import type { Kind } from "../kind.ts";
import { base, noFigures } from "./parts/base.ts";
import { plainOperand } from "./parts/operands.ts";
import { filterBy, isNull, sameOperators } from "./parts/operators.ts";
import { parameter } from "./parts/parameters.ts";

const isTrue = (cell: string): boolean => cell === "t";
const { eq, ne } = sameOperators(plainOperand);

/** What files say for yes and no, in English, German, French and Spanish. */
const words: ReadonlyMap<string, boolean> = new Map([
  ...["true", "yes", "y", "1", "x", "on", "✓", "✔", "ja", "j", "wahr"].map(said(true)),
  ...["oui", "o", "vrai", "sí", "si", "s", "verdadero"].map(said(true)),
  ...["false", "no", "n", "0", "off", "nein", "falsch", "non", "faux", "falso"].map(said(false)),
]);

function said(value: boolean): (word: string) => [string, boolean] {
  return (word) => [word, value];
}

function booleanOfText(text: string): Reading<boolean> {
  const value = words.get(text.normalize("NFC").toLowerCase());
  return value === undefined
    ? {
        complaint: asComplaint(
          "must be true or false, or yes or no (ja/nein, oui/non, sí/no, 1/0)",
        ),
      }
    : { value };
}

/** A yes or no. */
export const boolean = {
  ...base,
  name: "boolean",
  sqlType: "boolean",
  scalar: "Boolean",
  read: isTrue,
  plain: isTrue,
  printedAs: () => "json",
  printer: () => (cell) => (cell === "t" ? "true" : "false"),
  schema: () => ({ type: "boolean" }),
  figures: { ...noFigures, groups: true },
  fromText: booleanOfText,
  input: () => ({
    schema: z.boolean(wordsOf({ complaint: "notBoolean" })),
    type: { scalar: "Boolean" },
  }),
  empty: false,
  standIn: "FALSE",
  filter: filterBy({
    type: { name: "BooleanFilter", about: "a yes or no" },
    scalar: "Boolean",
    operators: { eq, ne, ...isNull },
  }),
  parameter: parameter(["eq", "ne", "is_null"], "Boolean", { type: "boolean" }, (text) =>
    text === "true" || text === "false"
      ? { value: text === "true" }
      : { complaint: { complaint: "notBoolean" } },
  ),
} as const satisfies Kind;
