import type { AllowedHosts } from "../../config/webhooks.ts";
import { isIn, rangeInWords, rangeOf } from "./address.ts";

/** Which targets are allowed. */
export type TargetPolicy = {
  /** In production only https is taken, and loopback is refused. */
  readonly isProduction: boolean;
  readonly allowHosts: AllowedHosts;
};

/** A target that is read and may be asked for its addresses, or the reason why not. */
export type ReadTarget = { readonly url: URL } | { readonly refused: string };

/** The most characters of a target's URL. */
const maxLength = 2_048;

/** What a name that the operator allows may lead to. Link-local and multicast addresses need their network named. */
const nearRanges: ReadonlySet<string> = new Set([
  "private",
  "uniqueLocal",
  "carrierGradeNat",
  "loopback",
]);

/** Names that lead to no public host by their definition: RFC 6761, 6762, 7686, 8375, and ICANN's `internal`. */
const localNames = /(?:^|\.)(?:localhost|local|internal|home\.arpa|onion)$/;

/**
 * Reads a target and judges what can be said without asking DNS: its form, and its address if it names one. Numbers in
 * any form (2130706433, 0x7f.1, 0177.0.0.1) are read as `URL` and all HTTP clients read them.
 */
export function readTarget(text: string, policy: TargetPolicy): ReadTarget {
  const refused = (reason: string) => ({ refused: reason });
  if (text.length > maxLength) return refused(`is longer than ${maxLength} characters`);
  // `URL` drops line breaks and tabs, and reads a backslash as a slash.
  if (/[\s\\\p{Cc}]/u.test(text)) return refused("has a space, a control character or a backslash");
  // `URL` would mend `https:host` and `https:///host` silently.
  if (!/^[a-z]+:\/\/[^/]/i.test(text) || !URL.canParse(text)) {
    return refused("is no URL such as https://hooks.example.com/crm");
  }
  const url = new URL(text);
  const { protocol, username, password, hash, hostname } = url;
  if (protocol !== "https:" && (policy.isProduction || protocol !== "http:")) {
    return refused(`must begin with https://${policy.isProduction ? "" : " (or http://)"}`);
  }
  if (username !== "" || password !== "") {
    return refused("has a user name or password in it; verify the signature of webhooks instead");
  }
  if (hash !== "" || text.includes("#")) return refused("has a fragment (#), which is never sent");
  if (hostname.endsWith(".")) return refused("has a host that ends with a dot");
  const address = literalAddress(hostname);
  if (address !== null) {
    const reason = whyNotAddress(address, null, policy);
    return judged(
      url,
      reason ?? (isIn(address, policy.allowHosts.networks) ? null : whyNotPort(url)),
    );
  }
  if (isLoopbackName(hostname) && !policy.isProduction) return { url };
  if (isAllowedName(hostname, policy.allowHosts)) return { url };
  if (localNames.test(hostname) || !hostname.includes(".")) {
    return refused(`has a host that names nothing public. ${allowHint}`);
  }
  return judged(url, whyNotPort(url));
}

function judged(url: URL, reason: string | null): ReadTarget {
  return reason === null ? { url } : { refused: reason };
}

/** Why an address may not be connected to, behind the name that led to it; null if it may. */
export function whyNotAddress(
  address: string,
  name: string | null,
  policy: TargetPolicy,
): string | null {
  const { isProduction, allowHosts } = policy;
  const range = rangeOf(address);
  if (range === "unicast") return null;
  if (range === "loopback" && !isProduction) return null;
  if (isIn(address, allowHosts.networks)) return null;
  if (name !== null && nearRanges.has(range) && isAllowedName(name, allowHosts)) return null;
  return `leads to ${rangeInWords(range)}. ${allowHint}`;
}

const allowHint = "The operator can allow hosts and networks by WEBHOOK_ALLOW_HOSTS";

/** The address in a URL's host; null for a name. */
export function literalAddress(hostname: string): string | null {
  if (hostname.startsWith("[")) return hostname.slice(1, -1);
  return /^[\d.]+$/.test(hostname) ? hostname : null;
}

/** RFC 6761: these names are the machine itself, and no server of DNS is asked for them. */
export function isLoopbackName(hostname: string): boolean {
  return hostname === "localhost" || hostname.endsWith(".localhost");
}

/** Whether the operator allows a name, wherever it leads in a network of their own. */
export function isAllowedName(hostname: string, { names, suffixes }: AllowedHosts): boolean {
  return names.includes(hostname) || suffixes.some((suffix) => hostname.endsWith(suffix));
}

/** Low ports are those of other services, such as mail, which a request must not talk to. */
function whyNotPort({ port }: URL): string | null {
  return port === "" || port === "80" || port === "443" || Number(port) >= 1_024
    ? null
    : "has a port below 1024 that is neither 80 nor 443";
}
