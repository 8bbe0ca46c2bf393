import type { Reading } from "../../lib/reading.ts";
import type { Kind } from "../kind.ts";
import { noFigures } from "./parts/base.ts";
import { textFilter, textLike } from "./parts/text-like.ts";
import { textScalar } from "./parts/text-scalar.ts";
import { readSchema } from "./parts/text-schema.ts";

/** The beginning of a web address as a regular expression, for descriptions of inputs. */
const urlPattern = "^[Hh][Tt][Tt][Pp][Ss]?://";
const scheme = new RegExp(urlPattern);

/** A web address as it is typed. */
export function readUrl(text: string): Reading {
  return scheme.test(text) && URL.canParse(text)
    ? { value: text }
    : { complaint: { complaint: "notUrl" } };
}

/** An address as a file has it: one without a scheme, as browsers show them, gets https. */
function urlOfText(text: string): Reading {
  const isBare = /^[^\s:/?#@]+\.[^\s:/?#@]+(?:[/?#]\S*)?$/.test(text);
  const withScheme = `https://${text}`;
  return { value: isBare && URL.canParse(withScheme) ? withScheme : text };
}

const urlScalar = textScalar(
  "URL",
  "A web address with its scheme, e.g. `https://example.com/a`.",
  "https://url.spec.whatwg.org/",
  readUrl,
);

// `format: uri` would forbid letters that addresses have in browsers, such as those of https://łódź.example.
const urlSchema = readSchema(readUrl, 2_000).meta({ pattern: urlPattern });

/** A web address. */
export const url = {
  ...textLike,
  name: "url",
  scalar: urlScalar,
  fromText: urlOfText,
  input: () => ({ schema: urlSchema, type: { scalar: urlScalar } }),
  figures: noFigures,
  filter: textFilter({ name: "TextFilter", about: "a text", hasHost: true }),
} as const satisfies Kind;
