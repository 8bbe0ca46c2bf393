import type { Kind } from "../kind.ts";
import { listedValue, shortText } from "./parts/plain-text.ts";
import { textFilter, textLike } from "./parts/text-like.ts";
import { textSchema } from "./parts/text-schema.ts";

/** A text of a line or of many. */
export const text = {
  ...textLike,
  name: "text",
  scalar: "String",
  fromText: (cell, _manner, { form, picklist }) =>
    form === "prose"
      ? { value: cell }
      : shortText(listedValue(cell, picklist?.values ?? []) ?? cell),
  input: ({ form }) => ({ schema: textSchema(form), type: { scalar: "String" } }),
  filter: textFilter({ name: "TextFilter", about: "a text" }),
} as const satisfies Kind;
