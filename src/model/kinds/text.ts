import type { Kind } from "../kind.ts";
import { textFilter, textLike } from "./parts/text-like.ts";
import { textSchema } from "./parts/text-schema.ts";

/** A text of a line or of many. */
export const text = {
  ...textLike,
  name: "text",
  scalar: "String",
  input: ({ form }) => ({ schema: textSchema(form), type: { scalar: "String" } }),
  filter: textFilter({ name: "TextFilter", about: "a text" }),
} as const satisfies Kind;
