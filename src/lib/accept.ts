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

/** Whether an Accept-Encoding header would rather have gzip than the content as it is. */
export function prefersGzip(accepted: string | undefined): boolean {
  const headers = accepted === undefined ? {} : { "accept-encoding": accepted };
  return new Negotiator({ headers }).encodings(["gzip", "identity"])[0] === "gzip";
}
