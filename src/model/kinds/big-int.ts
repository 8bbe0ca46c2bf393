import { asComplaint } from "../../lib/messages.ts";
import type { Reading } from "../../lib/reading.ts";
import type { Kind, Scalar } from "../kind.ts";
import { whole, wholeFilter } from "./parts/whole.ts";

/** A whole number that fits a PostgreSQL bigint, as text. */
function readWhole(sent: unknown): Reading {
  const text = typeof sent === "number" && Number.isSafeInteger(sent) ? String(sent) : sent;
  return typeof text === "string" && /^-?\d{1,18}$/.test(text)
    ? { value: text }
    : { complaint: asComplaint("a whole number of at most 18 digits is expected") };
}

const bigIntScalar: Scalar<"BigInt", string, number> = {
  name: "BigInt",
  description:
    "A whole number that may be larger than an Int; as input also a string of digits, at most 18.",
  specifiedByURL: null,
  literals: ["int", "string"],
  expected: "a whole number is expected",
  parse: readWhole,
  serialize: Number,
};

/** A whole number of 64 bits. */
export const bigInt = {
  ...whole,
  name: "bigInt",
  sqlType: "bigint",
  scalar: bigIntScalar,
  input: null,
  filter: wholeFilter("BigIntFilter", "a whole number that may be large", bigIntScalar),
} as const satisfies Kind;
