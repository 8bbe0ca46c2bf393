import type { Reading } from "../../../lib/reading.ts";
import type { Scalar } from "../../kind.ts";

/** Reads text as its kind does. */
export const parsedAs =
  (read: (text: string) => Reading) =>
  (sent: unknown): Reading =>
    typeof sent === "string" ? read(sent) : { complaint: { complaint: "notText" } };

/**
 * A scalar for texts of a form. What is stored was checked when it was written; reading it must not fail on a rule that
 * came later. Text that can be read goes on as it was sent: the input reads it as it reads that of REST, and takes
 * blank text for none.
 */
export function textScalar<Name extends string>(
  name: Name,
  description: string,
  specifiedByURL: string,
  read: (text: string) => Reading,
): Scalar<Name, string, string> {
  const asSent = (text: string): Reading => {
    const reading: Reading = text.trim() === "" ? { value: text } : read(text.trim());
    return "value" in reading ? { value: text } : reading;
  };
  return {
    name,
    description,
    specifiedByURL,
    literals: ["string"],
    expected: "a string is expected",
    parse: parsedAs(asSent),
    serialize: String,
  };
}
