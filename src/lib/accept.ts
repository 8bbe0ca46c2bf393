import Negotiator from "negotiator";

/**
 * The type, of those that there are, that an Accept header likes best; null when it takes none of them. The first is
 * given to a client that says nothing. What is refused with `q=0` is not given.
 */
export function preferredType(accept: string | undefined, types: readonly string[]): string | null {
  // A client may ask for UTF-8, which all of them are.
  const known = types.flatMap((type) => [type, `${type}; charset=utf-8`]);
  const headers = accept === undefined || accept.trim() === "" ? {} : { accept };
  const [best] = new Negotiator({ headers }).mediaTypes(known);
  return best?.split(";", 1)[0] ?? null;
}

/** How content can be compressed; the first takes less time for the same size. */
const codings = ["br", "gzip"] as const;
export type Coding = (typeof codings)[number];

/** The codings that an Accept-Encoding header likes as well as the content as it is, or better. */
export function acceptedCodings(accepted: string | undefined): readonly Coding[] {
  if (accepted === undefined) return [];
  const headers = { "accept-encoding": accepted };
  const liked = new Negotiator({ headers }).encodings([...codings, "identity"]);
  const plain = liked.indexOf("identity");
  const better = plain === -1 ? liked : liked.slice(0, plain);
  return codings.filter((coding) => better.includes(coding));
}
