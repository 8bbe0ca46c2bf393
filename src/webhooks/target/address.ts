import ipaddr from "ipaddr.js";

/**
 * The range of an address in the terms of `ipaddr.js`; `unicast` for ordinary public addresses alone. An IPv6 address that
 * carries an IPv4 address is never ordinary, since a translator may send it on to the inner one.
 */
export function rangeOf(address: string): string {
  if (!ipaddr.isValid(address)) return "invalid";
  const parsed = ipaddr.parse(address);
  const range = parsed.range();
  if (range !== "unicast") return range;
  if (parsed instanceof ipaddr.IPv4) return azure === parsed.toString() ? "metadata" : range;
  // Everything else in IPv6 is not in use, or old: `::127.0.0.1` once stood for 127.0.0.1.
  if (!parsed.match(globalUnicast)) return "reserved";
  return isIsatap(parsed.parts) ? "isatap" : range;
}

/** Azure's service for the machine itself, on a public address. */
const azure = "168.63.129.16";
const globalUnicast = ipaddr.parseCIDR("2000::/3");

/** RFC 5214: the last 32 bits are an IPv4 address to which a router tunnels. */
function isIsatap([, , , , first, second]: readonly number[]): boolean {
  return second === 0x5efe && (first === 0 || first === 0x200);
}

/** Whether an address is in one of the networks, IPv4 in IPv4's and IPv6 in IPv6's. */
export function isIn(address: string, networks: readonly string[]): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.parse(address);
  return networks.some((network) => {
    const [base, bits] = ipaddr.parseCIDR(network);
    return base.kind() === parsed.kind() && parsed.match(base, bits);
  });
}

const words: Readonly<Record<string, string>> = {
  unspecified: "no address of a host",
  loopback: "the gateway's own machine",
  private: "a private network",
  uniqueLocal: "a private network",
  deprecatedSiteLocal: "a private network",
  carrierGradeNat: "a private network (carrier-grade NAT)",
  linkLocal: "a link-local address, where clouds serve their metadata",
  metadata: "a cloud's metadata service",
  broadcast: "a broadcast address",
  multicast: "a multicast address",
  ipv4Mapped: "an IPv4 address inside an IPv6 address",
  rfc6145: "an IPv4 address inside an IPv6 address",
  rfc6052: "an IPv4 address inside an IPv6 address",
  isatap: "an IPv4 address inside an IPv6 address",
  "6to4": "an IPv4 address inside an IPv6 address",
  teredo: "an IPv4 address inside an IPv6 address",
};

/** A range in plain English, behind "leads to". */
export function rangeInWords(range: string): string {
  return words[range] ?? "an address that is reserved for special uses";
}
