import Negotiator from "negotiator";
import { remembering } from "./headers.ts";

/**
 * Makes a function that finds the available type an Accept header prefers; null if the header accepts none. A client
 * without the header gets the first type. A type with `q=0` is never chosen.
 */
export function typeChooser(
  types: readonly string[],
): (accept: string | undefined) => string | null {
  // A client may ask for UTF-8, which all of them are.
  const known = types.flatMap((type) => [type, `${type}; charset=utf-8`]);
  const choose = remembering((accept) => {
    const headers = accept.trim() === "" ? {} : { accept };
    const [best] = new Negotiator({ headers }).mediaTypes(known);
    return { type: best?.split(";", 1)[0] ?? null };
  });
  return (accept = "") => choose(accept).type;
}

/**
 * Makes a function that finds the first of the codings that an Accept-Encoding header prefers to plain content, or
 * accepts equally; null if there is none.
 */
export function codingChooser<Coding extends string>(
  codings: readonly Coding[],
): (accepted: string | undefined) => Coding | null {
  const choose = remembering((accepted) => {
    const headers = { "accept-encoding": accepted };
    const liked = new Negotiator({ headers }).encodings([...codings, "identity"]);
    const plain = liked.indexOf("identity");
    const better = plain === -1 ? liked : liked.slice(0, plain);
    return { coding: codings.find((coding) => better.includes(coding)) ?? null };
  });
  return (accepted) => (accepted === undefined ? null : choose(accepted).coding);
}
