import { hostInAscii } from "../../lib/host.ts";
import { valueOf, type Reading } from "../../lib/reading.ts";

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
