import { z } from "zod";
import { wordsOf } from "../../lib/messages.ts";
import type { Kind } from "../kind.ts";
import { wholeOfText } from "./parts/number-text.ts";
import { whole, wholeFilter } from "./parts/whole.ts";

/** A whole number of 32 bits; callers write none below zero. */
export const int = {
  ...whole,
  name: "int",
  sqlType: "integer",
  scalar: "Int",
  figures: { adds: true, compares: true, groups: false, periods: null },
  fromText: (text, { decimals }) => wholeOfText(text, decimals),
  input: () => ({
    schema: z.int32(wordsOf({ complaint: "notWhole" })).min(0, wordsOf({ complaint: "negative" })),
    type: { scalar: "Int" },
  }),
  filter: wholeFilter("IntFilter", "a whole number", "Int"),
} as const satisfies Kind;
