import { hostInAscii } from "../../lib/host.ts";
import { valueOf, type Reading } from "../../lib/reading.ts";
import type { Kind } from "../kind.ts";
import { readOnce } from "../read-once.ts";
import { textFilter, textLike } from "./parts/text-like.ts";
import { readSchema } from "./parts/text-schema.ts";

/** RFC 1035. */
const maxLength = 253;
/** A scheme before the host, and a port, path or query after it. */
const around = /^[a-z][a-z0-9+.-]*:\/\/|(?::\d+)?(?:[/?#].*)?$/gis;

/** A domain in small letters and punycode, without scheme, `www.` and what follows: `https://www.Bücher.example/a` → `xn--bcher-kva.example`. */
export function readDomain(text: string): Reading {
  const ascii = hostInAscii(text.replace(around, "").replace(/\.$/, ""));
  const host = ascii?.replace(/^(?:www\.)+(?=[^.]+\.)/, "") ?? "";
  return host !== "" && host.length <= maxLength
    ? { value: host }
    : { complaint: { complaint: "notDomain" } };
}

/** The form in which domains are compared: as a write would store it, else the text in small letters. */
export function domainKey(text: string): string {
  return valueOf(readDomain(text)) ?? text.toLowerCase();
}

const comparedAs = readOnce(domainKey);
const domainSchema = readSchema(readDomain);

/** The name of a host. */
export const domain = {
  ...textLike,
  name: "domain",
  scalar: "String",
  input: () => ({ schema: domainSchema, type: { scalar: "String" } }),
  comparedAs,
  filter: textFilter({
    name: "DomainFilter",
    about: "a domain, read as a write reads it (`www.Example.com`, `münchen.example`)",
    comparedAs,
    hasHost: true,
  }),
} as const satisfies Kind;
