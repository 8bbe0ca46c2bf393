import { promises as dns, type LookupAddress, type LookupAllOptions } from "node:dns";
import type { LookupFunction } from "node:net";
import { isAllowedName, isLoopbackName, whyNotAddress, type TargetPolicy } from "./policy.ts";

/** A target that its addresses rule out, once it is known where its name leads. */
export class RefusedTarget extends Error {
  override readonly name = "RefusedTarget";
}

/** What asks DNS. Tests give it a server of their own. */
export type Resolver = Pick<InstanceType<typeof dns.Resolver>, "resolve4" | "resolve6">;

/**
 * A resolver for names that strangers choose. It asks DNS by itself: the system's lookup holds one of the process's four
 * threads for as long as a stranger's server takes.
 */
export function makeResolver(): Resolver {
  return new dns.Resolver({ timeout: 2_000, tries: 2 });
}

/**
 * The addresses of a name, each of them allowed.
 *
 * @throws RefusedTarget if one is not: a name with a public and a private address is as good as a private one.
 */
export async function addressesOf(
  name: string,
  resolver: Resolver,
  policy: TargetPolicy,
): Promise<LookupAddress[]> {
  const addresses = await resolved(name, resolver, policy);
  for (const { address } of addresses) {
    const reason = whyNotAddress(address, name, policy);
    if (reason !== null) throw new RefusedTarget(reason);
  }
  return addresses;
}

/** The lookup of connections: the addresses that it has checked are the ones that are connected to. */
export function guardedLookup(resolver: Resolver, policy: TargetPolicy): LookupFunction {
  return (name, options, callback) => {
    const give = async (): Promise<void> => {
      const addresses = await addressesOf(name, resolver, policy);
      const [first] = addresses;
      if (isForAll(options)) callback(null, addresses);
      else callback(null, first?.address ?? "", first?.family);
    };
    give().catch((error: NodeJS.ErrnoException) => callback(error, []));
  };
}

function isForAll(options: { readonly all?: boolean | undefined }): options is LookupAllOptions {
  return options.all === true;
}

async function resolved(
  name: string,
  resolver: Resolver,
  policy: TargetPolicy,
): Promise<LookupAddress[]> {
  if (isLoopbackName(name)) {
    return [
      { address: "127.0.0.1", family: 4 },
      { address: "::1", family: 6 },
    ];
  }
  // The operator's own hosts may be known to the machine alone, by its file of hosts.
  if (isAllowedName(name, policy.allowHosts)) return dns.lookup(name, { all: true });
  const [four, six] = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)]);
  const found = [
    ...(four.status === "fulfilled" ? four.value : []).map((address) => ({ address, family: 4 })),
    ...(six.status === "fulfilled" ? six.value : []).map((address) => ({ address, family: 6 })),
  ];
  if (found.length > 0) return found;
  throw four.status === "rejected" ? four.reason : Object.assign(new Error("none"), nothing);
}

const nothing = { code: "ENODATA", syscall: "queryA" };
