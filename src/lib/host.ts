import { domainToASCII } from "node:url";

/** What a host is written with: letters, marks and digits of any script, their joiners, `-`, `.` and the full stops of East Asia. */
const hostText = /^[\p{L}\p{M}\p{N}\p{Join_Control}\u30fb\u3002\uff0e\uff61\uff0d.-]+$/u;
/** RFC 1123, with a last label that is no number: 192.0.2.1 is an address. */
const asciiHost =
  /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?!\d+$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** What is the same in punycode: most hosts. A last label of digits would be read as part of an address. */
const plainHost = /^[a-z0-9.-]+\.[a-z][a-z0-9-]*$/;

/** The host in small letters and punycode: `Bücher.example` → `xn--bcher-kva.example`; null when the text is no host of two labels or more. */
export function hostInAscii(text: string): string | null {
  if (!hostText.test(text)) return null;
  const isPlain = plainHost.test(text) && !text.includes("xn--");
  const ascii = isPlain ? text : domainToASCII(text.normalize("NFC"));
  return asciiHost.test(ascii) ? ascii : null;
}
