import type { Kind } from "../../kind.ts";
import { base } from "./base.ts";
import { plainOperand } from "./operands.ts";
import { filterBy, isNull, orderOperators, sameOperators } from "./operators.ts";
import { ordered, parameter } from "./parameters.ts";

/** Operators of values that are compared as they are, and have an order. */
export const orderedOperators = {
  ...sameOperators(plainOperand),
  ...orderOperators(plainOperand),
  ...isNull,
};

/** What whole numbers have in common. */
export const whole = {
  ...base,
  read: Number,
  plain: Number,
  printer: () => (cell) => cell,
  printedAs: () => "json",
  schema: () => ({ type: "integer" }),
  parameter: parameter(
    ordered,
    "Integer",
    { type: "integer", minimum: -(2 ** 31), maximum: 2 ** 31 - 1 },
    (text) =>
      /^-?\d{1,10}$/.test(text) && Number(text) === (Number(text) | 0)
        ? { value: Number(text) }
        : { complaint: { complaint: "notWhole" } },
  ),
} as const satisfies Partial<Kind>;

export const wholeFilter = (
  name: string,
  about: string,
  scalar: Parameters<typeof filterBy>[0]["scalar"],
) => filterBy({ type: { name, about }, scalar, operators: orderedOperators });
