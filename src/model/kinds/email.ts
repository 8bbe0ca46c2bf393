import { hostInAscii } from "../../lib/host.ts";
import type { Reading } from "../../lib/reading.ts";

/** What may stand in RFC 5322's atoms, also of other scripts (RFC 6531), without what nobody sees. */
const atom = '[^\\p{C}\\p{Z}"(),.:;<>@[\\\\\\]]+';
const dotAtom = new RegExp(`^${atom}(?:\\.${atom})*$`, "u");

/** What an address looks like, as a regular expression, for what describes inputs; which hosts there can be it leaves open. */
export const emailPattern = `^${atom}(\\.${atom})*@${atom}([.\u3002\uff0e\uff61]${atom})+$`;

/** RFC 5321, in bytes. */
const maxLocalBytes = 64;
const maxHostBytes = 255;
/** Whatever it is written with: a host in other scripts may become shorter in punycode. */
const maxLength = maxLocalBytes + 1 + maxHostBytes;

/** As the customers APIs document it. */
const complaint = "Invalid email address";

function split(text: string): { local: string; host: string } {
  const at = text.lastIndexOf("@");
  return { local: text.slice(0, Math.max(at, 0)), host: text.slice(at + 1) };
}

/** An email address as it is typed. Quoted local parts and hosts that are numbers are none. */
export function readEmail(text: string): Reading {
  const { local, host } = split(text);
  const ascii = text.length <= maxLength ? hostInAscii(host) : null;
  const isAddress =
    ascii !== null &&
    ascii.length <= maxHostBytes &&
    dotAtom.test(local) &&
    Buffer.byteLength(local) <= maxLocalBytes;
  return isAddress ? { value: text } : { complaint };
}

/** The host of an address, in punycode; null when there is none. */
export function emailHost(text: string): string | null {
  return text.includes("@") ? hostInAscii(split(text).host) : null;
}

/**
 * Two addresses with the same key are one: without case, the host in punycode. `Info@Bücher.example` →
 * `info@xn--bcher-kva.example`. What is no address is compared as it is, without case.
 */
export function emailKey(text: string): string {
  const host = emailHost(text);
  const lower = text.normalize("NFC").toLowerCase();
  return host === null ? lower : `${split(lower).local}@${host}`;
}
