import { z } from "zod";
import { wordsOf } from "../../lib/messages.ts";
import type { Kind } from "../kind.ts";
import { base, noFigures } from "./parts/base.ts";
import { plainOperand } from "./parts/operands.ts";
import { filterBy, isNull, sameOperators } from "./parts/operators.ts";
import { parameter } from "./parts/parameters.ts";

const isTrue = (cell: string): boolean => cell === "t";
const { eq, ne } = sameOperators(plainOperand);

/** A yes or no. */
export const boolean = {
  ...base,
  name: "boolean",
  sqlType: "boolean",
  scalar: "Boolean",
  read: isTrue,
  plain: isTrue,
  printedAs: "json",
  printer: () => (cell) => (cell === "t" ? "true" : "false"),
  schema: () => ({ type: "boolean" }),
  figures: { ...noFigures, groups: true },
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
