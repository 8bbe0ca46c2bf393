import { hostInAscii } from "../../lib/host.ts";
import type { Reading } from "../../lib/reading.ts";
import type { Kind } from "../kind.ts";
import { readOnce } from "../read-once.ts";
import { textFilter, textLike } from "./parts/text-like.ts";
import { textScalar } from "./parts/text-scalar.ts";
import { readSchema } from "./parts/text-schema.ts";

/** The characters of RFC 5322's atoms, also of other scripts (RFC 6531), without invisible ones. */
const atom = '[^\\p{C}\\p{Z}"(),.:;<>@[\\\\\\]]+';
const dotAtom = new RegExp(`^${atom}(?:\\.${atom})*$`, "u");

/** The form of an address as a regular expression, for descriptions of inputs; it does not check the host. */
export const emailPattern = `^${atom}(\\.${atom})*@${atom}([.\u3002\uff0e\uff61]${atom})+$`;

/** RFC 5321, in bytes. */
const maxLocalBytes = 64;
const maxHostBytes = 255;
/** In any script: a host in another one may become shorter in punycode. */
const maxLength = maxLocalBytes + 1 + maxHostBytes;

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
  return isAddress ? { value: text } : { complaint: { complaint: "notEmail" } };
}

/** The host of an address, in punycode; null when there is none. */
export function emailHost(text: string): string | null {
  return text.includes("@") ? hostInAscii(split(text).host) : null;
}

/**
 * Two addresses with the same key are one: without case, the host in punycode. `Info@Bücher.example` →
 * `info@xn--bcher-kva.example`. Other text is compared as it is, without case.
 */
export function emailKey(text: string): string {
  const host = emailHost(text);
  // JavaScript makes a sigma at the end of a word another letter than one within it.
  const lower = text.normalize("NFC").toLowerCase().replaceAll("ς", "σ");
  return host === null ? lower : `${split(lower).local}@${host}`;
}

const comparedAs = readOnce(emailKey);

export const emailScalar = textScalar(
  "EmailAddress",
  "An email address, also in other scripts: `ops@example.com`, `info@bücher.example`.",
  "https://www.rfc-editor.org/rfc/rfc6531",
  readEmail,
);

export const emailSchema = readSchema(readEmail).meta({ pattern: emailPattern });

/** An email address as it is typed; the column beside it holds it in the form in which addresses are compared. */
export const email = {
  ...textLike,
  name: "email",
  scalar: emailScalar,
  input: () => ({ schema: emailSchema, type: { scalar: emailScalar } }),
  comparedAs,
  key: "compared",
  filter: textFilter({
    name: "EmailFilter",
    about: "an email, compared without case, its host in punycode",
    comparedAs,
    comparedByKey: true,
    hasHost: true,
  }),
} as const satisfies Kind;
